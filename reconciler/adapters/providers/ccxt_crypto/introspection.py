"""What an exchange tells of a key: its rights, its address list, its end.

No unified call exists, so each exchange has its own and a reader for its answer.
Sources: the exchanges' API documentation (Binance apiRestrictions, OKX account
config, Bybit user/query-api, KuCoin user/api-key, Kraken GetApiKeyInfo, Coinbase
key_permissions, Bitget spot/account/info, BingX apiPermissions, Bitfinex
auth/r/permissions, Gemini roles, HTX v2/user/api-key, Deribit list_api_keys, Gate
account/detail, MEXC apiKeyInfo: not its account, whose `canWithdraw` is no word of
the key). Whatever an answer does not say stays unknown.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from reconciler.adapters.providers.ccxt_crypto.private_reads import endpoint_of
from reconciler.core.permissions import KeyFacts

Reader = Callable[[Any, Any], KeyFacts | None]
"""Reads (exchange, answer); None for an answer that is not of this kind."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Introspection:
    """A call of ccxt and what its answer says."""

    ask: Callable[[Any], Awaitable[Any]]
    read: Reader


def introspection_of(exchange_id: str) -> Introspection | None:
    """Return how to ask an exchange about a key, None when it cannot be asked."""
    return _BY_EXCHANGE.get(exchange_id)


async def read_key(exchange: Any, introspection: Introspection) -> KeyFacts | None:
    """Ask about the exchange's key; raises what ccxt raises."""
    return introspection.read(exchange, await introspection.ask(exchange))


def _call(method: str) -> Callable[[Any], Awaitable[Any]]:
    async def ask(exchange: Any) -> Any:
        return await endpoint_of(exchange, method)()

    return ask


async def _ask_htx(exchange: Any) -> Any:
    uid = (await endpoint_of(exchange, "v2PrivateGetUserUid")()).get("data")
    asked = {"uid": uid, "accessKey": exchange.apiKey}
    return await endpoint_of(exchange, "v2PrivateGetUserApiKey")(asked)


async def _ask_mexc(exchange: Any) -> Any:
    asked = {"accessKey": exchange.apiKey}
    return await endpoint_of(exchange, "spotPrivateGetApiKeyInfo")(asked)


def _binance(_exchange: Any, answer: Any) -> KeyFacts | None:
    return _switches(answer)


def _bingx(_exchange: Any, answer: Any) -> KeyFacts | None:
    data = _map(answer, "data")
    codes = data.get("permissions")
    if not isinstance(codes, list):
        return _switches(data)
    given = {str(code) for code in codes}
    return KeyFacts(
        read="2" in given, trade=bool(given & {"1", "3"}), withdraw="5" in given,
        ip_restricted=_flag(data.get("ipRestrict")),
        boxes=_boxes(
            trade=[name for code, name in _BINGX_TRADING if code in given],
            withdraw=["Withdraw"] if "5" in given else [],
        ),
    )  # fmt: skip


_BINGX_TRADING = (("1", "Spot Trading"), ("3", "Perpetual Futures Trading"))
_TRADING_SWITCHES = (
    *("enableSpotAndMarginTrading", "enableMargin", "enableFutures"),
    *("enableVanillaOptions", "enablePortfolioMarginTrading", "enableFixApiTrade"),
)


def _switches(answer: Any) -> KeyFacts | None:
    """Read the form of Binance: one boolean per right."""
    if not isinstance(answer, dict) or "enableReading" not in answer:
        return None
    trading = [name for name in _TRADING_SWITCHES if _flag(answer.get(name))]
    told = any(name in answer for name in _TRADING_SWITCHES)
    withdraw = _flag(answer.get("enableWithdrawals"))
    return KeyFacts(
        read=_flag(answer["enableReading"]),
        trade=bool(trading) if told else None,
        withdraw=withdraw,
        ip_restricted=_flag(answer.get("ipRestrict")),
        boxes=_boxes(trade=trading, withdraw=["enableWithdrawals"] * bool(withdraw)),
    )


def _okx(_exchange: Any, answer: Any) -> KeyFacts | None:
    config = _first(_map(answer).get("data"))
    if not isinstance(config.get("perm"), str):
        return None
    given = _words(config["perm"])
    return _of_words(
        given, read={"read_only"}, trade={"trade"}, withdraw={"withdraw"},
        ip_restricted=_has_text(config, "ip"),
    )  # fmt: skip


def _bybit(_exchange: Any, answer: Any) -> KeyFacts | None:
    result = _map(answer, "result")
    groups = result.get("permissions")
    if not isinstance(groups, dict):
        return None
    given = {
        f"{group}: {name}": name
        for group, names in groups.items()
        if isinstance(names, list)
        for name in names
    }
    may_write = str(result.get("readOnly")) == "0"
    withdraw = [box for box, name in given.items() if name == "Withdraw"]
    trade = [box for box in given if not box.startswith(("Wallet:", "Affiliate:"))]
    ips = result.get("ips")
    return KeyFacts(
        read=bool(given),
        trade=may_write and bool(trade),
        withdraw=may_write and bool(withdraw),
        ip_restricted="*" not in ips if isinstance(ips, list) and ips else None,
        expires_at=_iso(result.get("expiredAt")),
        boxes=_boxes(trade=trade, withdraw=withdraw) if may_write else {},
    )


def _kucoin(_exchange: Any, answer: Any) -> KeyFacts | None:
    data = _map(answer, "data")
    if not isinstance(data.get("permission"), str):
        return None
    given = _words(data["permission"])
    return _of_words(
        given, read={"general"},
        trade={"spot", "margin", "futures", "trade", "earn", "unified"},
        withdraw={"withdrawal", "withdraw", "transfer"},
        ip_restricted=_has_text(data, "ipWhitelist"),
    )  # fmt: skip


def _kraken(_exchange: Any, answer: Any) -> KeyFacts | None:
    result = _map(answer, "result")
    if not isinstance(result.get("permissions"), list):
        return None
    given = {str(word) for word in result["permissions"]}
    ends = str(result.get("validUntil") or "0")
    listed = result.get("ipAllowlist")
    return _of_words(
        given,
        read={word for word in given if word.startswith(("query-", "export-"))},
        trade={"modify-trades", "close-trades", "cancel-trades"},
        withdraw={"withdraw-funds"},
        ip_restricted=bool(listed) if isinstance(listed, list) else None,
        expires_at=_seconds(ends),
    )


def _coinbase(_exchange: Any, answer: Any) -> KeyFacts | None:
    if not isinstance(answer, dict) or "can_view" not in answer:
        return None
    return KeyFacts(
        read=_flag(answer.get("can_view")),
        trade=_flag(answer.get("can_trade")),
        withdraw=_flag(answer.get("can_transfer")),
        boxes=_boxes(
            trade=["Trade"] * bool(answer.get("can_trade")),
            withdraw=["Transfer"] * bool(answer.get("can_transfer")),
        ),
    )


def _bitget(_exchange: Any, answer: Any) -> KeyFacts | None:
    data = _map(answer, "data")
    if not isinstance(data.get("authorities"), list):
        return None
    given = {str(word) for word in data["authorities"]}
    return _of_words(
        given, read=_BITGET_READ, trade=_BITGET_TRADE, withdraw={"wwow"},
        ip_restricted=_has_text(data, "ips"),
    )  # fmt: skip


_BITGET_TRADE = {"trade", "coow", "cpow", "stow", "smow", "ttow"}
_BITGET_READ = {"readonly", "coor", "cpor", "stor", "smor", "wtor"} | _BITGET_TRADE


def _bitfinex(_exchange: Any, answer: Any) -> KeyFacts | None:
    """Read rows of [scope, may read, may write]."""
    if not isinstance(answer, list) or not answer:
        return None
    rows = [row for row in answer if isinstance(row, list) and len(row) > _WRITE]
    writes = {str(row[0]) for row in rows if _flag(row[_WRITE])}
    return KeyFacts(
        read=any(_flag(row[1]) for row in rows) if rows else None,
        trade=bool(writes & _BITFINEX_TRADE) if rows else None,
        withdraw="withdraw" in writes if rows else None,
        boxes=_boxes(
            trade=sorted(f"{one}: write" for one in writes & _BITFINEX_TRADE),
            withdraw=["withdraw: write"] * ("withdraw" in writes),
        ),
    )


_WRITE = 2
_BITFINEX_TRADE = {"orders", "positions", "funding"}


def _gemini(_exchange: Any, answer: Any) -> KeyFacts | None:
    roles = ("isAuditor", "isTrader", "isFundManager")
    if not isinstance(answer, dict) or not any(role in answer for role in roles):
        return None
    given = {role for role in roles if _flag(answer.get(role))}
    return KeyFacts(
        read=bool(given),
        trade="isTrader" in given,
        withdraw="isFundManager" in given,
        boxes=_boxes(
            trade=["Trader"] * ("isTrader" in given),
            withdraw=["Fund Manager"] * ("isFundManager" in given),
        ),
    )


def _htx(exchange: Any, answer: Any) -> KeyFacts | None:
    keys = _map(answer).get("data")
    own = _own(keys, "accessKey", exchange.apiKey)
    if not isinstance(own.get("permission"), str):
        return None
    return _of_words(
        _words(own["permission"]), read={"readonly"}, trade={"trade"},
        withdraw={"withdraw"}, ip_restricted=_has_text(own, "ipAddresses"),
    )  # fmt: skip


def _deribit(exchange: Any, answer: Any) -> KeyFacts | None:
    own = _own(_map(answer).get("result"), "client_id", exchange.apiKey)
    if not isinstance(own.get("max_scope"), str):
        return None
    scope = dict(part.split(":", 1) for part in own["max_scope"].split() if ":" in part)
    listed = own.get("ip_whitelist")
    return KeyFacts(
        read=any(word.startswith("read") for word in scope.values()),
        trade=scope.get("trade") == "read_write",
        withdraw=scope.get("wallet") == "read_write",
        ip_restricted=bool(listed) if isinstance(listed, list) else None,
        boxes=_boxes(
            trade=["trade:read_write"] * (scope.get("trade") == "read_write"),
            withdraw=["wallet:read_write"] * (scope.get("wallet") == "read_write"),
        ),
    )


def _mexc(exchange: Any, answer: Any) -> KeyFacts | None:
    own = _own([answer], "accessKey", exchange.apiKey)
    if not isinstance(own.get("permissions"), str):
        return None
    given = _words(own["permissions"])
    return _of_words(
        given, read={word for word in given if word.endswith("_read")},
        trade={"spot_deal_write", "contract_deal_write"},
        withdraw={"spot_withdraw_write"},
        ip_restricted=_has_text(own, "ipWhiteList"),
    )  # fmt: skip


def _gate(_exchange: Any, answer: Any) -> KeyFacts | None:
    listed = _map(answer).get("ip_whitelist")
    return KeyFacts(ip_restricted=bool(listed)) if isinstance(listed, list) else None


def _of_words(  # the parts of an answer, each needed
    given: set[str],
    *,
    read: set[str],
    trade: set[str],
    withdraw: set[str],
    ip_restricted: bool | None,
    expires_at: datetime | None = None,
) -> KeyFacts:
    """Return the facts of a key whose rights are a list of words."""
    return KeyFacts(
        read=bool(given & read),
        trade=bool(given & trade),
        withdraw=bool(given & withdraw),
        ip_restricted=ip_restricted,
        expires_at=expires_at,
        boxes=_boxes(trade=sorted(given & trade), withdraw=sorted(given & withdraw)),
    )


def _boxes(
    *, trade: Iterable[str], withdraw: Iterable[str]
) -> Mapping[str, tuple[str, ...]]:
    found = {"trade": tuple(trade), "withdraw": tuple(withdraw)}
    return {right: names for right, names in found.items() if names}


def _map(answer: Any, key: str = "") -> dict[str, Any]:
    found = answer.get(key) if key and isinstance(answer, dict) else answer
    return found if isinstance(found, dict) else {}


def _first(rows: Any) -> dict[str, Any]:
    return _map(rows[0]) if isinstance(rows, list) and rows else {}


def _own(rows: Any, name: str, key: str) -> dict[str, Any]:
    """Return the entry of our own key among all of the account's."""
    entries = map(_map, rows) if isinstance(rows, list) else ()
    return next((entry for entry in entries if entry.get(name) == key), {})


def _words(text: str) -> set[str]:
    return {word.strip().lower() for word in text.split(",") if word.strip()}


def _has_text(data: dict[str, Any], name: str) -> bool | None:
    value = data.get(name)
    return bool(value.strip()) if isinstance(value, str) else None


def _flag(value: Any) -> bool | None:
    """Read a boolean in any of its usual forms; None for anything else."""
    known = {"true": True, "1": True, "false": False, "0": False}
    return known.get(str(value).lower())


def _iso(value: Any) -> datetime | None:
    try:
        moment = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None
    if moment is None or moment.year <= 1970:  # noqa: PLR2004  # "0001-01-01": never
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _seconds(text: str) -> datetime | None:
    seconds = int(text) if text.isdecimal() else 0
    return datetime.fromtimestamp(seconds, tz=UTC) if 0 < seconds < _LATEST_S else None


_LATEST_S = 32_503_680_000
"""The year 3000: beyond it, a number is not seconds."""

_BINANCE = Introspection(ask=_call("sapiGetAccountApiRestrictions"), read=_binance)
_OKX = Introspection(ask=_call("privateGetAccountConfig"), read=_okx)
_BYBIT = Introspection(ask=_call("privateGetV5UserQueryApi"), read=_bybit)

_BY_EXCHANGE: Mapping[str, Introspection] = {
    "binance": _BINANCE,
    "bingx": Introspection(
        ask=_call("accountV1PrivateGetAccountApiPermissions"), read=_bingx
    ),
    "bitfinex": Introspection(ask=_call("privatePostAuthRPermissions"), read=_bitfinex),
    "bitget": Introspection(ask=_call("privateSpotGetV2SpotAccountInfo"), read=_bitget),
    "bybit": _BYBIT,
    "bybiteu": _BYBIT,
    "bybitid": _BYBIT,
    "coinbase": Introspection(
        ask=_call("v3PrivateGetBrokerageKeyPermissions"), read=_coinbase
    ),
    "deribit": Introspection(ask=_call("privateGetListApiKeys"), read=_deribit),
    "gate": Introspection(ask=_call("privateAccountGetDetail"), read=_gate),
    "gemini": Introspection(ask=_call("privatePostV1Roles"), read=_gemini),
    "htx": Introspection(ask=_ask_htx, read=_htx),
    "kraken": Introspection(ask=_call("privatePostGetApiKeyInfo"), read=_kraken),
    "kucoin": Introspection(ask=_call("privateGetUserApiKey"), read=_kucoin),
    "mexc": Introspection(ask=_ask_mexc, read=_mexc),
    "myokx": _OKX,
    "okx": _OKX,
    "okxus": _OKX,
}
