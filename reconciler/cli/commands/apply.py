"""`reconcile apply`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from reconciler.cli.console import Console
from reconciler.cli.options import Duration, example, format_option, plan_options


@click.command("apply", epilog=example("reconcile apply", "reconcile apply plan.json"))
@click.argument("planfile", required=False, type=click.Path(path_type=Path))
@click.option(
    "--expect", metavar="DIGEST", help="Apply only if the plan has this digest."
)
@click.option("--yes", is_flag=True, help="Agree beforehand to what goes away.")
@click.option("--no-input", is_flag=True, help="Never ask: refuse instead.")
@click.option(
    "--lock-timeout",
    type=Duration(),
    metavar="TIME",
    help="How long to wait for another run, such as 30s or 5m.",
)
@click.option(
    "--parallelism",
    type=click.IntRange(1, 1000),
    metavar="N",
    help="How many tests run at the same time.",
)
@format_option("markdown")
@plan_options
@click.pass_obj
def command(
    console: Console,
    /,
    *,
    planfile: Path | None,
    parallelism: int | None,
    format_: str,
    **options: Any,
) -> int:
    """Test what changed and make it live.

    Plans anew and shows the plan. With PLANFILE or --expect it refuses when that is
    not the plan that was reviewed. A connection whose test fails is not swapped in:
    its last good revision keeps running, and the others are applied. A signal lets
    running tests end, writes the report and releases the lock.
    """
    from reconciler.cli.applying import run_apply, wish_of
    from reconciler.cli.progress import progress
    from reconciler.cli.rendering import render_run

    wish = wish_of(options, planfile)
    console.announce_network()
    with progress(console) as observer:
        app = console.app(observer=observer, parallelism=parallelism)
        run = run_apply(console, app, wish)
    console.result(render_run(console, app, run.report, format_))
    console.say_file("Report:", run.path)
    return run.exit_code
