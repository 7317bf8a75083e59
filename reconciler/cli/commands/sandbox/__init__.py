"""`reconcile sandbox` and its subcommands."""

from __future__ import annotations

from pathlib import Path

import click

from reconciler.cli.console import Console
from reconciler.cli.lazy import Entry, LazyGroup
from reconciler.cli.options import example

_HOME = "reconciler.cli.commands.sandbox"
_SECTIONS = {
    "Commands": {
        "fault": Entry(f"{_HOME}.fault", "Let a provider go wrong."),
        "clear": Entry(f"{_HOME}.clear", "Heal one provider, or all."),
        "accounts": Entry(f"{_HOME}.accounts", "List the keys that it accepts."),
    }
}


@click.group(
    "sandbox",
    cls=LazyGroup,
    sections=_SECTIONS,
    invoke_without_command=True,
    epilog=example(
        "reconcile sandbox --dir /tmp/sandbox",
        "export RECONCILE_SANDBOX=/tmp/sandbox/sandbox.json",
        "reconcile sandbox fault binance rate_limited seconds=30",
        "reconcile sandbox fault bybit bad_key account=reader",
    ),
)
@click.option(
    "--dir",
    "directory",
    type=click.Path(path_type=Path, file_okay=False),
    default=".reconcile/sandbox",
    show_default=True,
    help="Where sandbox.json and its certificate lie while it runs.",
)
@click.option("--port", type=click.IntRange(0, 65535), default=0, help="0: any free.")
@click.pass_context
def command(ctx: click.Context, /, *, directory: Path, port: int) -> None:
    """Play every provider on this machine.

    Speaks Binance and its testnet, OKX, Kraken, KuCoin, Bybit, Coinbase, Bitget, Gate,
    BingX, MEXC, an MT bridge in both its dialects, MetaApi and in-house feeds, with
    real signature checks, on loopback only. Serves until Ctrl-C. In another terminal,
    give its sandbox.json to other commands with --sandbox.
    """
    console = ctx.find_object(Console) or Console()
    if ctx.invoked_subcommand is None:
        from reconciler.cli.sandboxing import serve_until_stopped

        serve_until_stopped(console, directory, port=port)
