"""`reconcile schema`."""

from __future__ import annotations

import click

from reconciler.cli.console import Console
from reconciler.cli.options import example


@click.command(
    "schema", epilog=example("reconcile schema > schemas/connection.schema.json")
)
@click.argument(
    "kind",
    type=click.Choice(["connection", "defaults", "config", "plan", "report"]),
    default="connection",
)
@click.pass_obj
def command(console: Console, *, kind: str) -> None:
    """Print the JSON Schema of a file.

    connection: a file in connections.d. defaults: a folder's _defaults.yaml. config:
    reconcile.yaml. plan: what plan --out saves. report: what every apply and test
    writes.
    """
    from reconciler.scaffolding import schema_text

    console.result(schema_text(kind))
