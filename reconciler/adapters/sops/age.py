"""The door to pyrage: wrapping and unwrapping a data key, making identities.

age knows several kinds of recipient. This release opens and writes X25519; the
others have a name here so that a message can say which kind is missing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from enum import StrEnum
from importlib import import_module
from typing import Any, Final

from reconciler.core.errors import SecretError
from reconciler.core.secret import Secret


class Kind(StrEnum):
    """A kind of recipient, with the words for a message."""

    X25519 = "X25519"
    POST_QUANTUM = "post-quantum (age1pq1…)"
    PLUGIN = "age plug-in"
    SSH = "SSH"
    UNKNOWN = "unknown"


IDENTITY_PREFIX: Final = "AGE-SECRET-KEY-1"
NO_DATA_KEY: Final = 128
"""The exit code of sops when no key opens the file."""
_DATA_KEY_BYTES: Final = 32


class NotOursError(Exception):
    """None of the identities opens this stanza."""


def kind_of(recipient: str) -> Kind:
    """Classify a recipient as sops does; `UNKNOWN` for what age does not know."""
    if recipient.startswith("age1pq1"):
        return Kind.POST_QUANTUM
    if recipient.startswith("age1"):
        # The separator of bech32 is the last "1": a second one is a plug-in's name.
        return Kind.PLUGIN if recipient.count("1") > 1 else Kind.X25519
    return Kind.SSH if recipient.startswith("ssh-") else Kind.UNKNOWN


def public_key(identity: Secret) -> str:
    """Return the recipient of an X25519 identity line.

    Raises:
        SecretError: It is not one. The message never holds it.
    """
    pyrage = _pyrage()

    try:
        return str(pyrage.x25519.Identity.from_str(identity.reveal()).to_public())
    except pyrage.IdentityError:
        raise SecretError("not a valid age identity") from None


def wrap(recipient: str, data_key: bytes) -> str:
    """Wrap a data key for one recipient.

    Returns:
        An armoured age file, ending in a line break.

    Raises:
        SecretError: The recipient is mistyped, or of a kind that is not supported.
    """
    return _WRAP.get(kind_of(recipient), _unsupported)(recipient, data_key)


def unwrap(armoured: str, identities: Sequence[Secret]) -> bytes:
    """Unwrap a data key with the first identity that fits.

    Raises:
        NotOursError: None fits, or the armour is damaged; age does not say which.
    """
    pyrage = _pyrage()

    try:
        keys = [pyrage.x25519.Identity.from_str(one.reveal()) for one in identities]
        # pyrage takes any armour but one that is indented or led by blanks.
        raw: bytes = pyrage.decrypt(armoured.strip().encode(), keys)
    except (pyrage.DecryptError, pyrage.IdentityError):
        raise NotOursError from None
    if len(raw) != _DATA_KEY_BYTES:
        raise NotOursError
    return raw


def generate_identity(now: datetime) -> tuple[Secret, str]:
    """Make a new X25519 key pair.

    Args:
        now: Noted in the file; aware.

    Returns:
        The text of a key file, ready to be written with mode 0600, and the public
        key to name as a recipient.
    """
    pyrage = _pyrage()

    identity = pyrage.x25519.Identity.generate()
    public = str(identity.to_public())
    created = now.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    text = f"# created: {created}\n# public key: {public}\n{identity}\n"
    return Secret(text), public


def _pyrage() -> Any:
    """Load pyrage on first use: commands without a key stay light."""
    return import_module("pyrage")


def _wrap_x25519(recipient: str, data_key: bytes) -> str:
    pyrage = _pyrage()

    try:
        to = pyrage.x25519.Recipient.from_str(recipient)
    except pyrage.RecipientError:
        raise SecretError(
            f"'{recipient}' is not a valid age recipient; copy the public key again"
        ) from None
    armoured: bytes = pyrage.encrypt(data_key, [to], armored=True)
    return armoured.decode("ascii")


def _unsupported(recipient: str, _data_key: bytes) -> str:
    kind = kind_of(recipient)
    if kind is Kind.UNKNOWN:
        raise SecretError(
            f"'{recipient}' is not an age recipient; give a key that begins with age1"
        )
    raise SecretError(
        f"the recipient '{recipient}' is of the kind {kind.value}, which is not"
        " supported yet; use an X25519 key (age1…)"
    )


_WRAP: Final[dict[Kind, Callable[[str, bytes], str]]] = {Kind.X25519: _wrap_x25519}
