"""The age file format, as far as a data key needs it: one short payload.

pyrage reads and writes whole files, but only with the kinds of keys that it knows.
For the others the format around the key is written here (age-encryption.org/v1):
a header with one stanza per recipient, sealed by an HMAC under the file key, and the
payload in ChaCha20-Poly1305.
"""

from __future__ import annotations

import binascii
import hmac
import os
from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Final

FILE_KEY_BYTES: Final = 16

_VERSION: Final = "age-encryption.org/v1"
_BEGIN: Final = "-----BEGIN AGE ENCRYPTED FILE-----"
_END: Final = "-----END AGE ENCRYPTED FILE-----"
_COLUMNS: Final = 64
_NONCE_BYTES: Final = 16
_FIRST_AND_LAST: Final = bytes(11) + b"\x01"
"""The nonce of a payload that is a single chunk: number 0, marked as the last."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HeaderStanza:
    """The file key, wrapped in one way for one recipient."""

    kind: str
    arguments: tuple[str, ...]
    body: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class AgeFile:
    """An age file taken apart."""

    stanzas: tuple[HeaderStanza, ...]
    header: bytes = field(repr=False)
    """What the MAC covers, up to and with its three dashes."""
    mac: bytes = field(repr=False)
    payload: bytes = field(repr=False)


def read_age(armoured: str) -> AgeFile:
    """Take an armoured file apart.

    Raises:
        ValueError: It is damaged.
    """
    raw = _unarmoured(armoured)
    start = raw.find(b"\n---")
    end = raw.find(b"\n", start + 1)
    if start < 0 or end < 0:
        raise ValueError("its header has no end")
    header, mac = raw[: start + 4], raw[start + 4 : end].strip()
    first, *lines = header.decode("ascii").split("\n")[:-1]
    if first != _VERSION:
        raise ValueError("it is not of version 1")
    return AgeFile(
        stanzas=_stanzas(lines),
        header=header,
        mac=unb64(mac.decode("ascii")),
        payload=raw[end + 1 :],
    )


def open_payload(file: AgeFile, file_key: bytes) -> bytes:
    """Return the plaintext of a file whose file key is known.

    Raises:
        ValueError: The header or the payload was changed, or is not of one chunk.
    """
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

    if not hmac.compare_digest(_mac(file.header, file_key), file.mac):
        raise ValueError("its header was changed")
    nonce, sealed = file.payload[:_NONCE_BYTES], file.payload[_NONCE_BYTES:]
    cipher = ChaCha20Poly1305(derived(file_key, salt=nonce, info=b"payload"))
    try:
        return cipher.decrypt(_FIRST_AND_LAST, sealed, None)
    except InvalidTag:
        raise ValueError("its payload was changed") from None


def write_age(stanza: HeaderStanza, file_key: bytes, plain: bytes) -> str:
    """Return an armoured file for one recipient, ending in a line break."""
    from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

    arguments = " ".join((stanza.kind, *stanza.arguments))
    body = b64(stanza.body)
    # The body ends with a line that is not full, if need be an empty one.
    lines = _wrapped(body) if len(body) % _COLUMNS else [*_wrapped(body), ""]
    header = "\n".join((_VERSION, f"-> {arguments}", *lines, "---")).encode()
    mac = b64(_mac(header, file_key)).encode()
    nonce = os.urandom(_NONCE_BYTES)
    cipher = ChaCha20Poly1305(derived(file_key, salt=nonce, info=b"payload"))
    payload = nonce + cipher.encrypt(_FIRST_AND_LAST, plain, None)
    text = b64encode(header + b" " + mac + b"\n" + payload).decode("ascii")
    return "\n".join((_BEGIN, *_wrapped(text), _END)) + "\n"


def derived(secret: bytes, *, salt: bytes, info: bytes) -> bytes:
    """Derive a key of 32 bytes (HKDF with SHA-256, RFC 5869)."""
    extracted = hmac_sha256(salt, secret)
    return hmac_sha256(extracted, info + b"\x01")


def hmac_sha256(key: bytes, text: bytes) -> bytes:
    """Return what `hmac.digest` does (RFC 2104), in less time.

    A file takes seven of them; OpenSSL looks its algorithm up again for each.
    """
    block = (key if len(key) <= _BLOCK else sha256(key).digest()).ljust(_BLOCK, b"\0")
    inner = sha256(block.translate(_INNER) + text).digest()
    return sha256(block.translate(_OUTER) + inner).digest()


_BLOCK: Final = 64
_INNER: Final = bytes(byte ^ 0x36 for byte in range(256))
_OUTER: Final = bytes(byte ^ 0x5C for byte in range(256))


def b64(raw: bytes) -> str:
    """Encode as it stands in a header: base64 without its padding."""
    return b64encode(raw).decode("ascii").rstrip("=")


def unb64(text: str) -> bytes:
    """Decode base64 as it stands in a header, without its padding.

    Raises:
        ValueError: It is not base64.
    """
    return binascii.a2b_base64(text + "=" * (-len(text) % 4), strict_mode=True)


def _unarmoured(armoured: str) -> bytes:
    lines = [line.strip() for line in armoured.strip().splitlines()]
    if not lines or (lines[0], lines[-1]) != (_BEGIN, _END):
        raise ValueError("it has no armour")
    try:
        return binascii.a2b_base64("".join(lines[1:-1]), strict_mode=True)
    except binascii.Error:
        raise ValueError("its armour is not base64") from None


def _stanzas(lines: Sequence[str]) -> tuple[HeaderStanza, ...]:
    found: list[HeaderStanza] = []
    start: list[str] = []
    body = ""
    for line in lines:
        if line.startswith("-> "):
            start, body = line[3:].split(" "), ""
            continue
        if not start:
            raise ValueError("a line of its header stands outside of a stanza")
        body += line
        if len(line) < _COLUMNS:
            kind, *arguments = start
            found.append(
                HeaderStanza(kind=kind, arguments=(*arguments,), body=unb64(body))
            )
            start = []
    return tuple(found)


def _wrapped(text: str) -> list[str]:
    return [text[at : at + _COLUMNS] for at in range(0, len(text), _COLUMNS)]


def _mac(header: bytes, file_key: bytes) -> bytes:
    key = derived(file_key, salt=b"", info=b"header")
    return hmac_sha256(key, header)
