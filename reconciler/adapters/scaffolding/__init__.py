"""The files that let a hosting service review pull requests and apply what is merged.

The templates lie beside this module as they will be in the repository, but for some
words between `@`. What each job may do and which secrets it sees is argued in their
comments and in `docs/ci.md`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from reconciler.adapters.scaffolding.hosting import Place

HERE: Final = Path(__file__).parent

MARKER: Final = "reconcile plan"
"""Stands hidden in the comment that is kept up to date, to find it again."""

TEMPLATES: Final[Mapping[str, Mapping[str, str]]] = {
    "github": {
        ".github/workflows/reconcile-review.yml": "github-review.yaml",
        ".github/workflows/reconcile-apply.yml": "github-apply.yaml",
    },
    "gitlab": {".gitlab-ci.yml": "gitlab.yaml"},
}
"""By hosting service: each file from the top of the repository, and its template."""

HOOKS: Final = {".pre-commit-config.yaml": "pre-commit.yaml"}


def hosting_files(
    hosts: Sequence[str], place: Place, *, package: str
) -> dict[Path, str]:
    """Return the files for some hosting services, and the hooks for any of them.

    Args:
        hosts: Keys of `TEMPLATES`; without any there is no file at all.
        place: Where they will lie.
        package: What pip shall install, such as `reconcile-connections==1.2.3`.
    """
    wanted = {path: name for host in hosts for path, name in TEMPLATES[host].items()}
    if wanted:
        wanted |= HOOKS
    prefix = "" if place.folder == "." else f"{place.folder}/"
    words = {
        "PACKAGE": package,
        "BRANCH": place.branch,
        "FOLDER": place.folder,
        "PREFIX": prefix,
        "PATTERN": re.escape(prefix),
        "MARKER": MARKER,
    }
    return {place.top / path: _filled(name, words) for path, name in wanted.items()}


def _filled(name: str, words: Mapping[str, str]) -> str:
    text = (HERE / name).read_text(encoding="utf-8")
    return re.sub(r"@([A-Z]+)@", lambda found: words[found[1]], text)
