"""The one way in: every request is counted, known, bounded, answered and logged here.

Nothing behind it is reached without a principal except what is listed as public, and
nothing leaves it without the headers that browsers need.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import MutableMapping
from dataclasses import dataclass, field
from typing import Any, Final

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from reconciler.core.access import Principal
from reconciler.daemon.http import limits
from reconciler.daemon.http.access import origin
from reconciler.daemon.http.access.knowing import who_asks
from reconciler.daemon.http.problems import Problem, answer_to, problem_of
from reconciler.daemon.http.site import Site

PUBLIC: Final = frozenset({"/healthz", "/readyz", "/login"})
"""What needs no token: probes of whoever watches us, and the way to log in."""
PUBLIC_BELOW: Final = ("/static/",)
BADGES: Final = ("/badge.svg", "/badge/")
_PROBES: Final = frozenset({"/healthz", "/readyz"})
HEADERS: Final = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src"
    " 'self'; img-src 'self' data:; connect-src 'self'; form-action 'self';"
    " base-uri 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}
"""What each answer has, unless it says otherwise itself."""
_METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS", "POST"})
_HSTS: Final = "max-age=31536000"
_LOGGER = logging.getLogger(__name__)


@dataclass(slots=True, kw_only=True)
class _Visit:
    """One request from its first line to its log line."""

    id: str
    method: str
    path: str
    started_s: float
    client: str = ""
    principal: Principal | None = None
    status: int = 0
    size: int = 0
    scope: MutableMapping[str, Any] = field(default_factory=dict)


class Entrance:
    """An ASGI application around the routes."""

    def __init__(self, app: ASGIApp, site: Site) -> None:
        self._app, self._site = app, site
        self._running = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request; anything but HTTP is closed unanswered."""
        if scope["type"] != "http":
            return
        visit = _Visit(
            id=secrets.token_hex(8),
            method=scope["method"],
            path=scope["path"],
            started_s=self._site.clock_s(),
            scope=scope,
        )
        self._running += 1
        try:
            await self._answer(visit, scope, receive, self._noting(visit, send))
        finally:
            self._running -= 1
            self._log(visit)

    async def _answer(
        self, visit: _Visit, scope: Scope, receive: Receive, send: Send
    ) -> None:
        try:
            self._let_in(visit, scope)
            held = self._site.limits
            acts = visit.method not in origin.SAFE
            async with asyncio.timeout(held.action_s if acts else held.request_s):
                await self._app(scope, limits.bounded(receive, held.body_bytes), send)
        except Exception as error:  # noqa: BLE001  # the boundary: nothing passes
            problem = problem_of(error)
            if problem.status == 500:  # noqa: PLR2004  # ours
                _tell_bug(visit, error)
            if not visit.status:
                await answer_to(problem)(scope, receive, send)

    def _let_in(self, visit: _Visit, scope: Scope) -> None:
        """Decide whether the request may go on, and who makes it."""
        site, headers = self._site, Headers(scope=scope)
        peer = scope["client"][0] if scope.get("client") else ""
        visit.client = origin.client_of(site, headers, peer)
        scope["state"] = {"site": site, "principal": None, "client": visit.client}
        scope["app"] = self._app
        if visit.path in _PROBES and visit.method in origin.SAFE:
            self._try_to_know(visit, headers)
            return
        if self._running > site.limits.requests:
            raise Problem(503, "too many at once; try again", {"Retry-After": "1"})
        origin.check_host(site, headers)
        visit.principal = who_asks(site, headers, client=visit.client)
        self._take(visit)
        by_cookie = bool(visit.principal) and "authorization" not in headers
        origin.check_origin(
            headers, visit.method, by_cookie=by_cookie and not site.is_open
        )
        if visit.principal is None and not _is_public(site, visit.path):
            raise _stranger(visit, headers)
        scope["state"]["principal"] = visit.principal

    def _try_to_know(self, visit: _Visit, headers: Headers) -> None:
        """Probes are answered for anybody, in more words for who may ask."""
        try:
            origin.check_host(self._site, headers)
            visit.principal = who_asks(self._site, headers, client=visit.client)
        except Problem:
            return
        visit.scope["state"]["principal"] = visit.principal

    def _take(self, visit: _Visit) -> None:
        site = self._site
        if site.is_open:
            return
        key = visit.principal.token if visit.principal else f"address {visit.client}"
        wait_s = site.requests.take(
            key, per_minute=site.rules.section.requests_per_minute
        )
        if wait_s:
            raise limits.too_many(wait_s)

    def _noting(self, visit: _Visit, send: Send) -> Send:
        async def noting(message: Message) -> None:
            if message["type"] == "http.response.start":
                visit.status = message["status"]
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
                if self._site.secure:
                    headers.setdefault("Strict-Transport-Security", _HSTS)
                headers["X-Request-Id"] = visit.id
            else:
                visit.size += len(message.get("body", b""))
            await send(message)

        return noting

    def _log(self, visit: _Visit) -> None:
        """Log one request: by its route, never by the text that was sent."""
        route = visit.scope.get("state", {}).get("route", "")
        seconds = self._site.clock_s() - visit.started_s
        found = visit.scope.get("path_params", {}) if visit.status < 400 else {}  # noqa: PLR2004
        method = visit.method if visit.method in _METHODS else ""
        self._site.meter.answered(
            route=route, method=method, status=visit.status, seconds=seconds
        )
        _LOGGER.info(
            "request",
            extra={
                "request_id": visit.id,
                "method": method,
                "route": route,
                "connection": found.get("name", ""),
                "status": visit.status,
                "bytes": visit.size,
                "duration_ms": round(seconds * 1000, 1),
                "client": visit.client,
                "principal": visit.principal.login if visit.principal else "",
                "token": visit.principal.token if visit.principal else "",
            },
        )


def _is_public(site: Site, path: str) -> bool:
    if path.startswith(BADGES):
        return site.rules.section.public_badges
    return path in PUBLIC or path.startswith(PUBLIC_BELOW)


def _stranger(visit: _Visit, headers: Headers) -> Problem:
    """Return the refusal of one who did not say who they are; people may log in."""
    if visit.method in origin.SAFE and "text/html" in headers.get("accept", ""):
        return Problem(303, "log in", {"Location": "/login"})
    detail = "send a token: Authorization: Bearer TOKEN"
    return Problem(401, detail, {"WWW-Authenticate": "Bearer"})


def _tell_bug(visit: _Visit, error: Exception) -> None:
    """Log where it happened; the error's text could hold anything."""
    places = []
    trace = error.__traceback__
    while trace is not None:
        code = trace.tb_frame.f_code
        places.append(f"{code.co_filename}:{trace.tb_lineno} in {code.co_name}")
        trace = trace.tb_next
    _LOGGER.error(
        "a request failed by a bug",
        extra={
            "request_id": visit.id,
            "error": type(error).__name__,
            "places": places[-5:],
        },
    )
