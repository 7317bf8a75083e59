"""The common kind of key (`age1…`), read with `cryptography` for its speed.

pyrage takes a public key from the private one at every file, which doubles the cost
of opening it; here that is done once. What does not open this way is left to pyrage,
so that whatever opens there opens here.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from reconciler.adapters.sops.age import bech32
from reconciler.adapters.sops.age.age_file import derived, open_payload, read_age, unb64
from reconciler.adapters.sops.age.kinds import NotOursError
from reconciler.adapters.sops.age.library import decrypted, pyrage
from reconciler.core.errors import SecretError
from reconciler.core.secret import Secret

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

IDENTITY_PREFIX: Final = "AGE-SECRET-KEY-1"

_INFO: Final = b"age-encryption.org/v1/X25519"
_NONCE: Final = bytes(12)
"""Every wrapping key is used once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassicKey:
    """A private key, in both libraries, and its recipient."""

    recipient: str
    public: bytes = field(repr=False)
    private: X25519PrivateKey = field(repr=False, compare=False)
    theirs: Any = field(repr=False, compare=False)


def read_identity(line: Secret) -> ClassicKey:
    """Read an identity line.

    Raises:
        SecretError: It is not one. The message never holds it.
    """
    from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

    library = pyrage()
    try:
        theirs = library.x25519.Identity.from_str(line.reveal())
    except library.IdentityError:
        raise SecretError("not a valid age identity") from None
    _, raw = bech32.decode(line.reveal())
    private = X25519PrivateKey.from_private_bytes(raw)
    return ClassicKey(
        recipient=str(theirs.to_public()),
        public=private.public_key().public_bytes_raw(),
        private=private,
        theirs=theirs,
    )


def unwrap(key: ClassicKey, armoured: str) -> bytes:
    """Unwrap a data key.

    Raises:
        NotOursError: It was not wrapped for this key, or is damaged.
    """
    try:
        return _opened(key, armoured)
    except ValueError:
        return decrypted(key.theirs, armoured)


def _opened(key: ClassicKey, armoured: str) -> bytes:
    """Open a file with a single stanza, as sops writes them.

    Raises:
        NotOursError: It is for another key.
        ValueError: It is of another form, or damaged.
    """
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PublicKey
    from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

    file = read_age(armoured)
    stanza, *others = [one for one in file.stanzas if one.kind == "X25519"]
    (encoded,) = stanza.arguments
    if others:
        raise ValueError("it has several stanzas")
    share = unb64(encoded)
    shared = key.private.exchange(X25519PublicKey.from_public_bytes(share))
    wrapping = derived(shared, salt=share + key.public, info=_INFO)
    try:
        file_key = ChaCha20Poly1305(wrapping).decrypt(_NONCE, stanza.body, None)
    except InvalidTag:
        raise NotOursError from None
    return open_payload(file, file_key)
