"""State stores, found by the scheme of a URL.

`tinydb:PATH` is built in. A plug-in offers another scheme through the entry
point group `reconciler.stores`: its name is the scheme, its object a callable
with the signature of `Opener`.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Protocol, cast

from reconciler.core.errors import StateError
from reconciler.core.ports import StateStore

ENTRY_POINT_GROUP = "reconciler.stores"


class Opener(Protocol):
    """Opens the stores of one scheme; `location` is the URL after its scheme."""

    def __call__(
        self,
        location: str,
        *,
        url: str,
        base: Path,
        now: Callable[[], datetime],
        create: bool,
    ) -> StateStore:
        """Return the store; writes nothing before the first commit or lock."""
        ...


def open_store(
    url: str, *, base: Path, now: Callable[[], datetime], create: bool = True
) -> StateStore:
    """Open the store that a URL names; relative paths start at `base`.

    Args:
        url: `SCHEME:LOCATION`, as in `tinydb:.reconcile/state.json`.
        base: The folder of the workspace.
        now: The clock, aware UTC.
        create: False refuses a store that does not exist yet. With True one is
            made by the first commit, never by reading.

    Raises:
        StateError: The scheme is unknown, or the store missing or unusable.
    """
    scheme, separator, location = url.partition(":")
    if not separator or not location:
        raise StateError(
            f"state URL {url!r} is not SCHEME:LOCATION; "
            "write for instance 'tinydb:.reconcile/state.json'"
        )
    opener = _opener(scheme)
    return opener(location, url=url, base=base, now=now, create=create)


def _opener(scheme: str) -> Opener:
    if scheme == "tinydb":
        return _open_tinydb
    # Reading all installed metadata costs 25 ms: only where the scheme is not ours.
    from importlib.metadata import entry_points  # noqa: PLC0415

    found = {point.name: point for point in entry_points(group=ENTRY_POINT_GROUP)}
    if scheme not in found:
        known = ", ".join(sorted({"tinydb", *found}))
        raise StateError(
            f"no state store for scheme {scheme!r}; known are: {known}; "
            f"install a plug-in for {scheme!r} or use 'tinydb:PATH'"
        )
    return cast("Opener", found[scheme].load())


def _open_tinydb(
    location: str,
    *,
    url: str,
    base: Path,
    now: Callable[[], datetime],
    create: bool,
) -> StateStore:
    from reconciler.adapters.stores.tinydb import open_tinydb  # noqa: PLC0415

    return open_tinydb(location, url=url, base=base, now=now, create=create)
