"""When a cycle is due: a change was heard, a rescan, a refused revision's next try.

One cycle at a time, in a thread of its own; what is heard meanwhile leads to one more.
The report is written at the end of each, and for results of re-tests now and then.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable
from dataclasses import dataclass, field

from reconciler.core.outcome import ExitCode, Outcome
from reconciler.core.run import RunReport
from reconciler.daemon.events import Tested
from reconciler.daemon.loop.engine import Engine
from reconciler.daemon.process.offloading import Offload
from reconciler.daemon.process.tracks import track
from reconciler.recording import Run

logger = logging.getLogger(__name__)

REPORT_S = 60.0
"""Results of re-tests are written into the report no more often than this."""
SETTLE_S = 0.5
"""After a change, files are left so long to the editor or Git that writes them."""
LOCKED_S = 10.0
"""So soon somebody else's lock is tried again."""
_LOOK_S = 2.0


@dataclass(slots=True, kw_only=True)
class Cycler:
    """Runs cycles. Times in seconds of the loop.

    `cycle` reads and applies; `report` writes what the store holds now, with these
    outcomes, and returns it. Both are called in the thread behind `offload`.
    """

    engine: Engine
    offload: Offload
    cycle: Callable[[], Run | None]
    report: Callable[[Run, tuple[Outcome, ...]], RunReport | None]
    rescan_s: float
    reported: Callable[[RunReport], None]
    last: Run | None = None
    _wanted: asyncio.Event = field(default_factory=asyncio.Event)
    _again_at: float = 0.0
    _began_s: float = 0.0
    _reported_at: float = 0.0
    _heard: dict[str, Outcome] = field(default_factory=dict)

    def want(self) -> None:
        """Ask for a cycle soon: something may have changed."""
        self._wanted.set()

    def hear(self, result: Tested) -> None:
        """Take in a re-test for the next report."""
        self._heard[result.before.name] = result.outcome

    async def run(self, stop: asyncio.Event) -> None:
        """Work until `stop` is set."""
        while not stop.is_set():
            await self._wait(stop)
            if stop.is_set():
                return
            if self._wanted.is_set() or self._is_time():
                await self.once()
            elif self._heard and self._now() - self._reported_at >= REPORT_S:
                await self.write()

    async def once(self) -> Run | None:
        """Run one cycle and write its report; None when the settings are bad."""
        self._wanted.clear()
        self._began_s = self._clock_s()
        with track():
            logger.debug("cycle begins")
            run = await self.offload(self.cycle)
            locked = run is not None and run.exit_code is ExitCode.LOCKED
            self._again_at = self._now() + (LOCKED_S if locked else self.rescan_s)
            if run is not None:
                self.last = run
                self._log(run)
            await self.write()
        self.engine.wake()
        return run

    async def write(self) -> None:
        """Write the report now."""
        if self.last is None:
            return
        heard, self._heard = self._heard, {}
        done = {outcome.name for outcome in self.last.outcomes}
        more = (one for one in heard.values() if one.name not in done)
        report = await self.offload(self.report, self.last, tuple(more))
        self._reported_at = self._now()
        self.last.outcomes = ()  # told once
        if report is not None:
            self.reported(report)

    async def _wait(self, stop: asyncio.Event) -> None:
        """Wait for a change, and a little longer for the rest of it."""
        if not self._wanted.is_set():
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_LOOK_S):
                    await self._wanted.wait()
        if self._wanted.is_set() and not stop.is_set():
            await asyncio.sleep(SETTLE_S)

    def _is_time(self) -> bool:
        if self._now() >= self._again_at:
            return True
        retry = self.engine.fleet.retry_after(self._began_s)
        return retry is not None and retry <= self._clock_s()

    def _log(self, run: Run) -> None:
        plan = run.plan
        logger.info(
            "cycle finished",
            extra={
                "exit_code": int(run.exit_code),
                "changes": len(plan.changes) if plan else None,
                "applied": len(run.outcomes) or None,
                "invalid": len(plan.invalid) if plan and plan.invalid else None,
                "commit": plan.commit if plan else None,
                "refused": "; ".join(one.message for one in run.refusals),
                "error": run.error,
            },
        )

    def _now(self) -> float:
        return self.engine.world.ticks()

    def _clock_s(self) -> float:
        return self.engine.world.ports.clock.now().timestamp()
