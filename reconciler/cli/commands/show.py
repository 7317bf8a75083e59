"""`reconcile show`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from reconciler.cli.console import Console
from reconciler.cli.options import as_option, example, format_option, select_option

if TYPE_CHECKING:
    from reconciler.core.selecting import LabelTerm


@click.command(
    "show", epilog=example("reconcile show binance-main", "reconcile show -l desk=spot")
)
@click.argument("names", nargs=-1, metavar="[NAME|GLOB]...")
@select_option
@as_option
@format_option()
@click.pass_obj
def command(
    console: Console,
    /,
    *,
    names: tuple[str, ...],
    labels: tuple[LabelTerm, ...],
    as_login: str,
    format_: str,
) -> None:
    """Show everything about one connection, or about several.

    Revisions, times, the last test, market data seen, history. Of credentials only
    the names. As JSON one name gives one object; globs, several names and labels give
    a list under 'connections'.
    """
    from reconciler.cli.looking import is_one_name, looked_up
    from reconciler.report.record import show_all_json, show_human, show_json

    if not names and not labels:
        raise click.UsageError("say what to show: names, patterns or --label")
    app = console.app(as_login=as_login)
    found = looked_up(app, names, labels)
    if format_ == "json":
        one = is_one_name(names, labels)
        console.result(show_json(*found[0]) if one else show_all_json(found))
        return
    color, now = console.color, app.clock.now()
    texts = [show_human(*one, color=color, now=now) for one in found]
    console.result("\n".join(texts))
