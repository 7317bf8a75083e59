"""`reconcile edit`."""

from __future__ import annotations

import click

from reconciler.cli.console import Console
from reconciler.cli.options import example, format_option


@click.command(
    "edit",
    epilog=example("reconcile edit spot", "EDITOR='code --wait' reconcile edit spot"),
)
@click.argument("what", nargs=-1, required=True, metavar="FILE|NAME...")
@format_option()
@click.pass_obj
def command(console: Console, /, *, what: tuple[str, ...], format_: str) -> int:
    """Edit a sealed file in plain text.

    Opens SOPS_EDITOR, VISUAL or EDITOR (or vim, nano, vi) on a private copy, in memory
    where the system has a place for that, and seals what comes back: what was not
    changed keeps its ciphertext, and a changed destination is bound anew. The copy is
    wiped in any case. When a mistake is found, the editor can be opened again. Nothing
    is written when nothing was changed.
    """
    from reconciler.cli.editing import edit_file
    from reconciler.cli.finding import file_of
    from reconciler.cli.sealing import show_outcomes
    from reconciler.core.outcome import worst

    app, outcomes, codes = console.app(), [], []
    for file in [file_of(app, word) for word in what]:
        outcome, code = edit_file(console, app, file)
        outcomes.append(outcome)
        codes.append(code)
    show_outcomes(console, outcomes, format_)
    return worst(codes)
