"""`reconcile daemon`: everything together, from the first look to the last report."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import random
import signal
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING

from reconciler.adapters.local_socket import require_alone
from reconciler.core.connectivity import Outage
from reconciler.core.due import seed_of
from reconciler.core.errors import ReconcilerError
from reconciler.core.outcome import ExitCode, Outcome, exit_code_of_tests, worst
from reconciler.core.ports import DesiredSet, Ports
from reconciler.core.run import RunReport
from reconciler.daemon.attaching import Host, attach_alerts, attach_http
from reconciler.daemon.board import Board
from reconciler.daemon.events import Tested
from reconciler.daemon.files.cycle import COMMAND, Wish, run_cycle
from reconciler.daemon.files.cycling import Cycler
from reconciler.daemon.files.following import Following, every_s
from reconciler.daemon.files.reloading import Reloader
from reconciler.daemon.files.standing import note_run
from reconciler.daemon.files.watching import Watch, watch_files
from reconciler.daemon.listeners import Listeners
from reconciler.daemon.loop.engine import GRACE_S, Engine
from reconciler.daemon.loop.open_tester import OpenTester
from reconciler.daemon.loop.submitting import QueuedTester
from reconciler.daemon.loop.world import World
from reconciler.daemon.operating import Operations
from reconciler.daemon.process.notifying import Notifier
from reconciler.daemon.process.offloading import Line
from reconciler.daemon.process.signals import Stopping, hearing
from reconciler.daemon.requests.serving import RequestServer
from reconciler.recording import Run, begin_run, write_run
from reconciler.wiring import App

if TYPE_CHECKING:
    from reconciler.daemon.http.server.listening import Listen

logger = logging.getLogger(__name__)

_AGAIN_S = 5.0
"""A part of the daemon that broke begins anew after so long."""
_LAST_REPORT_S = 20.0
_BASE = 128


Part = Callable[[asyncio.Event], Awaitable[None]]
"""A part of the daemon beside its engine: works until the event is set."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What the operator chose. `once`: apply, test what is due, and end."""

    wish: Wish
    run_id: str
    once: bool = False
    listen: Listen | None = None
    grace_s: float = GRACE_S
    notifier: Notifier = field(default_factory=Notifier)


class Daemon:
    """One daemon; `run` is its life."""

    def __init__(self, app: App, options: Options) -> None:
        self.app = app
        self.options = options
        self.parts: dict[str, Part] = {}
        self.desired: DesiredSet | None = None
        self.board = Board(
            clock=app.clock, run_id=options.run_id, started_at=app.clock.now()
        )
        self.listeners = Listeners(board=self.board)
        self._reloader = Reloader(board=self.board)
        self._following = Following()
        self._once: list[Outcome] = []

    async def run(self) -> ExitCode:
        """Work until a signal, or once; returns the exit code.

        Raises:
            ReconcilerError: It could not begin: bad settings, an unusable store.
        """
        self.stopping = Stopping(threads=self.app.stop)
        stop = self.stopping.stop
        async with AsyncExitStack() as stack:
            await self._open(stack)
            handlers: dict[int, Callable[[], object]] = {
                signal.SIGTERM: partial(stop, signal.SIGTERM),
                signal.SIGINT: partial(stop, signal.SIGINT),
                signal.SIGHUP: self.reload,
            }
            with hearing(handlers):
                code = await (self._work_once() if self.options.once else self._work())
                self.options.notifier.stopping()
                if number := self.stopping.number:
                    code = worst((code, ExitCode(_BASE + number)))
                await self._last_report(code)
                if number:
                    told = {"signal": signal.Signals(number).name, "exit_code": code}
                    logger.info("daemon stopped", extra=told)
        return code

    def reload(self) -> None:
        """Read settings, keys and files anew."""
        self.options.notifier.reloading()
        self._reloader.force = True
        self.cycler.want()

    def tested(self, results: Sequence[Tested]) -> None:
        """Hear of results, and tell everybody else."""
        for one in results:
            self.cycler.hear(one)
            if self.options.once:
                self._once.append(one.outcome)
        self.listeners.tested(results)

    def reported(self, report: RunReport) -> None:
        """Hear of a report, and tell everybody else."""
        self.listeners.reported(report)

    async def _open(self, stack: AsyncExitStack) -> None:
        app = self.app
        self._reloader.begin(app)
        if not self.options.once:
            require_alone(app.socket_path)
        cycles, self.storage = Line("cycles"), Line("store")
        stack.push_async_callback(self.storage.close)
        stack.push_async_callback(cycles.close)
        await self.storage(app.store.info)
        self.tester = await OpenTester.opened(app)
        stack.push_async_callback(self._close_tester)
        self.engine = Engine(
            self._world(),
            board=self.board,
            listener=self,
            beat=self.options.notifier.beat,
            spread=not self.options.once,
        )
        self.engine.hurry = self.stopping.hurry
        self._queued = QueuedTester(engine=self.engine, loop=asyncio.get_running_loop())
        self.cycler = Cycler(
            engine=self.engine,
            offload=cycles,
            cycle=self._cycle,
            report=self._report,
            rescan_s=every_s(app),
            reported=self.reported,
        )
        self.control = Operations(
            app=lambda: self.app,
            engine=self.engine,
            fetcher=lambda: self.tester,
            offload=self.storage,
            desired=lambda: self.desired,
        )
        self.board.problem("start", "the files were not applied yet")
        host = Host(
            app=app,
            board=self.board,
            control=self.control,
            listeners=self.listeners,
            storage=self.storage,
            desired=lambda: self.desired,
        )
        attach_alerts(host, stack)
        if self.options.listen is not None:
            await attach_http(host, self.options.listen, stack)

    async def _work(self) -> ExitCode:
        """Work until a signal."""
        stop = self.stopping.asked
        self.parts["cycles"] = self.cycler.run
        requests = RequestServer(control=self.control, path=self.app.socket_path)
        self.parts["requests"] = requests.run
        self.parts["watching"] = lambda ending: watch_files(
            self._watch, self.cycler.want, ending
        )
        tasks = [
            asyncio.ensure_future(self._kept(name, part))
            for name, part in self.parts.items()
        ]
        self.options.notifier.ready("applying the files")
        logger.info("daemon started", extra={"who": self.app.who})
        try:
            await self.engine.run(stop, grace_s=self.options.grace_s)
        finally:
            self.stopping.stop()
            await asyncio.gather(*tasks, return_exceptions=True)
        return ExitCode.DONE

    async def _work_once(self) -> ExitCode:
        """Apply, test what is due, and end: for cron, by the same way."""
        stop = self.stopping.asked
        self.engine.may_start = lambda: False
        engine = asyncio.ensure_future(
            self.engine.run(stop, grace_s=self.options.grace_s)
        )
        try:
            run = await self.cycler.once()
            if not stop.is_set():
                await self.engine.run_due(stop)
        finally:
            stop.set()
            self.engine.wake()
            await engine
        applied = run.exit_code if run else ExitCode.INVALID
        return worst((applied, exit_code_of_tests(self._once)))

    async def _kept(self, name: str, part: Part) -> None:
        """Keep a part of the daemon at work, whatever it raises."""
        while not self.stopping.asked.is_set():
            try:
                await part(self.stopping.asked)
            except Exception as error:  # noqa: BLE001 - it begins anew
                self.board.count("panics")
                extra = {"part": name, "exception": type(error).__qualname__}
                logger.error("part broke off", extra=extra)  # noqa: TRY400
                await asyncio.sleep(_AGAIN_S)

    def _world(self) -> World:
        app, loop = self.app, asyncio.get_running_loop()
        luck = random.Random()  # noqa: S311 - moves moments, guards nothing
        return World(
            ports=app.ports(),
            tester=self.tester,
            offload=self.storage,
            luck=partial(luck.uniform, -1.0, 1.0),
            ticks=loop.time,
            seed=seed_of(app.vantage),
            parallelism=app.choices.parallelism or app.settings.parallelism,
            note_outage=self._note_outage,
        )

    def _note_outage(self, outage: Outage | None) -> None:
        """Leave it for other commands; who works once is nobody's witness."""
        if not self.options.once:
            self.app.note_outage(outage)

    def _watch(self) -> Watch:
        folder = self.app.choices.directory
        return Watch(
            folder=folder, connections=self.app.files_at / self.app.settings.connections
        )

    def _cycle(self) -> Run | None:
        """Run one cycle; called in the thread of the cycles."""
        app = self._renewed() or self.app

        def make_ports() -> Ports:
            self._following.take_newest(app)
            return replace(app.ports(), tester=self._queued)

        run = run_cycle(app, make_ports, self.board, self.options.wish)
        self.desired = run.desired or self.desired
        note_run(self.board, run, commit=app.commit)
        self._following.note(self.board)
        self._queued.loop.call_soon_threadsafe(self.listeners.files_were_read, app)
        return run

    def _renewed(self) -> App | None:
        """Take new settings, if there are any; the loop takes them over."""
        was_forced = self._reloader.force
        fresh = self._reloader.fresh(self.app)
        if fresh is not None:
            self._queued.loop.call_soon_threadsafe(self._take, fresh)
        if fresh is not None or was_forced:
            self._queued.loop.call_soon_threadsafe(
                self.options.notifier.ready, "settings and files were read anew"
            )
        return fresh

    def _take(self, app: App) -> None:
        """Go on with new settings and keys."""
        before, self.app = self.app, app
        self.cycler.rescan_s = every_s(app)
        if app.settings.network.allow == before.settings.network.allow:
            self.tester.take(app)
            self.engine.world = self._world()
        else:
            task = asyncio.ensure_future(self._replace_tester())
            task.add_done_callback(lambda done: done.exception())
        self.listeners.renewed(app)

    async def _replace_tester(self) -> None:
        before, self.tester = self.tester, await OpenTester.opened(self.app)
        self.engine.world = self._world()
        await before.close()

    async def _close_tester(self) -> None:
        await self.tester.close()

    def _report(self, run: Run, more: tuple[Outcome, ...]) -> RunReport | None:
        """Write the report; called in the thread of the cycles."""
        outcomes = run.outcomes
        run.outcomes = (*outcomes, *more)
        try:
            with self.board.stage("report"):
                write_run(self.app, run)
        except ReconcilerError as error:
            self.board.problem("report", f"the report cannot be written: {error}")
            return None
        finally:
            run.outcomes = outcomes
        self.board.problem("report", "")
        return run.report

    async def _last_report(self, code: ExitCode) -> None:
        run = self.cycler.last or begin_run(self.app, COMMAND)
        run.exit_code = worst((run.exit_code, code))
        self.cycler.last = run
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self.cycler.write(), _LAST_REPORT_S)
