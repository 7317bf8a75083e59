"""Who may open a file, changed without touching a value: `updatekeys`.

Whoever is removed still knows the data key, and the values it opened: only new
values at the provider, sealed under a new data key, take that knowledge away.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from reconciler.adapters.sops.age.key_groups import Recipients, wrap_key
from reconciler.adapters.sops.age.keyring import Keyring, data_key
from reconciler.adapters.sops.block import Metadata, newer_version, read_metadata
from reconciler.adapters.sops.change.key_section import set_keys
from reconciler.adapters.sops.escapes import readable_by_sops
from reconciler.adapters.sops.opened import Parsed, parse_file
from reconciler.adapters.sops.places import set_metadata
from reconciler.adapters.sops.spans import apply_edits
from reconciler.core.errors import SecretError


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyChange:
    """What differs between those who can open a file and those who should."""

    text: str = field(repr=False)
    """The file after the change; as it was when there is none, or none was made."""
    added: tuple[str, ...]
    """Recipients that the file does not know yet, in the order of the rule."""
    removed: tuple[str, ...]
    """Recipients that go, in the order of the file."""
    threshold: tuple[int, int] | None
    """How many groups must come together, before and after (1 when there is one
    group); None when it stays."""
    is_regrouped: bool
    """Whether a recipient changes its group, or the number of groups changes."""

    @property
    def is_empty(self) -> bool:
        """True when everybody who should open the file can, and nobody else."""
        return not (self.added or self.removed or self.threshold or self.is_regrouped)


def key_change(text: str, *, file: str, recipients: Recipients) -> KeyChange:
    """Compare a file with those who should open it; needs no key.

    Groups and their members are compared as sets, as sops does.

    Returns:
        The difference; its `text` is the text that was given.

    Raises:
        SecretError: The file is not sealed, or there is nobody to seal for.
    """
    metadata = read_metadata(parse_file(text, file=file).documents[0], file=file)
    return _compared(text, metadata, recipients, file)


def update_keys(
    text: str, *, file: str, keyring: Keyring, recipients: Recipients
) -> KeyChange:
    """Wrap the same data key for others; every value, `mac` and the rest stay.

    Only `version` is raised, when older ones could not read the new recipients. When
    nobody is added or removed, nothing is opened and the text stays as it is.

    Raises:
        SecretError: As `key_change`; no identity opens the file, or a recipient is
            mistyped.
    """
    parsed = parse_file(text, file=file)
    metadata = read_metadata(parsed.documents[0], file=file)
    change = _compared(text, metadata, recipients, file)
    if change.is_empty:
        return change
    split = len(recipients.groups) > 1 or metadata.wrapped.is_split
    if split and metadata.foreign:
        raise SecretError(
            f"{file}: its key is split with {', '.join(metadata.foreign)}, which only"
            " sops can wrap; run 'sops updatekeys' instead"
        )
    wrapped = wrap_key(recipients, data_key(metadata, keyring, file=file))
    version = newer_version(metadata, wrapped, sealed=parsed.body)
    edits = [
        edit
        for _, root in parsed.trees
        for edit in (
            *set_keys(parsed.body, root, wrapped),
            *set_metadata(root, version, parsed.body),
        )
    ]
    body = readable_by_sops(apply_edits(parsed.body, edits), file=file)
    _prove(parsed, body, recipients)
    return replace(change, text=parsed.bom + body)


def _compared(
    text: str, metadata: Metadata, recipients: Recipients, file: str
) -> KeyChange:
    if not recipients:
        raise SecretError(
            f"{file}: there would be nobody who can open it; name recipients in"
            " .sops.yaml"
        )
    now = Recipients.in_file(metadata.wrapped)
    before, after = _threshold(now), _threshold(recipients)
    old, new = _places(now), _places(recipients)
    return KeyChange(
        text=text,
        added=tuple(one for one in recipients.all if one not in old),
        removed=tuple(one for one in now.all if one not in new),
        threshold=None if before == after else (before, after),
        is_regrouped=any(old[one] != new[one] for one in old.keys() & new.keys()),
    )


def _threshold(recipients: Recipients) -> int:
    """Return how many groups must come together: all, when nothing is said."""
    count = len(recipients.groups)
    return (recipients.threshold or count) if count > 1 else 1


def _places(recipients: Recipients) -> dict[str, set[int]]:
    """Return the groups that each recipient stands in."""
    found: dict[str, set[int]] = {}
    for number, group in enumerate(recipients.groups):
        for one in group:
            found.setdefault(one, set()).add(number)
    return found


def _prove(parsed: Parsed, body: str, recipients: Recipients) -> None:
    """Read the new text back: the same values for the new recipients."""
    after = parse_file(body, file=parsed.file)
    metadata = read_metadata(after.documents[0], file=parsed.file)
    same = _without_blocks(after) == _without_blocks(parsed)
    wanted = _places(recipients)
    if not same or _places(Recipients.in_file(metadata.wrapped)) != wanted:
        raise SecretError(
            f"{parsed.file}: its layout cannot be kept; update it with sops"
        )


def _without_blocks(parsed: Parsed) -> str:
    return repr([{**document, "sops": None} for document in parsed.documents])
