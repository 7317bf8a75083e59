"""What every way to a MetaTrader account shares: hours, frames, spellings, rights.

A broker's server is silent at the weekend, and a bridge then says that its service
is not available: off-hours that is a closed market, on a weekday it is a failure.
Nobody may withdraw through MetaTrader, and a login made with the investor password
may not trade either: that password is the proof that a connection only reads.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Protocol

from reconciler.adapters.providers.budget import permission_rungs
from reconciler.adapters.providers.candles import (
    SAMPLE_ROWS,
    foreign_exchange,
    prove_candles,
)
from reconciler.adapters.providers.checks import nearest
from reconciler.adapters.providers.ladder import Rung, Step, Trail, sample_plan
from reconciler.core.connection import Connection
from reconciler.core.diagnosis import Category
from reconciler.core.errors import ProviderError
from reconciler.core.market import Candle, Mark, timeframe_ms
from reconciler.core.permissions import KeyFacts
from reconciler.core.verdict import ProbeStatus

INVESTOR_HINT = "this login may trade: the investor password only reads"

_HOUR_MS = 3_600_000
_WEEK_MS = 168 * _HOUR_MS
_OPEN_MS = 119 * _HOUR_MS
"""From Sunday 22:00 to Friday 21:00 UTC."""
_FIRST_OPENING_MS = (3 * 24 + 22) * _HOUR_MS
"""Sunday 1970-01-04 22:00: the epoch was a Thursday."""
_YEAR_MS = 365 * 24 * _HOUR_MS
_SILENT_CODES = frozenset(
    {
        *("market_closed", "service_not_available"),
        *("timeouterror", "notconnectederror", "notsynchronizederror"),
    }
)
"""In the words of bridges, and of MetaApi."""
_MAX_NAMES = 3


class SilentError(ProviderError):
    """The broker does not serve now; at a weekend that is no failure."""


class Source(Protocol):
    """What the data rung asks."""

    async def candles(
        self, symbol: str, timeframe: str, *, limit: int, since_ms: int | None = None
    ) -> Sequence[Candle]:
        """Return at most `limit` bars, oldest first."""
        ...

    async def symbols(self) -> Sequence[str]:
        """Return the symbols that can be asked for."""
        ...


def reopening(now: datetime) -> datetime | None:
    """Return when foreign exchange opens again, None while it is open."""
    now_ms = int(now.timestamp() * 1000)
    opened_ms = _opened_ms(now_ms)
    if now_ms < opened_ms + _OPEN_MS:
        return None
    return datetime.fromtimestamp((opened_ms + _WEEK_MS) / 1000, tz=UTC)


def closed_sentence(now: datetime) -> str:
    """Return what to say of a closed market, empty while it is open."""
    opens = reopening(now)
    return f"the market is closed until {opens:%A %H:%M} UTC" if opens else ""


def window_start_ms(end_ms: int, span_ms: int) -> int:
    """Return where a window begins that holds `span_ms` of open market.

    Weekends are walked over, so twenty one-minute bars asked for on a Sunday are
    Friday's. Never before 1971.
    """
    at, left = end_ms, span_ms
    while at > _YEAR_MS:
        opened = _opened_ms(at)
        at = min(at, opened + _OPEN_MS)
        if left <= at - opened:
            return max(at - left, _YEAR_MS)
        left -= at - opened
        at = opened - (_WEEK_MS - _OPEN_MS)
    return _YEAR_MS


def window_end_ms(start_ms: int, span_ms: int) -> int:
    """Return where a window ends that holds `span_ms` of open market."""
    at, left = start_ms, span_ms
    while True:
        closes = _opened_ms(at) + _OPEN_MS
        if left <= closes - at:
            return at + left
        left -= max(0, closes - at)
        at = closes + (_WEEK_MS - _OPEN_MS)


def _opened_ms(at_ms: int) -> int:
    weeks = (at_ms - _FIRST_OPENING_MS) // _WEEK_MS
    return _FIRST_OPENING_MS + weeks * _WEEK_MS


def silent_or_not(error: ProviderError, now: datetime) -> ProviderError:
    """Return the error as a `SilentError` when its code says so, else as it is."""
    codes = error.diagnosis.evidence.get("code", "").lower().split(", ")
    return silent(error, now) if _SILENT_CODES & {*codes} else error


def silent(error: ProviderError, now: datetime) -> SilentError:
    """Return the error of a broker that does not serve now, with when it will."""
    opens = reopening(now)
    if opens is None:
        return SilentError(error.diagnosis)
    fix = f"{closed_sentence(now)}: test again then"
    wait_s = (opens - now).total_seconds()
    return SilentError(replace(error.diagnosis, fix=fix, retry_after_s=wait_s))


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


async def prove_series(
    source: Source, connection: Connection, *, default: str, now: datetime
) -> Rung:
    """Read what is declared; unproven where the market is closed and silent.

    Raises `ProviderError` for candles that cannot be believed, for a symbol that
    is not there (naming those that are), and for a silent broker on a weekday.
    """
    if not connection.symbols:
        return Rung(status=ProbeStatus.UNPROVEN, detail="no symbol is declared")
    marks: list[Mark] = []
    missed: list[str] = []
    for symbol, timeframe in sample_plan(connection, default):
        try:
            marks.append(await _prove_one(source, symbol, timeframe, now))
        except ProviderError as error:
            is_silent = isinstance(silent_or_not(error, now), SilentError)
            if not is_silent or reopening(now) is None:
                raise
            missed.append(f"{symbol} {timeframe}")
    if not missed:
        return Rung(detail=f"{len(marks)} series of candles", marks=tuple(marks))
    return Rung(
        status=ProbeStatus.UNPROVEN,
        detail=f"{closed_sentence(now)}: not read: {', '.join(missed)}",
        marks=tuple(marks),
    )


async def _prove_one(
    source: Source, symbol: str, timeframe: str, now: datetime
) -> Mark:
    try:
        candles = await source.candles(symbol, timeframe, limit=SAMPLE_ROWS)
    except ProviderError as error:
        if error.diagnosis.category is not Category.BAD_SYMBOL:
            raise
        found = await _suggested(source, symbol, error)
        raise found from None
    known = timeframe if timeframe_ms(timeframe) else "1M"  # MetaApi's 1mn
    mark = prove_candles(
        candles,
        symbol=symbol,
        timeframe=known,
        now_ms=int(now.timestamp() * 1000),
        max_age=foreign_exchange,
    )
    return replace(mark, timeframe=timeframe)


async def _suggested(
    source: Source, symbol: str, error: ProviderError
) -> ProviderError:
    try:
        names = spelt_alike(symbol, await source.symbols())
    except ProviderError:
        return error
    if not names:
        return error
    listed = " or ".join(f"'{name}'" for name in names)
    return ProviderError(replace(error.diagnosis, fix=f"did you mean {listed}?"))


def spelt_alike(symbol: str, names: Sequence[str]) -> tuple[str, ...]:
    """Return the account's spellings of a symbol, at most three, the best first.

    Brokers append letters and dots (EURUSDm, EURUSD.), and case counts.
    """
    wanted = "".join(c for c in symbol.lower() if c.isalnum())
    plain = {name: name.lower() for name in names}
    same = [name for name, low in plain.items() if low == wanted]
    longer = [name for name, low in plain.items() if wanted and low.startswith(wanted)]
    if not longer:
        longer = [n for n, low in plain.items() if low and wanted.startswith(low)]
    found = list(dict.fromkeys([*same, *sorted(longer, key=lambda n: (len(n), n))]))
    if not found:
        close = nearest(wanted, plain.values())
        found = [name for name, low in plain.items() if close and low == close]
    return tuple(found[:_MAX_NAMES])


def utc_offset_of(value: object) -> timedelta | None:
    """Return a server's offset from UTC, None for what cannot be understood.

    Servers give hours, minutes or seconds; the three cannot be confused, since no
    place is more than 14 hours from UTC and none is less than a quarter from the next.
    Text is `+03:00`, `GMT+3`, `UTC+5:30`.
    """
    if isinstance(value, str):
        value = _hours_of(value)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    units = ((14, timedelta(hours=1)), (840, timedelta(minutes=1)))
    for most, unit in (*units, (50_400, timedelta(seconds=1))):
        if abs(value) <= most:
            offset = value * unit
            whole = offset % timedelta(minutes=15) == timedelta()
            return offset if whole else None
    return None


def _hours_of(text: str) -> float | None:
    plain = text.strip().upper().removeprefix("UTC").removeprefix("GMT")
    if not text.strip():
        return None
    hours, _, minutes = plain.strip("() ").partition(":")
    try:
        whole = int(hours or 0)
        part = int(minutes or 0) / 60
    except ValueError:
        return None
    return whole - part if hours.startswith("-") else whole + part
