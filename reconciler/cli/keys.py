"""Without any age key nothing sealed can be tested: said once, before anything is done.

A connection that this machine merely cannot open is not broken, so no failure is
recorded for it.
"""

from __future__ import annotations

from collections.abc import Sequence

from reconciler.core.errors import SecretError
from reconciler.report.text import count, names
from reconciler.wiring import App

_NAMES_SHOWN = 5


def require_key(app: App, sealed: Sequence[str]) -> None:
    """Raise `SecretError` when sealed connections wait and no identity was found."""
    if not sealed or not app.keyring.is_empty:
        return
    shown, number = names(sealed, limit=_NAMES_SHOWN), count(len(sealed), "connection")
    places = "; ".join(app.keyring.looked_in)
    raise SecretError(
        f"no age key is at hand, and {number} cannot be tested without one: {shown}; "
        f"nothing was done. Looked in: {places}. Set SOPS_AGE_KEY_FILE to a key file"
    )
