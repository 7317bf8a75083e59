"""Questions before something dangerous; without a terminal the answer is no."""

from __future__ import annotations

from typing import Final

import click

from reconciler.cli.console import Console
from reconciler.core.errors import RefusedError
from reconciler.core.guard import Guard, Refusal

GO_ON: Final = ". Go on?"


def refusal_unless(
    console: Console, question: str, *, yes: bool, no_input: bool = False
) -> Refusal | None:
    """Return None when somebody agrees, here or with `--yes`, else the refusal.

    The question says what would happen, and ends with `GO_ON`.
    """
    if yes:
        return None
    if no_input or not console.has_reader:
        message = f"{question.removesuffix(GO_ON)}, and nobody is there to agree"
        return Refusal(guard=Guard.CONFIRMATION, message=message, flag="--yes")
    if click.confirm(question, err=True):
        return None
    return Refusal(guard=Guard.CONFIRMATION, message="not agreed to", flag="--yes")


def require_consent(console: Console, question: str, *, yes: bool) -> None:
    """Raise `RefusedError` unless somebody agrees."""
    refusal = refusal_unless(console, question, yes=yes)
    if refusal:
        raise RefusedError((refusal,))
