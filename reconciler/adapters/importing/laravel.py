"""Laravel's `Crypt`: what the panel sealed its credentials with.

A payload is the base64 of a JSON object `{iv, value, mac, tag}`. CBC payloads carry
an HMAC-SHA-256 over the base64 texts of IV and value, under the same key; GCM ones a
tag instead. `Crypt::encrypt` seals a PHP-serialised value, `encryptString` the text
itself; both are read. The key is the APP_KEY of the panel's `.env`, 16 or 32 bytes.
Source: https://laravel.com/docs/12.x/encryption (read 2026-11-23).
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Final

from reconciler.adapters.importing.php_values import (
    PhpError,
    looks_serialized,
    unserialize,
)
from reconciler.core.errors import InputError

MAX_PAYLOAD_CHARS: Final = 1_048_576
_PREFIX: Final = "base64:"
_KEY_SIZES: Final = (16, 32)
_BLOCK: Final = 16
_TAG_BYTES: Final = 16
_GCM_IV_BYTES: Final = 12


class PayloadError(ValueError):
    """A sealed value does not open; the message holds nothing of it."""


class WrongKeyError(PayloadError):
    """The payload is whole, but none of the keys made it."""


@dataclass(frozen=True, slots=True)
class AppKeys:
    """The keys to try, the present one first; never shown."""

    keys: tuple[bytes, ...] = field(default=(), repr=False)


def read_keys(texts: Iterable[str]) -> AppKeys:
    """Return the keys that stand in these texts, empty ones left out.

    Raises:
        InputError: One is no key; names which one, not what it is.
    """
    given = [text.strip().strip("\"'") for text in texts]
    return AppKeys(
        tuple(_key(text, place) for place, text in enumerate(given, 1) if text)
    )


def _key(text: str, place: int) -> bytes:
    try:
        is_encoded = text.startswith(_PREFIX)
        key = (
            base64.b64decode(text[len(_PREFIX) :], validate=True)
            if is_encoded
            else text.encode()
        )
    except ValueError:  # no base64, or no text at all
        key = b""
    if len(key) not in _KEY_SIZES:
        which = "the APP_KEY" if place == 1 else f"key {place}"
        raise InputError(
            f"{which} is no Laravel key: it must be 'base64:' and 32 (or 16) bytes, as"
            " APP_KEY stands in the panel's .env; copy the whole line's value"
        )
    return key


def open_payload(text: str, keys: AppKeys) -> Any:
    """Return what a payload holds: text, or the plain value that PHP serialised.

    Raises:
        WrongKeyError: No key fits; the payload may be another panel's.
        PayloadError: It is damaged, or holds what is no plain data.
    """
    plain = _decrypted(_parts(text), keys)
    try:
        if looks_serialized(plain):
            return unserialize(plain)
        return plain.decode()
    except PhpError as error:
        raise PayloadError(str(error)) from None
    except UnicodeDecodeError:
        raise PayloadError("what it holds is not UTF-8 text") from None


def looks_like_payload(text: str) -> bool:
    """Tell a payload from plain JSON: base64 of a JSON object with an IV."""
    try:
        return "iv" in json.loads(base64.b64decode(text, validate=True))
    except (ValueError, TypeError, RecursionError):
        return False


@dataclass(frozen=True, slots=True, kw_only=True)
class _Parts:
    """A payload taken apart; `signed` is what the MAC covers."""

    iv: bytes
    value: bytes
    tag: bytes
    mac: str
    signed: bytes


def _parts(text: str) -> _Parts:
    if len(text) > MAX_PAYLOAD_CHARS:
        raise PayloadError("it is longer than any credentials")
    try:
        data = json.loads(base64.b64decode(text, validate=True))
        iv, value = str(data["iv"]), str(data["value"])
        return _Parts(
            iv=base64.b64decode(iv, validate=True),
            value=base64.b64decode(value, validate=True),
            tag=base64.b64decode(str(data.get("tag") or ""), validate=True),
            mac=str(data.get("mac") or ""),
            signed=(iv + value).encode(),
        )
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise PayloadError("it is no whole Laravel payload") from None


def _decrypted(parts: _Parts, keys: AppKeys) -> bytes:
    if not keys.keys:
        raise WrongKeyError("no APP_KEY was given")
    for key in keys.keys:
        plain = _with_tag(parts, key) if parts.tag else _with_mac(parts, key)
        if plain is not None:
            return plain
    raise WrongKeyError("it opens with none of the keys given")


def _with_tag(parts: _Parts, key: bytes) -> bytes | None:
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    if len(parts.tag) != _TAG_BYTES or len(parts.iv) != _GCM_IV_BYTES:
        raise PayloadError("its IV or tag has the wrong length")
    try:
        return AESGCM(key).decrypt(parts.iv, parts.value + parts.tag, None)
    except InvalidTag:
        return None


def _with_mac(parts: _Parts, key: bytes) -> bytes | None:
    from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
    from cryptography.hazmat.primitives.padding import PKCS7

    mac = hmac.new(key, parts.signed, hashlib.sha256).hexdigest()
    if not hmac.compare_digest(mac.encode(), parts.mac.encode()):
        return None
    if len(parts.iv) != _BLOCK:
        raise PayloadError("its IV has the wrong length")
    opener = Cipher(algorithms.AES(key), modes.CBC(parts.iv)).decryptor()
    unpad = PKCS7(_BLOCK * 8).unpadder()
    try:
        padded = opener.update(parts.value) + opener.finalize()
        return unpad.update(padded) + unpad.finalize()
    except ValueError:
        raise PayloadError("its padding is damaged") from None
