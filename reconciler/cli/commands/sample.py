"""`reconcile sample`."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import click

from reconciler.cli.console import Console
from reconciler.cli.options import example, format_option

_MOMENTS = ["%Y-%m-%d", "%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M:%S%z"]


@click.command(
    "sample",
    epilog=example(
        "reconcile sample binance-main --timeframe 1h --limit 24 --format csv"
    ),
)
@click.argument("name")
@click.option("--symbol", help="By default the first that the file declares.")
@click.option("--timeframe", help="By default the first that the file declares.")
@click.option(
    "--limit",
    type=click.IntRange(1, 1000),
    default=100,
    show_default=True,
    help="How many candles.",
)
@click.option(
    "--since",
    type=click.DateTime(_MOMENTS),
    metavar="ISO",
    help="From this moment on, UTC: 2026-01-31T08:00.",
)
@click.option("--ticker", is_flag=True, help="The current price.")
@click.option("--account", is_flag=True, help="What the provider says of the account.")
@click.option("--list-symbols", is_flag=True, help="What can be asked for.")
@format_option("csv")
@click.pass_obj
def command(
    console: Console,
    /,
    *,
    name: str,
    since: datetime | None,
    format_: str,
    **wanted: Any,
) -> int:
    """Fetch candles, prices or the account through what runs.

    Notes in the store that data was fetched, and the last candle's time and price;
    never a balance. Ends with 1 when there is no candle.
    """
    from reconciler.cli.sampling import ask_for, exit_code_of, fetch
    from reconciler.cli.sampling import render_sample as render
    from reconciler.recording import running_job

    app = console.app()
    job = running_job(app, name)
    ask = ask_for(job.connection, since=since, **wanted)
    if format_ == "csv" and not (ask.symbol and ask.timeframe):
        raise click.UsageError("--format csv is for candles; choose human or json")
    console.announce_network()
    sample = fetch(app, name, job, ask)
    console.result(render(console, sample, ask, format_))
    return exit_code_of(sample, ask)
