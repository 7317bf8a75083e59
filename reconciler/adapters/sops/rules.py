"""Which values of a file are sealed: one rule over the keys that lead to a value.

A suffix or a regular expression is tested on every key of the path, one by one. The
`encrypted_` rules seal whatever lies below a hit, the `unencrypted_` rules whatever
does not. Regular expressions are Go's (RE2), searched anywhere in the key.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import lru_cache
from typing import Any, Final, assert_never

from reconciler.core.binding import BOUND_FIELDS
from reconciler.core.errors import SecretError


class RuleKind(StrEnum):
    """The six names a rule can have, in a file and in `.sops.yaml`."""

    ENCRYPTED_REGEX = "encrypted_regex"
    UNENCRYPTED_REGEX = "unencrypted_regex"
    ENCRYPTED_SUFFIX = "encrypted_suffix"
    UNENCRYPTED_SUFFIX = "unencrypted_suffix"
    ENCRYPTED_COMMENT_REGEX = "encrypted_comment_regex"
    UNENCRYPTED_COMMENT_REGEX = "unencrypted_comment_regex"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One rule. Comment rules are read by look: a value that looks sealed is sealed."""

    kind: RuleKind
    pattern: str
    by_look: bool = field(init=False, repr=False, compare=False)
    """True when keys alone do not tell; the MAC still covers the outcome."""
    at_root: bool = field(init=False, repr=False, compare=False)
    """Whether values are sealed before any key was tested."""
    _hits: Callable[[str], bool] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        # Asked for every key of every file: what does not change is found once.
        object.__setattr__(self, "by_look", self.kind in _COMMENT_RULES)
        object.__setattr__(self, "at_root", self.kind in _UNENCRYPTED)
        object.__setattr__(self, "_hits", _searcher(self.kind, self.pattern))

    def below(self, key: str, *, sealed: bool) -> bool:
        """Return whether values below `key` are sealed, given those around it."""
        if self.by_look or sealed is not self.at_root:
            return sealed
        return self._hits(key) is not sealed


_COMMENT_RULES: Final = frozenset(
    {RuleKind.ENCRYPTED_COMMENT_REGEX, RuleKind.UNENCRYPTED_COMMENT_REGEX}
)
_UNENCRYPTED: Final = frozenset(
    {RuleKind.UNENCRYPTED_REGEX, RuleKind.UNENCRYPTED_SUFFIX}
)


@lru_cache(maxsize=256)
def _searcher(kind: RuleKind, pattern: str) -> Callable[[str], bool]:
    """Return the test of one key, which remembers the keys that it saw."""
    match kind:
        case RuleKind.ENCRYPTED_REGEX | RuleKind.UNENCRYPTED_REGEX:

            @lru_cache(maxsize=4096)
            def hits(key: str) -> bool:
                return compiled(pattern)(key)

            return hits
        case RuleKind.ENCRYPTED_SUFFIX | RuleKind.UNENCRYPTED_SUFFIX:
            return lambda key: key.endswith(pattern)
        case RuleKind.ENCRYPTED_COMMENT_REGEX | RuleKind.UNENCRYPTED_COMMENT_REGEX:
            return lambda _key: False
        case _:
            assert_never(kind)


DEFAULT: Final = Rule(kind=RuleKind.UNENCRYPTED_SUFFIX, pattern="_unencrypted")
"""What sops does when nothing is said."""
_NAMES: Final = tuple((kind, kind.value) for kind in RuleKind)
OURS: Final = Rule(kind=RuleKind.ENCRYPTED_REGEX, pattern=r"^(credentials|binding)$")


def covers(rule: Rule, key: str) -> bool:
    """Tell whether a rule seals what stands below a key at the top."""
    return not rule.by_look and rule.below(key, sealed=rule.at_root)


def suits_connections(rule: Rule) -> bool:
    """Tell whether a rule seals credentials and binding, and nothing they bind."""
    sealed = all(covers(rule, name) for name in ("credentials", "binding"))
    return sealed and not any(covers(rule, name) for name in BOUND_FIELDS)


def read_rule(block: Mapping[str, Any]) -> Rule | None:
    """Read the rule from a `sops:` block or a creation rule; None when it has none.

    Raises:
        SecretError: More than one rule, or a pattern that does not compile. (sops
            ignores a broken encrypted_regex and writes the file in plain text.)
    """
    named = [(kind, block.get(name)) for kind, name in _NAMES]
    given = [(kind, value) for kind, value in named if value not in (None, "")]
    if len(given) > 1:
        names = " and ".join(kind.value for kind, _ in given)
        raise SecretError(f"{names} exclude each other; keep one", code=1)
    if not given:
        return None
    kind, pattern = given[0]
    if not isinstance(pattern, str):
        raise SecretError(f"{kind.value} must be text", code=1)
    return _checked(kind, pattern)


@lru_cache(maxsize=256)
def _checked(kind: RuleKind, pattern: str) -> Rule:
    if "regex" in kind.value:
        compiled(pattern)
    return Rule(kind=kind, pattern=pattern)


@lru_cache(maxsize=256)
def compiled(pattern: str) -> Callable[[str], bool]:
    """Compile a Go regular expression into a search.

    Raises:
        SecretError: It is not valid RE2.
    """
    import re2  # loaded on first use

    options = re2.Options()
    options.log_errors = False
    try:
        found = re2.compile(pattern, options)
    except re2.error as error:
        raise SecretError(
            f"the regular expression '{pattern}' is not valid RE2: {error}", code=1
        ) from None
    return lambda text: found.search(text) is not None
