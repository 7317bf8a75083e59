"""What all pages share: the frame around them, and what they answer when it fails."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from reconciler.core.errors import ReconcilerError
from reconciler.core.version import VERSION
from reconciler.daemon.http.problems import TITLES, Problem, problem_of
from reconciler.daemon.http.site import principal_of, site_of
from reconciler.report.html.toolkit import Shell, render

HOME: Final = "/"
STATIC: Final = "/static"
LINKS: Final = (
    ("Connections", HOME),
    ("History", "/history"),
    ("Daemon", "/daemon"),
)
Endpoint = Callable[[Request], Awaitable[Response]]


def shell_of(request: Request, title: str) -> Shell:
    """Return the frame of a page for whoever asks."""
    principal = principal_of(request)
    return Shell(
        title=title,
        workspace=site_of(request).view.workspace,
        assets=STATIC,
        home=HOME,
        links=LINKS,
        user=f"{principal.login} ({principal.role.value})",
        logout="/logout" if principal.token else "",
    )


def page(route: str, show: Endpoint) -> Endpoint:
    """Return an endpoint whose failures are pages too; `route` is for the log."""

    async def endpoint(request: Request) -> Response:
        request.scope["state"]["route"] = route
        try:
            return await show(request)
        except (Problem, ReconcilerError) as error:
            return problem_page(request, problem_of(error))

    return endpoint


def problem_page(request: Request, problem: Problem) -> Response:
    """Return a problem as a page: what, why, and the way back."""
    title = TITLES.get(problem.status, TITLES[400])
    text = render(
        "problem.html", shell_of(request, title), problem=problem, version=VERSION
    )
    return HTMLResponse(text, status_code=problem.status, headers=dict(problem.headers))
