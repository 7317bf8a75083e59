"""The report that the last run left."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from reconciler.cli.choosing import matching
from reconciler.cli.reading import read_text
from reconciler.core.codec import from_json
from reconciler.core.errors import InputError
from reconciler.core.run import FORMAT_VERSION, RunReport, count_rows
from reconciler.core.selecting import LabelTerm
from reconciler.core.sight import seen_report
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


def part_of_report(
    app: App, report: RunReport, names: Sequence[str], labels: Sequence[LabelTerm]
) -> RunReport:
    """Return the rows that are meant and may be seen, with their counts.

    Raises:
        InputError: Nothing in the report is called so.
    """
    if app.sight:
        report = seen_report(app.sight, report)
    if not names and not labels:
        return report
    rows = matching(report.connections, names, labels)
    return replace(report, connections=rows, counts=count_rows(rows))
