"""One record, and what may be told of its sealed document."""

from __future__ import annotations

from collections.abc import Sequence

from reconciler.cli.choosing import matching
from reconciler.core.errors import DocumentError, InputError
from reconciler.core.record import Action, Record
from reconciler.core.run import Row
from reconciler.core.selecting import LabelTerm
from reconciler.pipeline import all_records
from reconciler.recording import current_rows
from reconciler.wiring import App


def record_of(app: App, name: str) -> Record:
    """Return a record; raises `InputError` when there is none of that name."""
    record = app.store.get(name)
    if record is None:
        raise InputError(
            f"'{name}' is not recorded in {app.state_url}; {_where_instead(app, name)}"
        )
    return record


def _where_instead(app: App, name: str) -> str:
    for record in all_records(app.store):
        if any(former.name == name for former in record.former_names):
            return f"it is called '{record.name}' now"
    return "'reconcile list' shows what is, 'reconcile apply' makes files live"


_GLOB = frozenset("*?[")


def is_one_name(names: Sequence[str], labels: Sequence[LabelTerm]) -> bool:
    """Tell whether exactly one connection is asked for, by its very name."""
    return len(names) == 1 and not labels and not _GLOB & set(names[0])


def looked_up(
    app: App, names: Sequence[str], labels: Sequence[LabelTerm]
) -> list[tuple[Record, Row, tuple[str, ...]]]:
    """Return what is meant: record, row and the names of its credentials, by name.

    Raises:
        InputError: Something that was asked for is not recorded.
    """
    if is_one_name(names, labels):
        records: Sequence[Record] = [record_of(app, names[0])]
    else:
        records = matching(all_records(app.store), names, labels)
    rows, _ = current_rows(app, [record.name for record in records])
    by_name = {row.name: row for row in rows}
    return [(one, by_name[one.name], sealed_names(app, one)) for one in records]


def actions_of_all(
    app: App, names: Sequence[str], labels: Sequence[LabelTerm], *, limit: int
) -> Sequence[Action]:
    """Return the newest actions of everything that is meant, newest first.

    Raises:
        InputError: Nothing was ever done with something that was asked for.
    """
    if not names and not labels:
        return actions_of(app, None, limit=limit)
    meant: Sequence[str] = names  # also what was deleted
    if labels or any(_GLOB & set(one) for one in names):
        meant = [one.name for one in matching(all_records(app.store), names, labels)]
    actions = [
        action
        for name in dict.fromkeys(meant)
        for action in actions_of(app, name, limit=limit)
    ]
    return sorted(actions, key=lambda one: one.at, reverse=True)[:limit]


def actions_of(app: App, name: str | None, *, limit: int) -> Sequence[Action]:
    """Return the newest actions, those under earlier names of a connection included.

    Raises:
        InputError: Nothing was ever done with that name.
    """
    actions = [*app.store.actions(name, limit=limit)]
    record = app.store.get(name) if name else None
    for former in record.former_names if record else ():
        earlier = app.store.actions(former.name, limit=limit)
        actions += [action for action in earlier if action.at <= former.until]
    if record and record.former_names:
        actions.sort(key=lambda action: action.at, reverse=True)
    if name and not actions:
        raise InputError(
            f"nothing was ever done with '{name}'; 'reconcile list' shows the names, "
            "'reconcile history' everything that was done"
        )
    return actions[:limit]


def sealed_names(app: App, record: Record) -> tuple[str, ...]:
    """Return the names of the credentials of what runs."""
    if record.active is None:
        return ()
    try:
        document = app.source().parse(record.active.text, file=record.active.file)
    except DocumentError:
        return ()
    return document.connection.credential_names
