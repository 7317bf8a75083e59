"""The in-house feed behind OAuth2, and the issuer of its tokens.

Hosts `feed-oauth.sandbox.example` (provider `feed-oauth`, paths and answers of
`feed`) and `login.sandbox.example` (provider `feed-login`, fails apart):

    POST /oauth/token    form: grant_type=client_credentials[&scope][&audience]
                         id and secret: basic authentication, or in the form
        {"access_token", "token_type": "Bearer", "expires_in": SECONDS, "scope"}

Scopes: market:read (all but `blind`). Audience, if given: https://feed-oauth.
sandbox.example. Tokens live 300 seconds, those of `brief` two. Issuer's errors are
RFC 6749's `{"error", "error_description"}`; the feed's are 401 missing_key,
invalid_token, token_expired and 403 insufficient_scope.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from binascii import Error as Base64Error
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, unquote_plus

from reconciler.sandbox.accounts import SANDBOX_ACCOUNTS
from reconciler.sandbox.feed import error, make_feed, refuse, unauthorized
from reconciler.sandbox.provider import (
    Answer,
    Call,
    OpenRoute,
    Provider,
    Refusal,
    account_with_key,
    json_answer,
    table,
)

if TYPE_CHECKING:
    from reconciler.sandbox.accounts import Account

SCOPE = "market:read"
AUDIENCE = "https://feed-oauth.sandbox.example"
_LIFE_S = {"brief": 2}
_DEFAULT_LIFE_S = 300
_ISSUER_SECRET = b"sandbox token issuer"


# The issuer


def _issue(call: Call) -> Answer:
    form = {name: texts[-1] for name, texts in parse_qs(call.body.decode()).items()}
    if form.get("grant_type") != "client_credentials":
        return _no("unsupported_grant_type", "Only client_credentials")
    client, secret = _client(call, form)
    account = account_with_key(SANDBOX_ACCOUNTS["feed-login"], client)
    if account is None or account.api_secret != secret:
        return _no("invalid_client", "Client authentication failed", status=401)
    if form.get("audience", AUDIENCE) != AUDIENCE:
        return _no("invalid_target", "Unknown audience")
    granted = SCOPE if account.name != "blind" else ""
    scopes = form.get("scope", granted).split()
    if not set(scopes) <= set(granted.split()):
        return _no("invalid_scope", "The scope is not granted to this client")
    life_s = _LIFE_S.get(account.name, _DEFAULT_LIFE_S)
    claims = {"sub": account.name, "exp": call.now_ms + life_s * 1000, "scope": scopes}
    return json_answer(
        {
            "access_token": _seal(claims),
            "token_type": "Bearer",
            "expires_in": life_s,
            "scope": " ".join(scopes),
        }
    )


def _client(call: Call, form: dict[str, str]) -> tuple[str, str]:
    scheme, _, value = call.headers.get("Authorization", "").partition(" ")
    if scheme != "Basic":
        return form.get("client_id", ""), form.get("client_secret", "")
    try:
        client, _, secret = (
            base64.b64decode(value, validate=True).decode().partition(":")
        )
    except (Base64Error, UnicodeDecodeError):
        return "", ""
    return unquote_plus(client), unquote_plus(secret)


def _no(code: str, description: str, *, status: int = 400) -> Answer:
    document = {"error": code, "error_description": description}
    return json_answer(document, status=status)


def _issuer_shown(call: Call) -> str | None:
    form = {name: texts[-1] for name, texts in parse_qs(call.body.decode()).items()}
    return _client(call, form)[0] or None


def _nobody(_call: Call, _accounts: tuple[Account, ...]) -> Account:
    raise Refusal(unauthorized("missing_key", "Nothing here needs a key"))


# The feed


def _shown(call: Call) -> str | None:
    claims = _claims(call)
    name = claims.get("sub") if claims else None
    found = (a.api_key for a in SANDBOX_ACCOUNTS["feed-oauth"] if a.name == name)
    return next(found, None)


def _prove(call: Call, accounts: tuple[Account, ...]) -> Account:
    if "Authorization" not in call.headers:
        raise Refusal(unauthorized("missing_key", "A bearer token is required"))
    claims = _claims(call)
    if claims is None:
        raise Refusal(unauthorized("invalid_token", "Unknown token"))
    if claims["exp"] <= call.now_ms:
        raise Refusal(unauthorized("token_expired", "The token has expired"))
    if SCOPE not in claims["scope"]:
        message = "The token lacks market:read"
        raise Refusal(error(403, "insufficient_scope", message))
    account = next(a for a in accounts if a.name == claims["sub"])
    return replace(account, permissions=("read",))


def _claims(call: Call) -> dict[str, Any] | None:
    scheme, _, token = call.headers.get("Authorization", "").partition(" ")
    body, _, seal = token.partition(".")
    if scheme != "Bearer" or not hmac.compare_digest(seal, _mac(body)):
        return None
    claims: dict[str, Any] = json.loads(base64.urlsafe_b64decode(body))
    return claims


def _seal(claims: dict[str, Any]) -> str:
    body = base64.urlsafe_b64encode(json.dumps(claims).encode()).decode()
    return f"{body}.{_mac(body)}"


def _mac(body: str) -> str:
    return hmac.new(_ISSUER_SECRET, body.encode(), hashlib.sha256).hexdigest()


FEED_OAUTH = make_feed(
    "feed-oauth", ("feed-oauth.sandbox.example",), shown=_shown, prove=_prove
)
FEED_LOGIN = Provider(
    name="feed-login",
    hosts=("login.sandbox.example",),
    accounts=SANDBOX_ACCOUNTS["feed-login"],
    find_route=table({"POST /oauth/token": OpenRoute(reply=_issue)}),
    presented_key=_issuer_shown,
    authenticate=_nobody,
    refuse=refuse,
    not_found=error(404, "not_found", "No such path"),
)
