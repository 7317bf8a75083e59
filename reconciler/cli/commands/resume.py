"""`reconcile resume`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from reconciler.cli.console import Console
from reconciler.cli.options import example, format_option, select_option

if TYPE_CHECKING:
    from reconciler.core.selecting import LabelTerm


@click.command(
    "resume",
    epilog=example("reconcile resume binance-main", "reconcile resume -l venue=okx"),
)
@click.argument("names", nargs=-1, metavar="[NAME|GLOB]...")
@select_option
@click.option("--no-test", is_flag=True, help="Ask the providers nothing now.")
@format_option()
@click.pass_obj
def command(
    console: Console,
    /,
    *,
    names: tuple[str, ...],
    labels: tuple[LabelTerm, ...],
    no_test: bool,
    format_: str,
) -> int:
    """Put suspended connections back into service, and test them.

    They run again as they did before. Ends with 5 when a test fails: the connection is
    in service all the same, and its health says what is wrong. A new revision in its
    file that waited comes with the next apply.
    """
    from reconciler.cli.progress import progress
    from reconciler.cli.suspending import resume_all
    from reconciler.report.verdicts import verdicts_human, verdicts_json

    if not names and not labels:
        raise click.UsageError("say what to resume: names, patterns or --label")
    if not no_test:
        console.announce_network()
    with progress(console) as observer:
        app = console.app(observer=observer)
        outcomes, code = resume_all(console, app, names, labels, test=not no_test)
    if format_ == "json":
        console.result(verdicts_json(outcomes))
    elif outcomes:
        color, verbose = console.color, console.verbose
        told = verdicts_human(
            outcomes, color=color, now=app.clock.now(), verbose=verbose
        )
        console.result(told)
    return code
