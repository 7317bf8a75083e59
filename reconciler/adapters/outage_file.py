"""The one fact that a daemon leaves for others: its network is down, since then.

The file is there while it is down and only then, beside the daemon's socket; it speaks
of now only as long as that daemon lives.
"""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Final

from reconciler.adapters.files import write_atomic
from reconciler.core.connectivity import Outage

NAME: Final = "network.json"
FORMAT_VERSION: Final = "1"


def note(folder: Path, outage: Outage | None) -> None:
    """Write it down, or that there is none; raises `OSError`."""
    path = folder / NAME
    if outage is None:
        path.unlink(missing_ok=True)
        return
    data = {"format_version": FORMAT_VERSION, "down_since": outage.since.isoformat()}
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    write_atomic(path, json.dumps(data).encode(), mode=0o600)


def noted(folder: Path) -> Outage | None:
    """Return what was written; None for nothing, or for what nobody can read."""
    try:
        data = json.loads((folder / NAME).read_bytes())
        since = datetime.fromisoformat(data["down_since"])
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return Outage(since=since) if since.tzinfo else None
