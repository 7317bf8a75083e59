"""Importing, composed: foreign connections become sealed files, and maybe records.

Reading never writes, so a dump can be tried with `dry_run` as often as one likes. A
file is judged as `validate` would judge it, sealed, and only then written; nothing is
replaced unless that was asked for. One bad row never holds back the others.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from reconciler.core.adoption import adopted, recorded_as
from reconciler.core.errors import DocumentError
from reconciler.core.parity import (
    Brought,
    Draft,
    Parity,
    Recorded,
    Standing,
    standing_of,
)
from reconciler.core.ports import Desired
from reconciler.core.record import Action, Commit, Record
from reconciler.core.settle import Context
from reconciler.sealing import documents_below, seal_text, whole_text
from reconciler.wiring import App, write_file

_READABLE = 0o644
_JSON = ".json"


@dataclass(frozen=True, slots=True, kw_only=True)
class PanelDump:
    """A dump and what it takes to read it; `keys` as they stand in the `.env`."""

    path: Path
    keys: Sequence[str] = field(default=(), repr=False)
    users: Mapping[str, str] = field(default_factory=dict)
    table: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bringing:
    """How to bring drafts in; `adopt` records them as the panel had them."""

    dry_run: bool = False
    force: bool = False
    adopt: bool = False
    allow_http: bool = False


def panel_drafts(dump: PanelDump) -> list[Draft]:
    """Return a draft per row of the panel's table; raises `InputError`."""
    from reconciler.adapters.importing.laravel import read_keys
    from reconciler.adapters.importing.panel import TABLE, Panel, read_panel

    keys = read_keys(dump.keys)
    table = dump.table.lower() or TABLE
    return read_panel(dump.path, Panel(keys=keys, users=dump.users, table=table))


def env_file_keys(path: Path) -> tuple[str, ...]:
    """Return APP_KEY and the previous keys of a panel's `.env`."""
    from reconciler.adapters.importing.env_file import app_keys

    return app_keys(path)


def json_drafts(paths: Sequence[Path]) -> list[Draft]:
    """Return a draft per body in plain JSON files; raises `InputError`."""
    from reconciler.adapters.importing.plain_json import read_bodies

    return [draft for path in paths for draft in read_bodies(path)]


def freqtrade_drafts(paths: Sequence[Path]) -> list[Draft]:
    """Return the draft of freqtrade's configuration; raises `InputError`."""
    from reconciler.adapters.importing.freqtrade import read_freqtrade

    return read_freqtrade(paths)


def hummingbot_drafts(paths: Sequence[Path], password: str | None) -> list[Draft]:
    """Return a draft per connector of hummingbot; raises `InputError`."""
    from reconciler.adapters.importing.hummingbot import read_hummingbot

    return read_hummingbot(list(paths), password)


def bring_in(
    app: App, drafts: Sequence[Draft], bringing: Bringing
) -> tuple[Parity, ...]:
    """Judge, seal and write every draft, and tell how each compares.

    Returns:
        A row per draft, in their order.

    Raises:
        SecretError: There is nobody to seal for; nothing was written.
        InputError: A file cannot be written.
        StateError: The store cannot be used, or its lock is held.
    """
    from reconciler.adapters.importing.fitting import fitted
    from reconciler.adapters.importing.naming import named

    ready = [
        fitted(draft, app.adapters, allow_http=bringing.allow_http)
        for draft in named(drafts)
    ]
    there = _files_by_stem(app)
    sealed = [_sealed(app, draft, bringing, there) for draft in ready]
    if bringing.dry_run:
        return tuple(one.row for one in sealed)
    if not bringing.adopt:
        _write(sealed)
        return tuple(one.row for one in sealed)
    with app.store.lock(operation="import", who=app.who) as held:
        _write(sealed)  # files first: without its file a record would be an orphan
        recorded = _adopt(app, sealed, lock_id=held.id)
    return tuple(_with_record(one, recorded) for one in sealed)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sealed:
    """One draft, what is said of it, and its sealed text when there is one."""

    draft: Draft
    row: Parity
    text: str = ""
    desired: Desired | None = None


def _files_by_stem(app: App) -> dict[str, Path]:
    folder = Path(app.settings.connections)
    if not (app.choices.directory / folder).is_dir():
        return {}
    return {path.stem: path for path in documents_below(app, folder)}


def _sealed(
    app: App, draft: Draft, bringing: Bringing, there: Mapping[str, Path]
) -> _Sealed:
    path = there.get(draft.name) or _path(app, draft)
    if draft.deleted:
        return _Sealed(draft=draft, row=_row(draft, path, Brought.DELETED))
    if not draft.is_expressible:
        return _Sealed(draft=draft, row=_row(draft, path, Brought.LEFT))
    why = _why_kept(path, bringing) if draft.name in there else ""
    if why:
        draft = draft.noting(Standing.DIFFERS, "file", f"'{path}' {why}")
        return _Sealed(draft=draft, row=_row(draft, path, Brought.THERE))
    try:
        text = _text(app, draft, path)
        desired = app.source().parse(whole_text(app, text, file=path), file=str(path))
    except DocumentError as error:
        for one in error.diagnostics:
            draft = draft.noting(Standing.CANNOT, "file", f"{one.code} {one.message}")
        return _Sealed(draft=draft, row=_row(draft, path, Brought.LEFT))
    result = Brought.PLANNED if bringing.dry_run else Brought.WRITTEN
    row = _row(draft, path, result)
    return _Sealed(draft=draft, row=row, text=text, desired=desired)


def _why_kept(path: Path, bringing: Bringing) -> str:
    """Return why a file that is there is not replaced, empty when it is."""
    if path.suffix == _JSON:
        return "is there already, and is JSON; remove it first: what is written is YAML"
    return "" if bringing.force else "is there already; --force replaces it"


def _path(app: App, draft: Draft) -> Path:
    return Path(app.settings.connections) / f"{draft.name}.yaml"


def _text(app: App, draft: Draft, path: Path) -> str:
    from reconciler.adapters.importing.writing import document_text
    from reconciler.adapters.scaffold import SCHEMA_FILE

    schema = os.path.relpath(SCHEMA_FILE, path.parent)
    return seal_text(app, document_text(draft, schema=schema), file=path)


def _row(draft: Draft, path: Path, result: Brought) -> Parity:
    return Parity(
        place=draft.place,
        id=draft.id,
        title=draft.title,
        name=draft.name,
        file=os.fspath(path) if draft.name else "",
        result=result,
        standing=standing_of(draft.remarks),
        remarks=draft.remarks,
    )


def _write(sealed: Sequence[_Sealed]) -> None:
    for one in sealed:
        if one.row.result is Brought.WRITTEN:
            write_file(Path(one.row.file), one.text.encode(), mode=_READABLE)


def _adopt(
    app: App, sealed: Sequence[_Sealed], *, lock_id: str
) -> Mapping[str, Recorded]:
    """Record what was written, in one commit; return what was said of each name."""
    context = Context(now=app.clock.now(), who=app.who, workspace=app.workspace)
    heads = app.store.heads()
    records: list[Record] = []
    actions: list[Action] = []
    for one in sealed:
        head = heads.get(one.draft.name)
        if one.desired is None or (head and head.managed_by):
            continue
        version = head.version if head else 0
        record, action = adopted(
            one.draft, one.desired, context=context, version=version
        )
        records.append(record)
        actions.append(action)
    if records:
        commit = Commit(
            put=tuple(records),
            actions=tuple(actions),
            expected={record.name: record.version for record in records},
            desired=True,
        )
        app.store.commit(commit, lock_id=lock_id)
    return {record.name: recorded_as(record) for record in records}


def _with_record(one: _Sealed, recorded: Mapping[str, Recorded]) -> Parity:
    if one.desired is None:
        return one.row
    if one.draft.name in recorded:
        return replace(one.row, recorded=recorded[one.draft.name])
    text = "a record of this name is in the store already, and stays as it is"
    draft = one.draft.noting(Standing.DIFFERS, "store", text)
    return _row(draft, Path(one.row.file), one.row.result)
