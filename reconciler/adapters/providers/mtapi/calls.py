"""Every path that is ever requested from a bridge, and what a refusal means.

On a bridge a GET can place orders, close positions and change the password. So the
paths that only read stand here as two closed lists, requests are made nowhere else,
and no part of a path comes from a file but the account's number.

An error of the native dialect is HTTP 201 with `{code, message, stackTrace}`: any
2xx of that shape is an error, whatever was asked for.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any
from urllib.parse import quote

from reconciler.adapters.providers.answers.answer import Answer
from reconciler.adapters.providers.answers.evidence import codes_of, parse_json
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


class AccountPath(StrEnum):
    """What the `v1` dialect may read, below `/v1/accounts/{id}`."""

    ACCOUNT = ""
    SYMBOLS = "symbols"
    QUOTE = "quote"
    HISTORY = "history"


class NativePath(StrEnum):
    """What the native dialect may call; all of it reads, or begins and ends a login."""

    CONNECT = "Connect"
    CONNECT_EX = "ConnectEx"
    CONNECT_BY_TOKEN = "ConnectByToken"  # noqa: S105
    DISCONNECT = "Disconnect"
    CHECK_CONNECT = "CheckConnect"
    CONNECTION_STATUS = "ConnectionStatus"
    ACCOUNT_SUMMARY = "AccountSummary"
    ACCOUNT_DETAILS = "AccountDetails"
    GET_QUOTE = "GetQuote"
    SYMBOLS = "Symbols"
    SYMBOL_LIST = "SymbolList"
    PRICE_HISTORY = "PriceHistory"
    QUOTE_HISTORY = "QuoteHistory"


CODES: Mapping[str, Category] = {
    **PLAIN_CODES,
    "connect_error": Category.EXCHANGE_UNAVAILABLE,
    "invalid_account": Category.INVALID_CREDENTIALS,
    "market_closed": Category.EXCHANGE_UNAVAILABLE,
    "null_argument": Category.BAD_REQUEST,
    "service_not_available": Category.EXCHANGE_UNAVAILABLE,
}
V1_CODES: Mapping[str, Category] = {
    **CODES,
    # Every path has the account in it: what is not found is the account.
    "not_found": Category.INVALID_CREDENTIALS,
}
NATIVE_CODES: Mapping[str, Category] = {
    **CODES,
    # Seen only when a fresh login was forgotten too: its password was accepted.
    "invalid_token": Category.EXCHANGE_UNAVAILABLE,
}
TOKEN = re.compile(r"(?i)[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_SERVER_FIX = "correct config.server: the exact name that the MetaTrader terminal shows"
_ACCOUNT_FIX = (
    "check account_id and password in the MetaTrader terminal, with the same server, "
    "and seal them again"
)
_TOKEN_FIX = "the bridge forgets the login: let no other program use this account there"  # noqa: S105


class TokenError(ProviderError):
    """The bridge does not know the token any more; logging in again helps."""


def account_request(
    base_url: str,
    account_id: str,
    path: AccountPath,
    *,
    params: Mapping[str, str],
    headers: Mapping[str, str],
) -> Request:
    """Return a read of one account; raises `ValueError` for an unknown path."""
    if account_id in {".", ".."}:  # would climb out of the account
        raise ProviderError(
            diagnose(
                Category.INVALID_CREDENTIALS, detail="credentials.account_id is none"
            )
        )
    account_url = join_url(base_url, f"v1/accounts/{quote(account_id, safe='')}")
    url = join_url(account_url, AccountPath(path).value)
    return Request(url=url, params=params, headers=headers)


def native_request(
    base_url: str,
    path: NativePath,
    *,
    params: Mapping[str, str],
    headers: Mapping[str, str],
) -> Request:
    """Return a call of the native dialect; raises `ValueError` for another path."""
    url = join_url(base_url, NativePath(path).value)
    return Request(url=url, params=params, headers=headers)


async def read_document(
    client: RestClient,
    request: Request,
    codes: Mapping[str, Category],
    *,
    now: datetime,
) -> Any:
    """Return the JSON document of a success; raises `ProviderError` otherwise.

    `SilentError` when the broker does not serve now, `TokenError` when the token is
    no longer known.
    """
    answer = _without_stack(await client.send(request))
    try:
        client.require_success(answer, codes)
    except ProviderError as error:
        found = _sharpened(error, now)
        raise found from None
    return parse_json(answer.body)


async def read_text(
    client: RestClient, request: Request, *, now: datetime
) -> tuple[str, int]:
    """Return the plain text of an answer without quotation marks, and the status.

    The text is not judged, and may be a secret. Raises like `read_document` for an
    error document, a web page, a redirect, and for nothing at all.
    """
    answer = _without_stack(await client.send(request))
    document = parse_json(answer.body)
    text = document if isinstance(document, str) else answer.body.strip()
    is_plain = answer.is_success and not answer.is_html and text[:1] not in {"{", "["}
    if is_plain and text.strip():
        return text.strip(), answer.status
    try:
        client.require_success(answer, NATIVE_CODES)
    except ProviderError as error:
        found = _sharpened(error, now)
        raise found from None
    raise not_an_answer("plain text", answer.status)


def explain(answer: Answer, *, scrub: Scrubber, now_s: float) -> Diagnosis | None:
    """Explain a bridge's answer in either dialect, None for one that is no refusal."""
    text = answer.body.strip().strip('"')
    if answer.is_success and (text == "OK" or TOKEN.fullmatch(text)):
        return None
    answer = _without_stack(answer)
    # The vendor writes its codes in capitals, gateways do not.
    is_native = any(code.isupper() for code in codes_of(parse_json(answer.body)))
    codes = NATIVE_CODES if is_native else V1_CODES
    found = explain_rest(answer, codes, scrub=scrub, now_s=now_s)
    if found is None:
        return None
    now = datetime.fromtimestamp(now_s, tz=UTC)
    return _sharpened(ProviderError(found), now).diagnosis


def _without_stack(answer: Answer) -> Answer:
    """Return an error document without the bridge's own stack: it tells nobody here."""
    document = parse_json(answer.body)
    if not isinstance(document, dict) or "stackTrace" not in document:
        return answer
    kept = {name: document[name] for name in document if name != "stackTrace"}
    return replace(answer, body=json.dumps(kept))


def not_an_answer(wanted: str, status: int) -> ProviderError:
    """Return the error of a success that is not what was asked for.

    The answer itself stays out of the evidence: it may be half a token.
    """
    return ProviderError(
        diagnose(
            Category.BAD_RESPONSE,
            detail=f"the answer is not {wanted}",
            evidence={"status": str(status)},
        )
    )


def _sharpened(error: ProviderError, now: datetime) -> ProviderError:
    """Return the error with what the vendor's code and words add to it."""
    found = error.diagnosis
    code = found.evidence.get("code", "").upper()
    said = found.evidence.get("body", "").lower()
    if code == "DONE" and "server" in said and "not found" in said:
        server = diagnose(
            Category.BAD_REQUEST,
            detail="the broker's server is not known",
            fix=_SERVER_FIX,
            evidence=found.evidence,
        )
        return ProviderError(server)
    if code == "INVALID_ACCOUNT" and "disabled" in said:
        disabled = diagnose(Category.ACCOUNT_SUSPENDED, evidence=found.evidence)
        return ProviderError(disabled)
    if code == "INVALID_ACCOUNT":
        return ProviderError(replace(found, fix=_ACCOUNT_FIX))
    if code == "INVALID_TOKEN":
        return TokenError(replace(found, fix=_TOKEN_FIX))
    return silent_or_not(error, now)
