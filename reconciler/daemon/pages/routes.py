"""At which addresses the pages are."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from reconciler.daemon.http.access.login import log_in
from reconciler.daemon.http.problems import Problem
from reconciler.daemon.http.site import site_of
from reconciler.daemon.pages import acting, looking
from reconciler.daemon.pages.surroundings import HOME, STATIC, Endpoint, page
from reconciler.report.html.toolkit import ASSETS, Shell, asset, render, served_assets

_FOR_GOOD: Final = "public, max-age=31536000, immutable"


async def show_asset(request: Request) -> Response:
    """Send the style, the script or the sign; their names change with them."""
    request.scope["state"]["route"] = f"{STATIC}/{{file}}"
    name = served_assets().get(request.path_params["file"])
    if name is None:
        raise HTTPException(404)
    return Response(
        asset(name).encode(),
        media_type=ASSETS[name],
        headers={"Cache-Control": _FOR_GOOD},
    )


async def show_login(request: Request) -> Response:
    """Ask for a token, unless nobody needs one."""
    request.scope["state"]["route"] = "/login"
    if site_of(request).is_open or request.scope["state"]["principal"]:
        return RedirectResponse(HOME, status_code=303)
    return _login_page("")


async def take_login(request: Request) -> Response:
    """Let in who has a token; who has none is asked again."""
    try:
        return await log_in(request)
    except Problem as problem:
        return _login_page(problem.detail, problem.status, problem.headers)


def _login_page(
    problem: str, status: int = 200, headers: Mapping[str, str] | None = None
) -> Response:
    text = render("login.html", Shell(title="Log in", assets=STATIC), problem=problem)
    return HTMLResponse(text, status_code=status, headers=dict(headers or {}))


def _show(path: str, endpoint: Endpoint, *, method: str = "GET") -> Route:
    return Route(path, page(path, endpoint), methods=[method])


def _act(word: str, endpoint: Endpoint) -> Route:
    path = f"/connections/{{name}}/{word}"
    return _show(path, acting.action(endpoint), method="POST")


PAGES: Final = (
    Route(f"{STATIC}/{{file}}", show_asset, methods=["GET"]),
    Route("/login", show_login, methods=["GET"]),
    Route("/login", take_login, methods=["POST"]),
    _show(HOME, looking.show_list),
    _show("/connections/{name}", looking.show_connection),
    _show("/history", looking.show_history_page),
    _show("/daemon", looking.show_daemon),
    _act("test", acting.test),
    _act("sample", acting.sample),
    _act("suspend", acting.suspend),
    _act("resume", acting.resume),
)
