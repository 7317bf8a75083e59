"""`reconcile test`."""

from __future__ import annotations

import click

from reconciler.cli.console import Console
from reconciler.cli.options import example, format_option


@click.command(
    "test",
    epilog=example("reconcile test 'binance-*'", "reconcile test connections.d/a.yaml"),
)
@click.argument("what", nargs=-1, metavar="[NAME|GLOB|FILE]...")
@click.option("--all", "all_", is_flag=True, help="Everything that runs.")
@click.option(
    "--parallelism",
    type=click.IntRange(1, 1000),
    metavar="N",
    help="How many tests run at the same time.",
)
@click.option(
    "--accept-sample",
    is_flag=True,
    help="Hold later tests to the data that this one sees.",
)
@click.option(
    "--trace",
    is_flag=True,
    help="Show each request and answer on stderr, without secrets (balances may show); "
    "one test at a time.",
)
@format_option()
@click.pass_obj
def command(  # noqa: PLR0913  # one parameter per option
    console: Console,
    /,
    *,
    what: tuple[str, ...],
    all_: bool,
    parallelism: int | None,
    accept_sample: bool,
    trace: bool,
    format_: str,
) -> int:
    """Test what runs, or a file, right now.

    A name or a pattern tests what runs, and records the result. A file, or the name
    of one that does not run yet, is tested without recording anything. Ends with 5
    when a test fails.

    What runs is held to the data with which it went live: another unit, bars that
    begin elsewhere or another contract under the old symbol fail.
    """
    from reconciler.cli.progress import progress
    from reconciler.cli.testing import run_tests
    from reconciler.report.verdicts import verdicts_human, verdicts_json

    if not what and not all_:
        raise click.UsageError("say what to test: names, patterns or files, or --all")
    console.announce_network()
    with progress(console) as observer:
        app = console.app(observer=observer, parallelism=parallelism, trace=trace)
        outcomes, code = run_tests(
            console, app, what, everything=all_, accept_sample=accept_sample
        )
    if format_ == "json":
        console.result(verdicts_json(outcomes))
    else:
        now = app.clock.now()
        console.result(verdicts_human(outcomes, color=console.color, now=now))
    return code
