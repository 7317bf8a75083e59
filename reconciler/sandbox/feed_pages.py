"""The feed's long lists in short pages, one path for each way of paging.

    GET /v1/paged/KIND/candles?symbol&interval[&limit][&start=MS][&end=MS]    key
    GET /v1/paged/KIND/symbols                                                key

A page has five rows at most. Candles come newest first, `time` oldest first; the
forming bar is among them. KIND says how the next page is found:

    cursor   {"data": […], "meta": {"next": TEXT or null}}, then ?cursor=TEXT
    page     ?page=N from 1        offset   ?offset=ROWS from 0
    link     the header Link: </v1/…>; rel="next"
    time     ?start or ?end, in milliseconds (candles only)
"""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from reconciler.sandbox.candles import INSTRUMENTS
from reconciler.sandbox.feed import (
    BACKUP_HOSTS,
    HOSTS,
    interval_of,
    make_feed,
    number_of,
    symbol_of,
    values_of,
)
from reconciler.sandbox.provider import Answer, Call, Kind, SignedRoute, json_answer

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from reconciler.sandbox.accounts import Account
    from reconciler.sandbox.provider import Route

PAGE_ROWS = 5
_HISTORY_ROWS = 200
_KINDS = ("cursor", "page", "offset", "link", "time")


def _candles(call: Call, kind: str) -> Answer:
    name, interval = symbol_of(call), interval_of(call)
    since, until = number_of(call, "start"), number_of(call, "end")
    is_time = kind == "time"
    bars = call.market.candles(
        name,
        interval,
        limit=PAGE_ROWS if is_time else _HISTORY_ROWS,
        since_ms=since,
        until_ms=until,
        oldest_first=is_time and since is not None,
    )
    rows = [[bar.open_ms, *values_of(bar)] for bar in bars]
    return json_answer({"data": rows}) if is_time else _page(call, kind, rows[::-1])


def _symbols(call: Call, kind: str) -> Answer:
    return _page(call, kind, list(INSTRUMENTS))


def _page(call: Call, kind: str, rows: Sequence[Any]) -> Answer:
    asked = number_of(call, "limit") or PAGE_ROWS
    size = max(1, min(asked, PAGE_ROWS))
    start = _start(call, kind, size)
    document: dict[str, Any] = {"data": rows[start : start + size]}
    is_last = start + size >= len(rows)
    if kind == "cursor":
        document["meta"] = {"next": None if is_last else _cursor(start + size)}
    if kind != "link" or is_last:
        return json_answer(document)
    query = urlencode({**call.params, "from": start + size})
    return json_answer(document, headers={"Link": f'<{call.path}?{query}>; rel="next"'})


def _start(call: Call, kind: str, size: int) -> int:
    match kind:
        case "cursor":
            text = call.params.get("cursor", "")
            return int(base64.urlsafe_b64decode(text).decode() or 0)
        case "page":
            return ((number_of(call, "page") or 1) - 1) * size
        case "offset":
            return number_of(call, "offset") or 0
        case _:
            return number_of(call, "from") or 0


def _cursor(start: int) -> str:
    return base64.urlsafe_b64encode(str(start).encode()).decode()


def _route(reply: Callable[[Call, str], Answer], kind: str, what: Kind) -> Route:
    def answer(call: Call, _account: Account) -> Answer:
        return reply(call, kind)

    return SignedRoute(kind=what, reply=answer, needs="read")


_PAGED = {
    f"GET /v1/paged/{kind}/{what}": _route(reply, kind, endpoint)
    for kind in _KINDS
    for what, reply, endpoint in (
        ("candles", _candles, Kind.CANDLES),
        ("symbols", _symbols, Kind.PRIVATE),
    )
}

FEED = make_feed("feed", HOSTS, more=_PAGED)
FEED_BACKUP = make_feed("feed-backup", BACKUP_HOSTS, more=_PAGED)
