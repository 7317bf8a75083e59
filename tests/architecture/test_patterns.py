"""Regular expressions stay clear of what a supported Python gets wrong."""

from __future__ import annotations

import re
from pathlib import Path

import reconciler

SOURCES = sorted(Path(reconciler.__file__).parent.rglob("*.py"))


def test_no_group_is_possessive():
    """Python 3.11.0 to 3.11.4 repeat such a group wrongly; `(?>(?:…)*)` is right."""
    possessive = re.compile(r"\)(?:[*+?]|\{[0-9,]+\})\+")

    found = [
        f"{path.name}: {line.strip()}"
        for path in SOURCES
        for line in path.read_text().splitlines()
        if possessive.search(line)
    ]

    assert SOURCES
    assert found == []
