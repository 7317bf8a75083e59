"""Field changes in a line each; what is sealed only says that it changed."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any, Final

from reconciler.core.diff import FieldChange
from reconciler.report.text import Style, clip, count, safe

SIGNS: Final = {"added": "+", "removed": "-", "changed": "~"}
SHORT: Final = 60
"""Characters of a value that are shown unless everything is asked for."""
_PLAIN: Final = re.compile(r"[A-Za-z][\w./:@-]*|[0-9]{1,4}[a-zA-Z]", re.ASCII)
"""What needs no quotes; so do `15m` and `1d`, which no YAML takes for a number."""
_WORDS: Final = frozenset({"true", "false", "null", "yes", "no", "on", "off"})
_MOVED_SHOWN: Final = 12


def field_line(change: FieldChange, *, style: Style, verbose: bool = False) -> str:
    """Return one changed field, its sign first."""
    sign = SIGNS.get(change.kind, "~")
    text = f"{sign} {safe(change.path)}: {changed_value(change, verbose=verbose)}"
    match sign:
        case "+":
            return style.green(text)
        case "-":
            return style.red(text)
        case _:
            return style.yellow(text)


def changed_value(change: FieldChange, *, verbose: bool = False) -> str:
    """Return what became of a field's value, without its path."""
    if change.sealed:
        return f"(sealed) {safe(change.kind)}"
    if change.kind == "added":
        return _shown(change.after, verbose=verbose)
    if change.kind == "removed":
        return _shown(change.before, verbose=verbose)
    if not verbose and (moved := _moved(change.before, change.after)):
        return moved
    before = _shown(change.before, verbose=verbose)
    return f"{before} -> {_shown(change.after, verbose=verbose)}"


def value(data: Any) -> str:
    """Return plain data on one safe line, as a document would have it."""
    if isinstance(data, list | tuple):
        return f"[{', '.join(map(value, data))}]"
    if isinstance(data, dict):
        inner = ", ".join(f"{value(str(k))}: {value(v)}" for k, v in data.items())
        return f"{{{inner}}}"
    if isinstance(data, str) and _PLAIN.fullmatch(data) and data.lower() not in _WORDS:
        return data
    return safe(json.dumps(data, ensure_ascii=False, default=str))


def _shown(data: Any, *, verbose: bool) -> str:
    text = value(data)
    return text if verbose else clip(text, SHORT)


def _moved(before: Any, after: Any) -> str:
    """Return a long list's change as what came and what went; else nothing."""
    if not (isinstance(before, Sequence) and isinstance(after, Sequence)):
        return ""
    if isinstance(before, str) or isinstance(after, str):
        return ""
    old, new = [value(item) for item in before], [value(item) for item in after]
    if sum(map(len, old)) + sum(map(len, new)) <= SHORT:
        return ""
    olds, news = set(old), set(new)
    came = [f"+{item}" for item in new if item not in olds]
    went = [f"-{item}" for item in old if item not in news]
    sizes = f"({len(old)} -> {count(len(new), 'entry', 'entries')})"
    if not came and not went:
        return f"same entries, other order or number {sizes}"
    listed = [clip(item, SHORT) for item in [*came, *went][:_MOVED_SHOWN]]
    hidden = len(came) + len(went) - len(listed)
    more = [f"and {hidden} more"] if hidden else []
    return " ".join([*listed, *more, sizes])
