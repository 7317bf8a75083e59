"""`reconcile providers diagnose`."""

from __future__ import annotations

from pathlib import Path

import click

from reconciler.cli.console import Console
from reconciler.cli.options import example, format_option


@click.command(
    "diagnose",
    epilog=example(
        "reconcile providers diagnose okx --status 401 --body answer.json",
        "pbpaste | reconcile providers diagnose custom_api --status 403 --body -",
    ),
)
@click.argument("provider", metavar="PROVIDER|TYPE")
@click.option(
    "--status",
    type=click.IntRange(100, 599),
    required=True,
    help="The HTTP status of the answer.",
)
@click.option(
    "--body",
    type=click.Path(path_type=Path, dir_okay=False, allow_dash=True),
    metavar="FILE",
    help="The answer's body; - reads stdin. Left out, there is none.",
)
@click.option(
    "--header",
    "headers",
    multiple=True,
    metavar="NAME: VALUE",
    help="A header of the answer, such as 'Retry-After: 30'; several are possible.",
)
@format_option()
@click.pass_obj
def command(  # one parameter per option
    console: Console,
    /,
    *,
    provider: str,
    status: int,
    body: Path | None,
    headers: tuple[str, ...],
    format_: str,
) -> None:
    """Explain an error answer that you have: category, evidence, fix, waiting.

    Nothing is sent. The same rules explain the answers that a test gets. Any name is
    taken for PROVIDER; one that is not known is explained by the general rules.
    """
    from reconciler.cli.explaining import explain
    from reconciler.report.diagnosis import diagnosis_human, diagnosis_json

    found = explain(console.app(), provider, status=status, body=body, headers=headers)
    if format_ == "json":
        console.result(diagnosis_json(provider, found))
    else:
        console.result(diagnosis_human(provider, found, color=console.color))
