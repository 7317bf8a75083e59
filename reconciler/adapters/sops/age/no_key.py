"""What to say when nothing opens a file: who could, what was found, what helps."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.adapters.sops.age.key_groups import KeyGroup
from reconciler.adapters.sops.age.kinds import Kind, kind_of, shown
from reconciler.adapters.sops.age.sources import KEY_FILE
from reconciler.adapters.sops.block import Metadata

if TYPE_CHECKING:
    from reconciler.adapters.sops.age.keyring import Keyring


def no_key_message(
    metadata: Metadata,
    keyring: Keyring,
    *,
    file: str,
    opened: frozenset[int],
    remarks: tuple[str, ...],
) -> str:
    """Return one line; it holds no secret.

    Args:
        metadata: Of the file.
        keyring: What was tried.
        file: What to call the file.
        opened: The key groups that did open, by position.
        remarks: What the attempts had to say.
    """
    found = ", ".join(shown(one.recipient) for one in keyring.identities) or "none"
    looked = "; ".join((*keyring.looked_in, *keyring.answers)) or "nowhere"
    tried = f" {'; '.join(remarks)}." if remarks else ""
    return (
        f"{file}: no identity opens it. {_wanted(metadata, opened)}"
        f" Identities found: {found}. Looked in: {looked}.{tried}"
        f" Set {KEY_FILE} to the key file of one of these recipients, or ask one of"
        " them to add yours to .sops.yaml and run"
        f" 'reconcile updatekeys {file}'"
    )


def _wanted(metadata: Metadata, opened: frozenset[int]) -> str:
    wrapped = metadata.wrapped
    if not wrapped.is_split:
        return f"It is sealed for {_members(wrapped.groups[0])}."
    missing = wrapped.needed - len(opened)
    groups = "; ".join(
        f"{number} {'opens' if number - 1 in opened else 'does not open'}"
        f" ({_members(group)})"
        for number, group in enumerate(wrapped.groups, start=1)
    )
    return (
        f"Its data key is split over {len(wrapped.groups)} key groups, of which"
        f" {wrapped.needed} must come together; {missing} more"
        f" {'is' if missing == 1 else 'are'} needed. Groups: {groups}."
    )


def _members(group: KeyGroup) -> str:
    age = (_described(one) for one in group.recipients)
    foreign = (f"{kind} (not an age key; open it with sops)" for kind in group.foreign)
    return ", ".join((*age, *foreign)) or "nobody"


def _described(recipient: str) -> str:
    kind = kind_of(recipient)
    plain = kind in (Kind.X25519, Kind.SSH)
    return shown(recipient) if plain else f"{shown(recipient)} ({kind.value})"
