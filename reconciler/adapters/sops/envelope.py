"""One sealed value: `ENC[AES256_GCM,data:…,iv:…,tag:…,type:…]`.

AES-256-GCM with the file's data key. The nonce is 32 random bytes, not the usual 12,
because sops chose so. The associated data is the path of keys that leads to the
value, so a value cannot be moved to another key without being noticed; items of a
list share the list's path.
"""

from __future__ import annotations

import binascii
import re
from base64 import b64encode
from typing import Final, NamedTuple, Protocol

from reconciler.core.errors import SecretError

IV_BYTES: Final = 32
TAG_BYTES: Final = 16
KEY_BYTES: Final = 32
KINDS: Final = frozenset({"str", "int", "float", "bool", "time", "comment", "bytes"})

PREFIX: Final = "ENC["

BROKEN: Final = 25
"""The exit code of sops for a value that cannot be opened."""


class Cipher(Protocol):
    """AES-256-GCM under one data key; the tag is at the end of the ciphertext."""

    def encrypt(self, nonce: bytes, data: bytes, aad: bytes, /) -> bytes:
        """Return the ciphertext and the tag."""

    def decrypt(self, nonce: bytes, data: bytes, aad: bytes, /) -> bytes:
        """Return the plaintext; raises when the tag does not fit."""


class Envelope(NamedTuple):
    """The decoded parts of a sealed value."""

    data: bytes
    iv: bytes
    tag: bytes
    kind: str


class EnvelopeError(ValueError):
    """A text that is not a sealed value; says which part is wrong, never the text."""


def looks_sealed(value: object) -> bool:
    """Tell whether a value claims to be sealed; it may still be malformed."""
    return isinstance(value, str) and value.startswith(PREFIX)


def parse_envelope(text: str) -> Envelope:
    """Take a sealed value apart.

    Stricter than sops, which tolerates anything after the closing bracket.

    Raises:
        EnvelopeError: The form, the base64, a length or the type is wrong.
    """
    match = _FORM.fullmatch(text)
    if not match:
        raise EnvelopeError("it is not of the form ENC[AES256_GCM,data:…,type:…]")
    data, iv, tag, kind = match.groups()
    found = Envelope(
        _decoded(data, "data"), _decoded(iv, "iv"), _decoded(tag, "tag"), kind
    )
    if not found.iv:
        raise EnvelopeError("its iv is empty")
    if len(found.tag) != TAG_BYTES:
        raise EnvelopeError(
            f"its tag has {len(found.tag)} bytes instead of {TAG_BYTES}"
        )
    if kind not in KINDS:
        raise EnvelopeError("its type is unknown")
    return found


def new_cipher(key: bytes) -> Cipher:
    """Return the cipher of a data key."""
    # Loaded on first use: commands without a key stay light.
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    return AESGCM(key)


def decrypt(cipher: Cipher, text: str, aad: str) -> tuple[bytes, str]:
    """Open one sealed value.

    Returns:
        The exact plaintext bytes and the type name.

    Raises:
        SecretError: The text is malformed, or was not sealed with this key at this
            place. The message never holds the value.
    """
    try:
        data, iv, tag, kind = parse_envelope(text)
        plain = cipher.decrypt(iv, data + tag, aad.encode())
    except EnvelopeError as error:
        raise SecretError(
            f"a sealed value is malformed: {error}", code=BROKEN
        ) from None
    except (_invalid_tag(), ValueError):
        raise SecretError(
            "a sealed value does not belong at this place or was changed", code=BROKEN
        ) from None
    return plain, kind


def encrypt(cipher: Cipher, plain: bytes, kind: str, *, aad: str, iv: bytes) -> str:
    """Seal one value; `iv` must be 32 fresh random bytes."""
    whole = cipher.encrypt(iv, plain, aad.encode())
    data, tag = whole[:-TAG_BYTES], whole[-TAG_BYTES:]
    return (
        f"ENC[AES256_GCM,data:{_encoded(data)},iv:{_encoded(iv)},"
        f"tag:{_encoded(tag)},type:{kind}]"
    )


_FORM: Final = re.compile(
    r"ENC\[AES256_GCM,data:([^,]*),iv:([^,]*),tag:([^,]*),type:([a-z]+)\]"
)


def _decoded(text: str, part: str) -> bytes:
    try:
        return binascii.a2b_base64(text, strict_mode=True)
    except ValueError:  # not base64, or not even ASCII
        raise EnvelopeError(f"its {part} is not base64") from None


def _invalid_tag() -> type[Exception]:
    """Import what a failed decryption raises; only a failure gets this far."""
    from cryptography.exceptions import InvalidTag

    return InvalidTag


def _encoded(raw: bytes) -> str:
    return b64encode(raw).decode("ascii")
