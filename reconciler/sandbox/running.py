"""A sandbox in a background thread, for tests and the demo, or until told to stop."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import Future
from contextlib import contextmanager
from typing import TYPE_CHECKING, TypeVar

from reconciler.sandbox.control import parse_fault
from reconciler.sandbox.server import Service

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from reconciler.sandbox.info import SandboxInfo
    from reconciler.sandbox.record import RecordedRequest

T = TypeVar("T")


class Sandbox:
    """A handle on a sandbox that runs in another thread of this process."""

    def __init__(self, service: Service, loop: asyncio.AbstractEventLoop) -> None:
        self._service = service
        self._loop = loop

    @property
    def info(self) -> SandboxInfo:
        """Where the sandbox listens now, refused hosts included."""
        info = self._service.info
        assert info is not None  # noqa: S101  (a handle exists only once it listens)
        return info

    @property
    def file(self) -> Path:
        """Path of `sandbox.json`."""
        return self._service.file

    @property
    def requests(self) -> tuple[RecordedRequest, ...]:
        """Every request so far, oldest first."""
        return self._in_loop(lambda: self._service.requests)

    def reset_requests(self) -> None:
        """Start the record of requests anew."""
        self._in_loop(self._service.forget_requests)

    def set_fault(
        self, provider: str, fault: str, **params: str | float | None
    ) -> None:
        """Set a fault; it acts from the next request on.

        Args:
            provider: provider name, or `*` for all.
            fault: a `Fault`.
            **params: account (name), endpoint (public, candles, private), times,
                seconds, ip; see `faults.make_fault`.

        Raises:
            ValueError: unknown provider, fault, endpoint or parameter.
        """
        active = parse_fault(provider, fault, dict(params))
        self._in_loop(lambda: self._service.put_fault(active))

    def clear_faults(self, provider: str | None = None) -> None:
        """Heal one provider, or all."""
        self._in_loop(lambda: self._service.clear_faults(provider))

    def _in_loop(self, action: Callable[[], T]) -> T:
        done: Future[T] = Future()

        def act() -> None:
            try:
                done.set_result(action())
            except Exception as error:  # noqa: BLE001  (handed to the caller)
                done.set_exception(error)

        self._loop.call_soon_threadsafe(act)
        return done.result(timeout=30)


async def serve(
    directory: Path,
    *,
    port: int = 0,
    on_ready: Callable[[SandboxInfo], None] | None = None,
    stop: asyncio.Event,
) -> None:
    """Run a sandbox in this event loop until `stop` is set.

    `sandbox.json` and the authority's certificate exist in `directory` exactly
    while it runs.

    Raises:
        OSError: the port is taken, or the directory cannot be written.
    """
    service = Service(directory, port=port)
    try:
        info = await service.start()
        if on_ready is not None:
            on_ready(info)
        await stop.wait()
    finally:
        await service.close()


@contextmanager
def running_sandbox(directory: Path, *, port: int = 0) -> Iterator[Sandbox]:
    """Run a sandbox in a background thread for as long as the block lasts."""
    started: Future[tuple[Sandbox, asyncio.Event]] = Future()
    thread = threading.Thread(
        target=lambda: asyncio.run(_live(directory, port, started)),
        name="sandbox",
        daemon=True,
    )
    thread.start()
    sandbox, stop = started.result(timeout=30)
    try:
        yield sandbox
    finally:
        sandbox._loop.call_soon_threadsafe(stop.set)  # noqa: SLF001  (its own maker)
        thread.join(timeout=30)


async def _live(
    directory: Path, port: int, started: Future[tuple[Sandbox, asyncio.Event]]
) -> None:
    service, stop = Service(directory, port=port), asyncio.Event()
    try:
        await service.start()
        started.set_result((Sandbox(service, asyncio.get_running_loop()), stop))
        await stop.wait()
    except Exception as error:  # noqa: BLE001  (raised in the thread that asked)
        started.set_exception(error)
    finally:
        await service.close()
