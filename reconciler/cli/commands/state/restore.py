"""`reconcile state restore`."""

from __future__ import annotations

from pathlib import Path

import click

from reconciler.cli.console import Console
from reconciler.cli.options import example, format_option


@click.command("restore", epilog=example("reconcile state restore backup.json --yes"))
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--yes", is_flag=True, help="Agree beforehand.")
@format_option()
@click.pass_obj
def command(console: Console, /, *, file: Path, yes: bool, format_: str) -> None:
    """Replace everything by a backup.

    The present files stay beside the new ones as .bak. Plans made before fit no more.
    """
    from reconciler.cli.asking import GO_ON, require_consent
    from reconciler.cli.reading import read_file
    from reconciler.report.state import info_human, info_json

    app, data = console.app(), read_file(file)
    question = f"Everything in {app.state_url} would be replaced{GO_ON}"
    require_consent(console, question, yes=yes)
    with app.store.lock(operation="state restore", who=app.who):
        info = app.store.restore(data)
    human = info_human(info, color=console.color)
    console.result(info_json(info) if format_ == "json" else human)
