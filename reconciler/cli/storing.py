"""What the `state` commands do with the store."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from reconciler.core.codec import to_data
from reconciler.core.errors import InputError
from reconciler.core.ports import LockInfo, StoreInfo
from reconciler.core.record import Action, ActionName, Commit, Head, Record, Result
from reconciler.report import machine
from reconciler.report.text import revision, safe, table
from reconciler.wiring import App, write_file

_TITLES = ("NAME", "STATUS", "RESULT", "MANAGED BY", "ACTIVE", "ATTEMPTED", "VERSION")


def heads_lines(heads: Mapping[str, Head]) -> list[str]:
    """Return a line per record, by name."""
    return table([_TITLES, *(_cells(heads[name]) for name in sorted(heads))])


def heads_json(
    info: StoreInfo, lock: LockInfo | None, heads: Mapping[str, Head]
) -> str:
    """Return the store, its lock and its records as data."""
    return machine.of_parts(
        store=to_data(info),
        lock=to_data(lock) if lock else None,
        records=[to_data(heads[name]) for name in sorted(heads)],
    )


def backup_path(app: App) -> Path:
    """Return where a backup goes that was not given a place."""
    stamp = app.clock.now().strftime("%Y%m%dT%H%M%SZ")
    return Path(".reconcile/backups") / f"state-{stamp}.json"


def write_backup(app: App, path: Path) -> None:
    """Write a backup; raises `InputError` when something is there already."""
    if path.exists():
        raise InputError(f"'{path}' is there already and is not replaced")
    write_file(path, app.store.backup())


def forget(app: App, records: Sequence[Record]) -> None:
    """Remove records in one commit, under the lock."""
    actions = tuple(
        Action(
            at=app.clock.now(),
            name=record.name,
            action=ActionName.DELETE,
            result=Result.APPLIED,
            who=app.who,
            revision=record.active.revision if record.active else "",
            detail="reconcile state rm",
        )
        for record in records
    )
    commit = Commit(
        remove=tuple(record.name for record in records),
        actions=actions,
        expected={record.name: record.version for record in records},
        desired=True,
    )
    with app.store.lock(operation="state rm", who=app.who) as held:
        app.store.commit(commit, lock_id=held.id)


def _cells(head: Head) -> tuple[str, ...]:
    return (
        safe(head.name),
        head.status.value,
        head.result.value if head.result else "-",
        safe(head.managed_by) or "-",
        revision(head.active_revision),
        revision(head.revision),
        str(head.version),
    )
