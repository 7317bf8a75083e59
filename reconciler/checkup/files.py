"""Settings, connection files and the repository that they lie in."""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.adapters import git_setup
from reconciler.core.checkup import Check, broken, fine, warning
from reconciler.core.diagnostic import Severity
from reconciler.core.structured import problems_of_parts
from reconciler.report.text import count
from reconciler.wiring import App


def settings(app: App) -> Iterator[Check]:
    """Tell whether `reconcile.yaml` can be used."""
    source = app.settings.source
    if source is None:
        yield fine("settings", "no reconcile.yaml: everything has its default")
        return
    wrong = problems_of_parts(source)
    for one in wrong:
        yield broken("settings", f"{one.span}: {one.code} {one.message}", one.hint)
    if not wrong:
        yield fine("settings", f"{source.file} is valid")


def documents(app: App) -> Iterator[Check]:
    """Tell how many connection files there are, and how many are wrong."""
    read = app.source().read()
    folder = app.settings.connections
    if not read.files:
        fix = "write one with 'reconcile new NAME'"
        yield warning("files", f"no connection file in {folder}", fix)
        return
    errors = [one for one in read.diagnostics if one.severity is Severity.ERROR]
    number = count(read.files, "file")
    if errors:
        text = f"{number} in {folder}, {count(len(errors), 'error')} in them"
        yield broken("files", text, "run 'reconcile validate'")
    else:
        yield fine("files", f"{number} in {folder}, valid")


def repository(app: App) -> Iterator[Check]:
    """Tell whether changes can be reviewed, and the state stays out of Git."""
    found = git_setup.version_here()
    if not found:
        yield warning("git", "there is no git program", "install git")
        return
    top = git_setup.top_of(app.choices.directory)
    if top is None:
        text = "the files lie in no Git repository: nobody can review a change"
        yield warning("git", text, "run 'git init' and commit them")
        return
    yield fine("git", f"git {found}, commit {(app.commit() or 'none yet')[:12]}")
    if not git_setup.is_ignored(app.choices.directory, app.report_path):
        text = f"{app.settings.report} is not ignored by Git"
        yield warning("git", text, "add .reconcile/ to .gitignore")
