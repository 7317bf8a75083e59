"""From a parsed `policy.yaml` to a `Policy`, every problem in one pass; pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from reconciler.core import shape
from reconciler.core.diagnostic import Diagnostic
from reconciler.core.policy import ADMIN_FIELDS, TEAM, USER, Grant, Policy, User
from reconciler.core.source import Path, Source
from reconciler.core.suggest import did_you_mean

_TOP: Final = (
    *("version", "admins", "recipients", "users", "teams", "owners"),
    "admin_fields",
)
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@-]{0,62}")
_LINE: Final = re.compile(r"[^\x00-\x1f\x7f-\x9f\u2028\u2029]{1,4000}")
_RIGHTS: Final = frozenset({"read", "trade", "withdraw"})
_TEXTS: Final = "a list of texts"


def to_policy(source: Source) -> tuple[Policy | None, tuple[Diagnostic, ...]]:
    """Read a policy.

    Returns:
        The policy, None when anything is wrong, and the problems sorted by place.
    """
    reader = _Reader(source)
    policy = reader.policy()
    found = tuple(sorted(reader.found, key=lambda item: item.sort_key))
    return (None, found) if found else (policy, ())


@dataclass(slots=True)
class _Reader:
    """Reads one file and collects what is wrong with it."""

    source: Source = field(repr=False)
    found: list[Diagnostic] = field(default_factory=list)

    def policy(self) -> Policy:
        data = self.source.data or {}
        self.known((), data, _TOP)
        if data.get("version", 1) != 1:
            self.wrong(("version",), "R207", "the number 1")
        admins = self.texts(("admins",))
        if not admins and not self.found:
            self.found.append(
                shape.missing_key(
                    self.source, ("admins",), expected="a list of at least one login"
                )
            )
        policy = Policy(
            admins=admins,
            users=dict(self.users()),
            teams={name: self.texts(("teams", name)) for name in self.names("teams")},
            owners=dict(self.owners()),
            recipients=self.texts(("recipients",)),
            admin_fields=self.texts(("admin_fields",), default=ADMIN_FIELDS),
        )
        self.references(policy)
        return policy

    def users(self) -> Iterator[tuple[str, User]]:
        for name in self.names("users"):
            path: Path = ("users", name)
            self.known(path, self.mapping(path), ("logins", "recipients"))
            yield (
                name,
                User(
                    logins=self.texts((*path, "logins")),
                    recipients=self.texts((*path, "recipients")),
                ),
            )

    def owners(self) -> Iterator[tuple[str, Grant]]:
        for name in self.names("owners", pattern=_OWNER):
            path: Path = ("owners", name)
            self.known(path, self.mapping(path), ("paths", "types", "hosts", "forbid"))
            paths = self.texts((*path, "paths"))
            if not paths:
                wanted = "a list of at least one glob such as connections.d/x/**"
                self.found.append(
                    shape.missing_key(self.source, (*path, "paths"), expected=wanted)
                )
            yield (
                name,
                Grant(
                    paths=paths,
                    types=self.texts((*path, "types")),
                    hosts=self.texts((*path, "hosts")),
                    forbid=self.texts((*path, "forbid"), among=_RIGHTS),
                ),
            )

    def references(self, policy: Policy) -> None:
        """Refuse members, owners and teams that stand nowhere else."""
        for team, members in policy.teams.items():
            for index, name in enumerate(members):
                self.known_name(name, policy.users, ("teams", team, index), "user")
        for owner in policy.owners:
            kind, _, name = owner.partition(":")
            choices = policy.users if f"{kind}:" == USER else policy.teams
            self.known_name(name, choices, ("owners", owner), kind)

    def known_name(
        self, name: str, choices: Mapping[str, object], path: Path, kind: str
    ) -> None:
        if name not in choices:
            self.found.append(
                shape.problem(
                    self.source,
                    path,
                    code="R204",
                    message=f"there is no {kind} '{name}' in this policy",
                    hint=did_you_mean(name, list(choices)) or f"add it to {kind}s",
                )
            )

    def names(self, section: str, *, pattern: re.Pattern[str] = _NAME) -> Sequence[str]:
        names = list(self.mapping((section,)))
        for name in names:
            if not pattern.fullmatch(name):
                wanted = "a name" if pattern is _NAME else "user:NAME or team:NAME"
                self.wrong((section, name), "R204", f"below {wanted}")
        return [name for name in names if pattern.fullmatch(name)]

    def mapping(self, path: Path) -> Mapping[str, Any]:
        value = shape.value_at(self.source, path)
        if value is None or isinstance(value, Mapping):
            return value or {}
        self.wrong(path, "R203", "a mapping")
        return {}

    def texts(
        self,
        path: Path,
        *,
        default: tuple[str, ...] = (),
        among: frozenset[str] | None = None,
    ) -> tuple[str, ...]:
        parent = shape.value_at(self.source, path[:-1]) if path[:-1] else None
        if parent is not None and not isinstance(parent, Mapping):
            return default
        value = shape.value_at(self.source, path)
        if value is None:
            return default
        if not isinstance(value, list):
            self.wrong(path, "R203", _TEXTS)
            return default
        kept = []
        for index, item in enumerate(value):
            if not isinstance(item, str) or not _LINE.fullmatch(item):
                self.wrong((*path, index), "R203", "one line of text")
            elif among is not None and item not in among:
                self.wrong((*path, index), "R204", " or ".join(sorted(among)))
            else:
                kept.append(item)
        return tuple(kept)

    def known(self, path: Path, data: Mapping[str, Any], keys: Sequence[str]) -> None:
        for key in data:
            if key not in keys:
                self.found.append(
                    shape.unknown_key(self.source, (*path, key), known=keys)
                )

    def wrong(self, path: Path, code: str, expected: str) -> None:
        self.found.append(shape.wrong(self.source, path, code=code, expected=expected))


_OWNER: Final = re.compile(rf"(?:{USER}|{TEAM}){_NAME.pattern}")
