"""How often tests of one account may begin: even on average, with room for a burst."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Final

_MINUTE_S: Final = 60.0
_MOST: Final = 10_000


class Rates:
    """The generic cell rate algorithm, a number per account; `ticks` is in seconds.

    A minute's worth may come at once, if nothing came before. Of accounts that were
    tested longest ago the oldest are forgotten.
    """

    __slots__ = ("_due", "_step_s", "_ticks")

    def __init__(self, ticks: Callable[[], float], *, per_minute: int | None) -> None:
        self._ticks = ticks
        self._step_s = _MINUTE_S / per_minute if per_minute else 0.0
        self._due: OrderedDict[Hashable, float] = OrderedDict()

    def __len__(self) -> int:
        return len(self._due)

    def wait_s(self, account: Hashable, *, most_s: float) -> float:
        """Return for how long a test has to wait, mostly 0.

        A wait of at most `most_s` takes the place; a longer one takes none.
        """
        if not self._step_s:
            return 0.0
        now = self._ticks()
        due = max(now, self._due.get(account, now))
        wait = max(0.0, due + self._step_s - _MINUTE_S - now)
        if wait <= most_s:
            self._due[account] = due + self._step_s
            self._due.move_to_end(account)
            if len(self._due) > _MOST:
                self._due.popitem(last=False)
        return wait
