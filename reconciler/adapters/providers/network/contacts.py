"""Which hosts answered lately: what this machine's network is judged by."""

from __future__ import annotations

import contextlib
import ipaddress
from collections import OrderedDict, deque
from collections.abc import Callable
from functools import lru_cache
from typing import Final

from reconciler.core.connectivity import Contact, NetworkState, judge

_REMEMBERED: Final = 256
_WELL: Final = 16


class Contacts:
    """The newest contacts of one network, bounded; `ticks` is a steady clock.

    What is inside our own walls (a bridge on localhost, a private address) says nothing
    of the way out and is left out.
    """

    __slots__ = ("_recent", "_ticks", "_well")

    def __init__(self, ticks: Callable[[], float]) -> None:
        self._ticks = ticks
        self._recent: deque[Contact] = deque(maxlen=_REMEMBERED)
        self._well: OrderedDict[str, None] = OrderedDict()

    def note(self, host: str, reached: bool) -> None:  # noqa: FBT001  # a fact
        """Take in one contact."""
        if not is_outside(host):
            return
        self._recent.append(Contact(host, self._ticks(), reached))
        if reached:
            self._well[host] = None
            self._well.move_to_end(host)
            if len(self._well) > _WELL:
                self._well.popitem(last=False)

    def state(self) -> NetworkState:
        """Return what the newest contacts say; asked with every test."""
        now_s = self._ticks()
        if self._recent and self._recent[-1].reached:
            # Nobody failed after the newest, so the others cannot change a thing.
            return judge((self._recent[-1],), now_s=now_s)
        return judge(self._recent, now_s=now_s)

    def to_ask(self, most: int) -> list[str]:
        """Return hosts that may tell: first those that were well, newest first.

        Where none is left, those that failed: one that answers again settles it.
        """
        last = {one.host: one.reached for one in self._recent}
        well = [host for host in reversed(self._well) if last.get(host, True)]
        failed = [one.host for one in reversed(self._recent) if not one.reached]
        return (well or list(dict.fromkeys(failed)))[:most]


@lru_cache(maxsize=1024)
def is_outside(host: str) -> bool:
    """Tell whether reaching a host takes a network of ours that leads out."""
    if "." not in host and ":" not in host:
        return False
    with contextlib.suppress(ValueError):
        return ipaddress.ip_address(host.strip("[]")).is_global
    return not host.endswith((".localhost", ".local", ".internal", ".lan"))
