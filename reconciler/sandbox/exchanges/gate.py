"""Gate v4: plain lists as answers, errors by label, signatures over five lines.

Signed calls (https://www.gate.com/docs/developers/apiv4, read 2026-11-23) take
HMAC-SHA512 in hex over method, path, query, SHA-512 of the body and the time in
seconds, one a line; the clock may be a minute off. The answer about the account
tells the key's address list and nothing of its rights. A limit's end is a moment,
in a header of Gate's own. Bars are ascending, close before high before low before
open.
"""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from reconciler.sandbox.accounts import SANDBOX_ACCOUNTS
from reconciler.sandbox.exchanges.shared import (
    COINS,
    HOLDINGS,
    is_number,
    listed,
    same,
    signed_hex,
)
from reconciler.sandbox.faults import Fault
from reconciler.sandbox.provider import (
    Answer,
    Call,
    Kind,
    OpenRoute,
    Provider,
    Refusal,
    RefusalContext,
    Route,
    SignedRoute,
    account_with_key,
    html_answer,
    json_answer,
    table,
)

if TYPE_CHECKING:
    from reconciler.sandbox.accounts import Account
    from reconciler.sandbox.candles import Instrument

HOSTS = ("api.gateio.ws",)
_LISTED = listed("_", "USDT", "USDC", "BTC")
_INTERVALS = {
    **{f"{n}m": f"{n}m" for n in (1, 5, 15, 30)},
    **{f"{n}h": f"{n}h" for n in (1, 2, 4, 8)},
    "1d": "1d",
    "7d": "1w",
    "10s": "10s",
}
_CLOCK_S = 60
_DEFAULT_ROWS, _MAX_ROWS = 100, 1_000


def error(status: int, label: str, message: str) -> Answer:
    """Return Gate's error document."""
    return json_answer({"label": label, "message": message}, status=status)


# Reading keys and signatures


def presented_key(call: Call) -> str | None:
    """Return the key a call shows, unjudged."""
    return call.headers.get("KEY")


def authenticate(call: Call, accounts: tuple[Account, ...]) -> Account:
    """Return the account that signed a call, or refuse as Gate does."""
    stamp = _header(call, "Timestamp")
    signature = _header(call, "SIGN")
    account = account_with_key(accounts, _header(call, "KEY"))
    if account is None:
        raise Refusal(_unknown_key())
    if not is_number(stamp) or abs(int(stamp) - call.now_s) > _CLOCK_S:
        message = f"the request's Timestamp is more than {_CLOCK_S} s from ours"
        raise Refusal(error(403, "REQUEST_EXPIRED", message))
    body = hashlib.sha512(call.body).hexdigest()
    lines = (call.method, call.path, unquote(call.query_string), body, stamp)
    if not same(signed_hex(account.api_secret, "\n".join(lines), "sha512"), signature):
        raise Refusal(error(401, "INVALID_SIGNATURE", "Signature mismatch"))
    if not account.admits(call.peer_ip):
        raise Refusal(_wrong_address(call.peer_ip))
    return account


def _header(call: Call, name: str) -> str:
    value = call.headers.get(name, "")
    if not value:
        message = f"Missing required header: {name}"
        raise Refusal(error(400, "MISSING_REQUIRED_HEADER", message))
    return value


def _unknown_key() -> Answer:
    return error(401, "INVALID_KEY", "There is no such key")


def _wrong_address(ip: str) -> Answer:
    return error(403, "FORBIDDEN", f"Request IP {ip} is not in the key's whitelist")


def refuse(fault: Fault, context: RefusalContext) -> Answer:
    """Word a fault the way Gate does."""
    limited = {
        "X-Gate-RateLimit-Limit": "200",
        "X-Gate-RateLimit-Requests-Remain": "0",
        "X-Gate-RateLimit-Reset-Timestamp": str(
            int(context.now_s) + context.retry_after_s
        ),
    }
    wordings = {
        Fault.BAD_KEY: _unknown_key(),
        Fault.IP_NOT_ALLOWED: _wrong_address(context.ip),
        Fault.PERMISSION_DENIED: error(
            403, "FORBIDDEN", "The key has no permission for this product"
        ),
        Fault.RATE_LIMITED: replace(
            error(429, "TOO_MANY_REQUESTS", "Request Rate Limit Exceeded"),
            headers=limited,
        ),
        Fault.BANNED: html_answer(403, "Access denied: too many requests"),
        Fault.GEO_BLOCKED: html_answer(403, "Not available in your country"),
        Fault.MAINTENANCE: html_answer(503, "System upgrade in progress"),
    }
    return wordings.get(fault, error(500, "SERVER_ERROR", "Something broke inside"))


# Market data


def _time(call: Call) -> Answer:
    return json_answer({"server_time": call.now_ms})


def _nothing(_call: Call) -> Answer:
    return json_answer([])  # no contracts, no options, no margin


def _currencies(_call: Call) -> Answer:
    return json_answer([_currency(coin) for coin in COINS])


def _currency(coin: str) -> dict[str, Any]:
    chain = "BTC" if coin == "BTC" else "ETH"
    return {
        "currency": coin,
        "name": coin,
        "delisted": False,
        "withdraw_disabled": False,
        "deposit_disabled": False,
        "trade_disabled": False,
        "chain": chain,
        "chains": [
            {"name": chain, "withdraw_disabled": False, "deposit_disabled": False}
        ],
    }


def _pairs(_call: Call) -> Answer:
    return json_answer([_pair(name, item) for name, item in _LISTED.items()])


def _pair(name: str, item: Instrument) -> dict[str, Any]:
    return {
        "id": name,
        "base": item.base,
        "quote": item.quote,
        "fee": "0.2",
        "min_base_amount": "0.00001",
        "min_quote_amount": "3",
        "amount_precision": 6,
        "precision": item.decimals,
        "trade_status": "tradable",
        "sell_start": 0,
        "buy_start": 0,
        "type": "normal",
    }


def _listed(call: Call) -> tuple[str, Instrument]:
    name = call.params.get("currency_pair", "")
    if name not in _LISTED:
        message = f"There is no currency pair '{name}'"
        raise Refusal(error(400, "INVALID_CURRENCY_PAIR", message))
    return name, _LISTED[name]


def _tickers(call: Call) -> Answer:
    named = "currency_pair" in call.params
    some = [_listed(call)] if named else list(_LISTED.items())
    return json_answer([_ticker(call, name, item) for name, item in some])


def _ticker(call: Call, name: str, item: Instrument) -> dict[str, str]:
    day = call.market.ticker(item.symbol)
    change = (float(day.last) / float(day.open) - 1) * 100
    return {
        "currency_pair": name,
        "last": day.last,
        "lowest_ask": day.ask,
        "highest_bid": day.bid,
        "change_percentage": f"{change:.2f}",
        "base_volume": day.volume,
        "quote_volume": day.quote_volume,
        "high_24h": day.high,
        "low_24h": day.low,
    }


def _candles(call: Call) -> Answer:
    _, item = _listed(call)
    timeframe = _INTERVALS.get(call.params.get("interval", "30m"))
    if timeframe is None:
        message = "Invalid interval: it is not one of ours"
        raise Refusal(error(400, "INVALID_PARAM_VALUE", message))
    since, until = _seconds(call, "from"), _seconds(call, "to")
    rows = _MAX_ROWS if since is not None else _DEFAULT_ROWS
    bars = call.market.candles(
        item.symbol,
        timeframe,
        limit=min(_seconds(call, "limit") or rows, _MAX_ROWS),
        since_ms=None if since is None else since * 1000,
        until_ms=None if until is None else until * 1000,
    )
    return json_answer(
        [
            [
                str(bar.open_ms // 1000),
                *(bar.volume, bar.close, bar.high, bar.low, bar.open, bar.volume),
                "true" if bar.closed else "false",
            ]
            for bar in bars
        ]
    )


def _seconds(call: Call, name: str) -> int | None:
    text = call.params.get(name)
    if text is None:
        return None
    if not is_number(text):
        raise Refusal(error(400, "INVALID_PARAM_VALUE", f"Invalid parameter: {name}"))
    return int(text)


# Account


def _detail(_call: Call, account: Account) -> Answer:
    return json_answer(
        {
            "user_id": int(account.account_id),
            "ip_whitelist": list(account.ip_allowlist),
            "currency_pairs": [],
            "key": {"mode": 1},
            "tier": 0,
        }
    )


def _balances(_call: Call, _account: Account) -> Answer:
    rows = [{"currency": c, "available": f, "locked": k} for c, f, k in HOLDINGS]
    return json_answer(rows)


_API = "GET /api/v4"
_ROUTES: dict[str, Route] = {
    f"{_API}/spot/time": OpenRoute(reply=_time),
    f"{_API}/spot/currencies": OpenRoute(reply=_currencies),
    f"{_API}/spot/currency_pairs": OpenRoute(reply=_pairs),
    f"{_API}/spot/tickers": OpenRoute(reply=_tickers),
    f"{_API}/spot/candlesticks": OpenRoute(kind=Kind.CANDLES, reply=_candles),
    f"{_API}/margin/currency_pairs": OpenRoute(reply=_nothing),
    f"{_API}/futures/usdt/contracts": OpenRoute(reply=_nothing),
    f"{_API}/futures/btc/contracts": OpenRoute(reply=_nothing),
    f"{_API}/delivery/usdt/contracts": OpenRoute(reply=_nothing),
    f"{_API}/options/underlyings": OpenRoute(reply=_nothing),
    f"{_API}/account/detail": SignedRoute(reply=_detail),
    f"{_API}/spot/accounts": SignedRoute(reply=_balances, needs="read"),
}

GATE = Provider(
    name="gate",
    hosts=HOSTS,
    accounts=SANDBOX_ACCOUNTS["gate"],
    find_route=table(_ROUTES),
    presented_key=presented_key,
    authenticate=authenticate,
    refuse=refuse,
    not_found=error(404, "NOT_FOUND", "There is no such resource"),
)
