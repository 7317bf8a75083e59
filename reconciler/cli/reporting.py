"""The report that the last run left."""

from __future__ import annotations

from reconciler.cli.reading import read_text
from reconciler.core.codec import from_json
from reconciler.core.errors import InputError
from reconciler.core.run import FORMAT_VERSION, RunReport
from reconciler.wiring import App


def last_report(app: App) -> RunReport:
    """Return the last report; raises `InputError` when it cannot be read."""
    path = app.report_path
    if not path.exists():
        raise InputError(
            f"there is no report at '{path}'; 'reconcile apply' writes one, and "
            "--now makes one of what is recorded"
        )
    try:
        report = from_json(RunReport, read_text(path))
    except ValueError:
        raise InputError(
            f"'{path}' is not a report; --now makes one of what is recorded"
        ) from None
    if report.format_version.partition(".")[0] != FORMAT_VERSION.partition(".")[0]:
        raise InputError(
            f"'{path}' has format version {report.format_version}, known is "
            f"{FORMAT_VERSION}; use the release that wrote it"
        )
    return report
