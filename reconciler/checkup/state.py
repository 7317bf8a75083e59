"""The store, what it needs of the disk, and whether time goes forward."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from reconciler.adapters import machine
from reconciler.core.checkup import Check, broken, fine, skipped, warning
from reconciler.core.record import Record
from reconciler.pipeline import all_records
from reconciler.report.text import count, moment, relative
from reconciler.wiring import App

_MEGABYTE: Final = 1_000_000
_LITTLE_ROOM: Final = 200 * _MEGABYTE
_NO_ROOM: Final = 10 * _MEGABYTE
_CLOCKS_APART: Final = timedelta(minutes=2)


def store(app: App) -> Iterator[Check]:
    """Tell whether the store can be read and written, and who holds its lock."""
    info = app.store.info()
    text = f"{app.state_url}: {count(info.records, 'record')}"
    yield fine("state", f"{text}, format {info.format_version}, serial {info.serial}")
    if held := app.store.lock_info():
        now = app.clock.now()
        text = f"{held.who} holds the lock for {held.operation}, taken "
        text += f"{relative(held.created_at, now)}, until {moment(held.expires_at)}"
        fix = f"wait for it; if it is dead: reconcile state unlock {held.id}"
        yield warning("state", text, fix)
    if path := _file_of(app):
        yield from _disk(path)
    if not machine.can_write(app.report_path):
        text = f"the report cannot be written to {app.settings.report}"
        yield broken("state", text, "make its folder writable for this user")


def clock(app: App) -> Iterator[Check]:
    """Tell whether the clock went back, and whether anybody keeps it right."""
    now = app.clock.now()
    newest = max(map(_newest, all_records(app.store)), default=now)
    if newest - now > _CLOCKS_APART:
        text = f"the store knows of {moment(newest)}, this clock says {moment(now)}"
        yield broken(
            "clock", text, "set the clock right (NTP): signatures depend on it"
        )
    kept = machine.clock_is_synchronised()
    if kept is None:
        yield skipped("clock", "nobody here can tell whether the clock is kept right")
    elif kept:
        yield fine("clock", f"synchronised, {moment(now)}")
    else:
        text = "the system does not synchronise the clock"
        yield warning("clock", text, "switch on NTP: exchanges refuse a wrong clock")


def _newest(record: Record) -> datetime:
    times = (record.updated_at, record.last_tested_at, record.last_used_at)
    return max(time for time in times if time)


def _file_of(app: App) -> Path | None:
    scheme, _, location = app.state_url.partition(":")
    return app.choices.directory / location if scheme == "tinydb" else None


def _disk(path: Path) -> Iterator[Check]:
    if not machine.can_write(path):
        fix = "make it writable for this user, or name another with --state"
        yield broken("state", f"the folder of {path} cannot be written", fix)
    if kind := machine.remote_file_system(path):
        text = f"{path} lies on {kind}: locks over a network are not to be trusted"
        yield warning("state", text, "keep the state on a disk of this machine")
    if machine.readable_by_others(path):
        text = f"{path} can be read by others on this machine"
        yield warning("state", text, f"chmod 600 {path}")
    free = machine.free_bytes(path)
    text = f"{free // _MEGABYTE} MB free where the state lies"
    if free < _NO_ROOM:
        yield broken("state", text, "make room")
    elif free < _LITTLE_ROOM:
        yield warning("state", text, "make room")
    else:
        yield fine("state", text)
