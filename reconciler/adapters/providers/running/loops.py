"""What surrounds a run of requests: its loop, the collector, the key to a document."""

from __future__ import annotations

import asyncio
import contextlib
import gc
from collections.abc import Callable, Iterator
from typing import Any

from reconciler.core.ports import Job, Unsealed, Unsealer

_COLLECT_AFTER = 20_000
"""New objects between two looks for garbage; Python's own figure is 700."""


@contextlib.contextmanager
def quiet_runner() -> Iterator[asyncio.Runner]:
    """Yield a runner whose loop tells nobody of what was left behind.

    asyncio would print the forgotten exception, and that may hold a signed URL. What
    is no mere error, as a signal's, ends the run and is raised here: a loop hands it
    to its handler when it comes in between two tasks, or in a callback.
    """
    ended: list[BaseException] = []

    def heard(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        error = context.get("exception")
        if isinstance(error, BaseException) and not isinstance(error, Exception):
            ended.append(error)
            loop.stop()

    with asyncio.Runner(loop_factory=_loop_factory()) as runner:
        runner.get_loop().set_exception_handler(heard)
        try:
            yield runner
        except RuntimeError:  # the loop was stopped
            if ended:
                raise ended[0] from None
            raise


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """Return what makes a fast loop, None where there is only Python's own.

    uvloop does in C what costs most of a request: TLS, and whose turn it is.
    """
    try:
        import uvloop
    except ImportError:  # it is not made for Windows
        return None
    return uvloop.new_event_loop


@contextlib.contextmanager
def rare_collections() -> Iterator[None]:
    """Look for garbage less often: little of what a test makes is in cycles.

    Each look walks over everything that is loaded, which takes a sixth of a run.
    """
    before = gc.get_threshold()
    gc.set_threshold(_COLLECT_AFTER, *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)


@contextlib.contextmanager
def panics_as_errors() -> Iterator[None]:
    """Turn a panic of a library in Rust, which is no `Exception`, into an error."""
    try:
        yield
    except BaseException as error:
        if type(error).__name__ != "PanicException":
            raise
    else:
        return
    raise RuntimeError("a library panicked")


def unseal_job(unsealer: Unsealer, job: Job) -> Unsealed:
    """Return a job's credentials; a public connection needs no key to be read."""
    if not job.connection.credential_names:
        return Unsealed(credentials={})
    return unsealer.unseal(job.text, file=job.file)
