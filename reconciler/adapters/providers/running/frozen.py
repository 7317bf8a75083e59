"""Keys that a provider refused: no other connection with the same one is tried.

Accounts lock after repeated bad keys, and ten files may share one. While nobody knows
whether a key is good, one test at a time finds out and the others wait for it.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Final, TypeVar

from reconciler.core.diagnosis import Category, Diagnosis, diagnose

FREEZING: Final = frozenset(
    {
        *(Category.INVALID_CREDENTIALS, Category.INVALID_PASSPHRASE),
        *(Category.EXPIRED_CREDENTIALS, Category.WRONG_ENVIRONMENT),
        *(Category.CREDENTIALS_OR_IP_OR_PERMISSION, Category.ACCOUNT_SUSPENDED),
    }
)
"""What the same key would be told again, whoever uses it, and may lock its account.

A missing permission or an address that is not listed locks nothing, and what a
connection needs is its own.
"""
_MOST: Final = 10_000

T = TypeVar("T")


@dataclass(slots=True)
class _Refused:
    """Whose test showed it, why, and the documents that were held back since."""

    name: str
    category: Category
    held: dict[str, int] = field(default_factory=dict)


class Frozen:
    """What is known of keys; forgets the oldest. Accounts are digests, see `ways`."""

    __slots__ = ("_good", "_pilots", "_refused")

    def __init__(self) -> None:
        self._refused: OrderedDict[bytes, _Refused] = OrderedDict()
        self._good: OrderedDict[bytes, None] = OrderedDict()
        self._pilots: dict[bytes, asyncio.Event] = {}

    async def turn(self, account: bytes) -> bool:
        """Wait while somebody else finds out about a key; tell whether we must.

        Whoever is told so calls `found` when it knows, or `gave_up`.
        """
        if not account or account in self._good or account in self._refused:
            return False
        pilot = self._pilots.get(account)
        if pilot is None:
            self._pilots[account] = asyncio.Event()
            return True
        await pilot.wait()
        return False

    def why_not(self, account: bytes, name: str, text: str) -> Diagnosis | None:
        """Return why a key is not tried again; None when it may be.

        The connection that was refused may always ask again, for its own schedule
        knows better. Another one may once its document has changed since it was
        held back: somebody has looked at it.
        """
        refused = self._refused.get(account)
        if refused is None or refused.name == name:
            return None
        mark = hash(text)  # of the sealed document, which anybody may see
        if refused.held.setdefault(name, mark) != mark:
            del self._refused[account]
            return None
        return diagnose(
            Category.KEY_REFUSED,
            detail=f"'{refused.name}' uses it ({refused.category})",
            evidence={"connection": refused.name},
        )

    def found(self, account: bytes, name: str, diagnosis: Diagnosis | None) -> None:
        """Take in what a test showed of a key; None when it passed."""
        if not account:
            return
        if diagnosis is None:
            self._refused.pop(account, None)
            _remember(self._good, account, None)
        elif diagnosis.category in FREEZING:
            self._good.pop(account, None)
            before = self._refused.pop(account, None)
            held = before.held if before else {}
            refused = _Refused(name, diagnosis.category, held)
            _remember(self._refused, account, refused)
        self.gave_up(account)

    def gave_up(self, account: bytes) -> None:
        """Let those go who waited for this test, whatever it showed."""
        pilot = self._pilots.pop(account, None)
        if pilot is not None:
            pilot.set()


def _remember(known: OrderedDict[bytes, T], account: bytes, value: T) -> None:
    known[account] = value
    known.move_to_end(account)
    if len(known) > _MOST:
        known.popitem(last=False)
