"""What every command holds: the operator's choices, and the two streams."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, TYPE_CHECKING

import click

from reconciler.cli.signals import StopSign
from reconciler.core.secret import Secret

if TYPE_CHECKING:
    from reconciler.core.ports import Observer
    from reconciler.wiring import App

BANNER = "SANDBOX: every provider is played on this machine; nothing real is asked."


def environment() -> Mapping[str, str]:
    """Return the process's environment as it is now."""
    return dict(os.environ)  # noqa: TID251  # the command line's one door to it


def ask_passphrase(question: str) -> Secret | None:
    """Ask at the terminal, unseen; an empty answer is none."""
    answer: str = click.prompt(
        question, hide_input=True, err=True, default="", show_default=False
    )
    return Secret(answer) if answer else None


@dataclass(slots=True, kw_only=True)
class Console:
    """One command's surroundings; the group fills in the global options."""

    stop: StopSign = field(default_factory=StopSign)
    environment: Mapping[str, str] = field(default_factory=environment, repr=False)
    config: Path | None = None
    state: str | None = None
    sandbox: Path | None = None
    verbose: bool = False
    no_color: bool = False
    _apps: list[App] = field(default_factory=list)

    def app(
        self,
        *,
        observer: Observer | None = None,
        parallelism: int | None = None,
        trace: bool = False,
        as_login: str = "",
        allow_unset: bool = False,
    ) -> App:
        """Return the outside world of this command; closed when the command ends."""
        from reconciler.wiring import App, Choices

        choices = Choices(
            directory=Path(),
            config=self.config,
            state=self.state,
            sandbox=self.sandbox,
            parallelism=parallelism,
            as_login=as_login,
            environment=self.environment,
            ask_passphrase=ask_passphrase if self.has_reader else None,
            allow_unset=allow_unset,
        )
        show = self.say_line if trace else None
        made = App(choices, stop=self.stop.event, observer=observer, trace=show)
        self._apps.append(made)
        return made

    def close(self) -> None:
        """Release what the command opened."""
        while self._apps:
            self._apps.pop().close()

    def result(self, text: str | bytes) -> None:
        """Write the result, as it is, to stdout."""
        click.echo(text, nl=False, color=True)

    def result_of(self, format_: str, human: str, **data: object) -> None:
        """Write the same result for people or as JSON."""
        from reconciler.report.machine import of_parts

        self.result(of_parts(**data) if format_ == "json" else human)

    def say(self, text: str) -> None:
        """Write a part of the conversation to stderr; empty text is nothing."""
        if text.strip():
            click.echo(text.rstrip("\n"), err=True, color=True)

    def say_line(self, text: str) -> None:
        """Write one line of the conversation, whatever it holds."""
        from reconciler.report.text import safe

        self.say(safe(text))

    def say_file(self, text: str, file: Path | None) -> None:
        """Write a sentence that ends in a file's name, whatever that holds."""
        from reconciler.report.text import safe

        self.say(f"{text} {safe(str(file))}")

    def gap(self) -> None:
        """Part what follows on the terminal from what was said."""
        click.echo(err=True)

    def announce_network(self) -> None:
        """Tell that the sandbox stands in for every provider."""
        if self.sandbox:
            self.say(BANNER)

    @property
    def color(self) -> bool:
        """Tell whether the result may be coloured."""
        return self._colored(sys.stdout)

    @property
    def err_color(self) -> bool:
        """Tell whether the conversation may be coloured."""
        return self._colored(sys.stderr)

    @property
    def width(self) -> int | None:
        """Return the columns of the terminal that shows the result; None for a file."""
        if sys.stdout is None or not sys.stdout.isatty():
            return None
        return shutil.get_terminal_size().columns

    @property
    def has_reader(self) -> bool:
        """Tell whether somebody sits at a terminal and can answer."""
        streams = (sys.stdin, sys.stderr)  # None when it was closed
        return all(stream is not None and stream.isatty() for stream in streams)

    def _colored(self, stream: IO[str]) -> bool:
        if self.no_color or self.environment.get("NO_COLOR"):
            return False
        return bool(self.environment.get("FORCE_COLOR")) or stream.isatty()
