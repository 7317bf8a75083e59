"""A draft as the text of a file, its credentials still in plain text."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from reconciler.adapters.dialect import typed
from reconciler.adapters.scaffold import Scalar, quoted
from reconciler.core.parity import Draft

STAND_IN: Final = "PASTE-HERE"
_WORD: Final = re.compile(r"[A-Za-z][A-Za-z0-9_./@-]*")
"""What no reader of YAML takes for anything but text, unless it is a word of YAML."""


def document_text(draft: Draft, *, schema: str, open_: bool = True) -> str:
    """Return the document; with `open_` False stand-ins for the credentials.

    Args:
        draft: What to write.
        schema: The schema's path as seen from the file.
        open_: Whether the credentials themselves stand in it.
    """
    credentials = draft.credentials
    if not open_:
        credentials = dict.fromkeys(credentials, STAND_IN)
    sections: dict[str, Any] = {
        "version": 1,
        "name": draft.name,
        "type": draft.type,
        "provider": draft.provider,
        "owner": draft.owner,
        "active": draft.active,
        "labels": draft.labels,
        "credentials": credentials,
        "config": draft.config,
        **{key: value for key, value in draft.more.items() if key != "settings"},
        "settings": _settings(draft),
    }
    lines = [f"# yaml-language-server: $schema={schema}"]
    if draft.unplaced:
        lines.append("# What has no place here, and was left out:")
        lines += [f"#   {one}" for one in draft.unplaced]
    for key, value in sections.items():
        lines += _entry(key, value, "") if value not in ({}, []) else []
    return "\n".join(lines) + "\n"


def _settings(draft: Draft) -> dict[str, Any]:
    lists = {"symbols": draft.symbols, "timeframes": draft.timeframes}
    found: dict[str, Any] = {key: list(some) for key, some in lists.items() if some}
    return {**found, **draft.more.get("settings", {})}


def _entry(key: str, value: Any, margin: str) -> Iterator[str]:
    name = f"{margin}{_key(key)}:"
    if isinstance(value, Mapping) and value:
        yield name
        for inner, item in value.items():
            yield from _entry(str(inner), item, margin + "  ")
    else:
        yield f"{name} {_inline(value)}"


def _inline(value: Any) -> str:
    """Return a value on one line; JSON's flow style is YAML too."""
    if isinstance(value, Mapping):
        pairs = (f"{quoted(str(k))}: {_inline(v)}" for k, v in value.items())
        return f"{{{', '.join(pairs)}}}"
    if isinstance(value, Sequence) and not isinstance(value, str):
        return f"[{', '.join(map(_inline, value))}]"
    if value is None:
        return "null"
    scalar: Scalar = value
    is_word = isinstance(value, str) and _WORD.fullmatch(value)
    return value if is_word and typed(value) == (True, value) else quoted(scalar)


def _key(key: str) -> str:
    return key if key.isascii() and key.isidentifier() and key != "y" else quoted(key)
