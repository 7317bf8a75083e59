"""The portable form of a store: one JSON document, the same for every store."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from reconciler.adapters.stores.tinydb.snapshot import FORMAT_VERSION, refuse_newer
from reconciler.core import codec
from reconciler.core.errors import StateError
from reconciler.core.record import Action, Record

KIND = "reconcile-state-backup"


@dataclass(frozen=True, slots=True, kw_only=True)
class Backup:
    """Everything a store holds; records by name, actions oldest first."""

    lineage: str
    serial: int
    sequence: int
    records: Sequence[Record]
    actions: Sequence[Action]


def encode_backup(backup: Backup) -> bytes:
    """Return a backup as JSON."""
    data = {
        "kind": KIND,
        "format_version": FORMAT_VERSION,
        "lineage": backup.lineage,
        "serial": backup.serial,
        "sequence": backup.sequence,
        "records": [codec.to_data(record) for record in backup.records],
        "actions": [codec.to_data(action) for action in backup.actions],
    }
    return json.dumps(data, ensure_ascii=False, indent=1).encode() + b"\n"


def decode_backup(data: bytes) -> Backup:
    """Return what a backup holds, validated in full.

    Raises:
        StateError: It is no backup, is cut off, or holds something wrong.
    """
    found = _document(data)
    records = tuple(_each(Record, found["records"], what="record"))
    names = [record.name for record in records]
    if len(set(names)) != len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise StateError(
            f"the backup holds {twice!r} twice; take another backup, "
            "nothing was replaced"
        )
    return Backup(
        lineage=str(found["lineage"]),
        serial=int(found["serial"]),
        sequence=int(found["sequence"]),
        records=tuple(sorted(records, key=lambda record: record.name)),
        actions=tuple(_each(Action, found["actions"], what="action")),
    )


def _document(data: bytes) -> dict[str, Any]:
    try:
        found = json.loads(data)
    except ValueError as error:
        raise StateError(
            f"the backup is not JSON ({error}); it may be cut off: take another "
            "one, nothing was replaced"
        ) from None
    if not isinstance(found, dict) or found.get("kind") != KIND:
        raise StateError(
            f"the file is not a backup (no kind {KIND!r}); make one with: "
            "reconcile state backup; nothing was replaced"
        )
    _check_fields(found)
    return found


def _check_fields(found: dict[str, Any]) -> None:
    kinds = {
        "format_version": int,
        "lineage": str,
        "serial": int,
        "sequence": int,
        "records": list,
        "actions": list,
    }
    wrong = [key for key, kind in kinds.items() if type(found.get(key)) is not kind]
    if wrong:
        raise StateError(
            f"the backup lacks a sound {wrong[0]!r}; take another one, "
            "nothing was replaced"
        )
    refuse_newer(found["format_version"], file="the backup")


def _each(kind: type[Any], items: list[Any], *, what: str) -> list[Any]:
    values = []
    for number, item in enumerate(items, start=1):
        try:
            values.append(codec.from_data(kind, item))
        except ValueError:
            raise StateError(
                f"{what} {number} of the backup is not valid; take another "
                "backup, nothing was replaced"
            ) from None
    return values
