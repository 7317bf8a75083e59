"""Which connections are meant: by name, by glob, by label; one notation everywhere.

`desk=spot` and `desk=sp*` want a label's value, `desk!=spot` another value or none,
`desk` any value, `!desk` none. Several labels must all fit; of several names any.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase

Labels = Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelTerm:
    """One condition on a label; `pattern` None asks only whether it is there."""

    key: str
    pattern: str | None = None
    wanted: bool = True

    def fits(self, labels: Labels) -> bool:
        """Tell whether a connection's labels are as asked for."""
        value = labels.get(self.key)
        if self.pattern is None:
            return (value is not None) is self.wanted
        return (value is not None and fnmatchcase(value, self.pattern)) is self.wanted

    def __str__(self) -> str:
        """Return the notation that it was read from."""
        if self.pattern is None:
            return self.key if self.wanted else f"!{self.key}"
        return f"{self.key}{'=' if self.wanted else '!='}{self.pattern}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """Names or globs, and labels; empty means everything."""

    names: tuple[str, ...] = ()
    labels: tuple[LabelTerm, ...] = ()

    @property
    def is_everything(self) -> bool:
        """Tell whether nothing was asked for."""
        return not (self.names or self.labels)

    def accepts(self, name: str, labels: Labels) -> bool:
        """Tell whether a connection is meant."""
        named = not self.names or any(fnmatchcase(name, one) for one in self.names)
        return named and fits_all(self.labels, labels)

    def unmatched(self, names: Iterable[str]) -> str:
        """Return the first name or glob that none of the names fits; mostly ""."""
        known = list(names)
        return next(
            (
                one
                for one in self.names
                if not any(fnmatchcase(name, one) for name in known)
            ),
            "",
        )


def label_term(text: str) -> LabelTerm | None:
    """Return the condition that a text stands for; None when it is none."""
    key, unequal, pattern = text.partition("!=")
    if unequal:
        return LabelTerm(key=key, pattern=pattern, wanted=False) if key else None
    key, equal, pattern = text.partition("=")
    if equal:
        good = key and not key.startswith("!") and not pattern.startswith("=")
        return LabelTerm(key=key, pattern=pattern) if good else None
    bare = text.removeprefix("!")
    good = bare and not bare.startswith("!")
    return LabelTerm(key=bare, wanted=bare == text) if good else None


def fits_all(terms: Iterable[LabelTerm], labels: Labels) -> bool:
    """Tell whether a connection's labels are as all terms ask for."""
    return all(term.fits(labels) for term in terms)
