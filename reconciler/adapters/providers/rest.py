"""Plain REST calls for the types that speak HTTP themselves: read-only, bounded.

One door for both: it sends a GET over the network's session, reads at most so many
bytes, and turns whatever is not an answer of the API into a diagnosis. Redirects
come back as they are; nothing is sent a second time.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx
from yarl import URL

from reconciler.adapters.providers.answers.answer import (
    Answer,
    gate_category,
    status_category,
)
from reconciler.adapters.providers.answers.evidence import (
    address_fix,
    challenge_of,
    codes_of,
    evidence_of,
    is_error_document,
    parse_json,
    strange_answer,
    summary_of,
    text_of,
)
from reconciler.adapters.providers.answers.sentences import by_sentence, sharpened
from reconciler.adapters.providers.answers.waits import is_limit, retry_after_s
from reconciler.adapters.providers.network.addresses import AddressNotAllowedError
from reconciler.adapters.providers.network.session import Network
from reconciler.adapters.providers.network.tracing import keep_body
from reconciler.adapters.providers.redaction import Scrubber
from reconciler.adapters.providers.settings import Pacer
from reconciler.core.diagnosis import Category, Diagnosis, diagnose
from reconciler.core.errors import ProviderError

MAX_BODY_BYTES = 5 * 1024 * 1024

_C = Category
PLAIN_CODES: Mapping[str, Category] = {
    "access_denied": _C.PERMISSION_DENIED,
    "account_suspended": _C.ACCOUNT_SUSPENDED,
    "bad_request": _C.BAD_REQUEST,
    "blocked": _C.IP_BANNED,
    "expired_key": _C.EXPIRED_CREDENTIALS,
    "expired_token": _C.EXPIRED_CREDENTIALS,
    "forbidden": _C.PERMISSION_DENIED,
    "invalid_api_key": _C.INVALID_CREDENTIALS,
    "invalid_grant": _C.INVALID_CREDENTIALS,
    "invalid_interval": _C.BAD_TIMEFRAME,
    "invalid_key": _C.INVALID_CREDENTIALS,
    "invalid_parameter": _C.BAD_REQUEST,
    "invalid_request": _C.BAD_REQUEST,
    "invalid_scope": _C.PERMISSION_DENIED,
    "invalid_symbol": _C.BAD_SYMBOL,
    "invalid_timeframe": _C.BAD_TIMEFRAME,
    "invalid_token": _C.INVALID_CREDENTIALS,
    "insufficient_scope": _C.PERMISSION_DENIED,
    "invalid_client": _C.INVALID_CREDENTIALS,
    "invalid_signature": _C.INVALID_CREDENTIALS,
    "ip_not_allowed": _C.IP_RESTRICTED,
    "key_expired": _C.EXPIRED_CREDENTIALS,
    "maintenance": _C.MAINTENANCE,
    "missing_key": _C.INVALID_CREDENTIALS,
    "rate_limit_exceeded": _C.RATE_LIMITED,
    "rate_limited": _C.RATE_LIMITED,
    "server_error": _C.EXCHANGE_UNAVAILABLE,
    "slow_down": _C.RATE_LIMITED,
    "temporarily_unavailable": _C.EXCHANGE_UNAVAILABLE,
    "timeout": _C.TIMEOUT,
    "timestamp_expired": _C.CLOCK_SKEW,
    "token_expired": _C.EXPIRED_CREDENTIALS,
    "too_many_requests": _C.RATE_LIMITED,
    "unauthorized": _C.INVALID_CREDENTIALS,
    "unauthorized_client": _C.PERMISSION_DENIED,
    "unknown_interval": _C.BAD_TIMEFRAME,
    "unknown_symbol": _C.BAD_SYMBOL,
    "unsupported_grant_type": _C.BAD_REQUEST,
    "wrong_method": _C.INVALID_CREDENTIALS,
    "wrong_secret": _C.INVALID_CREDENTIALS,
}
"""The words in which REST services name what is wrong, in lower case."""

Rules = Callable[[Answer], Category | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One call; `headers`, `params` and `form` may hold the key and are never shown.

    `form` is the body of a POST, which asks for a token and for nothing else.
    """

    url: str
    method: str = "GET"
    params: Mapping[str, str] = field(default_factory=dict, repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    form: Mapping[str, str] | None = field(default=None, repr=False)


class RestClient:
    """Sends requests for one connection; raises `ProviderError` for no answer.

    `tls` is a context of its own; `rules` are asked about every answer before
    anything else is, and return what it means or None.
    """

    def __init__(  # noqa: PLR0913  # a connection's whole setting
        self,
        network: Network,
        *,
        scrub: Scrubber,
        pacer: Pacer,
        proxy: str | None,
        tls: ssl.SSLContext | None = None,
        max_body_bytes: int = MAX_BODY_BYTES,
        rules: Rules = lambda _answer: None,
    ) -> None:
        self._client = network.client(proxy, tls=tls)
        self._network = network
        self._pacer = pacer
        self._max_body_bytes = max_body_bytes
        self.rules = rules
        self.scrub = scrub

    async def send(self, request: Request, *, limit_s: float | None = None) -> Answer:
        """Return the answer, whatever its status.

        `limit_s` is the time of this request alone; raises `TimeoutError` beyond it.
        """
        await self._pacer.turn()
        async with asyncio.timeout(limit_s):
            answer = await self._send(request)
        self._pacer.heed(answer)
        return answer

    async def _send(self, request: Request) -> Answer:
        async with self._client.stream(
            request.method,
            full_url(request),
            data=request.form,
            headers={"Accept": "application/json", **request.headers},
            timeout=None,  # the ladder ends the whole test in time
        ) as response:
            body = bytearray()
            async for chunk in response.aiter_bytes():
                body += chunk
                if len(body) > self._max_body_bytes:
                    raise _too_long(self._max_body_bytes)
        keep_body(body)
        text = body.decode(response.charset_encoding or "utf-8", errors="replace")
        return Answer(
            status=response.status_code, headers=dict(response.headers), body=text
        )

    async def read(
        self, request: Request, codes: Mapping[str, Category] = PLAIN_CODES
    ) -> Any:
        """Return the JSON document of a success; raises `ProviderError` otherwise."""
        answer = await self.send(request)
        self.require_success(answer, codes)
        return parse_json(answer.body)

    def require_success(
        self, answer: Answer, codes: Mapping[str, Category] = PLAIN_CODES
    ) -> None:
        """Raise the diagnosis of an answer that is not a success."""
        ruled = self.rules(answer)
        if ruled is not None:
            raise ProviderError(self.describe(ruled, answer))
        strange = strange_answer(answer, self.scrub, page=Category.WRONG_URL)
        if strange is not None:
            raise ProviderError(strange)
        category = refusal(answer, codes)
        if category is not None:
            raise ProviderError(self.describe(category, answer))

    def describe(self, category: Category, answer: Answer, fix: str = "") -> Diagnosis:
        """Return the diagnosis of a refusal, with the answer as evidence."""
        evidence = evidence_of(answer, self.scrub)
        return diagnose(
            category,
            detail=summary_of(answer, self.scrub),
            fix=address_fix(category, evidence) or fix,
            evidence=evidence,
            retry_after_s=retry_after_s(
                answer,
                now_s=self._network.clock().timestamp(),
                limited=is_limit(category),
            ),
        )

    async def close(self) -> None:
        """Let go of the client; the session stays the network's."""
        await self._client.aclose()


def full_url(request: Request) -> str:
    """Return the address with its parameters, exactly as it goes over the wire."""
    url = httpx.URL(request.url)
    if request.params:
        url = url.copy_merge_params(dict(request.params))
    try:
        return str(URL(str(url)))
    except ValueError as error:
        raise httpx.InvalidURL(type(error).__name__) from None


def refusal(answer: Answer, codes: Mapping[str, Category]) -> Category | None:
    """Return what a refusal means, None for a success.

    A 2xx whose document is an error is a refusal too: some bridges answer 201 with
    a code and a message.
    """
    document = parse_json(answer.body)
    is_problem = "problem+json" in answer.header("Content-Type").lower()
    if answer.is_success and not is_problem and not is_error_document(document):
        return None
    gate = gate_category(answer)
    if gate is not None:
        return gate
    named = (*codes_of(document), *challenge_of(answer)[:1])
    code = next((name for name in named if _plain(name) in codes), None)
    text = text_of(answer, without=code)
    if code is not None:
        return sharpened(codes[_plain(code)], text)
    return by_sentence(text) or status_category(answer) or Category.UNKNOWN


def explain_httpx(error: Exception) -> Diagnosis | None:
    """Return the diagnosis of what httpx refuses to send at all."""
    if isinstance(error.__cause__, AddressNotAllowedError):
        return None  # the transport says which address, and what to do
    if isinstance(error, httpx.InvalidURL | httpx.UnsupportedProtocol):
        return diagnose(Category.BAD_URL, evidence={"exception": type(error).__name__})
    return None


def join_url(base: str, path: str) -> str:
    """Return a path below a base URL, with one slash between."""
    return f"{base.rstrip('/')}/{path.lstrip('/')}" if path.strip("/") else base


def _plain(code: str) -> str:
    return code.strip().lower().replace("-", "_").replace(" ", "_")


def _too_long(limit: int) -> ProviderError:
    size = f"{limit / 1024**2:g} MiB" if limit >= 1024**2 else f"{limit} bytes"
    return ProviderError(
        diagnose(Category.BAD_RESPONSE, detail=f"the answer is longer than {size}")
    )
