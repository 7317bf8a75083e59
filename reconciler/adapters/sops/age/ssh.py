"""SSH keys as age identities: ssh-ed25519 and ssh-rsa.

An age file names the SSH key it is for by four bytes of its public key's digest, so it
is known without any passphrase whether a private key fits. pyrage takes bare private
keys only; `cryptography` removes a passphrase first.
"""

from __future__ import annotations

import binascii
import hashlib
from base64 import b64decode, b64encode
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, partial
from typing import Any, Final

from reconciler.adapters.sops.age.age_file import b64, read_age
from reconciler.adapters.sops.age.kinds import NotOursError
from reconciler.adapters.sops.age.library import decrypted, pyrage
from reconciler.adapters.sops.age.passphrase import Ask, Protected, WrongPassphraseError
from reconciler.core.errors import SecretError
from reconciler.core.secret import Secret

_KINDS: Final = ("ssh-ed25519", "ssh-rsa")
_BEGIN: Final = b"-----BEGIN OPENSSH PRIVATE KEY-----"
_END: Final = b"-----END OPENSSH PRIVATE KEY-----"
_MAGIC: Final = b"openssh-key-v1\0"
_TAG_BYTES: Final = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class SshKey:
    """A private key that was found, perhaps still behind its passphrase."""

    recipient: str
    is_protected: bool
    unwrap: Callable[[str], bytes]


def read_private_key(raw: bytes, *, name: str, ask: Ask | None, public: str) -> SshKey:
    """Read a private key as far as it can be without its passphrase.

    Args:
        raw: The private key, in the form of OpenSSH or PEM.
        name: What to call it in messages.
        ask: Who asks for its passphrase.
        public: The public key file beside it, for old forms that do not hold it;
            empty without one.

    Raises:
        SecretError: It is none, or of a kind that age does not know.
    """
    if raw.lstrip().startswith(_BEGIN):
        recipient, is_protected = _described(raw.strip())
    else:
        is_protected = b"ENCRYPTED" in raw
        recipient = " ".join(public.split()[:2]) or _public_of(raw)
    kind, _, encoded = recipient.partition(" ")
    if kind not in _KINDS:
        raise SecretError(f"it is of the kind {kind}, which age does not know")
    tag = b64(hashlib.sha256(_blob(encoded)).digest()[:_TAG_BYTES])
    opened: Callable[[], Any] = (
        Protected(name, partial(_opened, raw), ask=ask).open
        if is_protected
        else cache(partial(_opened_bare, raw, name))
    )

    def unwrap(armoured: str) -> bytes:
        if not _is_for(armoured, kind, tag):
            raise NotOursError
        return decrypted(opened(), armoured)

    return SshKey(recipient=recipient, is_protected=is_protected, unwrap=unwrap)


def _is_for(armoured: str, kind: str, tag: str) -> bool:
    try:
        stanzas = read_age(armoured).stanzas
    except ValueError:
        return False
    return any(one.kind == kind and one.arguments[:1] == (tag,) for one in stanzas)


def _described(raw: bytes) -> tuple[str, bool]:
    """Return the public key within OpenSSH's form, and whether a passphrase is due."""
    try:
        body = b64decode(b"".join(raw.removeprefix(_BEGIN).removesuffix(_END).split()))
        cipher, rest = _string(body[len(_MAGIC) :])
        _, rest = _string(rest)  # how the passphrase becomes a key
        _, rest = _string(rest)
        blob, _ = _string(rest[4:])  # behind the number of keys, always one
        kind, _ = _string(blob)
        return f"{kind.decode('ascii')} {b64encode(blob).decode()}", cipher != b"none"
    except ValueError:
        raise SecretError("it is not an SSH private key") from None


def _string(raw: bytes) -> tuple[bytes, bytes]:
    """Return a string with its length in front, and what follows."""
    size = int.from_bytes(raw[:4], "big")
    if len(raw) < 4 + size:
        raise ValueError
    return raw[4 : 4 + size], raw[4 + size :]


def _blob(encoded: str) -> bytes:
    try:
        return b64decode(encoded, validate=True)
    except binascii.Error:
        raise SecretError("its public key is damaged") from None


def _public_of(raw: bytes) -> str:
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives import serialization

    try:
        key: Any = serialization.load_pem_private_key(raw, None)
        openssh = serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH
        public: bytes = key.public_key().public_bytes(*openssh)
    except TypeError:
        raise SecretError(
            "it has a passphrase, and its public key (.pub) is not beside it"
        ) from None
    except (ValueError, UnsupportedAlgorithm):
        raise SecretError("it is not an SSH private key") from None
    return public.decode("ascii")


def _opened_bare(raw: bytes, name: str) -> Any:
    try:
        return _opened(raw, None)
    except WrongPassphraseError:
        raise NotOursError(f"{name}: the SSH key is damaged") from None


def _opened(raw: bytes, passphrase: Secret | None) -> Any:
    """Return pyrage's identity of a private key.

    Raises:
        WrongPassphraseError: It does not open the key, or the key is damaged.
        NotOursError: A library is missing, as the remark says.
    """
    library = pyrage()
    try:
        return library.ssh.Identity.from_buffer(_bare(raw, passphrase))
    except (ValueError, TypeError, library.IdentityError):
        raise WrongPassphraseError from None


def _bare(raw: bytes, passphrase: Secret | None) -> bytes:
    """Return a private key in OpenSSH's form, without its passphrase."""
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives import serialization

    is_openssh = raw.lstrip().startswith(_BEGIN)
    load: Callable[..., Any] = (
        serialization.load_ssh_private_key
        if is_openssh
        else serialization.load_pem_private_key
    )
    try:
        key = load(raw, passphrase.reveal().encode() if passphrase else None)
    except UnsupportedAlgorithm:
        raise NotOursError("its passphrase needs the Python package bcrypt") from None
    bare: bytes = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.OpenSSH,
        serialization.NoEncryption(),
    )
    return bare
