"""Sealing what a person edited in plain text, with as little change as possible."""

from __future__ import annotations

from datetime import datetime

from reconciler.adapters.sops.keyring import Keyring


def reseal(
    before: str, plain: str, *, file: str, keyring: Keyring, now: datetime
) -> str:
    """Seal an edited file again; what was not edited keeps its ciphertext.

    Args:
        before: The sealed file, any sops YAML or JSON.
        plain: What `decrypt_document(before)` returned, after somebody edited it.
        file: What to call it in messages.
        keyring: The identities to try.
        now: Becomes `lastmodified` when something changed; aware, cut to seconds.

    Returns:
        The sealed text; `before` itself when nothing was changed.

    Raises:
        DocumentError: The edited text of a connection is not in our dialect.
        SecretError: No identity opens the file, it is damaged, or the edited text
            cannot be sealed; with line and column where there are any.
    """
    raise NotImplementedError
