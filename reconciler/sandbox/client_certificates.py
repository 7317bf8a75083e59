"""Client certificates for the feed with mutual TLS, published on purpose.

Keys are derived from names, and Ed25519 signs the same way each time: everybody who
asks gets the same certificate, and none of them is worth anything elsewhere.
"""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from functools import lru_cache

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.x509.oid import NameOID

_AUTHORITY = "sandbox client authority"
_STRANGER = "another client authority"
_FROM = datetime(2020, 1, 1, tzinfo=UTC)
_UNTIL = datetime(2120, 1, 1, tzinfo=UTC)


@lru_cache
def client_authority() -> str:
    """Return the certificate that the sandbox trusts callers by, PEM."""
    return _pem(_certificate(_AUTHORITY, _AUTHORITY))


def client_identity(
    name: str, *, trusted: bool = True, until: datetime = _UNTIL
) -> tuple[str, str]:
    """Return a caller's certificate and its key, both PEM.

    Without `trusted` another authority has signed it, which nobody knows.
    """
    issuer = _AUTHORITY if trusted else _STRANGER
    key = _key(name).private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    return _pem(_certificate(name, issuer, until=until)), key.decode()


def _certificate(
    name: str, issuer: str, *, until: datetime = _UNTIL
) -> x509.Certificate:
    is_authority = name == issuer
    return (
        x509.CertificateBuilder()
        .subject_name(_name(name))
        .issuer_name(_name(issuer))
        .public_key(_key(name).public_key())
        .serial_number(int.from_bytes(_digest(f"serial {name}")[:8]))
        .not_valid_before(_FROM)
        .not_valid_after(until)
        .add_extension(
            x509.BasicConstraints(ca=is_authority, path_length=None), critical=True
        )
        .sign(_key(issuer), algorithm=None)
    )


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _key(name: str) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(_digest(name))


def _digest(text: str) -> bytes:
    return hashlib.sha256(f"reconcile sandbox: {text}".encode()).digest()


def _pem(certificate: x509.Certificate) -> str:
    return certificate.public_bytes(serialization.Encoding.PEM).decode()
