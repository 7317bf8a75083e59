"""The store without its login, and who holds its lock."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Final

from reconciler.core.codec import to_data
from reconciler.core.ports import LockInfo, StoreInfo
from reconciler.report import machine
from reconciler.report.text import Style, moment, page, relative, safe, table

_LOGIN: Final = re.compile(r"//\S*@")


def info_human(info: StoreInfo, *, color: bool = False) -> str:
    """Return which store this is and where it stands."""
    return _facts(
        [
            ("store", safe(_without_login(info.url))),
            ("lineage", safe(info.lineage)),
            ("serial", str(info.serial)),
            ("sequence", str(info.sequence)),
            ("format", str(info.format_version)),
            ("records", str(info.records)),
        ],
        color=color,
    )


def info_json(info: StoreInfo, lock: LockInfo | None = None) -> str:
    """Return the store, and its lock's holder when there is one."""
    return machine.of_parts(
        store={**to_data(info), "url": _without_login(info.url)},
        lock=to_data(lock) if lock else None,
    )


def lock_human(lock: LockInfo | None, *, color: bool = False, now: datetime) -> str:
    """Return who holds the lock, since when and until when, and how to break it."""
    if lock is None:
        return "The lock is free.\n"
    return _facts(
        [
            ("lock", safe(lock.id)),
            ("operation", safe(lock.operation)),
            ("who", safe(lock.who)),
            ("taken", _at(lock.created_at, now)),
            ("expires", _at(lock.expires_at, now)),
            ("to break it", f"reconcile state unlock {safe(lock.id)}"),
        ],
        color=color,
    )


def lock_json(lock: LockInfo | None) -> str:
    """Return the lock's holder, null when it is free."""
    return machine.of_parts(lock=to_data(lock) if lock else None)


def _without_login(url: str) -> str:
    return _LOGIN.sub("//***@", url)


def _at(at: datetime, now: datetime) -> str:
    return f"{moment(at)} ({relative(at, now)})"


def _facts(pairs: list[tuple[str, str]], *, color: bool) -> str:
    style = Style(color)
    return page(table([(style.bold(word), text) for word, text in pairs]))
