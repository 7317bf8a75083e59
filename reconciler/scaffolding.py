"""New files, composed: their texts, and where they will lie."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from reconciler.adapters.scaffolding.hosting import Place, place_of
from reconciler.wiring import App, adapter_for

__all__ = [
    "Place",
    "connection_text",
    "formatted_text",
    "hosting_files",
    "make_identity",
    "place_in_repository",
    "place_of",
    "repository_files",
    "schema_text",
]


def repository_files(
    *, workspace: str, recipients: Sequence[str], readme: bool
) -> Mapping[str, str]:
    """Return the files of a new repository by path."""
    from reconciler.adapters import scaffold

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
    from reconciler.adapters import scaffolding

    return scaffolding.hosting_files(hosts, place, package=package)


def place_in_repository(app: App) -> str:
    """Return the way from the top of the working tree to here, with a slash at its end.

    Empty at the top, and outside of Git.
    """
    from reconciler.adapters.git_setup import top_of

    here = app.choices.directory.resolve()
    top = top_of(here)
    below = top is not None and here != top and here.is_relative_to(top)
    return f"{here.relative_to(top).as_posix()}/" if top and below else ""


def formatted_text(text: str, *, file: Path) -> str:
    """Return a connection file in its canonical layout; raises `DocumentError`."""
    from reconciler.adapters.formatting import format_document

    return format_document(text, file=str(file))


def schema_text(kind: str) -> str:
    """Return the JSON Schema of `connection`, `config`, `plan` or `report`."""
    from reconciler.adapters import schemas

    return schemas.schema_text(kind)


def connection_text(app: App, path: Path, *, kind: str, **asked: Any) -> str:
    """Return a new document; its credentials are still in plain text."""
    from reconciler.adapters import scaffold

    body = adapter_for(app, kind).template(asked["provider"])
    schema = os.path.relpath(scaffold.SCHEMA_FILE, path.parent)
    new = scaffold.NewConnection(type=kind, body=body, schema=schema, **asked)
    return scaffold.connection_text(new)


def make_identity(
    app: App, path: Path | None, *, post_quantum: bool = False
) -> tuple[Path, str]:
    """Write a new age identity, mode 0600; return where it lies, and its public key.

    Without a path it goes where sops and we look by ourselves.
    """
    from reconciler.adapters.sops.age import key_file
    from reconciler.adapters.sops.age.keyring import default_key_file

    home = Path.home()
    target = path or default_key_file(app.choices.environment, home=home)
    made = key_file.make(target, now=app.clock.now(), post_quantum=post_quantum)
    return target, made
