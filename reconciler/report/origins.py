"""Where the values of a connection come from, a line each."""

from __future__ import annotations

from collections.abc import Sequence

from reconciler.core.origins import Home, Origin
from reconciler.report.text import Style, page, safe, titled
from reconciler.report.values import value

_BUILT_IN = "built in"


def origins_human(origins: Sequence[Origin], *, color: bool = False) -> str:
    """Return path, value and place of each value."""
    rows = [(safe(one.path), _value(one), _place(one)) for one in origins]
    return page(titled(("VALUE OF", "IS", "FROM"), rows, Style(color)))


def origins_data(origins: Sequence[Origin]) -> list[dict[str, object]]:
    """Return the same as plain data."""
    return [
        {
            "path": one.path,
            "value": one.value,
            "sealed": one.sealed,
            "from": one.home.value,
            "place": str(one.place) if one.place else None,
        }
        for one in origins
    ]


def _value(origin: Origin) -> str:
    return "(sealed)" if origin.sealed else value(origin.value)


def _place(origin: Origin) -> str:
    if origin.place is None:
        return _BUILT_IN
    mark = " (defaults)" if origin.home is Home.DEFAULTS else ""
    return f"{safe(origin.place.file)}:{origin.place.line}{mark}"
