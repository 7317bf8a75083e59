"""The message authentication code of a file: what it covers, and what it does not.

SHA-512 over the plaintext bytes of all values in the order of the file, without keys
or separators; sealed with the data key, bound to `lastmodified`. By default plain
values are covered too. With `mac_only_encrypted` they are not, and the hash begins
with the SHA-256 of "sops". Comments, nulls and empty texts are never covered.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from typing import Final

from reconciler.adapters.sops.envelope import Cipher, decrypt, encrypt
from reconciler.adapters.sops.scalars import encode, rfc3339
from reconciler.adapters.sops.values import Comment, Scalar
from reconciler.core.errors import SecretError

MISMATCH: Final = 51
"""The exit code of sops for a MAC that is missing or does not match."""

_ONLY_ENCRYPTED_SEED: Final = hashlib.sha256(b"sops").digest()


class Hasher:
    """Collects the values of a file in order."""

    __slots__ = ("_sha", "only_encrypted")

    def __init__(self, *, only_encrypted: bool) -> None:
        self.only_encrypted = only_encrypted
        self._sha = hashlib.sha512(_ONLY_ENCRYPTED_SEED if only_encrypted else b"")

    def feed(self, value: Scalar, *, sealed: bool) -> None:
        """Add one value of the file."""
        if self.only_encrypted and not sealed:
            return
        if value is not None and not isinstance(value, Comment):
            self._sha.update(encode(value)[0])

    def hexdigest(self) -> str:
        """Return the digest as sops writes it: upper-case hex."""
        return self._sha.hexdigest().upper()


def seal_mac(cipher: Cipher, digest: str, *, lastmodified: str, iv: bytes) -> str:
    """Seal a digest for the `sops:` block."""
    aad = _associated(lastmodified)
    return encrypt(cipher, digest.encode(), "str", aad=aad, iv=iv)


def verify_mac(
    cipher: Cipher, sealed: str, digest: str, *, lastmodified: str, file: str
) -> None:
    """Compare the file's MAC with the digest of what was read.

    Raises:
        SecretError: They differ (code 51), the MAC is missing, or it cannot be
            opened; waiting does not help.
    """
    if not sealed:
        raise SecretError(f"{file}: the file has no MAC; {_RESEAL}", code=MISMATCH)
    try:
        wanted, _ = decrypt(cipher, sealed, _associated(lastmodified))
    except SecretError:
        raise SecretError(
            f"{file}: the MAC cannot be opened: it or 'lastmodified' was changed;"
            f" {_RESEAL}",
            code=MISMATCH,
        ) from None
    if not hmac.compare_digest(wanted, digest.encode()):
        raise SecretError(
            f"{file}: MAC mismatch: a value that it covers was changed, moved, added"
            f" or removed without the key; {_RESEAL}",
            code=MISMATCH,
        )


_RESEAL: Final = "restore the file from Git, or review it and seal it again"


_USUAL: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", re.ASCII)
"""What every sops writes: as Go would write it again."""


def _associated(lastmodified: str) -> str:
    if _USUAL.fullmatch(lastmodified):
        return lastmodified
    return rfc3339(lastmodified) or lastmodified
