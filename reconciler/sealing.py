"""Sealing, composed: what is done to the text of sealed files, and with which keys.

Every function takes a text and returns the new one; nothing is written here. Keys
are looked for when the first text needs one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reconciler.core.errors import DocumentError
from reconciler.wiring import App

if TYPE_CHECKING:
    from reconciler.adapters.sops import Recipients


def seal_text(
    app: App, text: str, *, file: Path, recipients: Recipients, rebind: bool = False
) -> str:
    """Return the document sealed; `text` itself when nothing is to be done."""
    from reconciler.adapters.sops import seal
    from reconciler.adapters.sops.merging import Merged

    return seal(
        text,
        file=str(file),
        recipients=recipients,
        now=app.clock.now(),
        reuse=app.keyring,
        rebind=rebind,
    )


def decrypt_text(app: App, text: str, *, file: Path) -> str:
    """Return a sealed document in plain text."""
    from reconciler.adapters.sops import decrypt_document

    return decrypt_document(text, file=str(file), keyring=app.keyring)


def plain_data(text: str, *, file: Path) -> Mapping[str, Any]:
    """Return a document's plain content; raises `DocumentError`."""
    from reconciler.adapters.documents import parse

    source, problems = parse(text, file=str(file))
    if source.data is None:
        raise DocumentError(problems)
    return source.data


def recipients_for(app: App, file: Path, *, named: Sequence[str] = ()) -> Recipients:
    """Return for whom to seal a file: those named, else those of `.sops.yaml`."""
    from reconciler.adapters.sops import Recipients, find_creation_rule

    if named:
        return Recipients.of(named)
    rule = find_creation_rule(app.choices.directory, file)
    return rule.recipients if rule else Recipients()
