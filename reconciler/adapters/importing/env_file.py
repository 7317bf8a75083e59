"""The keys in a panel's `.env`; every other line is passed over."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

from reconciler.adapters.importing.tables import read_text
from reconciler.core.errors import InputError

MAX_BYTES: Final = 1_048_576
_LINE: Final = r"(?m)^[ \t]*(?:export[ \t]+)?{name}[ \t]*=[ \t]*([^\r\n#]*)"


def app_keys(path: Path) -> tuple[str, ...]:
    """Return APP_KEY, then the keys of APP_PREVIOUS_KEYS.

    Raises:
        InputError: It cannot be read, or has no APP_KEY.
    """
    text = read_text(path, limit=MAX_BYTES)
    present = _value(text, "APP_KEY")
    if not present:
        raise InputError(f"'{path}' has no APP_KEY; is it the panel's .env?")
    earlier = _value(text, "APP_PREVIOUS_KEYS").split(",")
    return (present, *filter(None, earlier))


def _value(text: str, name: str) -> str:
    found = re.search(_LINE.format(name=name), text)
    return found[1].strip().strip("\"'") if found else ""
