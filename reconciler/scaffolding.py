"""A new repository, composed: the texts of its files, and where they will lie."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from reconciler.adapters import scaffold, scaffolding
from reconciler.adapters.scaffolding.hosting import Place, place_of
from reconciler.wiring import schema_text

__all__ = ["Place", "hosting_files", "place_of", "repository_files"]


def repository_files(
    *, workspace: str, recipients: Sequence[str], readme: bool
) -> Mapping[str, str]:
    """Return the files of a new repository by path."""
    return scaffold.repository_files(
        workspace=workspace,
        recipients=recipients,
        schema=schema_text("connection"),
        readme=readme,
    )


def hosting_files(
    hosts: Sequence[str], place: Place, *, package: str
) -> Mapping[Path, str]:
    """Return what makes hosting services review and apply; see `docs/ci.md`."""
    return scaffolding.hosting_files(hosts, place, package=package)
