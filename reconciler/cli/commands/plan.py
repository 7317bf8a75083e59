"""`reconcile plan`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from reconciler.cli.console import Console
from reconciler.cli.options import as_option, example, format_option, plan_options


@click.command(
    "plan",
    epilog=example("reconcile plan --out plan.json", "reconcile apply plan.json"),
)
@click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Save the plan, for 'apply FILE'.",
)
@click.option(
    "--detailed-exitcode", is_flag=True, help="End with 2 when there are changes."
)
@click.option(
    "--base",
    metavar="REV",
    help="Show what changed since this branch left REV; asks no store and no key.",
)
@click.option(
    "--allow-unset",
    is_flag=True,
    help="With --base: take variables that are not set here for unknown.",
)
@format_option("markdown", "html")
@as_option
@plan_options
@click.pass_obj
def command(  # noqa: PLR0913  # what can be asked for
    console: Console,
    /,
    *,
    out: Path | None,
    base: str | None,
    allow_unset: bool,
    detailed_exitcode: bool,
    as_login: str,
    format_: str,
    **options: Any,
) -> int:
    """Show what apply would do; changes nothing.

    Works without an age key: changed credentials show as changed. Ends with 3 when a
    file is invalid and with 4 when a guard refuses; the plan is shown all the same.

    With --base it says what a branch changes, as if everything at REV had been
    applied: for pull requests, where neither store nor key is at hand.
    """
    from reconciler.cli.judging import note_empty, say_problems
    from reconciler.cli.planning import (
        Asked,
        exit_code_of_plan,
        plan_of,
        request_for,
        require_match,
    )
    from reconciler.cli.rendering import render_plan
    from reconciler.cli.writing import write_result
    from reconciler.report.plan import plan_json

    if base and out:
        raise click.UsageError(
            "--out saves a plan for apply, --base compares with Git only"
        )
    if as_login and out:
        raise click.UsageError("--out saves a plan for apply, --as shows a part of it")
    if allow_unset and not base:
        raise click.UsageError(
            "--allow-unset needs --base: apply must know every value"
        )
    app = console.app(as_login=as_login, allow_unset=allow_unset)
    request = request_for(app, Asked.of(options))
    planned = plan_of(app, request, base=base)
    require_match(planned.plan)
    say_problems(console, planned.desired)
    note_empty(console, app, planned.desired)
    console.result(render_plan(console, planned.plan, format_))
    if out:
        write_result(out, plan_json(planned.plan).encode())
        console.say_file("Saved. To apply exactly this: reconcile apply", out)
    return exit_code_of_plan(planned.plan, detailed=detailed_exitcode)
