"""The page of all commands, made from their help.

`python -m reconciler.cli.manual > docs/commands.md` renews it; a test compares.
"""

from __future__ import annotations

from collections.abc import Iterator

import click

from reconciler.cli.group import cli

WIDTH = 80
_HEAD = """\
# Commands

Made from `--help` by `python -m reconciler.cli.manual > docs/commands.md`.
"""
_HELP = ["-h", "--help"]


def commands_page() -> str:
    """Return every command's help as one Markdown page."""
    parts = [_HEAD]
    for path, command in every_command():
        parts.append(f"## {' '.join(path)}\n\n```text\n{help_of(path, command)}\n```\n")
    return "\n".join(parts)


def every_command() -> Iterator[tuple[tuple[str, ...], click.Command]]:
    """Yield each command with the words that call it, groups before their own."""
    yield from _below(cli, ("reconcile",))


def help_of(path: tuple[str, ...], command: click.Command) -> str:
    """Return one command's help, as wide as the page."""
    parent: click.Context | None = None
    for name in path[:-1]:
        # The first context that asks decides how click calls a command's help option.
        parent = click.Context(
            cli, info_name=name, parent=parent, help_option_names=_HELP
        )
    context = click.Context(
        command,
        info_name=path[-1],
        parent=parent,
        terminal_width=WIDTH,
        help_option_names=_HELP,
    )
    return command.get_help(context).rstrip()


def _below(
    command: click.Command, path: tuple[str, ...]
) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    yield path, command
    if isinstance(command, click.Group):
        context = click.Context(command, info_name=path[-1])
        for name in command.list_commands(context):
            inner = command.get_command(context, name)
            if inner is not None:
                yield from _below(inner, (*path, name))


if __name__ == "__main__":
    click.echo(commands_page(), nl=False)
