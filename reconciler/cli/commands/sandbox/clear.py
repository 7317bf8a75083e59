"""`reconcile sandbox clear`."""

from __future__ import annotations

import click

from reconciler.cli.console import Console
from reconciler.cli.options import example


@click.command("clear", epilog=example("reconcile sandbox clear binance"))
@click.argument("provider", required=False)
@click.pass_obj
def command(console: Console, /, *, provider: str | None) -> None:
    """Heal one provider of the running sandbox, or all.

    A fault that was set for all with '*' stays when one is healed: '*' as the
    provider heals those only, no provider heals everything.
    """
    from reconciler.cli.sandboxing import require_provider, running_info, still_wrong
    from reconciler.sandbox import clear_faults

    require_provider(provider)
    info = running_info(console)
    clear_faults(info, provider)
    console.say(f"Healed: {provider or 'every provider'}.")
    for line in still_wrong(info, provider):
        console.say(line)
