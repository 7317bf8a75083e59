"""Walk through a feed's pages, no further than was asked for.

Whatever the answers say, the walk ends: at the number of rows wanted, at the page
cap, at an empty page, at a cursor seen before, at a page that brings nothing new.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urljoin, urlsplit

from reconciler.adapters.providers.answers.answer import Answer
from reconciler.adapters.providers.custom_api.rows import find
from reconciler.adapters.providers.custom_api.templates import moments, names_in
from reconciler.core.diagnosis import Category, diagnose
from reconciler.core.errors import ProviderError
from reconciler.core.market import Candle

DEFAULT_MAX_PAGES = 10
_LINK = re.compile(
    r'<([^<>]*)>\s*((?:;\s*[^;,="\s]+\s*(?:=\s*(?:"[^"]*"|[^;,"\s]+))?\s*)*)'
)
_NEXT = re.compile(
    r'(?i);\s*rel\s*=\s*(?:"(?:[^"]*\s)?next(?:\s[^"]*)?"|next(?=[;\s]|$))'
)


class Pages:
    """Where the next page of one call is.

    `values` fill the templates of the present page; `url` replaces the call's whole
    address when a link led here.
    """

    def __init__(
        self,
        call: Mapping[str, Any],
        values: Mapping[str, str],
        *,
        endpoint: str,
        name: str,
    ) -> None:
        how = call.get("pagination") or {}
        self._kind = how.get("type", "none")
        self._next = how.get("next", "")
        self._left = how.get("max_pages", DEFAULT_MAX_PAGES)
        self._endpoint = endpoint
        self._name = name
        self._seen: set[str] = set()
        self._used = {found for t in _templates(call) for found in names_in(t)}
        self._number = how.get("first", 1) if self._kind == "page" else 0
        self.url = ""
        self.values = dict(values)
        if self._kind in {"page", "offset"}:
            self.values[self._kind] = str(self._number)

    def turn(self, document: Any, answer: Answer, rows: Sequence[Any]) -> bool:
        """Move to the next page; return False when there is none."""
        self._left -= 1
        if self._kind == "none" or self._left <= 0 or not rows:
            return False
        match self._kind:
            case "cursor":
                return self._turn_to(self._cursor(document))
            case "link_header":
                return self._follow(answer)
            case "time":
                return self._turn_in_time(rows)
            case "page":
                self._number += 1
            case _:
                self._number += len(rows)
        self.values[self._kind] = str(self._number)
        return True

    def _cursor(self, document: Any) -> str:
        found = find(self._next, document, name=f"{self._name}.pagination.next")
        is_plain = isinstance(found, str | int) and not isinstance(found, bool)
        return str(found) if is_plain else ""

    def _turn_to(self, cursor: str) -> bool:
        if not cursor or cursor in self._seen:
            return False
        self._seen.add(cursor)
        self.values["cursor"] = cursor
        return True

    def _turn_in_time(self, rows: Sequence[Candle]) -> bool:
        times = [row.opened_at_ms for row in rows]
        forward = "since_ms" in self.values
        edge, at = ("since", max(times) + 1) if forward else ("until", min(times) - 1)
        names = moments(edge, at)
        if not self._used & set(names) or str(at) in self._seen:
            return False
        self._seen.add(str(at))
        self.values |= names
        return True

    def _follow(self, answer: Answer) -> bool:
        target = next_link(answer.header("Link"))
        if not target:
            return False
        url = urljoin(self.url or f"{self._endpoint.rstrip('/')}/", target)
        if _origin(url) != _origin(self._endpoint):
            raise ProviderError(
                diagnose(
                    Category.WRONG_URL,
                    detail="the next page is said to be on another host, which is "
                    "not asked",
                    fix="correct config.endpoint; the key goes nowhere else",
                    evidence={"location": url.partition("?")[0]},
                )
            )
        if url in self._seen:
            return False
        self._seen.add(url)
        self.url = url
        return True


def next_link(header: str) -> str:
    """Return the target of `rel="next"` (RFC 8288), empty without one."""
    for target, parameters in _LINK.findall(header):
        if _NEXT.search(parameters):
            return str(target)
    return ""


def _templates(call: Mapping[str, Any]) -> list[str]:
    return [call["path"], *map(str, call["params"].values())]


def _origin(url: str) -> tuple[str, str, int | None]:
    parts = urlsplit(url)
    port = parts.port or {"http": 80, "https": 443}.get(parts.scheme)
    return parts.scheme, (parts.hostname or "").lower(), port
