"""`reconcile` itself: global options, and the table of its commands."""

from __future__ import annotations

import os
from pathlib import Path

import click

from reconciler import __version__
from reconciler.cli.console import Console
from reconciler.cli.lazy import Entry, LazyGroup

_HOME = "reconciler.cli.commands"

SECTIONS = {
    "Write connection files": {
        "init": Entry(f"{_HOME}.init", "Lay out a repository for connection files."),
        "keygen": Entry(f"{_HOME}.keygen", "Make an age key that opens sealed files."),
        "new": Entry(f"{_HOME}.new", "Write a new connection file, sealed."),
        "import": Entry(f"{_HOME}.import_", "Take over another tool's connections."),
        "encrypt": Entry(f"{_HOME}.encrypt", "Seal the credentials in files."),
        "decrypt": Entry(f"{_HOME}.decrypt", "Show a sealed file in plain text."),
        "edit": Entry(f"{_HOME}.edit", "Edit a sealed file in your editor."),
        "set": Entry(f"{_HOME}.set", "Set credentials, typed or from stdin."),
        "unset": Entry(f"{_HOME}.unset", "Remove credentials from a file."),
        "rotate": Entry(f"{_HOME}.rotate", "Seal files anew, under a new data key."),
        "updatekeys": Entry(f"{_HOME}.updatekeys", "Seal for whom .sops.yaml names."),
        "secrets": Entry(f"{_HOME}.secrets", "Look after what is sealed."),
        "validate": Entry(f"{_HOME}.validate", "Find every problem in the files."),
        "policy": Entry(f"{_HOME}.policy", "Make others keep what policy.yaml says."),
        "fmt": Entry(f"{_HOME}.fmt", "Give files their canonical layout."),
        "explain": Entry(f"{_HOME}.explain", "Explain a code, or a value."),
    },
    "Go live": {
        "plan": Entry(f"{_HOME}.plan", "Show what apply would do; changes nothing."),
        "apply": Entry(f"{_HOME}.apply", "Test what changed and make it live."),
        "test": Entry(f"{_HOME}.test", "Test what runs, or a file, right now."),
        "suspend": Entry(f"{_HOME}.suspend", "Take connections out of service."),
        "resume": Entry(f"{_HOME}.resume", "Put suspended connections back."),
        "daemon": Entry(f"{_HOME}.daemon", "Follow the files, test all on schedule."),
    },
    "Look": {
        "list": Entry(f"{_HOME}.list", "List the connections."),
        "status": Entry(f"{_HOME}.status", "Show what is not well, and its fix."),
        "show": Entry(f"{_HOME}.show", "Show everything about one connection."),
        "history": Entry(f"{_HOME}.history", "Show who did what, newest first."),
        "sample": Entry(f"{_HOME}.sample", "Fetch candles, prices or the account."),
        "report": Entry(f"{_HOME}.report", "Show the last run's report again."),
        "alerts": Entry(f"{_HOME}.alerts", "See whom failures are told, and test it."),
    },
    "Know and keep": {
        "providers": Entry(f"{_HOME}.providers", "List what can be connected."),
        "schema": Entry(f"{_HOME}.schema", "Print the JSON Schema of a file."),
        "doctor": Entry(f"{_HOME}.doctor", "Examine this place, and say what to do."),
        "state": Entry(f"{_HOME}.state", "Look after the recorded state."),
        "tokens": Entry(f"{_HOME}.tokens", "Make tokens for the daemon's HTTP."),
        "sandbox": Entry(f"{_HOME}.sandbox", "Play every provider on this machine."),
    },
    "For Git": {
        "merge-driver": Entry(f"{_HOME}.merge_driver", "Merge sealed files by value."),
        "textconv": Entry(f"{_HOME}.textconv", "Show a file without sealed values."),
    },
}

EPILOG = """\
\b
Exit codes:
  0    done; for plan: also with changes, unless --detailed-exitcode
  1    could not do the job: a file, the lock lost, no key, a crash
  2    plan --detailed-exitcode: there are changes
  3    files are invalid
  4    refused by a guard
  5    at least one connection failed its test; the others were applied
  6    with --exit-code: something is not well, or drifted
  64   wrong usage
  75   somebody else holds the lock; safe to retry
  130  stopped by SIGINT: lock released, report written
  143  stopped by SIGTERM: lock released, report written
When several hold, the first of 130/143, 75, 1, 3, 4, 5, 6, 2 wins.

Every option can come from the environment: RECONCILE_STATE for --state,
RECONCILE_APPLY_PRUNE for apply --prune, and so on.

\b
Example:
  reconcile keygen && reconcile init
  reconcile new spot --type ccxt_crypto --provider binance
  reconcile validate && reconcile plan && reconcile apply
"""


@click.group(
    cls=LazyGroup,
    sections=SECTIONS,
    epilog=EPILOG,
    context_settings={
        "auto_envvar_prefix": "RECONCILE",
        "help_option_names": ["-h", "--help"],
        "max_content_width": 88,
    },
)
@click.option(
    "-C",
    "--chdir",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Work in this folder; other paths start there.",
)
@click.option(
    "--config",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Settings, instead of reconcile.yaml.",
)
@click.option(
    "--state",
    metavar="URL",
    help="Where the recorded state is kept, such as tinydb:.reconcile/state.json.",
)
@click.option(
    "--sandbox",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Speak to a running sandbox only: the sandbox.json it wrote.",
)
@click.option("-v", "--verbose", is_flag=True, help="Say more.")
@click.option("--no-color", is_flag=True, help="No colours; NO_COLOR does the same.")
@click.version_option(__version__, prog_name="reconcile")
@click.pass_obj
def cli(console: Console, /, *, chdir: Path | None, **options: object) -> None:
    """GitOps for market-data connections: tested before they go live.

    A connection is one YAML file in connections.d, its credentials sealed in it.
    Write files, look at the plan, apply it. Nothing goes live untested.
    """
    for name, value in options.items():
        setattr(console, name, value)
    if chdir:
        os.chdir(chdir)
    _quiet_logging()


def _quiet_logging() -> None:
    """Libraries log what they send; none of that belongs on a terminal."""
    import logging

    logging.getLogger().addHandler(logging.NullHandler())
