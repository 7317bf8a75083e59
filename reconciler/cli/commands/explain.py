"""`reconcile explain`."""

from __future__ import annotations

import click

from reconciler.cli.console import Console
from reconciler.cli.options import example, format_option


@click.command(
    "explain",
    epilog=example("reconcile explain R311", "reconcile explain binance-main"),
)
@click.argument("code", required=False, metavar="[CODE|NAME|FILE]")
@format_option()
@click.pass_obj
def command(console: Console, /, *, code: str | None, format_: str) -> None:
    """Tell what a diagnostic code means: why, how to mend it, an example.

    Without CODE, list them all. With a connection's NAME or FILE, show where each of
    its values comes from: the file, its folder's defaults, or what is built in.
    """
    from reconciler.cli.finding import found_file
    from reconciler.core.diagnostic import RULES
    from reconciler.core.suggest import did_you_mean
    from reconciler.report import explaining

    if code is None:
        every = [explaining.explanation_data(one) for one in RULES]
        console.result_of(format_, explaining.codes_human(), codes=every)
        return
    known = code.upper()
    if known not in RULES and (file := found_file(console.app(), code)):
        from reconciler.report.origins import origins_data, origins_human
        from reconciler.sealing import origins_at

        origins = origins_at(console.app(), file)
        human = origins_human(origins, color=console.color)
        data = origins_data(origins)
        console.result_of(format_, human, file=str(file), values=data)
        return
    if known not in RULES:
        hint = did_you_mean(known, RULES) or "'reconcile explain' lists the codes"
        raise click.UsageError(f"'{code}' is no code, connection or file; {hint}")
    human = explaining.explanation_human(known, color=console.color)
    console.result_of(format_, human, **explaining.explanation_data(known))
