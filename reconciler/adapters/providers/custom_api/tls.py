"""A feed's own TLS: its authority, a pinned key, a client certificate.

The client's key is never on a disk: Python's `ssl` reads it from a file only, so it
is given the end of a pipe, which is memory and is gone when it has been read.
"""

from __future__ import annotations

import hashlib
import os
import ssl
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from reconciler.adapters.providers.custom_api.accepts import pin_bytes
from reconciler.adapters.providers.network.session import Network
from reconciler.core.diagnosis import Category, Diagnosis, diagnose
from reconciler.core.errors import ProviderError
from reconciler.core.secret import Credentials

_NAMES = ("client_certificate", "client_key")
_FD_FOLDER = Path("/dev/fd")
_REFUSED_BY_ALERT = {
    "CERTIFICATE_EXPIRED": Category.EXPIRED_CREDENTIALS,
    "CERTIFICATE_REVOKED": Category.INVALID_CREDENTIALS,
    "CERTIFICATE_REQUIRED": Category.INVALID_CREDENTIALS,
    "CERTIFICATE_UNKNOWN": Category.INVALID_CREDENTIALS,
    "BAD_CERTIFICATE": Category.INVALID_CREDENTIALS,
    "UNSUPPORTED_CERTIFICATE": Category.INVALID_CREDENTIALS,
    "ALERT_UNKNOWN_CA": Category.INVALID_CREDENTIALS,
    "ALERT_ACCESS_DENIED": Category.INVALID_CREDENTIALS,
    "ALERT_DECRYPT_ERROR": Category.INVALID_CREDENTIALS,
}
"""The alerts by which a server refuses the client's certificate (RFC 8446 §6.2)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientCertificate:
    """A certificate with its chain, and its key, both PEM; and what was repaired."""

    chain: str = field(repr=False)
    key: str = field(repr=False)
    ends_at: datetime
    warnings: tuple[str, ...] = ()


def read_certificate(
    credentials: Credentials, *, now: datetime
) -> ClientCertificate | None:
    """Return the client's certificate, None when none is sealed.

    Raises `ProviderError` for one that is not PEM or has ended.
    """
    if not set(_NAMES) & set(credentials):
        return None
    pems: dict[str, str] = {}
    warnings: list[str] = []
    for name in _NAMES:
        if name not in credentials:
            raise _bad(f"credentials.{name} is missing", f"add and seal {name}")
        raw = credentials[name].reveal().replace("\\n", "\n")
        pems[name] = raw.strip() + "\n"
        if raw.rstrip("\n") != raw.strip():
            warnings.append(
                f"credentials.{name} begins or ends with blank characters: "
                "they were left out; seal it again without them"
            )
    ends_at = _end_of(pems["client_certificate"], now)
    if "ENCRYPTED" in pems["client_key"]:
        raise _bad(
            "credentials.client_key is protected by a passphrase",
            "seal it without one: the seal protects it",
        )
    return ClientCertificate(
        chain=pems["client_certificate"],
        key=pems["client_key"],
        ends_at=ends_at,
        warnings=tuple(warnings),
    )


def make_tls(
    network: Network, config: Mapping[str, Any], client: ClientCertificate | None
) -> ssl.SSLContext | None:
    """Return a context of the connection's own, None when it needs none.

    In the sandbox, whose certificates are its own, authority and pins do not count.
    One without a client certificate is shared by the connections that say the same.
    """
    if client is None and (not config or network.is_sandbox):
        return None
    if client is not None:
        context = _make_context(network, config)
        _load(context, client)
        return context
    digest = hashlib.sha256(repr(sorted(config.items())).encode()).hexdigest()
    made: ssl.SSLContext = network.shared.setdefault(
        f"tls:{digest}", _make_context(network, config)
    )
    return made


def client_refusal(
    error: BaseException, *, has_certificate: bool = True
) -> Diagnosis | None:
    """Return the diagnosis of a server that refused the client's certificate."""
    for cause in causes(error):
        reason = str(getattr(cause, "reason", "") or "")
        found = (c for sign, c in _REFUSED_BY_ALERT.items() if reason.endswith(sign))
        category = next(found, None)
        if isinstance(cause, ssl.SSLError) and category is not None:
            evidence = {"tls_alert": reason}
            if has_certificate:
                return refused_certificate(evidence, category)
            return diagnose(
                category,
                detail="the server asks for a client certificate",
                fix="seal client_certificate and client_key",
                evidence=evidence,
            )
    return None


def causes(error: BaseException | None) -> Iterator[BaseException]:
    """Yield an error and what led to it, each with the system's error inside."""
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        inner = getattr(error, "os_error", None)
        if isinstance(inner, BaseException):
            yield inner
        error = error.__cause__ or error.__context__


def refused_certificate(
    evidence: Mapping[str, str], category: Category = Category.INVALID_CREDENTIALS
) -> Diagnosis:
    """Return the diagnosis of a certificate that the server does not accept."""
    return diagnose(
        category,
        detail="the server does not accept the client certificate",
        fix="ask the provider which certificates it accepts; seal "
        "client_certificate with its whole chain, and its client_key",
        evidence=evidence,
    )


def _make_context(network: Network, config: Mapping[str, Any]) -> ssl.SSLContext:
    try:
        context = network.make_tls(config.get("ca_pem", ""))
    except ssl.SSLError:
        raise ProviderError(
            diagnose(
                Category.BAD_REQUEST,
                detail="config.tls.ca_pem holds a certificate that cannot be read",
                fix="write the authority's certificate into config.tls.ca_pem again",
            )
        ) from None
    if str(config.get("min_version", "")) == "1.3":
        context.minimum_version = ssl.TLSVersion.TLSv1_3
    pins = config.get("pin_sha256")
    if pins and not network.is_sandbox:
        texts = pins if isinstance(pins, list) else [pins]
        known = frozenset(filter(None, map(pin_bytes, texts)))
        context.sslobject_class = type("Pinned", (_PinnedConnection,), {"pins": known})
    return context


class _PinnedConnection(ssl.SSLObject):
    """Ends a handshake with a server whose public key is not the pinned one."""

    pins: frozenset[bytes] = frozenset()

    def do_handshake(self) -> None:
        """Shake hands, then look at the key: nothing has been sent yet."""
        super().do_handshake()
        certificate = self.getpeercert(binary_form=True)
        if certificate is None or public_key_pin(certificate) not in self.pins:
            error = ssl.SSLCertVerificationError(
                "the server's key is not the pinned one"
            )
            error.verify_message = "pin mismatch"
            raise error


def public_key_pin(certificate: bytes) -> bytes:
    """Return the SHA-256 of a DER certificate's public key (RFC 7469 §2.4)."""
    from cryptography.hazmat.primitives import serialization
    from cryptography.x509 import load_der_x509_certificate

    key = load_der_x509_certificate(certificate).public_key()
    spki = key.public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return hashlib.sha256(spki).digest()


def _end_of(pem: str, now: datetime) -> datetime:
    from cryptography.x509 import load_pem_x509_certificate

    try:
        ends_at = load_pem_x509_certificate(pem.encode()).not_valid_after_utc
    except ValueError:
        raise _bad(
            "credentials.client_certificate is no certificate in PEM",
            "copy it again, from -----BEGIN to END-----, and seal it",
        ) from None
    if ends_at <= now:
        raise ProviderError(
            diagnose(
                Category.EXPIRED_CREDENTIALS,
                detail=f"the client certificate ended on {ends_at:%Y-%m-%d}",
                fix="have the certificate renewed and seal it",
            )
        )
    return ends_at


def _load(context: ssl.SSLContext, client: ClientCertificate) -> None:
    """Give the context its certificate; raises `ProviderError` for one that is none."""
    if not _FD_FOLDER.is_dir():
        raise ProviderError(
            diagnose(
                Category.BAD_REQUEST,
                detail="this system has no /dev/fd, and a client key is never "
                "written to a disk",
                fix="run where /dev/fd is, on Linux or macOS",
            )
        )
    with ExitStack() as stack:
        chain = stack.enter_context(_as_file(client.chain))
        key = stack.enter_context(_as_file(client.key))
        try:
            # A callback keeps OpenSSL from asking for a passphrase at the terminal.
            context.load_cert_chain(chain, key, password=lambda: "")
        except (ssl.SSLError, OSError, ValueError):
            pass
        else:
            return
    raise _bad(
        "credentials.client_key is no key in PEM, or not that of client_certificate",
        "copy both again and seal them",
    )


@contextmanager
def _as_file(pem: str) -> Iterator[str]:
    """Give the name under which a pipe with the text in it can be read once."""
    reading, writing = os.pipe()
    try:
        os.set_blocking(writing, False)
        data = pem.encode()
        try:
            written = os.write(writing, data)
        except BlockingIOError:
            written = 0
        finally:
            os.close(writing)
        if written != len(data):
            raise _bad("the client certificate or key is too long", "leave roots out")
        yield str(_FD_FOLDER / str(reading))
    finally:
        os.close(reading)


def _bad(detail: str, fix: str) -> ProviderError:
    return ProviderError(diagnose(Category.INVALID_CREDENTIALS, detail=detail, fix=fix))
