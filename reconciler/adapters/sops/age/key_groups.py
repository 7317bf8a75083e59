"""Who may open a file: recipients in groups, and the data key wrapped for each.

Mostly there is one group, and any one of its recipients opens the file. With more
than one, the data key is split (Shamir): so many groups as the threshold says must
come together, one recipient of each.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from reconciler.adapters.sops.age.shamir import MIN_THRESHOLD, split
from reconciler.adapters.sops.age.wrapping import wrap
from reconciler.core.errors import SecretError


@dataclass(frozen=True, slots=True, kw_only=True)
class Stanza:
    """One recipient and the data key wrapped for it (an armoured age file)."""

    recipient: str
    enc: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyGroup:
    """Stanzas any one of which opens the group's share of the data key."""

    stanzas: tuple[Stanza, ...] = ()
    foreign: tuple[str, ...] = ()
    """Kinds of keys in the group that are not age: kms, pgp …"""

    @property
    def recipients(self) -> tuple[str, ...]:
        """Who opens this group, in the order of the file."""
        return tuple(stanza.recipient for stanza in self.stanzas)


@dataclass(frozen=True, slots=True, kw_only=True)
class WrappedKey:
    """A data key as a file holds it: wrapped whole, or its shares by group."""

    groups: tuple[KeyGroup, ...]
    threshold: int = 0
    """How many groups must come together; 0 with a single group."""

    @property
    def is_split(self) -> bool:
        """Whether the groups hold shares (Shamir) and not the key itself."""
        return len(self.groups) > 1

    @property
    def needed(self) -> int:
        """How many groups must open."""
        return (self.threshold or len(self.groups)) if self.is_split else 1

    @property
    def stanzas(self) -> tuple[Stanza, ...]:
        """The stanzas of all groups in order."""
        return tuple(stanza for group in self.groups for stanza in group.stanzas)


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipients:
    """For whom to seal: public keys by group, and how many groups it takes."""

    groups: tuple[tuple[str, ...], ...] = ()
    threshold: int = 0

    @classmethod
    def of(cls, keys: Iterable[str]) -> Recipients:
        """Return one group of these keys, each once."""
        unique = tuple(dict.fromkeys(keys))
        return cls(groups=(unique,) if unique else ())

    @classmethod
    def in_file(cls, wrapped: WrappedKey) -> Recipients:
        """Return those that a file is sealed for."""
        groups = tuple(group.recipients for group in wrapped.groups)
        return cls(groups=groups, threshold=wrapped.threshold)

    @property
    def all(self) -> tuple[str, ...]:
        """Every key, in order, each once."""
        return tuple(dict.fromkeys(key for group in self.groups for key in group))

    def __bool__(self) -> bool:
        """Tell whether there is anybody to seal for."""
        return any(self.groups)


def wrap_key(recipients: Recipients, data_key: bytes) -> WrappedKey:
    """Wrap a data key for everybody who shall open it, split if there are groups.

    Raises:
        SecretError: A recipient is mistyped or cannot be used, a group is empty, or
            there cannot be such a threshold.
    """
    groups = recipients.groups
    if len(groups) < MIN_THRESHOLD:
        whole = (KeyGroup(stanzas=_stanzas(keys, data_key)) for keys in groups)
        return WrappedKey(groups=tuple(whole))
    empty = next((number for number, keys in enumerate(groups, 1) if not keys), 0)
    if empty:
        raise SecretError(
            f"key group {empty} names no age key, so nobody could open it"
        )
    threshold = recipients.threshold or len(groups)
    try:
        shares = split(data_key, shares=len(groups), threshold=threshold)
    except ValueError:
        raise SecretError(
            f"shamir_threshold is {threshold}, with {len(groups)} key groups; it must"
            f" be from {MIN_THRESHOLD} to {len(groups)}"
        ) from None
    pairs = zip(groups, shares, strict=True)
    return WrappedKey(
        groups=tuple(KeyGroup(stanzas=_stanzas(*pair)) for pair in pairs),
        threshold=threshold,
    )


def _stanzas(keys: Sequence[str], share: bytes) -> tuple[Stanza, ...]:
    return tuple(Stanza(recipient=one, enc=wrap(one, share)) for one in keys)
