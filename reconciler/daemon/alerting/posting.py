"""Letters on their way: one at a time per channel, and no channel waits for another."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace

from reconciler.core.incidents.delivering import DeliveryError
from reconciler.core.incidents.notice import Letter
from reconciler.core.incidents.outbox import (
    AlertState,
    Mailbox,
    delivered,
    next_letter,
    undelivered,
)
from reconciler.core.ports import Clock
from reconciler.daemon.alerting.ways_out import Channel
from reconciler.report.alerting import message_of


@dataclass(slots=True, kw_only=True)
class Post:
    """Delivers what waits in `state`; whoever owns the state changes it through us."""

    clock: Clock
    state: AlertState
    save: Callable[[], Awaitable[None]]
    _tasks: dict[str, asyncio.Task[None]] = field(default_factory=dict)

    def start(self, channels: dict[str, Channel]) -> None:
        """Let every channel deliver that has something due and is not at it."""
        for name, channel in channels.items():
            running = self._tasks.get(name)
            if running is None or running.done():
                if self._next(name, channel) is None:
                    continue
                self._tasks[name] = asyncio.get_running_loop().create_task(
                    self._work(name, channel)
                )

    async def settled(self) -> None:
        """Wait until nothing is on its way any more."""
        while running := [one for one in self._tasks.values() if not one.done()]:
            await asyncio.wait(running)

    async def close(self, grace_s: float) -> None:
        """Wait a little for what is on its way, then leave it for the next start."""
        running = [one for one in self._tasks.values() if not one.done()]
        if running:
            await asyncio.wait(running, timeout=grace_s)
        for one in running:
            one.cancel()
        await asyncio.gather(*running, return_exceptions=True)

    def box(self, name: str) -> Mailbox:
        """Return a channel's mailbox."""
        return self.state.mailboxes.get(name, Mailbox())

    def put(self, name: str, box: Mailbox) -> None:
        """Replace a channel's mailbox."""
        boxes = {**self.state.mailboxes, name: box}
        self.state = replace(self.state, mailboxes=boxes)

    def _next(self, name: str, channel: Channel) -> Letter | None:
        box, letter = next_letter(
            self.box(name),
            name,
            per_minute=channel.per_minute,
            now=self.clock.now(),
        )
        self.put(name, box)
        return letter

    async def _work(self, name: str, channel: Channel) -> None:
        while (letter := self._next(name, channel)) is not None:
            await self.save()  # what is tried now is tried under the same id again
            try:
                await channel.courier.deliver(message_of(letter))
            except DeliveryError as error:
                box = undelivered(
                    self.box(name),
                    letter,
                    error=str(error),
                    wait_s=error.wait_s,
                    now=self.clock.now(),
                )
            except Exception as error:  # noqa: BLE001  # no channel ends the others
                why = f"the channel broke off ({type(error).__name__})"
                now = self.clock.now()
                box = undelivered(self.box(name), letter, error=why, now=now)
            else:
                box = delivered(self.box(name), letter, now=self.clock.now())
            self.put(name, box)
            await self.save()
