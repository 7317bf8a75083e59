"""Freezes: times at which apply leaves alone what runs; pure.

A freeze holds back the changes that it covers and no others. It never stops a test
of what runs: whether that still works is what people want to know most then.
"""

from __future__ import annotations

import shlex
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from fnmatch import fnmatchcase

from reconciler.core.moments import format_moment
from reconciler.core.plan import ActionKind, Change, is_removal
from reconciler.core.refusal import Guard, Refusal
from reconciler.core.selecting import Labels, LabelTerm, Selection
from reconciler.core.windows import Window, ends_at

CREDENTIALS = "credentials"
"""The action of a change that brings other credentials, whatever else it is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Freeze:
    """A window, and which changes it holds back; empty tuples mean all.

    `actions` are those of a plan, and `credentials`.
    """

    window: Window
    names: tuple[str, ...] = ()
    labels: tuple[LabelTerm, ...] = ()
    owners: tuple[str, ...] = ()
    actions: tuple[str, ...] = ()

    def covers(self, change: Change, labels: Labels) -> bool:
        """Tell whether a change is one of those that it holds back."""
        chosen = Selection(names=self.names, labels=self.labels)
        owned = not self.owners or any(
            fnmatchcase(change.owner, pattern) for pattern in self.owners
        )
        done = not self.actions or bool(_actions(change) & set(self.actions))
        return owned and done and chosen.accepts(change.name, labels)


def touches(change: Change, running: str) -> bool:
    """Tell whether a change replaces, starts or stops something that runs.

    Args:
        change: One of a plan.
        running: The revision that runs under its name, empty for none.
    """
    if is_removal(change):
        return bool(running)
    # A test of another revision than the one that runs swaps it in when it passes.
    return change.test and change.after != running


def frozen(
    freezes: Iterable[Freeze],
    changes: Iterable[Change],
    labels: Mapping[str, Labels],
    *,
    now: datetime,
    allowed: Collection[str],
) -> tuple[Refusal, ...]:
    """Return what each freeze that holds now keeps back; mostly nothing.

    Args:
        freezes: All that are declared.
        changes: Those that touch what runs.
        labels: Their connections' labels, by name.
        now: The present moment.
        allowed: The names of the windows that the operator lets pass.
    """
    touching = tuple(changes)
    found = []
    for freeze in freezes:
        until = ends_at(freeze.window, now)
        if until is None or freeze.window.name in allowed:
            continue
        names = tuple(
            one.name for one in touching if freeze.covers(one, labels.get(one.name, {}))
        )
        if names:
            found.append(_refusal(freeze.window, until, names))
    return tuple(found)


def notices(freezes: Iterable[Freeze], *, now: datetime) -> tuple[str, ...]:
    """Return a sentence for each freeze that holds now, for who reviews a change."""
    return tuple(
        f"{_said(freeze.window)} is open until {format_moment(until)}: apply holds back"
        " what it covers of changes to what runs"
        for freeze in freezes
        if (until := ends_at(freeze.window, now))
    )


def _said(window: Window) -> str:
    why = f" ({window.reason})" if window.reason else ""
    return f"'{window.name}'{why}"


def _refusal(window: Window, until: datetime, names: tuple[str, ...]) -> Refusal:
    what = f"'{names[0]}' is" if len(names) == 1 else f"{len(names)} changes are"
    return Refusal(
        guard=Guard.FREEZE,
        message=f"{what} held back by {_said(window)} until "
        f"{format_moment(until)}; re-tests go on",
        names=names,
        flag=f"--during-freeze {shlex.quote(window.name)}",
    )


def _actions(change: Change) -> set[str]:
    fields = {one.path.split(".")[0] for one in change.fields}
    swaps = change.action is not ActionKind.CREATE and CREDENTIALS in fields
    return {change.action.value, *([CREDENTIALS] if swaps else [])}
