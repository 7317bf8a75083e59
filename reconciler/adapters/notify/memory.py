"""The file in which the alerts remember what they told and what waits.

A file of its own beside the state, not a part of the store: each daemon has its own
channels, a full or damaged store is just what people must hear of, and telling and
posting must be one step on the disk, or a `kill -9` repeats or forgets a message.
"""

from __future__ import annotations

import contextlib
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from reconciler.adapters.files import write_atomic
from reconciler.core import codec
from reconciler.core.incidents.outbox import AlertState

_MAJOR: Final = "1."
_UNREADABLE: Final = "cannot be read"
_SET_ASIDE: Final = ".damaged"


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """The file; written in one step, read once at the start."""

    path: Path

    def look(self) -> tuple[AlertState, str]:
        """Return what is remembered without touching the file, and what is wrong."""
        state, why = self._read()
        return state, f"'{self.path.name}' {why}" if why else ""

    def load(self) -> tuple[AlertState, str]:
        """Return what was remembered, and what was wrong with it; mostly nothing.

        A file that cannot be read is set aside: nothing is told twice by accident for
        long, and no daemon stays silent because of it.
        """
        state, why = self._read()
        if not why:
            return state, ""
        if why.startswith(_UNREADABLE):
            return state, f"'{self.path.name}' {why}"
        return state, self._set_aside(why)

    def _read(self) -> tuple[AlertState, str]:
        try:
            text = self.path.read_bytes()
        except FileNotFoundError:
            return AlertState(), ""
        except OSError as error:
            why = error.strerror or type(error).__name__
            return AlertState(), f"{_UNREADABLE}: {why}"
        try:
            state = codec.from_json(AlertState, text)
        except ValueError:
            return AlertState(), "is damaged"
        if not state.format_version.startswith(_MAJOR):
            return AlertState(), "was written by another release"
        return state, ""

    def save(self, state: AlertState) -> str:
        """Write it; return why it could not be written, empty when it was."""
        try:
            write_atomic(self.path, codec.to_json(state).encode() + b"\n")
        except OSError as error:
            why = error.strerror or type(error).__name__
            return f"'{self.path.name}' cannot be written: {why}"
        return ""

    def _set_aside(self, why: str) -> str:
        aside = self.path.with_name(self.path.name + _SET_ASIDE)
        with contextlib.suppress(OSError):
            os.replace(self.path, aside)  # noqa: PTH105  # as everywhere for files
        return f"'{self.path.name}' {why}; it was set aside as '{aside.name}'"
