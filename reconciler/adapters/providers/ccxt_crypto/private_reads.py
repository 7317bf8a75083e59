"""The cheapest signed read of each exchange, and the shape that proves it.

ccxt's unified `fetch_balance` exists everywhere, but it parses every asset and
often makes several calls. Where the raw call is known it is used, and what comes
back must look like an account: ccxt hands on an HTML page without complaint.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from reconciler.adapters.providers.ccxt_crypto.library import ccxt_version
from reconciler.core.diagnosis import Category, diagnose
from reconciler.core.errors import ProviderError

Shape = Callable[[Any], bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class PrivateRead:
    """A method of ccxt, its parameters, and whether an answer proves the key.

    `tells_rights`: it is the call by which the exchange tells of the key, too.
    """

    method: str
    proves: Shape
    tells_rights: bool = False
    params: Mapping[str, Any] = field(default_factory=dict)


def _has(key: str) -> Shape:
    return lambda answer: isinstance(answer, dict) and key in answer


def _has_list(key: str) -> Shape:
    return lambda answer: isinstance(answer, dict) and isinstance(answer.get(key), list)


def _has_map(key: str) -> Shape:
    return lambda answer: isinstance(answer, dict) and isinstance(answer.get(key), dict)


def _is_list(answer: Any) -> bool:
    return isinstance(answer, list)


_BINANCE = PrivateRead(
    method="privateGetAccount",
    params={"omitZeroBalances": "true"},
    proves=_has_list("balances"),
)
_OKX = PrivateRead(method="privateGetAccountBalance", proves=_has_list("data"))
_KUCOIN = PrivateRead(method="privateGetAccounts", proves=_has_list("data"))
_BYBIT = PrivateRead(
    method="privateGetV5UserQueryApi", proves=_has_map("result"), tells_rights=True
)
_GATE = PrivateRead(method="privateSpotGetAccounts", proves=_is_list)

_READS: Mapping[str, PrivateRead] = {
    "binance": _BINANCE,
    "binanceus": _BINANCE,
    "bingx": PrivateRead(
        method="spotV1PrivateGetAccountBalance", proves=_has_map("data")
    ),
    "bybit": _BYBIT,
    "bybiteu": _BYBIT,
    "bybitid": _BYBIT,
    "coinbase": PrivateRead(
        method="v3PrivateGetBrokerageKeyPermissions",
        proves=_has("can_view"),
        tells_rights=True,
    ),
    "gate": _GATE,
    "gateeu": _GATE,
    "kraken": PrivateRead(method="privatePostBalance", proves=_has_map("result")),
    "kucoin": _KUCOIN,
    "mexc": PrivateRead(method="spotPrivateGetAccount", proves=_has_list("balances")),
    "myokx": _OKX,
    "okx": _OKX,
    "okxus": _OKX,
}
_UNIFIED = PrivateRead(method="fetch_balance", proves=_has("info"))


def read_of(exchange: Any) -> PrivateRead:
    """Return the read that proves a key: ccxt's own where this release lacks ours."""
    read = _READS.get(exchange.id, _UNIFIED)
    return read if hasattr(exchange, read.method) else _UNIFIED


def endpoint_of(exchange: Any, method: str) -> Callable[..., Awaitable[Any]]:
    """Return a call of ccxt's, raising `ProviderError` where this release lacks it."""
    found: Callable[..., Awaitable[Any]] | None = getattr(exchange, method, None)
    if found is None:
        raise ProviderError(
            diagnose(
                Category.NOT_HERE,
                detail=f"ccxt {ccxt_version()} cannot ask {exchange.id} about its keys",
                fix="install a newer release of ccxt",
            )
        )
    return found


async def prove_key(exchange: Any) -> Any:
    """Make the exchange's signed read and return its answer.

    Raises what ccxt raises, or our error for what is no account.
    """
    read = read_of(exchange)
    answer = await getattr(exchange, read.method)(dict(read.params))
    if not read.proves(answer):
        raise ProviderError(
            diagnose(
                Category.BAD_RESPONSE,
                detail="the answer to a signed request is not an account",
                evidence={"shape": type(answer).__name__},
            )
        )
    return answer
