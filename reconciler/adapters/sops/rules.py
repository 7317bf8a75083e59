"""Which values of a file are sealed: one rule over the keys that lead to a value.

A suffix or a regular expression is tested on every key of the path, one by one. The
`encrypted_` rules seal whatever lies below a hit, the `unencrypted_` rules whatever
does not. Regular expressions are Go's (RE2), searched anywhere in the key.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import Any, Final, assert_never

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

    @property
    def by_look(self) -> bool:
        """True when keys alone do not tell; the MAC still covers the outcome."""
        return self.kind in _COMMENT_RULES

    @property
    def at_root(self) -> bool:
        """Whether values are sealed before any key was tested."""
        return self.kind in _UNENCRYPTED

    def below(self, key: str, *, sealed: bool) -> bool:
        """Return whether values below `key` are sealed, given those around it."""
        if self.by_look:
            return sealed
        hit = _hits(self.kind, self.pattern, key)
        return sealed and not hit if self.at_root else sealed or hit


DEFAULT: Final = Rule(kind=RuleKind.UNENCRYPTED_SUFFIX, pattern="_unencrypted")
"""What sops does when nothing is said."""
OURS: Final = Rule(kind=RuleKind.ENCRYPTED_REGEX, pattern=r"^(credentials|binding)$")


def read_rule(block: Mapping[str, Any]) -> Rule | None:
    """Read the rule from a `sops:` block or a creation rule; None when it has none.

    Raises:
        SecretError: More than one rule, or a pattern that does not compile. (sops
            ignores a broken encrypted_regex and writes the file in plain text.)
    """
    named = [(kind, block.get(kind.value)) for kind in RuleKind]
    given = [(kind, value) for kind, value in named if value not in (None, "")]
    if len(given) > 1:
        names = " and ".join(kind.value for kind, _ in given)
        raise SecretError(f"{names} exclude each other; keep one", code=1)
    if not given:
        return None
    kind, pattern = given[0]
    if not isinstance(pattern, str):
        raise SecretError(f"{kind.value} must be text", code=1)
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


_COMMENT_RULES: Final = frozenset(
    {RuleKind.ENCRYPTED_COMMENT_REGEX, RuleKind.UNENCRYPTED_COMMENT_REGEX}
)
_UNENCRYPTED: Final = frozenset(
    {RuleKind.UNENCRYPTED_REGEX, RuleKind.UNENCRYPTED_SUFFIX}
)


@lru_cache(maxsize=4096)
def _hits(kind: RuleKind, pattern: str, key: str) -> bool:
    match kind:
        case RuleKind.ENCRYPTED_REGEX | RuleKind.UNENCRYPTED_REGEX:
            return compiled(pattern)(key)
        case RuleKind.ENCRYPTED_SUFFIX | RuleKind.UNENCRYPTED_SUFFIX:
            return key.endswith(pattern)
        case RuleKind.ENCRYPTED_COMMENT_REGEX | RuleKind.UNENCRYPTED_COMMENT_REGEX:
            raise AssertionError("comment rules do not test keys")
        case _:
            assert_never(kind)
