"""The application: every route, behind the one entrance."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from starlette.routing import BaseRoute, Route, Router
from starlette.types import ASGIApp

from reconciler.daemon.http.acting import ACTING
from reconciler.daemon.http.entrance import Entrance
from reconciler.daemon.http.login import LOGIN
from reconciler.daemon.http.looking import LOOKING
from reconciler.daemon.http.operations import routes_of
from reconciler.daemon.http.probes import healthz, readyz
from reconciler.daemon.http.site import Site

OPERATIONS: Final = (*LOOKING, *ACTING)


def make_app(site: Site, *, pages: Sequence[BaseRoute] = ()) -> ASGIApp:
    """Return the application.

    Args:
        site: What is served.
        pages: Further routes, for people. They find the site by
            `site.site_of(request)` and who asks by `site.principal_of(request)`;
            what may be asked by anybody is listed in `entrance`. They set
            `request.scope["state"]["route"]` for the log.
    """
    routes = [
        Route("/healthz", healthz),
        Route("/readyz", readyz),
        *pages,
        *LOGIN,
        *routes_of(OPERATIONS),
    ]
    return Entrance(Router(routes, redirect_slashes=False), site)
