"""An error answer from the command line, explained."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import click

from reconciler.core.diagnosis import Diagnosis
from reconciler.core.errors import InputError
from reconciler.wiring import App, explain_answer

MAX_BODY_BYTES = 5 * 1024 * 1024


def explain(
    app: App,
    provider: str,
    *,
    status: int,
    body: Path | None,
    headers: Sequence[str],
) -> Diagnosis | None:
    """Return what the answer means, None when it is no error.

    Raises:
        InputError: The body cannot be read, or is longer than any error answer.
    """
    return explain_answer(
        app, provider, status=status, headers=_pairs(headers), body=_text(body)
    )


def _pairs(headers: Sequence[str]) -> dict[str, str]:
    pairs = {}
    for header in headers:
        name, colon, value = header.partition(":")
        if not (name.strip() and colon):
            raise click.UsageError("a --header is 'NAME: VALUE'")
        pairs[name.strip()] = value.strip()
    return pairs


def _text(body: Path | None) -> str:
    if body is None:
        return ""
    try:
        if str(body) == "-":
            data = sys.stdin.buffer.read(MAX_BODY_BYTES + 1)
        else:
            with body.open("rb") as stream:
                data = stream.read(MAX_BODY_BYTES + 1)
    except OSError as error:
        why = error.strerror or type(error).__name__
        raise InputError(f"cannot read '{body}': {why}") from None
    if len(data) > MAX_BODY_BYTES:
        raise InputError(f"'{body}' is longer than any error answer (5 MiB)")
    return data.decode("utf-8", "replace")
