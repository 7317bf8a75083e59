"""`reconcile providers list`, which `reconcile providers` runs as well."""

from __future__ import annotations

import click

from reconciler.cli.console import Console
from reconciler.cli.options import example, format_option


@click.command("list", epilog=example("reconcile providers list --search kraken"))
@click.argument("which", required=False, metavar="[TYPE|PROVIDER]")
@click.option("--search", metavar="TEXT", help="Ids, names and notes with this text.")
@format_option()
@click.pass_obj
def command(
    console: Console, /, *, which: str | None, search: str | None, format_: str
) -> None:
    """List what can be connected, with the credentials and timeframes it has.

    Types come from installed adapters; a plug-in's appears here as well.
    """
    from reconciler.cli.catalogue import find_providers
    from reconciler.report.providers import providers_human, providers_json

    infos = find_providers(console, console.app(), which=which, search=search)
    if format_ == "json":
        console.result(providers_json(infos))
    else:
        console.result(providers_human(infos, color=console.color))
