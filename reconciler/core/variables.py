"""What the files may take from the environment; `core.expanding` puts it in place."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final, Protocol

MARK: Final = b"$"
"""What every text that names a variable holds."""
NAME: Final = r"^[A-Za-z_][A-Za-z0-9_]{0,62}$"


class Surroundings(Protocol):
    """Where a program runs, and whether it may do without values."""

    @property
    def environment(self) -> Mapping[str, str]:
        """Return the environment."""
        ...

    @property
    def allow_unset(self) -> bool:
        """Tell whether a variable may be unset."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Variables:
    """The declared names with what the environment says, None for what is not set.

    With `allow_unset` a value that names an unset one is not known rather than wrong.
    """

    values: Mapping[str, str | None] = field(default_factory=dict, repr=False)
    allow_unset: bool = False

    @classmethod
    def of(cls, names: Iterable[str], surroundings: Surroundings) -> Variables:
        """Return what there is of these names."""
        known = surroundings.environment
        return cls(
            values={name: known.get(name) for name in names},
            allow_unset=surroundings.allow_unset,
        )

    @property
    def digest(self) -> str:
        """Return what tells these values from any other."""
        told = repr((sorted(self.values.items()), self.allow_unset))
        return hashlib.sha256(told.encode("utf-8", "surrogatepass")).hexdigest()
