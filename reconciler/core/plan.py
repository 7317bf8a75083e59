"""What would be done, and why: a pure function of files and records.

A plan is a document: it has a digest, it can be saved, reviewed and applied
later, and it is refused when files or store have moved on meanwhile. Nothing in
it is secret: sealed fields only say that they changed.

`reason` is for people. It is never branched on.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import assert_never

from reconciler.core.diff import FieldChange
from reconciler.core.ports import StoreInfo
from reconciler.core.refusal import Refusal

FORMAT_VERSION = "1.0"
COMMIT_LINEAGE = "git:"
"""Begins the lineage of what stands for a store: the files as they were at a commit."""


class ActionKind(StrEnum):
    """The closed set of steps."""

    CREATE = "create"
    UPDATE = "update"
    DELETE = "delete"
    ACTIVATE = "activate"
    DEACTIVATE = "deactivate"
    RETEST = "retest"
    ADOPT = "adopt"
    KEEP = "keep"


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """The bare decision about one name, before anybody looks at the fields."""

    name: str
    action: ActionKind
    reason: str
    test: bool = False
    orphan: bool = False
    compare: bool = False
    """True when the fields decide whether a test is needed."""
    previous: str = ""
    """The name of the record, for a connection that is renamed."""
    suspended: bool = False
    """True when its file, or an operator, keeps it out of service."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One connection's step. `before` and `after` are revisions, empty for none.

    `test` tells that the provider will be asked; `needs_key` that credentials must
    be unsealed for it. `resealed`: new ciphertext, same values (known with a key).
    `notes` are sentences that a reviewer should read: never branched on either.
    `previous` is the record's name when the connection is renamed. `used_by` and
    `last_used_at` are known of what a change takes away or replaces. `suspended`: its
    file, or an operator, keeps it out of service.
    """

    name: str
    action: ActionKind
    reason: str
    type: str = ""
    provider: str = ""
    owner: str = ""
    file: str = ""
    before: str = ""
    after: str = ""
    test: bool = False
    needs_key: bool = False
    orphan: bool = False
    resealed: bool = False
    previous: str = ""
    suspended: bool = False
    used_by: tuple[str, ...] = ()
    last_used_at: datetime | None = None
    fields: tuple[FieldChange, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """Which part of everything was looked at; empty tuples mean all of it."""

    targets: tuple[str, ...] = ()
    excludes: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    """Conditions as `core.selecting` reads them."""

    @property
    def is_partial(self) -> bool:
        """Tell whether something was left out on request."""
        return bool(self.targets or self.excludes or self.labels)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The ordered set of changes, sorted by name, and what they were made from.

    `waiting` holds the rejected revisions that are not due: nothing is done, but
    nobody should take them for healthy. `suspended` holds what is kept out of service,
    with who, why and until. `kept` counts the declared connections that
    need nothing. `warnings` name what needs no change but somebody's attention: keys
    that end soon. `unmanaged` names records that no file of
    this workspace ever declared; they are never touched.
    """

    format_version: str = FORMAT_VERSION
    digest: str = ""
    workspace: str = ""
    lineage: str = ""
    serial: int = 0
    commit: str | None = None
    created_at: datetime | None = None
    prune: bool = False
    scope: Scope = field(default_factory=Scope)
    considered: int = 0
    total: int = 0
    kept: int = 0
    changes: tuple[Change, ...] = ()
    waiting: tuple[Change, ...] = ()
    suspended: tuple[Change, ...] = ()
    unmanaged: tuple[str, ...] = ()
    invalid: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    refusals: tuple[Refusal, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Tell whether there is nothing to do."""
        return not self.changes

    @property
    def base(self) -> str:
        """Return the commit that it compares with; empty where that is a store."""
        commit = self.lineage.removeprefix(COMMIT_LINEAGE)
        return commit if commit != self.lineage else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanOptions:
    """What the caller asked for; `retry` ignores waiting times.

    `labelled` are the names that the scope's labels fit, None without labels.
    """

    workspace: str
    prune: bool = False
    retry: bool = False
    scope: Scope = field(default_factory=Scope)
    labelled: frozenset[str] | None = None


def digest_of(changes: Iterable[Change], scope: Scope) -> str:
    """Return what names a plan's content: the same steps, the same digest.

    Retests are left out: they depend on the hour, and change no desired state. Whether
    a change only sealed the same values again is known with a key alone, and so it
    does not count: a review without a key names the plan that is applied with one.
    """
    steps = [
        [c.name, c.action, c.before, c.after, _may_ask(c), c.orphan, *_renamed(c)]
        for c in changes
        if c.action is not ActionKind.RETEST
    ]
    content = [sorted(steps), sorted(scope.targets), sorted(scope.excludes)]
    content += [sorted(scope.labels)] if scope.labels else []
    text = json.dumps(content, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _may_ask(change: Change) -> bool:
    return change.test or change.resealed


def _renamed(change: Change) -> tuple[str, ...]:
    return (change.previous,) if change.previous else ()


def counts(changes: Iterable[Change]) -> Mapping[ActionKind, int]:
    """Return how many changes each action has, in the order of the actions."""
    tally = dict.fromkeys(ActionKind, 0)
    for change in changes:
        tally[change.action] += 1
    return {action: count for action, count in tally.items() if count}


def is_stale(plan: Plan, info: StoreInfo) -> bool:
    """Tell whether the store moved on since the plan was made."""
    return (plan.lineage, plan.serial) != (info.lineage, info.serial)


def is_removal(change: Change) -> bool:
    """Tell whether the change takes a connection away: from those who use it, or us."""
    match change.action:
        case ActionKind.DELETE | ActionKind.DEACTIVATE:
            return True
        case ActionKind.UPDATE if change.orphan:
            return True
        case (
            ActionKind.CREATE
            | ActionKind.UPDATE
            | ActionKind.ACTIVATE
            | ActionKind.RETEST
            | ActionKind.ADOPT
            | ActionKind.KEEP
        ):
            return False
        case _ as never:
            assert_never(never)
