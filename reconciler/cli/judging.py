"""Problems in files, as several commands tell of them."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from reconciler.cli.console import Console
from reconciler.cli.reading import read_text
from reconciler.core.diagnostic import Diagnostic, Severity
from reconciler.core.errors import DocumentError, InputError
from reconciler.core.ports import DesiredSet
from reconciler.core.sight import seen_problems
from reconciler.core.structured import problems_of_parts
from reconciler.wiring import App


def judge_files(
    app: App, files: Sequence[Path] = (), *, copies: Mapping[Path, Path] | None = None
) -> DesiredSet:
    """Read and judge the documents; problems of `reconcile.yaml` count as theirs.

    `copies` hold what some of `files` are to say, before it is written there.
    """
    try:
        source = app.source(files, copies=copies)
    except DocumentError as error:
        return DesiredSet(heads={}, diagnostics=error.diagnostics, files=1)
    if app.sight and not app.sight.is_everything:
        return source.read()  # the settings are the admins'
    return _with_more(source.read(), problems_of_parts(app.settings.source))


def judge_all(
    app: App, files: Sequence[Path] = (), *, base: str | None, actor: str | None = None
) -> DesiredSet:
    """Do the same, and tell what changed in sealed files since they left `base`.

    With an actor, also what of it they may not change.

    Raises:
        InputError: There is no such commit, or no Git repository.
    """
    found = judge_files(app, files)
    if base is None:
        return found
    from reconciler.sealing import changes_since

    more = changes_since(app, base, files)
    if actor:
        from reconciler.branching import changes_not_allowed

        more = (*more, *changes_not_allowed(app, actor, base))
    if app.sight:
        owners = {head.file: head.owner for head in found.heads.values()}
        more = seen_problems(app.sight, more, owners)
    return _with_more(found, more)


def _with_more(found: DesiredSet, more: Iterable[Diagnostic]) -> DesiredSet:
    several = sorted((*found.diagnostics, *more), key=lambda one: one.sort_key)
    return replace(found, diagnostics=tuple(several))


def is_wrong(diagnostics: Iterable[Diagnostic], *, strict: bool = False) -> bool:
    """Tell whether any problem is an error, or any at all when `strict`."""
    return any(strict or one.severity is Severity.ERROR for one in diagnostics)


def excerpts_of(diagnostics: Iterable[Diagnostic]) -> dict[str, str]:
    """Return the text of every file that has a problem and could be read.

    What was refused is not opened a second time: a pipe would hang, a device never
    end, and a link that leads out of the repository shows what is none of ours.
    """
    found = tuple(diagnostics)
    refused = {one.span.file for one in found if one.code == "R107"}
    texts = {}
    for file in sorted({one.span.file for one in found} - refused):
        with contextlib.suppress(InputError):
            texts[file] = read_text(Path(file))
    return texts


def note_empty(console: Console, app: App, desired: DesiredSet) -> None:
    """Tell a newcomer why there is nothing to see."""
    if not desired.files:
        folder = app.settings.connections
        console.say(f"There is no file in {folder} yet; 'reconcile new' writes one.")


def say_problems(console: Console, desired: DesiredSet) -> None:
    """Tell the problems of the files on stderr, when there are any."""
    if desired.diagnostics:
        from reconciler.report.diagnostics import diagnostics_human

        texts = excerpts_of(desired.diagnostics)
        color = console.err_color
        console.say(diagnostics_human(desired.diagnostics, texts=texts, color=color))
