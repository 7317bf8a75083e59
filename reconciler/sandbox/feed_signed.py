"""The in-house feed with signed requests, in the three ways that are common.

Host `feed-hmac.sandbox.example` (provider `feed-hmac`). Paths and answers are those
of `feed`; a request may be 30 seconds old. Each account signs in its own way:

    hex     X-Key, X-Ts (ms), X-Sign: hex HMAC-SHA256 of TS METHOD TARGET BODY
    base64  Authorization: HMAC KEY:SIGNATURE, X-Date (ISO 8601); base64 HMAC-SHA512
            of DATE, METHOD, PATH and QUERY, a line each; the secret is base64
    query   ?key&ts (seconds)…&sign: hex HMAC-SHA256 of the query before `&sign=`

Errors: 401 missing_key, invalid_key, invalid_signature, timestamp_expired.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from datetime import datetime
from typing import TYPE_CHECKING
from urllib.parse import unquote

from reconciler.sandbox.feed import make_feed, unauthorized
from reconciler.sandbox.provider import Call, Refusal, account_with_key

if TYPE_CHECKING:
    from reconciler.sandbox.accounts import Account

_WINDOW_S = 30.0


def _shown(call: Call) -> str | None:
    scheme, _, value = call.headers.get("Authorization", "").partition(" ")
    if scheme == "HMAC":
        return value.partition(":")[0]
    return call.headers.get("X-Key") or call.params.get("key")


def _prove(call: Call, accounts: tuple[Account, ...]) -> Account:
    key = _shown(call)
    if key is None:
        raise Refusal(unauthorized("missing_key", "A signed request is required"))
    account = account_with_key(accounts, key)
    if account is None:
        raise Refusal(unauthorized("invalid_key", "Unknown API key"))
    at_s, signature, expected = _EXPECTED[account.method](call, account.api_secret)
    if at_s is None or abs(call.now_s - at_s) > _WINDOW_S:
        message = "The timestamp is outside of the 30 s window"
        raise Refusal(unauthorized("timestamp_expired", message))
    if not hmac.compare_digest(signature, expected):
        raise Refusal(unauthorized("invalid_signature", "Signature mismatch"))
    return account


_Checked = tuple[float | None, str, str]
"""When it was signed, the signature that came, and the one that should have."""


def _hex(call: Call, secret: str) -> _Checked:
    stamp = call.headers.get("X-Ts", "")
    payload = f"{stamp}{call.method}{call.target}{call.body.decode()}"
    made = hmac.new(secret.encode(), payload.encode(), hashlib.sha256)
    return _seconds(stamp, 1000), call.headers.get("X-Sign", ""), made.hexdigest()


def _base64(call: Call, secret: str) -> _Checked:
    stamp = call.headers.get("X-Date", "")
    path = call.target.partition("?")[0]
    payload = f"{stamp}\n{call.method}\n{path}\n{call.query_string}"
    made = hmac.new(base64.b64decode(secret), payload.encode(), hashlib.sha512)
    given = call.headers.get("Authorization", "").rpartition(":")[2]
    try:
        at_s = datetime.fromisoformat(stamp).timestamp()
    except ValueError:
        at_s = None
    return at_s, given, base64.b64encode(made.digest()).decode()


def _query(call: Call, secret: str) -> _Checked:
    signed, _, given = call.query_string.rpartition("&sign=")
    made = hmac.new(secret.encode(), signed.encode(), hashlib.sha256)
    stamp = call.params.get("ts", "")
    return _seconds(stamp, 1), unquote(given), made.hexdigest()


def _seconds(text: str, per_second: int) -> float | None:
    return int(text) / per_second if text.isdigit() else None


_EXPECTED = {"hex": _hex, "base64": _base64, "query": _query}

FEED_HMAC = make_feed(
    "feed-hmac", ("feed-hmac.sandbox.example",), shown=_shown, prove=_prove
)
