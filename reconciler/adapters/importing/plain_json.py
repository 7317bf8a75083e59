"""Connections as plain JSON: one body, or a list of them, credentials in the open."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from reconciler.adapters.importing import cells, tables
from reconciler.adapters.importing.cells import CellError
from reconciler.adapters.importing.leftovers import leftover
from reconciler.core.parity import Draft, Standing

MAX_BYTES: Final = 16_777_216
_OURS: Final = ("permissions", "health", "protected", "expires")
_KNOWN: Final = frozenset(
    {
        *("version", "name", "type", "provider", "owner", "active"),
        *("is_active", "labels"),
        *("credentials", "config", "settings", *_OURS),
    }
)


def read_bodies(path: Path) -> list[Draft]:
    """Return a draft per body in a file; one body without a name is called as it.

    Raises:
        InputError: The file cannot be read, or is not JSON.
    """
    text = tables.read_text(path, limit=MAX_BYTES)
    data = tables.parse_json(text, file=str(path))
    bodies = data if isinstance(data, list) else [data]
    title = path.stem if len(bodies) == 1 else ""
    drafts = []
    for number, body in enumerate(bodies, start=1):
        place = f"{path}, row {number}" if len(bodies) > 1 else str(path)
        drafts.append(_draft(body, place, title))
    return drafts


def _draft(body: Any, place: str, title: str) -> Draft:
    if not isinstance(body, Mapping):
        broken = Draft(place=place, title="")
        return broken.noting(Standing.CANNOT, "row", "it is no JSON object")
    try:
        return _read(body, place, title)
    except CellError as error:
        broken = Draft(place=place, title=title)
        return broken.noting(Standing.CANNOT, "row", f"one of its fields {error}")


def _read(body: Mapping[str, Any], place: str, title: str) -> Draft:
    credentials, odd = cells.scalars_of(cells.mapping_of(body.get("credentials")))
    settings = cells.mapping_of(body.get("settings"))
    other = {key: value for key, value in settings.items() if key not in _LISTS}
    more = {key: body[key] for key in _OURS if key in body}
    active = body.get("active", body.get("is_active"))
    labels = cells.mapping_of(body.get("labels"))
    draft = Draft(
        place=place,
        title=cells.text_of(body.get("name")) or title,
        type=cells.text_of(body.get("type")),
        provider=cells.text_of(body.get("provider")),
        owner=cells.text_of(body.get("owner")) or "admin",
        active=cells.flag_of(active, default=True),
        symbols=cells.lines_of(settings.get("symbols")),
        timeframes=cells.lines_of(settings.get("timeframes")),
        labels={key: cells.text_of(value) for key, value in labels.items()},
        credentials=credentials,
        config=cells.mapping_of(body.get("config")),
        more={**more, "settings": other} if other else more,
    )
    for name in odd:
        shown = leftover(f"credentials.{name}", None)
        text = f"{shown} is more than one value, and was left out"
        draft = draft.noting(Standing.DIFFERS, "credentials", text)
    return _with_unplaced(draft, body)


_LISTS: Final = ("symbols", "timeframes")


def _with_unplaced(draft: Draft, body: Mapping[str, Any]) -> Draft:
    unknown = [key for key in body if key not in _KNOWN]
    for key in unknown:
        about = leftover(str(key), None)
        draft = draft.noting(Standing.DIFFERS, about, "has no place in our file")
    return draft
