"""Find the cause of a request that got no answer, whichever library made it.

ccxt folds every broken connection into one class and httpx-aiohttp takes a cut
connection for a timeout; both keep the truth in `__cause__`. So the whole chain is
walked, the innermost cause decides, and the most specific class is asked first.
"""

from __future__ import annotations

import asyncio
import re
import socket
import ssl
from collections.abc import Iterator

import aiohttp

from reconciler.adapters.providers.network.addresses import AddressNotAllowedError
from reconciler.adapters.providers.network.bounded import AnswerTooLongError
from reconciler.adapters.providers.network.proxying import ProxyBrokenError
from reconciler.adapters.providers.redaction import Scrubber
from reconciler.core.diagnosis import Category, Diagnosis, diagnose

_MAX_DEPTH = 12

_BY_CLASS: tuple[tuple[type[BaseException], Category], ...] = (
    (AddressNotAllowedError, Category.ADDRESS_NOT_ALLOWED),
    (ProxyBrokenError, Category.PROXY_UNREACHABLE),
    (aiohttp.ClientProxyConnectionError, Category.PROXY_UNREACHABLE),
    (aiohttp.ClientHttpProxyError, Category.PROXY_UNREACHABLE),
    (aiohttp.ClientConnectorDNSError, Category.DNS_FAILURE),
    (socket.gaierror, Category.DNS_FAILURE),
    (aiohttp.ClientConnectorCertificateError, Category.TLS_CERTIFICATE),
    (ssl.SSLCertVerificationError, Category.TLS_CERTIFICATE),
    (aiohttp.ServerFingerprintMismatch, Category.TLS_CERTIFICATE),
    (aiohttp.ClientConnectorSSLError, Category.TLS_HANDSHAKE),
    (ssl.SSLError, Category.TLS_HANDSHAKE),
    (TimeoutError, Category.TIMEOUT),
    (aiohttp.InvalidURL, Category.BAD_URL),
    (aiohttp.NonHttpUrlClientError, Category.BAD_URL),
    (aiohttp.ClientPayloadError, Category.BAD_RESPONSE),
    (ConnectionRefusedError, Category.CONNECTION_REFUSED),
    (ConnectionResetError, Category.CONNECTION_RESET),
    (BrokenPipeError, Category.CONNECTION_RESET),
    (aiohttp.ServerDisconnectedError, Category.CONNECTION_RESET),
    (aiohttp.ClientConnectorError, Category.CONNECTION_REFUSED),
    (aiohttp.ClientOSError, Category.CONNECTION_RESET),
    (aiohttp.ClientConnectionError, Category.CONNECTION_RESET),
    (aiohttp.ClientResponseError, Category.BAD_RESPONSE),
)
_LOGIN_WANTED, _SERVER_ERROR = 407, 500
_NEVER_ALLOWED = "correct the URL: no connection may lead to this address"
_CERTIFICATE_HINTS = {
    "expired": "the certificate has expired: tell the provider, or check this "
    "machine's clock",
    "hostname mismatch": "the certificate is for another host: check the URL",
    "self-signed": "the certificate is self-signed: check the URL, or whether a "
    "proxy opens TLS here",
    "local issuer": "the issuer is unknown here: install its CA, or check whether a "
    "proxy opens TLS here",
}


def transport_diagnosis(error: BaseException, scrub: Scrubber) -> Diagnosis | None:
    """Return why no answer came, None when the cause is not the transport."""
    for cause in _causes(error):
        category = _category(cause)
        if category is not None:
            return _describe(category, cause, scrub)
    return None


def timeout_diagnosis(timeout_s: float) -> Diagnosis:
    """Return the diagnosis of a test that ran out of its whole time."""
    return diagnose(
        Category.TIMEOUT,
        detail=f"the test took longer than {timeout_s:g} s",
        evidence={"timeout_s": f"{timeout_s:g}"},
    )


def proxy_timeout_diagnosis(timeout_s: float) -> Diagnosis:
    """Return the diagnosis of a test that ran out of its time before a proxy."""
    return diagnose(
        Category.PROXY_UNREACHABLE,
        detail=f"it did not open the way within {timeout_s:g} s",
        evidence={"timeout_s": f"{timeout_s:g}"},
    )


def _category(cause: BaseException) -> Category | None:
    if isinstance(cause, asyncio.CancelledError):
        return None
    if isinstance(getattr(cause, "os_error", None), ConnectionResetError):
        return Category.CONNECTION_RESET  # it was taken, and cut in the TLS handshake
    return next((found for kind, found in _BY_CLASS if isinstance(cause, kind)), None)


def _describe(category: Category, cause: BaseException, scrub: Scrubber) -> Diagnosis:
    evidence = {
        "exception": f"{type(cause).__module__}.{type(cause).__qualname__}",
        "message": _message(cause),
    }
    fix = ""
    if category is Category.TLS_CERTIFICATE:
        reason = _certificate_reason(cause).lower()
        fix = next(
            (hint for sign, hint in _CERTIFICATE_HINTS.items() if sign in reason), ""
        )
    if isinstance(cause, AddressNotAllowedError):
        evidence["address"] = cause.address
        fix = "" if cause.can_be_allowed else _NEVER_ALLOWED
    detail = _detail(cause)
    if isinstance(cause, aiohttp.ClientHttpProxyError):
        fix = _proxy_fix(cause.status)
    return diagnose(
        category, detail=detail, fix=fix, evidence=scrub.clean_all(evidence)
    )


def _detail(cause: BaseException) -> str:
    """Return what is known beyond the category; our own words only."""
    if isinstance(cause, AnswerTooLongError | ProxyBrokenError):
        return str(cause)
    if not isinstance(cause, aiohttp.ClientHttpProxyError):
        return ""
    if cause.status == _LOGIN_WANTED:
        return "it wants a login, or refuses ours (407)"
    does = "could not reach the host" if cause.status >= _SERVER_ERROR else "refuses us"
    return f"it {does} ({cause.status})"


def _proxy_fix(status: int) -> str:
    if status == _LOGIN_WANTED:
        return (
            "seal the proxy with its user and password among the credentials: "
            "proxy: http://USER:PASSWORD@HOST:PORT"
        )
    if status >= _SERVER_ERROR:
        return "test again; if it lasts, ask who runs the proxy"
    return "allow the provider's host at the proxy, or use another proxy"


def _message(cause: BaseException) -> str:
    if isinstance(cause, aiohttp.ClientConnectorError):
        return f"{cause.host}:{cause.port}: {cause.os_error.strerror or cause.os_error}"
    # A URL in a message ends at its query: what follows it may be signed.
    return re.sub(r"\?[^\s'\"]*", "?…", str(cause))


def _certificate_reason(cause: BaseException) -> str:
    inner = getattr(cause, "certificate_error", cause)
    return str(getattr(inner, "verify_message", "") or inner)


def _causes(error: BaseException) -> Iterator[BaseException]:
    """Yield the chain from the innermost cause outwards.

    An aiohttp error stays before the OS error inside it: it knows more (a refused
    proxy is no refused host).
    """
    chain: list[BaseException] = []
    current: BaseException | None = error
    while current is not None and len(chain) < _MAX_DEPTH and current not in chain:
        chain.append(current)
        current = current.__cause__ or current.__context__
    informed = [c for c in chain if isinstance(c, aiohttp.ClientError)]
    yield from informed
    yield from reversed([c for c in chain if c not in informed])
