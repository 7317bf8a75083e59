"""Values that several commands print, in the format that was asked for."""

from __future__ import annotations

from reconciler.cli.console import Console
from reconciler.core.plan import Plan
from reconciler.core.run import RunReport
from reconciler.wiring import App


def render_plan(console: Console, plan: Plan, format_: str) -> str:
    """Return a plan as text."""
    match format_:
        case "json":
            from reconciler.report.plan import plan_json

            return plan_json(plan)
        case "markdown":
            from reconciler.report.plan_page import plan_markdown

            return plan_markdown(plan)
        case "html":
            from reconciler.report.html.plan import plan_html

            return plan_html(plan)
        case _:
            from reconciler.report.plan import plan_human

            return plan_human(plan, color=console.color, verbose=console.verbose)


def render_run(
    console: Console, app: App, report: RunReport | None, format_: str
) -> str:
    """Return what a run found as text."""
    if report is None:
        raise AssertionError("a run that ended has a report")
    match format_:
        case "json":
            from reconciler.report.run import run_json

            return run_json(report)
        case "markdown":
            from reconciler.report.run_page import run_markdown

            return run_markdown(report)
        case "html":
            return _run_html(app, report)
        case _:
            from reconciler.report.run import run_human

            return run_human(
                report,
                color=console.color,
                verbose=console.verbose,
                now=app.clock.now(),
            )


def _run_html(app: App, report: RunReport) -> str:
    """Return a run as one file, with what the store knows of each connection."""
    from reconciler.core.errors import StateError
    from reconciler.pipeline import all_records
    from reconciler.report.html.run import run_html

    try:
        records = {record.name: record for record in all_records(app.store)}
    except StateError:  # the report was written because of it
        records = {}
    return run_html(report, records=records)
