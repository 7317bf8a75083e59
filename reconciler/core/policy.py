"""Who may own, see and change what: decisions over a policy and a document; pure.

A policy names people and teams, the folders they own, and what their connections may
be. Files are judged as they stand; a change is judged by who makes it, under the
policy of the commit that it starts from, so that nobody permits themselves anything.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Final
from urllib.parse import urlsplit

from reconciler.core.connection import DEFAULT_OWNER, Connection
from reconciler.core.source import Path

ADMIN: Final = DEFAULT_OWNER
USER, TEAM = "user:", "team:"
ADMIN_FIELDS: Final = (
    *("protected", "on_remove"),
    *("config.proxy", "health.failure_threshold"),
)
"""What a file that is not an admin's may not set, unless the policy says otherwise."""
Seen = frozenset[str] | None
"""Owners whose connections somebody sees; None is everything."""


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """One person: names at the hosting site, and age public keys."""

    logins: tuple[str, ...] = ()
    recipients: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """What the connections of one owner may be; empty tuples allow everything.

    `paths` and `hosts` are globs; `forbid` are the rights that every key of theirs
    must be forbidden in the file's own `permissions`, by its words or by default.
    """

    paths: tuple[str, ...]
    types: tuple[str, ...] = ()
    hosts: tuple[str, ...] = ()
    forbid: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """The whole policy; `owners` by `user:NAME` or `team:NAME`.

    `recipients` are the keys of machines (CI, servers), which open everything.
    """

    admins: tuple[str, ...]
    users: Mapping[str, User] = field(default_factory=dict)
    teams: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    owners: Mapping[str, Grant] = field(default_factory=dict)
    recipients: tuple[str, ...] = ()
    admin_fields: tuple[str, ...] = ADMIN_FIELDS


@dataclass(frozen=True, slots=True, kw_only=True)
class Breach:
    """One thing that the policy does not allow; `path` leads to it in the file."""

    code: str
    message: str
    path: Path = ()
    hint: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What of a document the policy looks at."""

    file: str
    connection: Connection
    data: Mapping[str, Any]
    recipients: tuple[str, ...] = ()


def breaches_of(policy: Policy, standing: Standing) -> Iterator[Breach]:
    """Judge a file as it stands, whoever wrote it."""
    owner = standing.connection.owner
    grant = policy.owners.get(owner)
    if owner != ADMIN and grant is None:
        yield Breach(
            code="R501",
            message=f"the policy knows no owner '{owner}'",
            path=("owner",),
            hint="name the owner in policy.yaml, or use one that stands there",
        )
        return
    yield from _place(policy, standing)
    yield from _recipients(policy, standing)
    if grant is not None:
        yield from _content(standing, grant)
        yield from _admin_fields(policy, standing)


def change_breaches(
    policy: Policy, actor: str, before: Standing | None, after: Standing | None
) -> Iterator[Breach]:
    """Judge who changes, adds or removes a file; at least one side is there.

    Args:
        policy: That of the commit which the change starts from.
        actor: The login of whoever makes it.
        before: The file at that commit.
        after: The file as it is now.
    """
    if actor in policy.admins:
        return
    owners = [one.connection.owner for one in (before, after) if one]
    if len(set(owners)) > 1:
        yield Breach(
            code="R511",
            message=f"the owner changed from '{owners[0]}' to '{owners[1]}', which only"
            " an admin may do",
            path=("owner",),
            hint=f"ask one of {', '.join(policy.admins)}",
        )
    for owner in dict.fromkeys(owners):
        if not owns(policy, actor, owner):
            yield Breach(
                code="R510",
                message=f"'{actor}' may not change what belongs to '{owner}'",
                hint="ask the owner, or an admin, to make this change",
            )


def may_change_rules(policy: Policy, actor: str) -> bool:
    """Tell whether somebody may change the policy, the settings and the recipients."""
    return actor in policy.admins


def may_place(policy: Policy, actor: str, file: str) -> bool:
    """Tell whether a file lies in a folder of somebody whom a login stands for."""
    return any(
        owns(policy, actor, owner) and any(matches(p, file) for p in grant.paths)
        for owner, grant in policy.owners.items()
    )


def owns(policy: Policy, actor: str, owner: str) -> bool:
    """Tell whether a login stands for an owner, or for a member of its team."""
    if actor in policy.admins:
        return True
    if owner.startswith(USER):
        user = policy.users.get(owner.removeprefix(USER))
        return bool(user and actor in user.logins)
    members = policy.teams.get(owner.removeprefix(TEAM), ())
    return any(actor in policy.users[name].logins for name in members)


def owners_of(policy: Policy, actor: str) -> frozenset[str]:
    """Return every owner that a login stands for."""
    known = (ADMIN, *policy.owners)
    return frozenset(owner for owner in known if owns(policy, actor, owner))


def seen_by(policy: Policy, login: str) -> Seen:
    """Return whose connections a login sees: theirs and their teams', an admin all.

    A login that the policy does not name sees nothing.
    """
    return None if login in policy.admins else owners_of(policy, login)


def may_see(seen: Seen, owner: str) -> bool:
    """Tell whether an owner's connections are among those that somebody sees."""
    return seen is None or owner in seen


def matches(pattern: str, file: str) -> bool:
    """Tell whether a path fits a glob: `*` within a folder, `**` across them."""
    return _glob(pattern).fullmatch(file) is not None


def _place(policy: Policy, standing: Standing) -> Iterator[Breach]:
    owner, file = standing.connection.owner, standing.file
    grant = policy.owners.get(owner)
    if grant and not any(matches(pattern, file) for pattern in grant.paths):
        yield Breach(
            code="R502",
            message=f"it belongs to '{owner}' and lies outside of their folders",
            path=("owner",),
            hint=f"move it to {', '.join(grant.paths)}",
        )
    for other, theirs in policy.owners.items():
        if other != owner and any(matches(p, file) for p in theirs.paths):
            yield Breach(
                code="R502",
                message=f"it belongs to '{owner}' and lies in a folder of '{other}'",
                path=("owner",),
                hint=f"move it, or let it belong to '{other}'",
            )


def _recipients(policy: Policy, standing: Standing) -> Iterator[Breach]:
    owner = standing.connection.owner
    allowed = {*policy.recipients, *_keys_of(policy, owner)}
    whose = {
        key: name for name, user in policy.users.items() for key in user.recipients
    }
    for key in standing.recipients:
        if key not in allowed:
            who = f"'{whose[key]}'" if key in whose else "nobody whom the policy names"
            yield Breach(
                code="R503",
                message=f"it belongs to '{owner}' but can be opened by {who}",
                path=("sops",),
                hint="take the key out of .sops.yaml for this path, then run"
                " 'reconcile updatekeys' and 'reconcile rotate'",
            )


def _keys_of(policy: Policy, owner: str) -> Iterator[str]:
    names: Iterable[str] = ()
    if owner == ADMIN:
        admins = set(policy.admins)
        names = [n for n, user in policy.users.items() if admins & set(user.logins)]
    elif owner.startswith(USER):
        names = (owner.removeprefix(USER),)
    else:
        names = policy.teams.get(owner.removeprefix(TEAM), ())
    for name in names:
        yield from policy.users[name].recipients if name in policy.users else ()


def _content(standing: Standing, grant: Grant) -> Iterator[Breach]:
    connection = standing.connection
    if grant.types and connection.type not in grant.types:
        yield Breach(
            code="R504",
            message=f"'{connection.owner}' may not have the type '{connection.type}'",
            path=("type",),
            hint=f"allowed: {', '.join(grant.types)}",
        )
    forbidden = connection.permissions.forbidden
    missing = [one for one in grant.forbid if one not in forbidden]
    if missing:
        yield Breach(
            code="R505",
            message=f"permissions.forbid does not name {' and '.join(missing)}",
            path=("permissions",),
            hint=f"add permissions: {{forbid: [{', '.join(grant.forbid)}]}}",
        )
    if grant.hosts:
        yield from _hosts(standing, grant.hosts)


def _hosts(standing: Standing, allowed: tuple[str, ...]) -> Iterator[Breach]:
    for path, value in _texts(standing.connection.config, ("config",)):
        host = _host_of(value)
        if host and not any(matches(pattern, host) for pattern in allowed):
            yield Breach(
                code="R506",
                message=f"the host '{host}' is not one that the policy allows",
                path=path,
                hint=f"allowed: {', '.join(allowed)}",
            )
    sealed = set(standing.connection.credential_names) & {"endpoint", "base_url"}
    for name in sorted(sealed):
        yield Breach(
            code="R506",
            message=f"the {name} is sealed, so the policy cannot look at its host",
            path=("credentials", name),
            hint="move it to config, without what is secret in it",
        )


def _admin_fields(policy: Policy, standing: Standing) -> Iterator[Breach]:
    for name in policy.admin_fields:
        path: Path = tuple(name.split("."))
        value: Any = standing.data
        for step in path:
            value = value.get(step) if isinstance(value, Mapping) else None
        if value not in (None, False):
            yield Breach(
                code="R507",
                message=f"'{name}' may be set in an admin's files only",
                path=path,
                hint="remove it, or ask an admin",
            )


def _texts(value: Any, path: Path) -> Iterator[tuple[Path, str]]:
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, Mapping):
        for key, child in value.items():
            yield from _texts(child, (*path, key))
    elif isinstance(value, list | tuple):
        for index, item in enumerate(value):
            yield from _texts(item, (*path, index))


def _host_of(text: str) -> str:
    try:
        parts = urlsplit(text) if "://" in text else None
    except ValueError:
        return ""
    return (parts.hostname or "") if parts else ""


@lru_cache(maxsize=1024)
def _glob(pattern: str) -> re.Pattern[str]:
    parts = re.split(r"(\*\*/|\*\*|\*|\?)", pattern)
    return re.compile("".join(_AS_REGEX.get(part, re.escape(part)) for part in parts))


_AS_REGEX: Final = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}
