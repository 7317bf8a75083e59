"""The pipeline's `Tester` within the daemon: its tests go through the one queue.

The pipeline runs in a thread of its own and decides there; the tests run on the loop,
beside the re-tests and over the same network.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from queue import Empty, SimpleQueue

from reconciler.core.ports import Job
from reconciler.core.verdict import Verdict
from reconciler.daemon.loop.engine import Engine

_GROUP = 32
_LOOK_S = 1.0

Inbox = SimpleQueue[tuple[Job, Verdict | None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class QueuedTester:
    """Hands jobs to the engine, and decides in the thread that calls `run`."""

    engine: Engine
    loop: asyncio.AbstractEventLoop

    def run(
        self,
        jobs: Sequence[Job],
        *,
        decide: Callable[[Job, Verdict], None],
        keep: Callable[[], None] | None = None,
    ) -> Sequence[Job]:
        """Test every job; returns those that a stop left untested."""
        inbox: Inbox = SimpleQueue()
        if not jobs or not self._submit(jobs, inbox):
            return jobs
        left = {id(job): job for job in jobs}
        missing = len(jobs)
        while missing and (answers := self._answers(inbox)):
            missing -= len(answers)
            for job, verdict in answers:
                if verdict is not None:
                    del left[id(job)]
                    decide(job, verdict)
            if keep is not None:
                keep()
        return tuple(left.values())

    def _submit(self, jobs: Sequence[Job], inbox: Inbox) -> bool:
        def answer(job: Job, verdict: Verdict | None) -> None:
            inbox.put((job, verdict))

        try:
            self.loop.call_soon_threadsafe(self.engine.submit, jobs, answer)
        except RuntimeError:  # the loop was closed
            return False
        return True

    def _answers(self, inbox: Inbox) -> list[tuple[Job, Verdict | None]]:
        """Wait for answers; none when the loop ended without giving them."""
        while True:
            try:
                found = [inbox.get(timeout=_LOOK_S)]
            except Empty:
                if self.loop.is_closed():
                    return []
                continue
            while len(found) < _GROUP and not inbox.empty():
                found.append(inbox.get_nowait())
            return found
