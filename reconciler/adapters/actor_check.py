"""Whether somebody may make the changes of a branch, by the policy of its base."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from reconciler.adapters.base_layers import Before, before_of
from reconciler.adapters.git_history import base_of, changes_since
from reconciler.adapters.policy_file import (
    FILE,
    diagnostic_of,
    read_policy,
    standing_of,
)
from reconciler.core.defaults import FILE as DEFAULTS
from reconciler.core.diagnostic import Diagnostic, Span
from reconciler.core.errors import InputError
from reconciler.core.policy import (
    Policy,
    change_breaches,
    may_change_rules,
    may_place,
)
from reconciler.core.variables import Variables

RULE_FILES = (FILE, ".sops.yaml", "reconcile.yaml", "CODEOWNERS", ".github/CODEOWNERS")
"""What decides over everybody: only admins change it."""


def check_actor(
    directory: Path, *, actor: str, rev: str, connections: str
) -> tuple[Diagnostic, ...]:
    """Return what somebody may not change since this branch left `rev` (R510 to R512).

    The policy is the one of that commit: a branch cannot permit itself anything.
    Without one, everybody may do everything.

    Raises:
        InputError: There is no such commit, or its policy cannot be read.
    """
    commit = base_of(directory, rev)
    everything = changes_since(directory, commit, ".")
    policy = _policy_at(directory, commit, everything)
    if policy is None:
        return ()
    found = [*_rules(policy, actor, everything)]
    # Whose a file is takes nothing from the environment.
    unknown = Variables(allow_unset=True)
    before = before_of(directory, everything, folder=connections, variables=unknown)
    for file in before.texts:
        found += _file(policy, actor, directory, file, before)
    for folder in before.layers:
        found += _defaults(policy, actor, folder)
    return tuple(sorted(found, key=lambda one: one.sort_key))


def _policy_at(
    directory: Path, commit: str, changed: Mapping[str, str]
) -> Policy | None:
    """Return the policy at a commit; the present file, when it did not change."""
    if FILE in changed:
        text = changed[FILE]
    else:
        path = directory / FILE
        text = path.read_text(encoding="utf-8") if path.is_file() else ""
    if not text:
        return None
    policy, problems = read_policy(text)
    if policy is None:
        raise InputError(
            f"{FILE} at {commit[:12]} is invalid, so nobody can be judged by it:"
            f" {problems[0].message}"
        )
    return policy


def _rules(
    policy: Policy, actor: str, changed: Mapping[str, str]
) -> Iterator[Diagnostic]:
    if may_change_rules(policy, actor):
        return
    for file in RULE_FILES:
        if file in changed:
            yield Diagnostic(
                code="R512",
                message=f"'{actor}' may not change {file}: it decides over everybody",
                span=Span(file),
                hint=f"ask one of {', '.join(policy.admins)}",
            )


def _file(
    policy: Policy, actor: str, directory: Path, file: str, base: Before
) -> Iterator[Diagnostic]:
    path, old = directory / file, base.texts[file]
    now = path.read_bytes().decode(errors="replace") if path.is_file() else ""
    before = base.source(old, file) if old else None
    after = base.source_now(now, file) if now else None
    source = after or before
    if source is None:
        return
    for breach in change_breaches(
        policy,
        actor,
        standing_of(before) if before else None,
        standing_of(after) if after else None,
    ):
        yield diagnostic_of(source, breach)


def _defaults(policy: Policy, actor: str, folder: str) -> Iterator[Diagnostic]:
    """Refuse defaults by somebody who owns neither the folder nor everything."""
    file = f"{folder}/{DEFAULTS}"
    if actor not in policy.admins and not may_place(policy, actor, file):
        yield Diagnostic(
            code="R510",
            message=f"'{actor}' may not change what holds for a folder of others",
            span=Span(file),
            hint="ask the owner, or an admin, to make this change",
        )
