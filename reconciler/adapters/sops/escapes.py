r"""The one escape that JSON has and sops' YAML reader has not: `"\/"`, as PHP writes.

We read it anywhere. sops reads a file as JSON when its name ends with `.json`; in any
other it stops at `\/`, so what we write has the slash alone, which means the same.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

import yaml

from reconciler.adapters.documents import tokens
from reconciler.adapters.sops.spans import Edit, apply_edits


def readable_by_sops(text: str, *, file: str) -> str:
    """Return a YAML text without the escapes that sops would stop at.

    Args:
        text: A whole file without its byte order mark.
        file: Its name, which tells how sops will read it.
    """
    if file.endswith(".json") or _SLASH not in text:
        return text
    return apply_edits(text, _edits(text))


_SLASH: Final = "\\/"
_ESCAPE: Final = re.compile(r"\\(.)", re.DOTALL)


def _edits(text: str) -> Iterator[Edit]:
    for token in tokens(text):
        if isinstance(token, yaml.ScalarToken) and token.style == '"':
            start, end = token.start_mark.index, token.end_mark.index
            new = _ESCAPE.sub(_unescaped, text[start:end])
            yield Edit(start=start, end=end, text=new)


def _unescaped(match: re.Match[str]) -> str:
    return "/" if match[1] == "/" else match[0]
