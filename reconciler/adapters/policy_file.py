"""`policy.yaml` as the checks see it: read once, judged once, asked for every file.

Like the rulebook of `.sops.yaml`: its digest is part of the cache's fingerprint, and
nothing is parsed while no file must be judged anew.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

from reconciler.adapters import files
from reconciler.core.connection import DEFAULT_OWNER, Connection, Permissions
from reconciler.core.diagnostic import Diagnostic
from reconciler.core.errors import InputError
from reconciler.core.source import Source

if TYPE_CHECKING:
    from pathlib import Path

    from reconciler.core.policy import Breach, Policy, Standing
    from reconciler.core.sight import Sight

FILE: Final = "policy.yaml"


class PolicyBook:
    """The policy that holds in one folder; there may be none."""

    name = FILE

    def __init__(self, folder: str) -> None:
        """Read the file, when there is one."""
        try:
            self.data: bytes | None = files.read_bytes(f"{folder}/{FILE}")
        except OSError:
            self.data = None

    @cached_property
    def digest(self) -> str:
        """Return what tells this policy from any other; empty without one."""
        return "" if self.data is None else hashlib.sha256(self.data).hexdigest()

    @property
    def problems(self) -> tuple[Diagnostic, ...]:
        """Return what makes it unusable, each at its place."""
        return self._read[1]

    @property
    def policy(self) -> Policy | None:
        """Return the policy; None without one, or when it is invalid."""
        return self._read[0]

    def check(self, source: Source, _path: str) -> tuple[Diagnostic, ...]:
        """Judge one file as it stands (R501 to R507)."""
        if self.policy is None or source.data is None:
            return ()
        from reconciler.core.policy import breaches_of  # noqa: PLC0415  # not when warm

        standing = standing_of(source)
        found = breaches_of(self.policy, standing)
        return tuple(diagnostic_of(source, breach) for breach in found)

    @cached_property
    def _read(self) -> tuple[Policy | None, tuple[Diagnostic, ...]]:
        if self.data is None:
            return None, ()
        return read_policy(self.data.decode(errors="replace"))


def sight_in(directory: Path, login: str) -> Sight:
    """Return what a login sees by the policy in a folder.

    Raises:
        InputError: There is no policy, it is invalid, or it names nobody so.
    """
    from reconciler.core.sight import sight_of  # noqa: PLC0415  # rarely

    book = PolicyBook(str(directory))
    if book.data is None:
        raise InputError(f"--as needs a {FILE}: it says what belongs to whom")
    if book.policy is None:
        raise InputError(
            f"{FILE} is invalid, so nobody can be told what is theirs; 'reconcile "
            "validate' says what is wrong"
        )
    sight = sight_of(book.policy, login)
    if not sight.is_known:
        raise InputError(f"{FILE} names nobody with the login '{login}'")
    return sight


def read_policy(text: str) -> tuple[Policy | None, tuple[Diagnostic, ...]]:
    """Return the policy in a text, None when anything is wrong, and the problems."""
    from reconciler.adapters import documents  # noqa: PLC0415  # not when warm
    from reconciler.core.policy_document import to_policy  # noqa: PLC0415  # the same

    source, problems = documents.parse(text, file=FILE)
    return (None, problems) if problems else to_policy(source)


def standing_of(source: Source) -> Standing:
    """Return what the policy looks at; also of a document that is invalid."""
    from reconciler.adapters.sops.inspector import metadata  # noqa: PLC0415  # the same
    from reconciler.core.policy import Standing  # noqa: PLC0415  # the same

    data = source.data or {}
    info = metadata(source) if "sops" in data else None
    connection = Connection(
        name="",
        type=str(data.get("type") or ""),
        provider=str(data.get("provider") or ""),
        owner=str(data.get("owner") or DEFAULT_OWNER),
        config=_mapping(data, "config"),
        credential_names=tuple(_mapping(data, "credentials")),
        permissions=_permissions(_mapping(data, "permissions")),
    )
    return Standing(
        file=source.file,
        connection=connection,
        data=data,
        recipients=info.recipients if info else (),
    )


def _permissions(section: Mapping[str, Any]) -> Permissions:
    """Return what is forbidden; nothing counts as forbidden by what is no list."""
    require, forbid = section.get("require", []), section.get("forbid")
    if "forbid" not in section:
        said = None
    else:
        said = tuple(map(str, forbid)) if isinstance(forbid, list) else ()
    return Permissions(
        require=tuple(map(str, require)) if isinstance(require, list) else (),
        forbid=said,
    )


def diagnostic_of(source: Source, breach: Breach) -> Diagnostic:
    """Return a breach with its place."""
    return Diagnostic(
        code=breach.code,
        message=breach.message,
        span=source.span(breach.path, key=True),
        hint=breach.hint,
    )


def codeowners(policy: Policy, *, rules: Iterator[str]) -> str:
    """Return the CODEOWNERS file that asks the right people; `rules` are admins'."""
    admins = _at(policy.admins)
    lines = ["# Made by 'reconcile policy codeowners' from policy.yaml.", f"* {admins}"]
    for owner, grant in sorted(policy.owners.items()):
        kind, _, name = owner.partition(":")
        members = (name,) if kind == "user" else policy.teams.get(name, ())
        logins = [login for one in members for login in policy.users[one].logins]
        lines += [f"/{_folder(path)} {_at(logins)}" for path in grant.paths]
    lines += [f"/{file} {admins}" for file in rules]
    return "\n".join(lines) + "\n"


def _mapping(data: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    value = data.get(key)
    return value if isinstance(value, Mapping) else {}


def _at(logins: Any) -> str:
    return " ".join(f"@{login}" for login in logins)


def _folder(pattern: str) -> str:
    """Return a glob as CODEOWNERS spells it: a folder and all below it."""
    return pattern.removesuffix("**") if pattern.endswith("/**") else pattern
