"""Badges: one line about a connection, or about all, as an SVG image.

Text is measured by a table of widths, since nobody knows the font of whoever looks;
`textLength` makes it fit where theirs is another.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from hashlib import sha256
from html import escape
from typing import Final, TypeVar

from starlette.requests import Request
from starlette.responses import Response

from reconciler.core.access import Role
from reconciler.core.access import principal_of as principal_of_login
from reconciler.core.health import Health
from reconciler.core.policy import ADMIN
from reconciler.core.query import Table
from reconciler.core.run import Row
from reconciler.daemon.http.api.operations import table_of
from reconciler.daemon.http.problems import Fault, Problem, not_found
from reconciler.daemon.http.site import principal_of, site_of

GREEN, YELLOW, RED, GREY = "#2a7d2e", "#8a6100", "#b3261e", "#5c5c5c"
COLORS: Final[Mapping[Health, str]] = {
    Health.HEALTHY: GREEN,
    Health.DEGRADED: YELLOW,
    Health.STALE: YELLOW,
    Health.ERROR: RED,
    Health.UNKNOWN: GREY,
    Health.INACTIVE: GREY,
}
"""White text on each has a contrast of at least 4.5 to 1."""
_TOLD_FIRST: Final = (Health.ERROR, Health.STALE, Health.DEGRADED)
_MAX_AGE_S: Final = 60
_MAX_TEXT: Final = 60
_NARROW: Final = frozenset("iljtfrI.,:;'|!()[] -")
_WIDE: Final = frozenset("mwMW%@")
_FAST_MS, _SLOW_MS = 500.0, 2000.0
_GOOD, _FAIR = 0.99, 0.95
T = TypeVar("T")
Said = tuple[str, str, str]
"""What it is about, what is said of it, and the colour."""


async def connection_badge(request: Request) -> Response:
    """Answer with the badge of one connection; `?show=` health, latency or uptime."""
    request.scope["state"]["route"] = "/badge/{name}.svg"
    table = await _table(request)
    row = table.by_name.get(request.path_params["name"])
    if row is None:
        raise not_found("connection of this name")
    return _answer(request, _chosen(request, _OF_ROW)(row))


async def overall_badge(request: Request) -> Response:
    """Answer with the badge of everything that one sees."""
    request.scope["state"]["route"] = "/badge.svg"
    table = await _table(request)
    return _answer(request, _chosen(request, _OF_ALL)(table))


async def _table(request: Request) -> Table:
    """Return what somebody sees, which is everything where badges are public."""
    site = site_of(request)
    if site.rules.section.public_badges:
        everybody = principal_of_login(ADMIN, Role.READER, policy=None)
        return await table_of(site, everybody)
    return await table_of(site, principal_of(request))


def badge_svg(about: str, said: str, color: str) -> str:
    """Return a badge; texts are escaped and cut to 60 characters."""
    about, said = _clipped(about), _clipped(said)
    left, right = width_of(about) + 12, width_of(said) + 12
    whole = f"{about}: {said}"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{left + right}" height="20"'
        f' role="img" aria-label="{escape(whole)}"><title>{escape(whole)}</title>'
        f'<clipPath id="r"><rect width="{left + right}" height="20" rx="3"/></clipPath>'
        f'<g clip-path="url(#r)"><rect width="{left}" height="20" fill="#3c3c3c"/>'
        f'<rect x="{left}" width="{right}" height="20" fill="{color}"/></g>'
        '<g fill="#fff" font-family="Verdana,DejaVu Sans,sans-serif" font-size="11">'
        f"{_text(about, 6)}{_text(said, left + 6)}</g></svg>"
    )


def width_of(text: str) -> int:
    """Return about how many pixels a text takes at 11 pixels of Verdana."""
    return round(sum(map(_width, text)))


def _width(character: str) -> float:
    if character in _NARROW:
        return 4.2
    if character in _WIDE:
        return 10.2
    return 7.0 if character.isascii() else 11.0


def _text(text: str, at: int) -> str:
    width = width_of(text)
    return f'<text x="{at}" y="14" textLength="{width}">{escape(text)}</text>'


def _clipped(text: str) -> str:
    text = "".join(
        one if one.isprintable() else "\N{REPLACEMENT CHARACTER}" for one in text
    )
    return text if len(text) <= _MAX_TEXT else f"{text[: _MAX_TEXT - 1]}…"


def _health(row: Row) -> Said:
    return row.name, row.health.value, COLORS[row.health]


def _latency(row: Row) -> Said:
    found_ms = row.latency_ms
    if found_ms is None:
        return f"{row.name} latency", "unknown", GREY
    color = GREEN if found_ms < _FAST_MS else YELLOW if found_ms < _SLOW_MS else RED
    return f"{row.name} latency", f"{found_ms:.0f} ms", color


def _uptime(row: Row) -> Said:
    about = f"{row.name} uptime 30d"
    share = row.uptime.month if row.uptime else None
    if share is None:
        return about, "unknown", GREY
    color = GREEN if share >= _GOOD else YELLOW if share >= _FAIR else RED
    # Rounded down: what was not whole is never called 100 %.
    return about, f"{int(share * 10_000) / 100:.2f} %", color


def _overall(table: Table) -> Said:
    counts = Counter(row.health for row in table.rows)
    told = [health for health in _TOLD_FIRST if counts[health]]
    if told:
        said = ", ".join(f"{counts[health]} {health.value}" for health in told)
        return "connections", said, COLORS[told[0]]
    healthy = counts[Health.HEALTHY]
    if not healthy and counts[Health.UNKNOWN]:
        return "connections", f"{counts[Health.UNKNOWN]} unknown", GREY
    color = GREEN if healthy else GREY
    return "connections", f"{healthy} healthy", color


_OF_ROW: Final[Mapping[str, Callable[[Row], Said]]] = {
    "health": _health,
    "latency": _latency,
    "uptime": _uptime,
}
_OF_ALL: Final[Mapping[str, Callable[[Table], Said]]] = {"health": _overall}


def _chosen(
    request: Request, known: Mapping[str, Callable[[T], Said]]
) -> Callable[[T], Said]:
    show = request.query_params.get("show", "health")
    if show not in known:
        detail = f"one of {', '.join(known)}"
        raise Problem(
            422, "nothing is called so", errors=(Fault(at="show", detail=detail),)
        )
    return known[show]


def _answer(request: Request, said: Said) -> Response:
    """Return the image; whoever has it already is told that it is still right."""
    body = badge_svg(*said).encode()
    tag = f'"{sha256(body).hexdigest()[:16]}"'
    headers = {
        "ETag": tag,
        "Cache-Control": f"private, max-age={_MAX_AGE_S}",
        "Cross-Origin-Resource-Policy": "cross-origin",
    }
    if request.headers.get("if-none-match") == tag:
        return Response(status_code=304, headers=headers)
    return Response(body, media_type="image/svg+xml", headers=headers)
