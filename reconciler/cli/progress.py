"""A progress bar on stderr when a terminal watches; otherwise nothing at all."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from reconciler.cli.console import Console
from reconciler.core.ports import Observer
from reconciler.report.text import safe

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID


@contextmanager
def progress(
    console: Console, *, doing: str = "testing", done: str = "tested"
) -> Iterator[Observer | None]:
    """Yield who is to hear of the tests; None when nobody watches.

    The bar appears with the first test, so that questions before it stay readable.
    Other work that takes its time names itself by `doing` and `done`.
    """
    if not sys.stderr.isatty():
        yield None
        return
    bar = _Bar(console, doing=doing, done=done)
    try:
        yield bar
    finally:
        bar.close()


class _Bar:
    """Counts finished tests, and those that failed."""

    def __init__(self, console: Console, *, doing: str, done: str) -> None:
        self._console, self._doing, self._done = console, doing, done
        self._bar: Progress | None = None
        self._task: TaskID | None = None
        self._failed = 0

    def started(self, total: int) -> None:
        self._bar = _new_bar(self._console)
        self._task = self._bar.add_task(self._doing, total=total)
        self._bar.start()

    def finished(self, name: str, *, passed: bool) -> None:
        self._failed += not passed
        failed = f", {self._failed} failed" if self._failed else ""
        if self._bar is not None and self._task is not None:
            text = f"{self._done} {safe(name)}{failed}"
            self._bar.update(self._task, advance=1, description=text)

    def close(self) -> None:
        if self._bar is not None:
            self._bar.stop()


def _new_bar(console: Console) -> Progress:
    from rich.console import Console as Terminal
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        SpinnerColumn,
        TextColumn,
        TimeElapsedColumn,
    )

    return Progress(
        SpinnerColumn(),
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=Terminal(stderr=True, no_color=not console.err_color),
        transient=True,
    )
