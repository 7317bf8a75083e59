"""What a login may do: the investor password is the proof that nothing is traded.

Nobody may withdraw through MetaTrader. A login made with the master password may
trade, one made with the investor password only reads.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from dataclasses import replace
from datetime import datetime

from reconciler.adapters.providers.ladder.budget import permission_rungs
from reconciler.adapters.providers.ladder.climbing import Rung, Step, Trail
from reconciler.core.connection import Connection
from reconciler.core.diagnosis import Category
from reconciler.core.errors import ProviderError
from reconciler.core.permissions import KeyFacts

INVESTOR_HINT = "this login may trade: the investor password only reads"


def investor_rungs(
    connection: Connection,
    read_only: Callable[[], bool | None],
    *,
    expires_at: datetime | None = None,
) -> Iterator[Step]:
    """Return the rung that holds the login against the declared permissions.

    `read_only` tells what the account said when it was read; None when nothing.
    `expires_at` is when the key ends, where it says so.
    """

    async def read() -> KeyFacts | None:
        known = read_only()
        trade = None if known is None else not known
        return KeyFacts(
            read=True,
            trade=trade,
            withdraw=False,
            expires_at=expires_at,
            boxes={"trade": ("the master password",)},
        )

    for step in permission_rungs(connection, read):
        yield Step(name=step.name, run=_worded(step.run))


def _worded(
    run: Callable[[Trail], Awaitable[Rung]],
) -> Callable[[Trail], Awaitable[Rung]]:
    """Say what to do about a login's rights: there is no box to tick."""
    fixes = {
        Category.EXCESS_PERMISSION: "seal the investor password instead of the master "
        "password: it only reads",
        Category.PERMISSION_DENIED: "the investor password only reads: take 'trade' "
        "out of permissions.require",
    }

    async def worded(trail: Trail) -> Rung:
        try:
            return await run(trail)
        except ProviderError as error:
            found = error.diagnosis
        raise ProviderError(replace(found, fix=fixes.get(found.category, found.fix)))

    return worded
