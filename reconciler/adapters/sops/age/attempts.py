"""Which key is tried on which stanza of a file, and in what order.

A file names its recipients, so the stanza that is ours is tried first and mostly
alone. Only when that fails is more tried: a configured command, stanzas under another
name, keys that ask somebody, and last the identity files behind a passphrase.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING, Final

from reconciler.adapters.sops.age.identities import Identity
from reconciler.adapters.sops.age.key_groups import KeyGroup, Stanza
from reconciler.adapters.sops.age.kinds import NotOursError, plain_recipient
from reconciler.adapters.sops.age.sources import Locked

if TYPE_CHECKING:
    from reconciler.adapters.sops.age.keyring import Keyring

Attempts = Iterator[tuple[Stanza, Callable[[str], bytes]]]
"""A stanza and what may unwrap it, one after another."""


def _own(group: KeyGroup, keyring: Keyring) -> Attempts:
    """Yield the likely pairs: each miss costs as much as a hit."""
    for stanza in group.stanzas:
        identity = keyring.identity_of(stanza.recipient)
        if identity and not identity.asks:
            yield stanza, identity.unwrap


def _commanded(group: KeyGroup, keyring: Keyring) -> Attempts:
    """Ask for one recipient after another until an answer is for any of them."""
    if not keyring.commands:
        return
    yield from _pairs(group, keyring.printed, labelled=True)
    for stanza in group.stanzas:
        answer = keyring.ask_commands(stanza.recipient)
        yield from _pairs(group, answer, labelled=True)
    yield from _pairs(group, keyring.printed, labelled=False)


def _pairs(
    group: KeyGroup, identities: Sequence[Identity], *, labelled: bool
) -> Attempts:
    for stanza in group.stanzas:
        name = plain_recipient(stanza.recipient)
        for identity in identities:
            if (identity.recipient == name) is labelled:
                yield stanza, identity.unwrap


def _mislabelled(group: KeyGroup, keyring: Keyring) -> Attempts:
    """Yield every other pair: the name beside a stanza is only a note."""
    quiet = [one for one in keyring.identities if not one.asks]
    return _pairs(group, quiet, labelled=False)


def _asking(group: KeyGroup, keyring: Keyring) -> Attempts:
    """Yield what may ask somebody; it looks at the stanza before it does."""
    asking = [one for one in keyring.identities if one.asks]
    yield from _pairs(group, asking, labelled=True)
    yield from _pairs(group, asking, labelled=False)


def _locked(group: KeyGroup, keyring: Keyring) -> Attempts:
    for locked in keyring.behind_passphrases:
        for stanza in group.stanzas:
            yield stanza, partial(_unwrap_locked, locked, stanza.recipient)


def _unwrap_locked(locked: Locked, recipient: str, armoured: str) -> bytes:
    """Open an identity file with its passphrase, then a stanza with what it holds."""
    identities = locked.open()
    ours = [one for one in identities if one.recipient == plain_recipient(recipient)]
    for identity in ours or identities:
        try:
            return identity.unwrap(armoured)
        except NotOursError:
            continue
    raise NotOursError


STAGES: Final = (_own, _commanded, _mislabelled, _asking, _locked)
