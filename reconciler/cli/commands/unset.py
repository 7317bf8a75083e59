"""`reconcile unset`."""

from __future__ import annotations

import click

from reconciler.cli.console import Console
from reconciler.cli.options import example, format_option


@click.command("unset", epilog=example("reconcile unset spot api_passphrase"))
@click.argument("what", metavar="NAME|FILE")
@click.argument("keys", nargs=-1, required=True, metavar="KEY...")
@format_option()
@click.pass_obj
def command(
    console: Console, /, *, what: str, keys: tuple[str, ...], format_: str
) -> None:
    """Remove credentials from a file.

    KEY is a credential's name, or a path such as config.timeout. With the last
    credential the seal goes as well. A file that would be invalid is not written.
    """
    from reconciler.cli.finding import file_of
    from reconciler.cli.sealing import show_outcomes
    from reconciler.cli.setting import unset_values
    from reconciler.cli.values import require_names

    require_names(keys)
    app = console.app()
    outcome = unset_values(console, app, file_of(app, what), keys)
    show_outcomes(console, [outcome], format_)
