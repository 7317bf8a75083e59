"""Logging in and out at a browser: a token once, then a cookie for a while.

The page with the form is another's; it posts `token` as a form to `/login`.
"""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from reconciler.daemon.http.access.knowing import known_by
from reconciler.daemon.http.forms import fields_of
from reconciler.daemon.http.sessions import identity_in, set_cookie
from reconciler.daemon.http.site import site_of


async def log_in(request: Request) -> Response:
    """Open a session for a token; raises `Problem` 401 or 429 as a request would."""
    request.scope["state"]["route"] = "/login"
    site = site_of(request)
    token = (await fields_of(request)).get("token", "")
    principal = known_by(site, token, client=request.scope["state"]["client"])
    identity = site.sessions.begin(principal.token)
    return _home(set_cookie(identity, secure=site.secure))


async def log_out(request: Request) -> Response:
    """Close the session, here and in the browser."""
    request.scope["state"]["route"] = "/logout"
    site = site_of(request)
    cookie = request.headers.get("cookie", "")
    site.sessions.end(identity_in(cookie, secure=site.secure))
    return _home(set_cookie("", secure=site.secure))


def _home(cookie: str) -> Response:
    return RedirectResponse("/", status_code=303, headers={"Set-Cookie": cookie})


LOGIN = (
    Route("/login", log_in, methods=["POST"], name="log_in"),
    Route("/logout", log_out, methods=["POST"], name="log_out"),
)
