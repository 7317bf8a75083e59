"""MetaApi.cloud: MT4/MT5 accounts as hosted servers, one token for all of them.

Three hosts, as the real ones are named; the accounts run in `new-york`. Every call
wants the header `auth-token: TOKEN`, and the token must own the account in the path.
The token is a sandbox account's `api_key`, the account's id its `account_id`.

    mt-provisioning-api-v1.agiliumtrade.agiliumtrade.ai
        GET /users/current/accounts/{id}
            {"_id", "state", "connectionStatus", "region", "accessToken", ...}
    mt-client-api-v1.{region}.agiliumtrade.ai
        GET /users/current/accounts/{id}/account-information
            {"platform", "broker", "currency", "server", "balance", ..., "investorMode"}
        GET .../symbols                             ["EURUSD", ...]
        GET .../symbols/{symbol}/current-price      {"symbol", "bid", "ask", "time"}
    mt-market-data-client-api-v1.{region}.agiliumtrade.ai
        GET .../historical-market-data/symbols/{symbol}/timeframes/{tf}/candles
            [?startTime=ISO][&limit=1000]
            the newest `limit` bars up to `startTime`: [{"symbol", "timeframe", "time",
            "brokerTime", "open", "high", "low", "close", "tickVolume", "spread",
            "volume"}], ascending; timeframes 1m ... 12h 1d 1w 1mn

Errors are {"id", "error", "message"}: 401 UnauthorizedError, 403 ForbiddenError, 404
NotFoundError, 400 ValidationError, 429 TooManyRequestsError with
`metadata.recommendedRetryTime` and no Retry-After. In another region an account is
not found. The broker's time is three hours ahead of UTC.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from reconciler.sandbox.accounts import SANDBOX_ACCOUNTS
from reconciler.sandbox.candles import INSTRUMENTS
from reconciler.sandbox.faults import Fault
from reconciler.sandbox.provider import (
    Answer,
    Call,
    Kind,
    Provider,
    Refusal,
    RefusalContext,
    Route,
    SignedRoute,
    account_with_key,
    html_answer,
    json_answer,
    number,
)

if TYPE_CHECKING:
    from reconciler.sandbox.accounts import Account

REGION = "new-york"
PROVISIONING_HOST = "mt-provisioning-api-v1.agiliumtrade.agiliumtrade.ai"
CLIENT_HOST = f"mt-client-api-v1.{REGION}.agiliumtrade.ai"
MARKET_DATA_HOST = f"mt-market-data-client-api-v1.{REGION}.agiliumtrade.ai"
HOSTS = (
    *(PROVISIONING_HOST, CLIENT_HOST, MARKET_DATA_HOST),
    *(host.replace(REGION, "london") for host in (CLIENT_HOST, MARKET_DATA_HOST)),
)
_SYMBOLS = {
    name.replace("/", ""): name
    for name in ("EUR/USD", "GBP/USD", "AUD/USD", "USD/JPY", "XAU/USD", "BTC/USD")
}
_TIMEFRAMES = {
    **{f"{n}m": f"{n}m" for n in (1, 2, 3, 4, 5, 6, 10, 12, 15, 20, 30)},
    **{f"{n}h": f"{n}h" for n in (1, 2, 3, 4, 6, 8, 12)},
    **{"1d": "1d", "1w": "1w", "1mn": "1M"},  # noqa: PIE800  # one line a unit
}
_BROKER_AHEAD_S = 3 * 3600
_MAX_ROWS = 1_000
_ACCOUNT_PATH = re.compile(r"/users/current/accounts/([^/]+)(/.*)?")
_PRICE_PATH = re.compile(r"/symbols/(.+)/current-price")
_CANDLES_PATH = re.compile(
    r"/historical-market-data/symbols/(.+)/timeframes/([^/]+)/candles"
)


def error(status: int, name: str, message: str, **extra: Any) -> Answer:
    """Return MetaApi's error document."""
    return json_answer(
        {"id": 1, "error": name, "message": message, **extra}, status=status
    )


def presented_key(call: Call) -> str | None:
    """Return the token a call shows, unjudged."""
    return call.headers.get("auth-token")


def authenticate(call: Call, accounts: tuple[Account, ...]) -> Account:
    """Return the account in the path, if the caller's token owns it."""
    account = account_with_key(accounts, presented_key(call))
    if account is None:
        raise Refusal(error(401, "UnauthorizedError", "Authorization token invalid"))
    match = _ACCOUNT_PATH.fullmatch(call.path)
    here = call.host == PROVISIONING_HOST or REGION in call.host
    if match is None or match[1] != account.account_id or not here:
        message = (
            "Account id is not found. Please make sure your request URL matches "
            "your account region"
        )
        raise Refusal(error(404, "NotFoundError", message))
    return account


def refuse(fault: Fault, context: RefusalContext) -> Answer:
    """Word a fault the way MetaApi does."""
    until = _iso(context.now_s + context.retry_after_s)
    wordings = {
        Fault.BAD_KEY: error(401, "UnauthorizedError", "Authorization token invalid"),
        Fault.IP_NOT_ALLOWED: html_answer(403, "403 Forbidden"),
        Fault.PERMISSION_DENIED: error(
            403, "ForbiddenError", "Access is denied by the token's access rules"
        ),
        Fault.RATE_LIMITED: error(
            429,
            "TooManyRequestsError",
            "You have used all your CPU credits",
            metadata={"periodInMinutes": 60, "recommendedRetryTime": until},
        ),
        Fault.BANNED: html_answer(403, "403 Forbidden"),
        Fault.GEO_BLOCKED: html_answer(403, "Access denied in your country"),
        Fault.MAINTENANCE: html_answer(503, "Service is in maintenance"),
    }
    return wordings.get(fault, html_answer(503, "503 Service Unavailable"))


def _state(call: Call, account: Account) -> Answer:
    _require_host(call, "provisioning")
    return json_answer(
        {
            "_id": account.account_id,
            "name": account.name,
            "type": "cloud-g2",
            "version": 5,
            "login": "50194988",
            "server": "Sandbox-Demo",
            "region": REGION,
            "state": "DEPLOYED",
            "connectionStatus": "CONNECTED",
            "accessToken": f"{account.name}-sandbox-access-token",
        }
    )


def _information(call: Call, account: Account) -> Answer:
    _require_host(call, "mt-client")
    return json_answer(
        {
            "platform": "mt5",
            "broker": "Sandbox Ltd",
            "currency": "USD",
            "server": "Sandbox-Demo",
            "balance": 10_000.0,
            "equity": 10_050.5,
            "margin": 120.0,
            "freeMargin": 9_930.5,
            "leverage": 100,
            "marginLevel": 8375.42,
            "tradeAllowed": account.may("trade"),
            "investorMode": not account.may("trade"),
            "type": "ACCOUNT_TRADE_MODE_DEMO",
        }
    )


def _symbols(call: Call, _account: Account) -> Answer:
    _require_host(call, "mt-client")
    return json_answer(list(_SYMBOLS))


def _price(call: Call, _account: Account) -> Answer:
    _require_host(call, "mt-client")
    match = _PRICE_PATH.fullmatch(_below(call))
    name = _known(match[1] if match else "")
    day, now_s = call.market.ticker(_SYMBOLS[name]), call.market.now_s
    return json_answer(
        {
            "symbol": name,
            "bid": float(day.bid),
            "ask": float(day.ask),
            "profitTickValue": 1,
            "lossTickValue": 1,
            "time": _iso(now_s),
            "brokerTime": _broker_time(now_s),
        }
    )


def _candles(call: Call, _account: Account) -> Answer:
    _require_host(call, "mt-market-data-client")
    match = _CANDLES_PATH.fullmatch(_below(call))
    name, given = (match[1], match[2]) if match else ("", "")
    timeframe = _TIMEFRAMES.get(given)
    if timeframe is None:
        raise Refusal(error(400, "ValidationError", f"Invalid timeframe {given}"))
    bars = call.market.candles(
        INSTRUMENTS[_SYMBOLS[_known(name)]].symbol,
        timeframe,
        limit=_limit(call),
        until_ms=_until_ms(call),
    )
    rows = [
        {
            "symbol": name,
            "timeframe": given,
            "time": _iso(bar.open_ms / 1000),
            "brokerTime": _broker_time(bar.open_ms / 1000),
            "open": number(bar.open),
            "high": number(bar.high),
            "low": number(bar.low),
            "close": number(bar.close),
            "tickVolume": 1 + int(float(bar.volume)) % 5_000,
            "spread": 8,
            "volume": 0,
        }
        for bar in bars
    ]
    return json_answer(rows)


def _require_host(call: Call, word: str) -> None:
    """Answer on the host that has the path, as the real ones do."""
    if word not in call.host:
        raise Refusal(error(404, "NotFoundError", "Not found"))


def _below(call: Call) -> str:
    match = _ACCOUNT_PATH.fullmatch(call.path)
    return (match[2] or "") if match else ""


def _known(name: str) -> str:
    if name not in _SYMBOLS:
        message = f"Specified symbol {name} was not found"
        raise Refusal(error(404, "NotFoundError", message))
    return name


def _limit(call: Call) -> int:
    text = call.params.get("limit", str(_MAX_ROWS))
    if not text.isdigit() or not 0 < int(text) <= _MAX_ROWS:
        raise Refusal(error(400, "ValidationError", "limit must be from 1 to 1000"))
    return int(text)


def _until_ms(call: Call) -> int | None:
    text = call.params.get("startTime")
    if text is None:
        return None
    try:
        return int(datetime.fromisoformat(text).timestamp() * 1000)
    except ValueError:
        raise Refusal(error(400, "ValidationError", "startTime is no date")) from None


def _iso(at_s: float) -> str:
    moment = datetime.fromtimestamp(at_s, UTC).replace(tzinfo=None)
    return f"{moment.isoformat(timespec='milliseconds')}Z"


def _broker_time(at_s: float) -> str:
    moment = datetime.fromtimestamp(at_s + _BROKER_AHEAD_S, UTC).replace(tzinfo=None)
    return moment.isoformat(" ", timespec="milliseconds")


_READS = (
    (re.compile(""), SignedRoute(reply=_state, needs="read")),
    (
        re.compile("/account-information"),
        SignedRoute(reply=_information, needs="read"),
    ),
    (re.compile("/symbols"), SignedRoute(reply=_symbols, needs="read")),
    (_PRICE_PATH, SignedRoute(reply=_price, needs="read")),
    (_CANDLES_PATH, SignedRoute(kind=Kind.CANDLES, reply=_candles, needs="read")),
)


def find_route(method: str, path: str) -> Route | None:
    """Return the route for a path below an account; there is nothing to write."""
    match = _ACCOUNT_PATH.fullmatch(path)
    if match is None or method != "GET":
        return None
    rest = match[2] or ""
    return next((route for form, route in _READS if form.fullmatch(rest)), None)


METAAPI = Provider(
    name="metaapi",
    hosts=HOSTS,
    accounts=SANDBOX_ACCOUNTS["metaapi"],
    find_route=find_route,
    presented_key=presented_key,
    authenticate=authenticate,
    refuse=refuse,
    not_found=error(404, "NotFoundError", "Not found"),
)
