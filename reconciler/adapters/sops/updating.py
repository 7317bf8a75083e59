"""Who may open a file, changed without touching a value: `updatekeys`.

Whoever is removed still knows the data key, and the values it opened: only new
values at the provider, sealed under a new data key, take that knowledge away.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from reconciler.adapters.sops.key_groups import Recipients
from reconciler.adapters.sops.keyring import Keyring


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
    """How many groups must come together, before and after; None when it stays."""
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
    raise NotImplementedError


def update_keys(
    text: str, *, file: str, keyring: Keyring, recipients: Recipients
) -> KeyChange:
    """Wrap the same data key for others; every value, `mac` and the rest stay.

    When nobody is added or removed, nothing is opened and the text stays as it is.

    Raises:
        SecretError: As `key_change`; no identity opens the file, or a recipient is
            mistyped.
    """
    raise NotImplementedError
