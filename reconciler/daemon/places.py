"""Where a daemon keeps what is its own: beside the store, by workspace."""

from __future__ import annotations

from pathlib import Path

from reconciler.wiring import App

_EMBEDDED = "tinydb"
_DEFAULT = Path(".reconcile")


def daemon_folder(app: App) -> Path:
    """Return the folder of this workspace's daemon; it may not be there yet."""
    scheme, _, location = (app.choices.state or app.settings.state).partition(":")
    beside = Path(location).parent if scheme == _EMBEDDED else _DEFAULT
    return app.choices.directory / beside / "daemon" / app.workspace
