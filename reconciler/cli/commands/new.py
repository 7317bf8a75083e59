"""`reconcile new`."""

from __future__ import annotations

from typing import Any

import click

from reconciler.cli.console import Console
from reconciler.cli.options import example, format_option, label_option


@click.command(
    "new",
    epilog=example(
        "reconcile new spot --type ccxt_crypto --provider binance --symbol BTC/USDT \\",
        "  --timeframe 1h",
        "reconcile new alice/kraken --type ccxt_crypto --provider kraken --owner \\",
        "  user:alice",
    ),
)
@click.argument("name", metavar="[FOLDER/]NAME")
@click.option(
    "--type", "kind", required=True, metavar="TYPE", help="Such as ccxt_crypto."
)
@click.option("--provider", required=True, help="Who is at the other end: binance.")
@click.option("--owner", help="admin (the default), user:NAME or team:NAME.")
@click.option("--symbol", "symbols", multiple=True, help="Several are possible.")
@click.option("--timeframe", "timeframes", multiple=True, help="Several are possible.")
@label_option
@click.option(
    "--set",
    "config",
    multiple=True,
    metavar="KEY=VALUE",
    help="A setting below config, such as sandbox=true; several are possible.",
)
@click.option("--protected", is_flag=True, help="May not be deleted by mistake.")
@click.option("--inactive", is_flag=True, help="Declared, but switched off.")
@click.option(
    "--public", is_flag=True, help="Without credentials: public data need none."
)
@click.option("--later", is_flag=True, help="Ask nothing: leave places to fill in.")
@click.option(
    "--credential",
    "prompted",
    multiple=True,
    metavar="KEY",
    help="Ask for just this credential at the terminal; several are possible.",
)
@click.option(
    "--credentials-stdin",
    is_flag=True,
    help="Read credentials from stdin: a JSON object, or KEY=VALUE lines.",
)
@click.option(
    "--recipient",
    "recipients",
    multiple=True,
    metavar="AGE1...",
    help="Seal for this public key instead of those in .sops.yaml.",
)
@format_option()
@click.pass_obj
def command(console: Console, /, *, format_: str, **options: Any) -> int:
    """Write a new connection file, sealed.

    NAME becomes connections.d/NAME.yaml, alice/NAME connections.d/alice/NAME.yaml,
    from the template of its type. A terminal is asked for the credentials that the
    provider needs; a script gives them on stdin. They are never taken from the
    command line, and sealed before anything is written. With --later, or a script
    that gives none, the file holds places to fill in; then run 'reconcile encrypt'.
    Ends with 3, and writes nothing, when the file would be invalid: an unknown
    provider, a timeframe it does not have.
    """
    from reconciler.cli.drafting import Draft, write_draft

    app = console.app()
    path, code = write_draft(console, app, Draft.of(console, options))
    if path:
        console.result_of(format_, f"{path}\n", file=str(path))
    return code
