"""A group whose commands load when they are used, so that help stays fast."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import click


@dataclass(frozen=True, slots=True)
class Entry:
    """One command before it is loaded; `about` is its line in the group's help."""

    module: str
    about: str


class LazyGroup(click.Group):
    """A group over a table: section, then command name, then entry."""

    def __init__(
        self,
        *args: Any,
        sections: Mapping[str, Mapping[str, Entry]] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.sections = sections or {}
        self._entries = {
            name: entry
            for section in self.sections.values()
            for name, entry in section.items()
        }

    def list_commands(self, _ctx: click.Context) -> list[str]:
        """Return the names in the order of the help."""
        return list(self._entries)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        """Load a command; every module offers it as `command`."""
        entry = self._entries.get(name)
        if entry is None:
            return None
        command: click.Command = import_module(entry.module).command
        if ctx.auto_envvar_prefix:
            _name_variables(command, prefix=f"{ctx.auto_envvar_prefix}_{name}")
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command, or refuse with the nearest name."""
        if args and args[0] not in self._entries and not args[0].startswith("-"):
            from reconciler.core.suggest import did_you_mean

            hint = did_you_mean(args[0], list(self._entries))
            more = f"; {hint}" if hint else ""
            ctx.fail(f"there is no command '{args[0]}'{more}")
        return super().resolve_command(ctx, args)

    def format_commands(
        self, _ctx: click.Context, formatter: click.HelpFormatter
    ) -> None:
        """List the commands by section, from the table alone."""
        for title, section in self.sections.items():
            with formatter.section(title):
                formatter.write_dl(
                    [(name, entry.about) for name, entry in section.items()]
                )


def _name_variables(command: click.Command, *, prefix: str) -> None:
    """Name each option's variable after the option, not after our parameter."""
    for option in command.params:
        if isinstance(option, click.Option) and option.envvar is None:
            long = max(option.opts, key=len).lstrip("-")
            option.envvar = f"{prefix}_{long}".upper().replace("-", "_")
