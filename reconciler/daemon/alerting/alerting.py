"""The alerts: what is observed goes in, messages go out, and nothing is told twice."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from reconciler.core.incidents.causes import Severity
from reconciler.core.incidents.deciding import Sight, decide
from reconciler.core.incidents.delivering import DeliveryError
from reconciler.core.incidents.observation import (
    Observation,
    Surroundings,
    Trouble,
)
from reconciler.core.incidents.outbox import (
    Delivery,
    missed,
    posted,
    succeeded,
)
from reconciler.core.incidents.standing import AlertStanding, standing_of
from reconciler.core.incidents.telling import forgotten, members_of
from reconciler.core.ports import Clock
from reconciler.daemon.alerting.posting import Post
from reconciler.daemon.alerting.ways_out import Memory, WaysOut

logger = logging.getLogger(__name__)

DECIDED_EVERY: Final = timedelta(seconds=5)
"""Also without news: waits end, and what is well gets stale."""
GRACE_S: Final = 5.0


class Alerting:
    """Tells people. Everything but `tick` and `aclose` returns at once.

    `observe` and `around` may be called as often as one likes, on the daemon's loop;
    `tick` every second or two. A channel that fails or hangs holds nothing up.
    """

    def __init__(self, *, ways_out: WaysOut, memory: Memory, clock: Clock) -> None:
        self._ways = ways_out
        self._memory = memory
        self._clock = clock
        state, self._problem = memory.load()
        self._post = Post(clock=clock, state=state, save=self._save)
        self._saved = state
        self._saving = asyncio.Lock()
        self._seen: dict[str, Observation] = {}
        self._complete = False
        self._surroundings = Surroundings()
        self._news = True
        self._decided_at: datetime | None = None
        self._deciding = False
        self._beating: asyncio.Task[None] | None = None
        self._beat_at: datetime | None = None

    def observe(self, observations: Iterable[Observation]) -> None:
        """Take in how connections stand now."""
        for one in observations:
            self._seen[one.name] = one
            self._news = True

    def keep_only(self, names: Iterable[str]) -> None:
        """Forget every connection but these: they are all that there are."""
        known = set(names)
        for name in self._seen.keys() - known:
            del self._seen[name]
            self._news = True
        # What was not observed yet since the start is no news, and not gone.
        self._complete = known <= self._seen.keys()

    def unknown(self, names: Iterable[str]) -> set[str]:
        """Return those of the names that were not observed yet."""
        return set(names) - self._seen.keys()

    def around(
        self, *, network_up: bool = True, troubles: Iterable[Trouble] = ()
    ) -> None:
        """Take in how the daemon itself does: its network, all of its troubles."""
        now = Surroundings(network_up=network_up, troubles=tuple(troubles))
        self._news = self._news or now != self._surroundings
        self._surroundings = now

    def renew(self, ways_out: WaysOut) -> None:
        """Use other settings from now on; what waits for a channel goes on waiting."""
        self._ways = ways_out
        self._news = True

    async def tick(self, *, moving: bool = True) -> None:
        """Decide, remember, deliver; `moving` tells whether the daemon's work does."""
        if not self._deciding:
            self._deciding = True
            try:
                await self._decide()
            except Exception as error:  # noqa: BLE001  # the next tick may do better
                what = {"exception": type(error).__qualname__}
                logger.error("alerts not decided", extra=what)  # noqa: TRY400
            finally:
                self._deciding = False
        self._post.start(dict(self._ways.channels))
        self._start_beating(moving=moving)

    async def settled(self) -> None:
        """Wait until every delivery that was begun has ended."""
        await self._post.settled()
        if self._beating is not None:
            await asyncio.wait([self._beating])

    async def aclose(self, *, grace_s: float = GRACE_S) -> None:
        """Let running deliveries end for so long, and remember the rest."""
        if self._beating is not None:
            self._beating.cancel()
            await asyncio.gather(self._beating, return_exceptions=True)
        await self._post.close(grace_s)
        await self._save()

    def standing(self) -> AlertStanding:
        """Return open incidents and deliveries, for pages, metrics and commands."""
        names = tuple(self._ways.channels)
        state = self._post.state
        found = standing_of(state, names, beats=self._ways.pulse is not None)
        return replace(found, problem=self._problem)

    async def _decide(self) -> None:
        now = self._clock.now()
        before = self._decided_at
        waits = before is not None and abs(now - before) < DECIDED_EVERY
        if waits and not self._news:
            return
        self._news, self._decided_at = False, now
        seen = dict(self._seen)
        sight = Sight(seen=seen, surroundings=self._with_own(), complete=self._complete)
        known = forgotten(self._post.state.book, self._ways.channels)
        manner = self._ways.manner([*members_of(known), *seen.values()], now)
        # Ten thousand connections take a tenth of a second: not on the loop.
        book, told = await asyncio.to_thread(decide, known, sight, manner, now=now)
        self._post.state = replace(self._post.state, book=book)
        for name in dict.fromkeys(channel for channel, _ in told):
            theirs = [notice for channel, notice in told if channel == name]
            box = self._post.box(name)
            sender = self._ways.sender
            self._post.put(name, posted(box, name, theirs, now=now, sender=sender))
        await self._save()

    def _with_own(self) -> Surroundings:
        """Return the surroundings with the alerts' own trouble, if they have one."""
        if not self._problem:
            return self._surroundings
        own = Trouble(
            kind="alerts-memory",
            summary=f"alerts may be repeated or lost after a restart: {self._problem}",
            fix="free space on the disk, and look at the rights of .reconcile",
            severity=Severity.WARNING,
        )
        troubles = (*self._surroundings.troubles, own)
        return replace(self._surroundings, troubles=troubles)

    async def _save(self) -> None:
        async with self._saving:
            state = self._post.state
            if state == self._saved:
                return
            problem = await asyncio.to_thread(self._memory.save, state)
            if problem and problem != self._problem:
                logger.warning("alerts not remembered", extra={"error": problem})
            self._problem = problem
            if not problem:
                self._saved = state

    def _start_beating(self, *, moving: bool) -> None:
        pulse, now = self._ways.pulse, self._clock.now()
        if pulse is None or not moving:
            return
        if self._beating is not None and not self._beating.done():
            return
        every = timedelta(seconds=self._ways.pulse_every_s)
        if self._beat_at is not None and abs(now - self._beat_at) < every:
            return
        self._beat_at = now
        self._beating = asyncio.get_running_loop().create_task(self._beat())

    async def _beat(self) -> None:
        pulse = self._ways.pulse
        if pulse is None:
            return
        before = self._post.state.heartbeat
        try:
            await pulse.beat()
            after = succeeded(before, now=self._clock.now())
        except DeliveryError as error:
            after = self._failed(before, str(error))
        except Exception as error:  # noqa: BLE001  # a heartbeat ends nothing else
            after = self._failed(before, f"it broke off ({type(error).__name__})")
        self._post.state = replace(self._post.state, heartbeat=after)

    def _failed(self, before: Delivery, why: str) -> Delivery:
        if not before.failures:
            logger.warning("heartbeat not delivered", extra={"error": why})
        return missed(before, error=why, now=self._clock.now())
