"""How a request gets its key: put where the feed looks for it, or signed with it.

A signer makes one request into another and shows nothing. One that borrows a key
(an OAuth2 token) can be told to forget it; asking again then gets a new one.
"""

from __future__ import annotations

import base64
import hmac
from binascii import Error as Base64Error
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Protocol
from urllib.parse import quote, urlsplit

from reconciler.adapters.providers.custom_api.templates import fill, names_in
from reconciler.adapters.providers.rest import Request, full_url
from reconciler.core.diagnosis import Category, diagnose
from reconciler.core.errors import ProviderError

HMAC_DEFAULTS: Mapping[str, str] = {
    "algorithm": "sha256",
    "encoding": "hex",
    "secret_encoding": "utf8",
    "payload": "{timestamp}{method}{path_qs}{body}",
    "timestamp": "ms",
}
_HMAC_HEADERS: Mapping[str, str] = {
    "X-Api-Key": "{key}",
    "X-Timestamp": "{timestamp}",
    "X-Signature": "{signature}",
}


class Signer(Protocol):
    """Gives a request its key."""

    async def sign(self, request: Request) -> Request:
        """Return the request as the feed lets it in; raises `ProviderError`."""
        ...

    def forget(self) -> bool:
        """Drop a borrowed key; return whether asking again may help."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class PlainSigner:
    """Sends the key as it is: bearer, header, query or basic; or none at all."""

    method: str
    auth: Mapping[str, str]
    keys: Mapping[str, str] = field(repr=False)

    async def sign(self, request: Request) -> Request:
        """Return the request with the key where the feed looks for it."""
        keys, auth = self.keys, self.auth
        match self.method:
            case "bearer":
                name = auth.get("header", "Authorization")
                return _with_header(
                    request, name, f"{auth.get('prefix', 'Bearer ')}{keys['api_key']}"
                )
            case "header":
                name = auth.get("header", "X-Api-Key")
                return _with_header(
                    request, name, f"{auth.get('prefix', '')}{keys['api_key']}"
                )
            case "query":
                added = {auth.get("query_param", "apikey"): keys["api_key"]}
                return replace(request, params={**request.params, **added})
            case "basic":
                return _with_header(request, "Authorization", basic(*keys.values()))
            case _:
                return request

    def forget(self) -> bool:
        """Return False: the key is what it is."""
        return False


@dataclass(frozen=True, slots=True, kw_only=True)
class HmacSigner:
    """Signs each request with the secret, as the file says.

    The signature covers the request's target exactly as it is sent. Parameters of
    `query` that do not hold the signature are added first and are signed too.
    """

    key: str = field(repr=False)
    secret: bytes = field(repr=False)
    how: Mapping[str, str]
    headers: Mapping[str, str]
    query: Mapping[str, str]
    now: Callable[[], datetime]

    async def sign(self, request: Request) -> Request:
        """Return the request with its signature."""
        known = {"timestamp": self._timestamp(), "key": self.key}
        signed = {n: t for n, t in self.query.items() if not _holds_signature(t)}
        late = {n: t for n, t in self.query.items() if n not in signed}
        url = full_url(
            replace(request, params={**request.params, **_filled(signed, known)})
        )
        known["signature"] = self._signature(request.method, url, known)
        added = "&".join(
            f"{quote(name)}={quote(text, safe='')}"
            for name, text in _filled(late, known).items()
        )
        if added:
            url += f"{'&' if urlsplit(url).query else '?'}{added}"
        headers = {**request.headers, **_filled(self.headers, known)}
        return replace(request, url=url, params={}, headers=headers)

    def forget(self) -> bool:
        """Return False: the secret is what it is."""
        return False

    def _signature(self, method: str, url: str, known: Mapping[str, str]) -> str:
        parts = urlsplit(url)
        path = parts.path or "/"
        values = {
            **known,
            "method": method,
            "path": path,
            "query": parts.query,
            "path_qs": f"{path}?{parts.query}" if parts.query else path,
            "body": "",
        }
        payload = fill(self.how["payload"], values) or ""
        made = hmac.new(self.secret, payload.encode(), self.how["algorithm"])
        if self.how["encoding"] == "hex":
            return made.hexdigest()
        return base64.b64encode(made.digest()).decode()

    def _timestamp(self) -> str:
        now = self.now().astimezone(UTC)
        match self.how["timestamp"]:
            case "s":
                return str(int(now.timestamp()))
            case "iso":
                return now.isoformat(timespec="milliseconds").replace("+00:00", "Z")
            case _:
                return str(int(now.timestamp() * 1000))


def make_hmac_signer(
    keys: Mapping[str, str],
    hmac_config: Mapping[str, object],
    now: Callable[[], datetime],
) -> HmacSigner:
    """Return the signer; raises `ProviderError` for a secret in another encoding."""
    how = {n: str(hmac_config.get(n, text)) for n, text in HMAC_DEFAULTS.items()}
    headers, query = hmac_config.get("headers"), hmac_config.get("query")
    if headers is None and query is None:
        headers = _HMAC_HEADERS
    return HmacSigner(
        key=keys["api_key"],
        secret=_decoded(keys["api_secret"], how["secret_encoding"]),
        how=how,
        headers=dict(headers) if isinstance(headers, Mapping) else {},
        query=dict(query) if isinstance(query, Mapping) else {},
        now=now,
    )


def basic(user: str, password: str) -> str:
    """Return the value of an `Authorization` header."""
    pair = base64.b64encode(f"{user}:{password}".encode()).decode()
    return f"Basic {pair}"


def _decoded(secret: str, encoding: str) -> bytes:
    try:
        match encoding:
            case "base64":
                return base64.b64decode(secret, validate=True)
            case "hex":
                return bytes.fromhex(secret)
            case _:
                return secret.encode()
    except (Base64Error, ValueError):
        pass
    raise ProviderError(
        diagnose(
            Category.INVALID_CREDENTIALS,
            detail=f"credentials.api_secret is not in {encoding}, as "
            "config.auth.hmac.secret_encoding says",
            fix="copy api_secret again and seal it, or correct secret_encoding",
        )
    )


def _holds_signature(template: str) -> bool:
    return "signature" in names_in(template)


def _filled(templates: Mapping[str, str], known: Mapping[str, str]) -> dict[str, str]:
    return {name: fill(str(text), known) or "" for name, text in templates.items()}


def _with_header(request: Request, name: str, value: str) -> Request:
    return replace(request, headers={**request.headers, name: value})
