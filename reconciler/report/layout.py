"""How a file's layout would change, without what may be a credential.

A value is shown below the keys that hold none; elsewhere, and of every comment, only
where it stands. Moved lines, blanks and indentation show all the same.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from difflib import unified_diff
from typing import Final

from reconciler.core.shape import key_word
from reconciler.report.diagnostics import OPEN_ROOTS, ROOT, USERINFO
from reconciler.report.text import Style, page, safe

_KEY: Final = re.compile(r"(\s*(?:- )?)([\w.-]+):(?=\s|$)")
_HIDDEN: Final = "..."


def layout_diff(file: str, before: str, after: str, *, color: bool = False) -> str:
    """Return a unified diff of one file's lines; empty when nothing moves."""
    style = Style(color)
    old, new = list(_shown(before)), list(_shown(after))
    names = (safe(f"a/{file}"), safe(f"b/{file}"))
    lines = list(unified_diff(old, new, *names, lineterm=""))
    if not lines and before != after:
        lines = [f"{names[0]}: line ends, or blank lines at the end"]
    paint = {"+": style.green, "-": style.red, "@": style.dim}
    return page(paint.get(line[:1], str)(line) for line in lines) if lines else ""


def _shown(text: str) -> Iterator[str]:
    is_open = False
    for raw in text.split("\n"):
        line, end = raw.removesuffix("\r"), "\\r" if raw.endswith("\r") else ""
        if line[:1].strip() and not line.startswith("#"):
            root = ROOT.match(line)
            is_open = bool(root and root[1] in OPEN_ROOTS)
        yield _line(line, is_open=is_open) + end


def _line(line: str, *, is_open: bool) -> str:
    bare = line.strip()
    if not bare or (is_open and "#" not in line and not USERINFO.search(line)):
        return safe(line)
    blanks = line[len(line.rstrip()) :]
    if bare.startswith("#"):
        return f"{line[: len(line) - len(line.lstrip())]}# {_HIDDEN}{blanks}"
    key = _KEY.match(line)
    if not key:
        return f"{line[: len(line) - len(line.lstrip())]}{_HIDDEN}{blanks}"
    rest = f" {_HIDDEN}" if bare != key[0].strip() else ""
    return safe(f"{key[1]}{key_word(key[2])}:{rest}{blanks}")
