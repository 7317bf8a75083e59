"""The pages lead to each other: no link is broken, and none is left out."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
ROOTS = ("README.md", "CHANGELOG.md", "benchmarks/README.md")
PAGES = [*(ROOT / name for name in ROOTS), *sorted((ROOT / "docs").rglob("*.md"))]
CODE = re.compile(r"(?ms)^```.*?^```|`[^`\n]*`")
LINK = re.compile(r"\]\(([^)\s]+)\)")


def links_of(page):
    """Yield each link to a page of ours: the target and the heading in it."""
    for link in LINK.findall(CODE.sub("", page.read_text())):
        file, _, heading = link.partition("#")
        if "://" not in link:
            yield (page.parent / file).resolve() if file else page, heading


def headings_of(page):
    """Return the anchors that the hosting sites make of a page's headings."""
    words = re.findall(r"(?m)^#+ (.*)$", page.read_text())
    bare = (re.sub(r"[^\w\- ]", "", word.lower()) for word in words)
    return {word.strip().replace(" ", "-") for word in bare}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_leads_somewhere(page):
    broken = [
        (target.name, heading)
        for target, heading in links_of(page)
        if not target.exists() or (heading and heading not in headings_of(target))
    ]

    assert broken == []


def test_every_page_is_reached_from_the_readme():
    reached, ahead = set(), [ROOT / "README.md"]
    while ahead:
        page = ahead.pop()
        if page not in reached and page.suffix == ".md" and page.exists():
            reached.add(page)
            ahead += [target for target, _ in links_of(page)]

    assert sorted(set(PAGES) - reached) == []
