"""`reconcile test`."""

from __future__ import annotations

from typing import Any

import click

from reconciler.cli.console import Console
from reconciler.cli.options import example, format_option, select_option


@click.command(
    "test",
    epilog=example("reconcile test 'binance-*'", "reconcile test connections.d/a.yaml"),
)
@click.argument("what", nargs=-1, metavar="[NAME|GLOB|FILE]...")
@click.option("--all", "everything", is_flag=True, help="Everything that runs.")
@select_option
@click.option(
    "--suspended", is_flag=True, help="Test also what is suspended; it stays so."
)
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
    "--wait/--no-wait",
    default=None,
    help="Ask the running daemon, and wait for its answer or not.",
)
@click.option("--here", is_flag=True, help="Test in this process, daemon or not.")
@click.option(
    "--trace",
    is_flag=True,
    help="Show each request and answer on stderr, without secrets (balances may show); "
    "one test at a time.",
)
@format_option()
@click.pass_obj
def command(
    console: Console,
    /,
    *,
    parallelism: int | None,
    trace: bool,
    format_: str,
    **asked: Any,
) -> int:
    """Test what runs, or a file, right now.

    A name or a pattern tests what runs, and records the result. A file, or the name
    of one that does not run yet, is tested without recording anything. Ends with 5
    when a test fails.

    What runs is held to the data with which it went live: another unit, bars that
    begin elsewhere or another contract under the old symbol fail. What is suspended
    is left out, and refused with 4 when it is asked for by name.

    Of more than ten tests, those that just passed are a line each; -v shows all steps.

    While a daemon runs for this store, it makes the tests: they share its limits, and
    no connection is tested twice at once.
    """
    from reconciler.cli.progress import progress
    from reconciler.cli.testing import AskedTests, run_tests
    from reconciler.report.verdicts import verdicts_human, verdicts_json

    asked["here"] = asked["here"] or trace or parallelism is not None
    wish = AskedTests(**asked)
    if wish.wait is not None and not wish.is_for_daemon:
        raise click.UsageError("--wait and --no-wait are for tests by the daemon")
    if not (wish.what or wish.everything or wish.labels):
        raise click.UsageError(
            "say what to test: names, patterns, files, --label or --all"
        )
    console.announce_network()
    with progress(console) as observer:
        app = console.app(observer=observer, parallelism=parallelism, trace=trace)
        outcomes, code = run_tests(console, app, wish)
    if format_ == "json":
        console.result(verdicts_json(outcomes))
    else:
        color, verbose = console.color, console.verbose
        told = verdicts_human(
            outcomes, color=color, now=app.clock.now(), verbose=verbose
        )
        console.result(told)
    return code
