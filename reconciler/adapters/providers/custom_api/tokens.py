"""OAuth2 client credentials (RFC 6749 §4.4): a token for an id and a secret.

The token lives in memory, for as long as its issuer says or until the feed refuses
it. Where it is asked for stands in the config, so that the binding covers it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import quote_plus, urlsplit

from reconciler.adapters.providers.answers.answer import Answer
from reconciler.adapters.providers.answers.evidence import (
    codes_of,
    parse_json,
    strange_answer,
)
from reconciler.adapters.providers.custom_api.signers import basic
from reconciler.adapters.providers.rest import Request, RestClient, refusal
from reconciler.core.diagnosis import Category, Diagnosis, diagnose
from reconciler.core.errors import ProviderError

_EARLY_S = 10.0
_EARLY_SHARE = 0.1
_C = Category
ISSUER_CODES: Mapping[str, Category] = {
    "access_denied": _C.PERMISSION_DENIED,
    "invalid_client": _C.INVALID_CREDENTIALS,
    "invalid_grant": _C.INVALID_CREDENTIALS,
    "invalid_request": _C.BAD_REQUEST,
    "invalid_scope": _C.PERMISSION_DENIED,
    "invalid_target": _C.BAD_REQUEST,
    "server_error": _C.EXCHANGE_UNAVAILABLE,
    "slow_down": _C.RATE_LIMITED,
    "temporarily_unavailable": _C.EXCHANGE_UNAVAILABLE,
    "unauthorized_client": _C.PERMISSION_DENIED,
    "unsupported_grant_type": _C.BAD_REQUEST,
}
"""The words of RFC 6749 §5.2, RFC 8707 and what issuers add."""

_FIXES = {
    "invalid_scope": "correct config.auth.oauth2.scopes, or have them granted",
    "invalid_target": "correct config.auth.oauth2.audience",
    "unauthorized_client": "have the client credentials grant allowed for this client",
    "unsupported_grant_type": "this issuer knows no client credentials: check "
    "config.auth.oauth2.token_url",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenRequest:
    """What the issuer is told; `client` and `secret` are never shown."""

    url: str
    client: str = field(repr=False)
    secret: str = field(repr=False)
    scope: str = ""
    audience: str = ""
    in_body: bool = False

    def as_request(self) -> Request:
        """Return the call that asks for a token."""
        form = {"grant_type": "client_credentials"}
        optional = {"scope": self.scope, "audience": self.audience}
        form |= {name: text for name, text in optional.items() if text}
        if self.in_body:
            form |= {"client_id": self.client, "client_secret": self.secret}
            return Request(url=self.url, method="POST", form=form)
        # RFC 6749 §2.3.1: both are form-encoded before they are joined.
        pair = basic(quote_plus(self.client), quote_plus(self.secret))
        headers = {"Authorization": pair}
        return Request(url=self.url, method="POST", form=form, headers=headers)


def make_token_request(
    keys: Mapping[str, str], config: Mapping[str, Any]
) -> TokenRequest:
    """Return what the file asks for; the scopes may be a list or one text."""
    scopes = config.get("scopes", "")
    return TokenRequest(
        url=config["token_url"],
        client=keys["client_id"],
        secret=keys["client_secret"],
        scope=" ".join(scopes) if isinstance(scopes, list) else scopes,
        audience=config.get("audience", ""),
        in_body=config.get("auth_style") == "body",
    )


class TokenSigner:
    """Sends a token that it borrows when it is first needed, and again when it ends."""

    __slots__ = ("_asked", "_client", "_ends_at", "_lock", "_ticks", "_token")

    def __init__(
        self, asked: TokenRequest, client: RestClient, *, ticks: Callable[[], float]
    ) -> None:
        self._asked = asked
        self._client = client
        self._ticks = ticks
        self._lock = asyncio.Lock()
        self._token = ""
        self._ends_at: float | None = None

    async def sign(self, request: Request) -> Request:
        """Return the request with the token; raises `ProviderError` without one."""
        async with self._lock:  # many calls at once borrow one token
            if not self._is_good():
                await self._borrow()
        headers = {**request.headers, "Authorization": f"Bearer {self._token}"}
        return replace(request, headers=headers)

    def forget(self) -> bool:
        """Drop the token; it may have been revoked."""
        self._token = ""
        return True

    def _is_good(self) -> bool:
        return bool(self._token) and (
            self._ends_at is None or self._ticks() < self._ends_at
        )

    async def _borrow(self) -> None:
        asked_at = self._ticks()
        answer = await self._client.send(self._asked.as_request())
        document = parse_json(answer.body)
        token = document.get("access_token") if isinstance(document, dict) else None
        if isinstance(token, str):
            self._client.scrub.learn(token)
        self._require_success(answer)
        if not isinstance(token, str) or not token.isascii() or not token.isprintable():
            raise ProviderError(self._strange("the answer holds no access_token"))
        if str(document.get("token_type", "bearer")).lower() != "bearer":
            raise ProviderError(self._strange("the token is no bearer token"))
        self._token = token
        self._ends_at = _end(document.get("expires_in"), asked_at)

    def _require_success(self, answer: Answer) -> None:
        strange = strange_answer(answer, self._client.scrub, page=Category.WRONG_URL)
        category = refusal(answer, ISSUER_CODES) if strange is None else None
        if strange is not None:
            raise ProviderError(self._named(strange))
        if category is None:
            return
        codes = codes_of(parse_json(answer.body))
        fix = next((_FIXES[code] for code in codes if code in _FIXES), "")
        if category is Category.INVALID_CREDENTIALS:
            fix = "copy client_id and client_secret from the issuer again and seal them"
        raise ProviderError(self._named(self._client.describe(category, answer, fix)))

    def _strange(self, detail: str) -> Diagnosis:
        return self._named(
            diagnose(
                Category.BAD_RESPONSE,
                detail=detail,
                fix="check config.auth.oauth2.token_url",
            )
        )

    def _named(self, diagnosis: Diagnosis) -> Diagnosis:
        """Return a diagnosis that says who refused: the issuer, not the feed."""
        host = urlsplit(self._asked.url).hostname or ""
        return replace(
            diagnosis,
            summary=f"no token: {diagnosis.summary}",
            evidence={**diagnosis.evidence, "token_host": host},
        )


def _end(expires_in: Any, asked_at: float) -> float | None:
    """Return when a token is no longer used: a little before it ends."""
    try:
        seconds = float(expires_in)
    except (TypeError, ValueError):
        return None
    return asked_at + seconds - min(_EARLY_S, seconds * _EARLY_SHARE)
