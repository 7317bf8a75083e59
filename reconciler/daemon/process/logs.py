"""The daemon's log on stderr: text for people, or one JSON object per line.

Every line names the run and the piece of work that it belongs to. Whatever is logged
goes through a scrubber first; of an exception only its class is told.
"""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, Final

from reconciler.daemon.process.tracks import current_track

FORMATS: Final = ("text", "json")
_PLAIN: Final = frozenset(vars(logging.makeLogRecord({})))
_OURS: Final = "reconciler"


def begin_log(
    format_: str, *, run_id: str, clean: Callable[[str], str], verbose: bool = False
) -> logging.Handler:
    """Let our loggers write to stderr; returns the handler, for `end_log`.

    What libraries log stays quiet: it could hold what a provider was sent.
    """
    handler = logging.StreamHandler(sys.stderr)
    make = JsonLines if format_ == "json" else TextLines
    handler.setFormatter(make(run_id=run_id, clean=clean))
    logger = logging.getLogger(_OURS)
    logger.setLevel(logging.DEBUG if verbose else logging.INFO)
    logger.addHandler(handler)
    return handler


def end_log(handler: logging.Handler) -> None:
    """Undo `begin_log`."""
    logger = logging.getLogger(_OURS)
    logger.removeHandler(handler)
    logger.setLevel(logging.NOTSET)


class _Lines(logging.Formatter):
    """What both formats share: what a line holds, all of it scrubbed."""

    def __init__(self, *, run_id: str, clean: Callable[[str], str]) -> None:
        super().__init__()
        self._run_id = run_id
        self._clean = clean

    def parts(self, record: logging.LogRecord) -> dict[str, Any]:
        """Return a line's parts in order, empty ones left out."""
        moment = datetime.fromtimestamp(record.created, tz=UTC)
        raised = record.exc_info[0] if record.exc_info else None
        found = {
            "time": moment.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "level": record.levelname.lower(),
            "message": self._clean(record.getMessage()),
            "logger": record.name,
            "run_id": self._run_id,
            "reconcile_id": current_track(),
            **self._more(record),
            "exception": raised.__qualname__ if raised else None,
        }
        return {key: value for key, value in found.items() if value not in ("", None)}

    def _more(self, record: logging.LogRecord) -> Mapping[str, Any]:
        given = {key: value for key, value in vars(record).items() if key not in _PLAIN}
        return {key: self._plain(value) for key, value in given.items()}

    def _plain(self, value: object) -> object:
        if value is None or isinstance(value, bool | int | float):
            return value
        return self._clean(str(value))


class JsonLines(_Lines):
    """One JSON object per line."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        return json.dumps(self.parts(record), ensure_ascii=True)


class TextLines(_Lines):
    """`time level message key=value …`, one line each whatever it holds."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        parts = self.parts(record)
        head = f"{parts.pop('time')} {parts.pop('level'):7} {parts.pop('message')}"
        for name in ("logger", "run_id"):
            parts.pop(name, None)
        more = "".join(f" {key}={_word(value)}" for key, value in parts.items())
        return (head + more).replace("\r", "\\r").replace("\n", "\\n")


def _word(value: object) -> str:
    text = str(value)
    return json.dumps(text, ensure_ascii=False) if " " in text or '"' in text else text
