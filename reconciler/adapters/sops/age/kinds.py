"""The kinds of recipients that age knows, told apart by how they begin."""

from __future__ import annotations

from enum import StrEnum
from typing import Final


class Kind(StrEnum):
    """A kind of recipient, with the words for a message."""

    X25519 = "X25519"
    POST_QUANTUM = "post-quantum"
    PLUGIN = "age plug-in"
    SSH = "SSH"
    UNKNOWN = "unknown"


class NotOursError(Exception):
    """An identity does not open a stanza.

    The text, if any, is a remark for the message in case no other identity does: a
    passphrase that nobody gave, a plug-in that is not installed. It holds no secret.
    """


def kind_of(recipient: str) -> Kind:
    """Classify a recipient as sops does; `UNKNOWN` for what age does not know."""
    if recipient.startswith("age1pq1"):
        return Kind.POST_QUANTUM
    if recipient.startswith("age1"):
        # The separator of bech32 is the last "1": a second one is a plug-in's name.
        return Kind.PLUGIN if recipient.count("1") > 1 else Kind.X25519
    return Kind.SSH if recipient.startswith("ssh-") else Kind.UNKNOWN


def plain_recipient(recipient: str) -> str:
    """Return a recipient as it is compared: an SSH key without its comment."""
    if kind_of(recipient) is Kind.SSH:
        return " ".join(recipient.split()[:2])
    return recipient


def plugin_of(recipient: str) -> str:
    """Return the name of the plug-in that a recipient asks for."""
    return recipient.removeprefix("age1").rpartition("1")[0]


def shown(recipient: str) -> str:
    """Return a recipient for a message; post-quantum and RSA keys are cut."""
    plain = plain_recipient(recipient)
    return plain if len(plain) <= _LONG else f"{plain[:_CUT]}…"


_LONG: Final = 88
"""More than an X25519 or an ssh-ed25519 key."""
_CUT: Final = 40
