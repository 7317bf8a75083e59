"""One record, and what may be told of its sealed document."""

from __future__ import annotations

from collections.abc import Sequence

from reconciler.core.errors import DocumentError, InputError
from reconciler.core.record import Action, Record
from reconciler.wiring import App


def record_of(app: App, name: str) -> Record:
    """Return a record; raises `InputError` when there is none of that name."""
    record = app.store.get(name)
    if record is None:
        raise InputError(
            f"'{name}' is not recorded in {app.state_url}; 'reconcile list' shows "
            "what is, 'reconcile apply' makes files live"
        )
    return record


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
