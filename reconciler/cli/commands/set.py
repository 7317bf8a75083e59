"""`reconcile set`."""

from __future__ import annotations

import click

from reconciler.cli.console import Console
from reconciler.cli.options import example, format_option


@click.command(
    "set",
    epilog=example(
        "reconcile set spot api_secret",
        "pass exchange/spot | reconcile set spot api_secret --stdin",
    ),
)
@click.argument("what", metavar="NAME|FILE")
@click.argument("keys", nargs=-1, required=True, metavar="KEY...")
@click.option(
    "--stdin",
    "from_stdin",
    is_flag=True,
    help="Read the value from stdin; for several keys a JSON object.",
)
@click.option(
    "--json", "as_json", is_flag=True, help="The value is a JSON number or boolean."
)
@format_option()
@click.pass_obj
def command(
    console: Console,
    /,
    *,
    what: str,
    keys: tuple[str, ...],
    format_: str,
    **typing: bool,
) -> None:
    """Set credentials of a file, sealed at once.

    KEY is a credential's name, or a path such as config.timeout. Its value is asked
    for without showing it, or read from stdin (one final line break is dropped); it is
    never taken from the command line. Nothing else in the file changes. A file that
    would be invalid is not written.
    """
    from reconciler.cli.finding import file_of
    from reconciler.cli.sealing import show_outcomes
    from reconciler.cli.setting import set_values
    from reconciler.cli.values import Typing, require_names

    require_names(keys)
    app = console.app()
    outcome = set_values(console, app, file_of(app, what), keys, Typing(**typing))
    show_outcomes(console, [outcome], format_)
