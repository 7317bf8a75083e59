"""`reconcile state unlock`."""

from __future__ import annotations

import click

from reconciler.cli.console import Console
from reconciler.cli.options import example


@click.command("unlock", epilog=example("reconcile state unlock 0d5c..."))
@click.argument("lock_id", metavar="ID")
@click.pass_obj
def command(console: Console, /, *, lock_id: str) -> None:
    """Break a lock that a dead run left.

    Takes exactly the id that 'state list' shows. Locks of dead runs expire by
    themselves after a minute: make sure that nobody is at work.
    """
    console.app().store.unlock(lock_id)
    console.say("The lock is free.")
