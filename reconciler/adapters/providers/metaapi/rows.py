"""Read what MetaApi answers; a field that is missing stays missing.

Times are ISO 8601 in UTC; `brokerTime` beside them is the server's and not used.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from reconciler.adapters.providers.ladder.candles import (
    make_candle,
    malformed,
    to_decimal,
)
from reconciler.adapters.providers.metaapi.checks import is_region
from reconciler.core.diagnosis import Category, diagnose
from reconciler.core.errors import ProviderError
from reconciler.core.market import Account, Candle, Ticker

_FIRST_YEAR, _LAST_YEAR = 1971, 2999
_JWT_PARTS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """How an account stands at MetaApi; `region` is fit to be a part of a host."""

    state: str
    connection: str
    region: str


def read_state(document: Any) -> State:
    """Return an account's state; raises `ProviderError` for what is none."""
    if not isinstance(document, dict) or not isinstance(document.get("state"), str):
        raise _no("an account's state")
    region = document.get("region") or ""
    if region and is_region(region):
        raise _no("an account's state: its region is no name")
    return State(
        state=document["state"],
        connection=str(document.get("connectionStatus") or ""),
        region=region,
    )


def read_information(document: Any) -> Account:
    """Return the account; raises `ProviderError` for what is none."""
    if not isinstance(document, dict) or document.get("balance") is None:
        raise _no("an account")
    leverage = _number(document.get("leverage"))
    investor = document.get("investorMode")
    return Account(
        currency=_text(document.get("currency")),
        balance=_number(document.get("balance")),
        equity=_number(document.get("equity")),
        server=_text(document.get("server")),
        leverage=None if leverage is None else int(leverage),
        read_only=investor if isinstance(investor, bool) else None,
    )


def read_symbols(document: Any) -> tuple[str, ...]:
    """Return the symbols as the account spells them, sorted."""
    if not isinstance(document, list):
        raise _no("a list of symbols")
    return tuple(sorted(name for name in document if isinstance(name, str) and name))


def read_price(symbol: str, document: Any) -> Ticker:
    """Return the quote; MetaTrader has no last price of currencies."""
    if not isinstance(document, dict):
        raise _no("a quote")
    bid, ask = _number(document.get("bid")), _number(document.get("ask"))
    if bid is None and ask is None:
        raise _no("a quote")
    at = document.get("time")
    at_ms = _to_ms(at) if at else None
    return Ticker(symbol=symbol, last=None, bid=bid, ask=ask, at_ms=at_ms)


def read_candles(document: Any) -> Sequence[Candle]:
    """Return the bars, oldest first: they are loaded backwards."""
    if not isinstance(document, list):
        raise _no("a list of bars")
    return sorted(map(_candle, document), key=lambda candle: candle.opened_at_ms)


def token_end(token: str) -> datetime | None:
    """Return when a token ends, None when it does not say.

    MetaApi's tokens are JSON Web Tokens; their claims are readable by anybody who
    holds one, and the signature is the provider's to judge.
    """
    parts = token.split(".")
    if len(parts) != _JWT_PARTS:
        return None
    try:
        claims = json.loads(base64.urlsafe_b64decode(parts[1] + "=" * 3))
        return datetime.fromtimestamp(int(claims["exp"]), tz=UTC)
    except (ValueError, KeyError, TypeError, OverflowError, OSError):
        return None


def _candle(row: Any) -> Candle:
    if not isinstance(row, dict):
        raise malformed("a row is no bar")
    prices = [row.get(name) for name in ("open", "high", "low", "close")]
    volume = row.get("tickVolume", row.get("volume"))
    return make_candle([_to_ms(row.get("time")), *prices, volume])


def _to_ms(value: Any) -> int:
    try:
        moment = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        raise _no_time() from None
    if moment.tzinfo is None or not _FIRST_YEAR <= moment.year <= _LAST_YEAR:
        raise _no_time()
    return int(moment.timestamp() * 1000)


def _no_time() -> ProviderError:
    return malformed("a time is not of the form 2026-01-31T12:00:00.000Z")


def _number(value: Any) -> Decimal | None:
    if value is None:
        return None
    try:
        number = to_decimal(value)
    except (TypeError, ValueError, InvalidOperation):
        raise malformed("a field is not a number") from None
    if not number.is_finite():
        raise malformed("a field is not a number")
    return number


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) and value else None


def _no(what: str) -> ProviderError:
    return ProviderError(
        diagnose(Category.BAD_RESPONSE, detail=f"the answer is not {what}")
    )
