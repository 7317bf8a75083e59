"""Imports as commands run them: keys from safe places, the report, the exit code."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from reconciler.cli.console import Console
from reconciler.core.outcome import ExitCode

if TYPE_CHECKING:
    from reconciler.core.parity import Draft
    from reconciler.importing import PanelDump

F = TypeVar("F", bound=Callable[..., Any])

APP_KEY = "APP_KEY"
PREVIOUS_KEYS = "APP_PREVIOUS_KEYS"
PASSWORD = "CONFIG_PASSWORD"  # noqa: S105  # a variable's name, hummingbot's own


def bringing_options(command: F) -> F:
    """Add what every import has in common."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


_OPTIONS = (
    click.option("--dry-run", is_flag=True, help="Report only; write nothing."),
    click.option("--force", is_flag=True, help="Replace files that are there already."),
    click.option(
        "--allow-http",
        is_flag=True,
        help="Take over http:// addresses, which send credentials unencrypted.",
    ),
)


def bring(
    console: Console,
    read: Callable[[], Sequence[Draft]],
    format_: str,
    **options: bool,
) -> int:
    """Read, bring in and report; 1 when a row could not be taken over."""
    from reconciler.core.parity import is_complete
    from reconciler.importing import Bringing, bring_in
    from reconciler.report.importing import parity_human, parity_json

    app = console.app()
    rows = bring_in(app, read(), Bringing(**options))
    if format_ == "json":
        console.result(parity_json(rows))
    else:
        console.result(parity_human(rows, color=console.color))
    return ExitCode.DONE if is_complete(rows) else ExitCode.ERROR


def panel_of(console: Console, options: dict[str, Any]) -> PanelDump:
    """Take the dump's options out of all options, and find its keys."""
    from reconciler.importing import PanelDump

    env_file, piped = options.pop("env_file"), options.pop("app_key_stdin")
    return PanelDump(
        path=options.pop("dump"),
        keys=_keys(console, env_file=env_file, piped=piped),
        users=dict(_pair(word) for word in options.pop("users")),
        table=options.pop("table"),
    )


def password_of(console: Console, *, from_stdin: bool) -> str | None:
    """Return hummingbot's password: from stdin, the environment or a person."""
    if from_stdin:
        return sys.stdin.readline().rstrip("\r\n") or None
    if console.environment.get(PASSWORD):
        return console.environment[PASSWORD]
    if not console.has_reader:
        return None
    typed: str = click.prompt(
        "hummingbot's password (empty for files that are not sealed)",
        hide_input=True,
        err=True,
        default="",
        show_default=False,
    )
    return typed or None


def _keys(console: Console, *, env_file: Path | None, piped: bool) -> Sequence[str]:
    from reconciler.importing import env_file_keys

    if env_file and piped:
        raise click.UsageError("--env-file and --app-key-stdin exclude each other")
    if piped:
        return sys.stdin.read().split()
    if env_file:
        return env_file_keys(env_file)
    earlier = console.environment.get(PREVIOUS_KEYS, "").split(",")
    return [console.environment.get(APP_KEY, ""), *earlier]


def _pair(word: str) -> tuple[str, str]:
    id_, equals, name = word.partition("=")
    if not (id_ and equals and name):
        raise click.BadParameter(f"'{word}' is not ID=NAME", param_hint="--user")
    return id_, name
