"""`reconcile sandbox clear`."""

from __future__ import annotations

import click

from reconciler.cli.console import Console
from reconciler.cli.options import example


@click.command("clear", epilog=example("reconcile sandbox clear binance"))
@click.argument("provider", required=False)
@click.pass_obj
def command(console: Console, /, *, provider: str | None) -> None:
    """Heal one provider of the running sandbox, or all."""
    from reconciler.cli.sandboxing import require_provider, running_info
    from reconciler.sandbox import clear_faults

    require_provider(provider)
    clear_faults(running_info(console), provider)
    console.say(f"Healed: {provider or 'every provider'}.")
