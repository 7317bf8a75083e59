"""Post-quantum keys (`age1pq1…`): ML-KEM-768 and X25519 together.

age 1.3 and sops 3.12 know them, pyrage does not, so the key exchange is done with
`cryptography` and the file around it in `age_file`. An identity is a seed of 32
bytes; both private keys are drawn from it (SHAKE256), and the file key is sealed with
HPKE (HKDF-SHA256, ChaCha20-Poly1305).
"""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass, field
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Final

from reconciler.adapters.sops.age import bech32
from reconciler.adapters.sops.age.age_file import (
    FILE_KEY_BYTES,
    HeaderStanza,
    b64,
    open_payload,
    read_age,
    unb64,
    write_age,
)
from reconciler.adapters.sops.age.kinds import NotOursError, shown
from reconciler.core.errors import SecretError
from reconciler.core.secret import Secret

if TYPE_CHECKING:
    from cryptography.hazmat.primitives import hpke

IDENTITY_PREFIX: Final = "AGE-SECRET-KEY-PQ-1"

_IDENTITY: Final = "age-secret-key-pq-"
_RECIPIENT: Final = "age1pq"
_STANZA: Final = "mlkem768x25519"
_INFO: Final = b"age-encryption.org/mlkem768x25519"
_SEED_BYTES: Final = 32
_ML_KEM_SEED_BYTES: Final = 64
_ML_KEM_PUBLIC_BYTES: Final = 1184
_X25519_BYTES: Final = 32
_ENC_BYTES: Final = 1120
"""What HPKE sends ahead of the ciphertext: an ML-KEM and an X25519 share."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HybridKey:
    """A private key and its recipient."""

    recipient: str
    private: hpke.MLKEM768X25519PrivateKey = field(repr=False, compare=False)


def generate() -> Secret:
    """Return a new identity line."""
    return Secret(bech32.encode(_IDENTITY, os.urandom(_SEED_BYTES)).upper())


def read_identity(line: Secret) -> HybridKey:
    """Read an identity line.

    Raises:
        SecretError: It is not one, or `cryptography` is too old. The message never
            holds it.
    """
    library = _hpke()
    from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PrivateKey
    from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

    seed = _data(line.reveal(), _IDENTITY)
    if len(seed) != _SEED_BYTES:
        raise SecretError("not a valid age identity")
    drawn = hashlib.shake_256(seed).digest(_ML_KEM_SEED_BYTES + _X25519_BYTES)
    post = MLKEM768PrivateKey.from_seed_bytes(drawn[:_ML_KEM_SEED_BYTES])
    classic = X25519PrivateKey.from_private_bytes(drawn[_ML_KEM_SEED_BYTES:])
    public = (
        post.public_key().public_bytes_raw() + classic.public_key().public_bytes_raw()
    )
    return HybridKey(
        recipient=bech32.encode(_RECIPIENT, public),
        private=library.MLKEM768X25519PrivateKey(post, classic),
    )


def wrap(recipient: str, data_key: bytes) -> str:
    """Wrap a data key; returns an armoured age file.

    Raises:
        SecretError: The recipient is mistyped, or `cryptography` is too old.
    """
    library = _hpke()
    to = _public_key(library, recipient)
    file_key = os.urandom(FILE_KEY_BYTES)
    sent = _suite(library).encrypt(file_key, to, _INFO)
    enc, body = sent[:_ENC_BYTES], sent[_ENC_BYTES:]
    stanza = HeaderStanza(kind=_STANZA, arguments=(b64(enc),), body=body)
    return write_age(stanza, file_key, data_key)


def unwrap(key: HybridKey, armoured: str) -> bytes:
    """Unwrap a data key.

    Raises:
        NotOursError: It was not wrapped for this key, or is damaged.
    """
    from cryptography.exceptions import InvalidTag

    suite = _suite(_hpke())
    try:
        file = read_age(armoured)
        for stanza in file.stanzas:
            if stanza.kind == _STANZA and len(stanza.arguments) == 1:
                sent = unb64(stanza.arguments[0]) + stanza.body
                return open_payload(file, suite.decrypt(sent, key.private, _INFO))
    except (ValueError, InvalidTag):
        raise NotOursError from None
    raise NotOursError


def _public_key(library: ModuleType, recipient: str) -> hpke.MLKEM768X25519PublicKey:
    from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PublicKey
    from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PublicKey

    raw = _data(recipient, _RECIPIENT)
    try:
        post = MLKEM768PublicKey.from_public_bytes(raw[:_ML_KEM_PUBLIC_BYTES])
        classic = X25519PublicKey.from_public_bytes(raw[_ML_KEM_PUBLIC_BYTES:])
    except ValueError:
        raise SecretError(
            f"'{shown(recipient)}' is not a valid age recipient; copy the public key"
            " again"
        ) from None
    made: hpke.MLKEM768X25519PublicKey = library.MLKEM768X25519PublicKey(post, classic)
    return made


def _data(text: str, prefix: str) -> bytes:
    """Return the bytes behind a prefix; none for a text that is not valid."""
    try:
        found, data = bech32.decode(text)
    except ValueError:
        return b""
    return data if found == prefix else b""


def _suite(library: ModuleType) -> hpke.Suite:
    made: hpke.Suite = library.Suite(
        library.KEM.MLKEM768_X25519,
        library.KDF.HKDF_SHA256,
        library.AEAD.CHACHA20_POLY1305,
    )
    return made


def _hpke() -> ModuleType:
    """Load the library on first use; raises `SecretError` when it is too old."""
    try:
        library: ModuleType | None = import_module(
            "cryptography.hazmat.primitives.hpke"
        )
    except ImportError:
        library = None
    if library is None or not hasattr(library, "MLKEM768X25519PrivateKey"):
        raise SecretError(
            "post-quantum keys need the Python package cryptography >= 50"
        )
    return library
