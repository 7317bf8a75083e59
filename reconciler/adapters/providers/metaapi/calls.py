"""Every call that is ever made to MetaApi.cloud, and what its refusals mean.

From MetaApi's own documentation (metaapi.cloud/docs: `provisioning/api/account/
readAccount`, `client/restApi/api/readTradingTerminalState/readAccountInformation`,
`.../retrieveMarketData/readSymbols`, `readSymbolPrice`, `readHistoricalCandles`) and
from the error classes and hosts in its JavaScript SDK 29 (`errorHandler`,
`historicalMarketData.client`): the header `auth-token`, one host name for accounts,
two for each region, errors as `{id, error, message, details?, numericCode?}`, and
`metadata.recommendedRetryTime` on 429. Wording of 404 and 504 is from the project's
issue trackers (metaapi-java-sdk 1, metaapi-javascript-sdk 13).

All of them are GET. Trading is a POST below the same URLs: this module makes none.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any
from urllib.parse import quote

from reconciler.adapters.providers.answers.answer import Answer
from reconciler.adapters.providers.answers.evidence import parse_json
from reconciler.adapters.providers.diagnosing import explain_rest
from reconciler.adapters.providers.metatrader.hours import (
    silent_or_not,
)
from reconciler.adapters.providers.redaction import Scrubber
from reconciler.adapters.providers.rest import (
    PLAIN_CODES,
    Request,
    RestClient,
    join_url,
)
from reconciler.core.diagnosis import Category, Diagnosis, diagnose
from reconciler.core.errors import ProviderError

_ACCOUNT = "users/current/accounts/{account}"
_PROVISIONING = "https://mt-provisioning-api-v1.agiliumtrade.agiliumtrade.ai"
_ACCEPTED = 202
_MAX_WAIT_S = 7 * 86_400


class ReadPath(StrEnum):
    """What may be read; the fields are percent-encoded when they are filled in."""

    STATE = _ACCOUNT
    INFORMATION = f"{_ACCOUNT}/account-information"
    SYMBOLS = f"{_ACCOUNT}/symbols"
    PRICE = f"{_ACCOUNT}/symbols/{{symbol}}/current-price"
    CANDLES = (
        f"{_ACCOUNT}/historical-market-data/symbols/{{symbol}}"
        "/timeframes/{timeframe}/candles"
    )


CODES: Mapping[str, Category] = {
    **PLAIN_CODES,
    "forbiddenerror": Category.PERMISSION_DENIED,
    "internalerror": Category.EXCHANGE_UNAVAILABLE,
    "methodaccesserror": Category.PERMISSION_DENIED,
    "notconnectederror": Category.EXCHANGE_UNAVAILABLE,
    "notfounderror": Category.INVALID_CREDENTIALS,
    "notsynchronizederror": Category.EXCHANGE_UNAVAILABLE,
    "timeouterror": Category.EXCHANGE_UNAVAILABLE,
    "toomanyrequestserror": Category.RATE_LIMITED,
    "unauthorizederror": Category.INVALID_CREDENTIALS,
    "validationerror": Category.BAD_REQUEST,
}
_SYMBOL_CODES = {**CODES, "notfounderror": Category.BAD_SYMBOL}
_ABOUT_SYMBOLS = frozenset({ReadPath.PRICE, ReadPath.CANDLES})
_FIXES = {
    "forbiddenerror": "give the token access to this account at MetaApi (reader is "
    "enough), or make a new one",
    "notfounderror": "check account_id (MetaApi's id, not the login), and "
    "config.region if it is set",
    "timeouterror": "look at MetaApi whether the account is connected to its broker; "
    "check config.region if it is set",
    "unauthorizederror": "copy the token from MetaApi's API access page again and "
    "seal it",
}


def url_of(
    base_url: str, path: ReadPath, region: str, values: Mapping[str, str]
) -> str:
    """Return where a call goes; raises `ProviderError` for a value that climbs out.

    Args:
        base_url: A gateway that stands for all of MetaApi's hosts, or empty.
        path: What is read.
        region: The account's region; not used for its state.
        values: What fills the path's fields.
    """
    for name, value in values.items():
        if value in {".", ".."}:
            category = Category.BAD_SYMBOL
            if name == "account":
                category = Category.INVALID_CREDENTIALS
            raise ProviderError(diagnose(category, detail=f"the {name} is none"))
    encoded = {name: quote(value, safe="") for name, value in values.items()}
    filled = ReadPath(path).value.format(**encoded)
    return join_url(base_url or _host_of(path, region), filled)


def _host_of(path: ReadPath, region: str) -> str:
    if path is ReadPath.STATE:
        return _PROVISIONING
    name = "market-data-client" if path is ReadPath.CANDLES else "client"
    return f"https://mt-{name}-api-v1.{region}.agiliumtrade.ai"


async def read(
    client: RestClient, path: ReadPath, request: Request, *, now: datetime
) -> Any:
    """Return the document of a success; raises `ProviderError` otherwise.

    `SilentError` when the account has lost its broker.
    """
    codes = _SYMBOL_CODES if path in _ABOUT_SYMBOLS else CODES
    answer = await client.send(request)
    try:
        client.require_success(answer, codes)
    except ProviderError as error:
        found = _sharpened(error, answer, path, now)
        raise found from None
    if answer.status == _ACCEPTED:  # work was begun, and its result is asked for again
        fix = "test again: MetaApi prepares the answer"
        raise ProviderError(client.describe(Category.EXCHANGE_UNAVAILABLE, answer, fix))
    return parse_json(answer.body)


def explain(answer: Answer, *, scrub: Scrubber, now_s: float) -> Diagnosis | None:
    """Explain an answer of MetaApi's, None for one that is no refusal."""
    # 404 is the account's or the symbol's; the sentence says which.
    is_symbol = "symbol" in answer.head.lower()
    path = ReadPath.PRICE if is_symbol else ReadPath.INFORMATION
    codes = _SYMBOL_CODES if is_symbol else CODES
    found = explain_rest(answer, codes, scrub=scrub, now_s=now_s)
    if found is None:
        return None
    now = datetime.fromtimestamp(now_s, tz=UTC)
    return _sharpened(ProviderError(found), answer, path, now).diagnosis


def _sharpened(
    error: ProviderError, answer: Answer, path: ReadPath, now: datetime
) -> ProviderError:
    """Return the error with its own fix sentence, and how long to wait."""
    found = error.diagnosis
    document = parse_json(answer.body)
    document = document if isinstance(document, dict) else {}
    code = str(document.get("error", "")).lower()
    if code in _FIXES and not (code == "notfounderror" and path in _ABOUT_SYMBOLS):
        found = replace(found, fix=_FIXES[code])
    if found.category is Category.RATE_LIMITED and found.retry_after_s is None:
        found = replace(found, retry_after_s=_wait_s(document.get("metadata"), now))
    return silent_or_not(ProviderError(found), now)


def _wait_s(metadata: Any, now: datetime) -> float | None:
    """Return the whole seconds until `recommendedRetryTime`, None without it."""
    if not isinstance(metadata, dict):
        return None
    try:
        until = datetime.fromisoformat(metadata.get("recommendedRetryTime", ""))
        left_s = round((until - now).total_seconds())
    except (TypeError, ValueError):
        return None
    return float(min(max(0, left_s), _MAX_WAIT_S))
