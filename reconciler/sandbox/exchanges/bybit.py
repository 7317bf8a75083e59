"""Bybit v5: everything is HTTP 200 with a `retCode`, one account for all products.

Signed calls (https://bybit-exchange.github.io/docs/v5, read 2026-11-23) take
HMAC-SHA256 in hex over timestamp + key + window + query (or body). The clock may
lag by the window and lead by one second. A key without an address list lives for
90 days, which the answer about the key tells; limits name their end in a header of
Bybit's own. Bars come newest first.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

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

HOSTS = ("api.bybit.com", "api.bytick.com")
_LISTED = listed("", "USDT", "USDC", "BTC")
_INTERVALS = {
    **{str(n): f"{n}m" for n in (1, 3, 5, 15, 30)},
    **{str(n * 60): f"{n}h" for n in (1, 2, 4, 6, 12)},
    **{unit: f"1{unit if unit == 'M' else unit.lower()}" for unit in "DWM"},
}
_DEFAULT_ROWS, _MAX_ROWS = 200, 1_000
_WINDOW_MS, _LEAD_MS = 5_000, 1_000
_UNBOUND_S = 90 * 86_400


def ok(result: dict[str, Any], *, at_ms: int) -> Answer:
    """Return Bybit's envelope around a result."""
    return _envelope(0, "OK", result, at_ms=at_ms)


def error(code: int, message: str, *, at_ms: int = 0) -> Answer:
    """Return Bybit's error document: HTTP 200 all the same."""
    return _envelope(code, message, {}, at_ms=at_ms)


def _envelope(code: int, message: str, result: dict[str, Any], *, at_ms: int) -> Answer:
    return json_answer(
        {
            "retCode": code,
            "retMsg": message,
            "result": result,
            "retExtInfo": {},
            "time": at_ms,
        }
    )


# Reading keys and signatures


def presented_key(call: Call) -> str | None:
    """Return the key a call shows, unjudged."""
    return call.headers.get("X-BAPI-API-KEY")


def authenticate(call: Call, accounts: tuple[Account, ...]) -> Account:
    """Return the account that signed a call, or refuse as Bybit does."""
    names = ("API-KEY", "TIMESTAMP", "SIGN")
    key, stamp, signature = (call.headers.get(f"X-BAPI-{name}", "") for name in names)
    window = call.headers.get("X-BAPI-RECV-WINDOW", str(_WINDOW_MS))
    if not (key and signature and is_number(stamp) and is_number(window)):
        raise Refusal(error(10001, "Request parameter error: a header is missing."))
    _check_time(int(stamp), int(window), call.now_ms)
    account = account_with_key(accounts, key)
    if account is None:
        raise Refusal(_unknown_key())
    body = call.body.decode("utf-8", "replace")
    text = f"{stamp}{key}{window}{call.query_string}{body}"
    if not same(signed_hex(account.api_secret, text), signature):
        raise Refusal(error(10004, "Error sign, please check how it was made."))
    if not account.admits(call.peer_ip):
        raise Refusal(_wrong_address())
    return account


def _check_time(stamp_ms: int, window_ms: int, now_ms: int) -> None:
    if now_ms - window_ms <= stamp_ms < now_ms + _LEAD_MS:
        return
    message = (
        "invalid request, please check your timestamp and recv_window param. "
        f"req_timestamp[{stamp_ms}],server_timestamp[{now_ms}],recv_window[{window_ms}]"
    )
    raise Refusal(error(10002, message, at_ms=now_ms))


def _unknown_key() -> Answer:
    return error(10003, "API key is invalid.")


def _wrong_address() -> Answer:
    return error(10010, "Unmatched IP, see the addresses bound to your API key.")


def refuse(fault: Fault, context: RefusalContext) -> Answer:
    """Word a fault the way Bybit does; a limit's end is in a header, in ms."""
    until = str((int(context.now_s) + context.retry_after_s) * 1000)
    limited = {
        "X-Bapi-Limit": "50",
        "X-Bapi-Limit-Status": "0",
        "X-Bapi-Limit-Reset-Timestamp": until,
    }
    far = "The distribution is configured to block access from your country."
    wordings = {
        Fault.BAD_KEY: _unknown_key(),
        Fault.IP_NOT_ALLOWED: _wrong_address(),
        Fault.PERMISSION_DENIED: error(
            10005, "Permission denied, see what your API key may do."
        ),
        Fault.RATE_LIMITED: replace(
            error(10006, "Too many visits. Exceeded the API Rate Limit."),
            headers=limited,
        ),
        Fault.BANNED: error(10009, "IP has been banned."),
        Fault.GEO_BLOCKED: html_answer(403, far),
        Fault.MAINTENANCE: html_answer(503, "System upgrade in progress"),
    }
    return wordings.get(fault, error(10016, "Internal server error."))


# Market data


def _time(call: Call) -> Answer:
    second, nano = str(int(call.now_s)), str(int(call.now_s * 1e9))
    return ok({"timeSecond": second, "timeNano": nano}, at_ms=call.now_ms)


def _status(call: Call) -> Answer:
    return ok({"list": []}, at_ms=call.now_ms)  # no maintenance announced


def _instruments(call: Call) -> Answer:
    category = call.params.get("category", "")
    spot = category == "spot"
    rows = [_instrument(n, i) for n, i in _LISTED.items()] if spot else []
    return ok({"category": category, "list": rows}, at_ms=call.now_ms)


def _instrument(name: str, item: Instrument) -> dict[str, Any]:
    return {
        "symbol": name,
        "baseCoin": item.base,
        "quoteCoin": item.quote,
        "innovation": "0",
        "status": "Trading",
        "marginTrading": "utaOnly" if item.quote == "USDT" else "none",
        "lotSizeFilter": {
            "basePrecision": "0.000001",
            "quotePrecision": "0.00000001",
            "minOrderQty": "0.00001",
            "maxOrderQty": "1000",
            "minOrderAmt": "5",
            "maxOrderAmt": "4000000",
        },
        "priceFilter": {"tickSize": item.tick},
        "riskParameters": {"priceLimitRatioX": "0.01", "priceLimitRatioY": "0.02"},
    }


def _listed(call: Call) -> tuple[str, Instrument]:
    name = call.params.get("symbol", "")
    if call.params.get("category") != "spot" or name not in _LISTED:
        raise Refusal(error(10001, "Not supported symbols", at_ms=call.now_ms))
    return name, _LISTED[name]


def _tickers(call: Call) -> Answer:
    some = [_listed(call)] if "symbol" in call.params else list(_LISTED.items())
    rows = [_ticker(call, name, item) for name, item in some]
    return ok({"category": "spot", "list": rows}, at_ms=call.now_ms)


def _ticker(call: Call, name: str, item: Instrument) -> dict[str, str]:
    day = call.market.ticker(item.symbol)
    change = float(day.last) / float(day.open) - 1
    return {
        "symbol": name,
        "bid1Price": day.bid,
        "bid1Size": "2.5",
        "ask1Price": day.ask,
        "ask1Size": "1.5",
        "lastPrice": day.last,
        "prevPrice24h": day.open,
        "price24hPcnt": f"{change:.4f}",
        "highPrice24h": day.high,
        "lowPrice24h": day.low,
        "turnover24h": day.quote_volume,
        "volume24h": day.volume,
    }


def _kline(call: Call) -> Answer:
    name, item = _listed(call)
    timeframe = _INTERVALS.get(call.params.get("interval", ""))
    if timeframe is None:
        raise Refusal(error(10001, "Invalid period!", at_ms=call.now_ms))
    start, end = _moment(call, "start"), _moment(call, "end")
    bars = call.market.candles(
        item.symbol,
        timeframe,
        limit=min(_moment(call, "limit") or _DEFAULT_ROWS, _MAX_ROWS),
        since_ms=start,
        until_ms=end,
        oldest_first=start is not None and end is None,
    )
    rows = [
        [str(b.open_ms), b.open, b.high, b.low, b.close, b.volume, b.volume]
        for b in reversed(bars)
    ]
    result = {"category": "spot", "symbol": name, "list": rows}
    return ok(result, at_ms=call.now_ms)


def _moment(call: Call, name: str) -> int | None:
    text = call.params.get(name)
    if text is None:
        return None
    if not is_number(text):
        raise Refusal(error(10001, f"params error: {name}", at_ms=call.now_ms))
    return int(text)


# Account


def _wallet(call: Call, _account: Account) -> Answer:
    coins = [
        {
            "coin": coin,
            "equity": str(float(free) + float(locked)),
            "walletBalance": str(float(free) + float(locked)),
            "locked": locked,
            "borrowAmount": "0",
            "accruedInterest": "0",
            "totalOrderIM": "0",
            "totalPositionIM": "0",
        }
        for coin, free, locked in HOLDINGS
    ]
    row = {"accountType": "UNIFIED", "totalEquity": "36500", "coin": coins}
    return ok({"list": [row]}, at_ms=call.now_ms)


def _account_info(call: Call, _account: Account) -> Answer:
    info = {"unifiedMarginStatus": 6, "marginMode": "REGULAR_MARGIN"}
    return ok(info, at_ms=call.now_ms)


def _coins(call: Call, _account: Account) -> Answer:
    rows = [{"coin": code, "name": code, "chains": [_chain(code)]} for code in COINS]
    return ok({"rows": rows}, at_ms=call.now_ms)


def _chain(code: str) -> dict[str, str]:
    return {
        "chain": "BTC" if code == "BTC" else "ETH",
        "chainDeposit": "1",
        "chainWithdraw": "1",
        "withdrawFee": "0.0005",
        "withdrawMin": "0.001",
        "depositMin": "0.0001",
        "minAccuracy": "8",
    }


def _key_info(call: Call, account: Account) -> Answer:
    reads, trades = account.may("read"), account.may("trade")
    wallet = ["AccountTransfer", "Withdraw"] if account.may("withdraw") else []
    empty = ("ContractTrade", "Options", "Derivatives", "Exchange", "Earn", "NFT")
    bound = list(account.ip_allowlist)
    return ok(
        {
            "id": account.account_id,
            "note": account.name,
            "apiKey": account.api_key,
            "readOnly": 0 if trades else 1,
            "secret": "",
            "permissions": {
                **{name: [] for name in empty},
                "Spot": ["SpotTrade"] if reads else [],
                "Wallet": wallet,
            },
            "ips": bound or ["*"],
            "type": 1,
            "expiredAt": _end(call, account),
            "unified": 0,
            "uta": 1,
            "userID": int(account.account_id),
            "isMaster": True,
        },
        at_ms=call.now_ms,
    )


def _end(call: Call, account: Account) -> str:
    ends_s = account.ends_at_s(call.now_s)
    if ends_s is None and not account.ip_allowlist:
        ends_s = int(call.now_s) // 86_400 * 86_400 + _UNBOUND_S
    if ends_s is None:
        return "1970-01-01T00:00:00Z"  # never
    return datetime.fromtimestamp(ends_s, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


_ROUTES: dict[str, Route] = {
    "GET /v5/market/time": OpenRoute(reply=_time),
    "GET /v5/system/status": OpenRoute(reply=_status),
    "GET /v5/market/instruments-info": OpenRoute(reply=_instruments),
    "GET /v5/market/tickers": OpenRoute(reply=_tickers),
    "GET /v5/market/kline": OpenRoute(kind=Kind.CANDLES, reply=_kline),
    "GET /v5/user/query-api": SignedRoute(reply=_key_info, needs="read"),
    "GET /v5/account/info": SignedRoute(reply=_account_info, needs="read"),
    "GET /v5/account/wallet-balance": SignedRoute(reply=_wallet, needs="read"),
    "GET /v5/asset/coin/query-info": SignedRoute(reply=_coins, needs="read"),
}

BYBIT = Provider(
    name="bybit",
    hosts=HOSTS,
    accounts=SANDBOX_ACCOUNTS["bybit"],
    find_route=table(_ROUTES),
    presented_key=presented_key,
    authenticate=authenticate,
    refuse=refuse,
    not_found=Answer(status=404, content_type="text/plain", body=b"404 page not found"),
)
