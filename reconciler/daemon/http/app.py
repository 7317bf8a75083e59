"""The application: every route, behind the one entrance."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import cache
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route, Router
from starlette.types import ASGIApp

from reconciler.daemon.http.access.entrance import Entrance
from reconciler.daemon.http.access.login import LOGIN
from reconciler.daemon.http.api.acting import ACTING
from reconciler.daemon.http.api.incidents import INCIDENTS
from reconciler.daemon.http.api.looking import LOOKING
from reconciler.daemon.http.api.openapi import description_of
from reconciler.daemon.http.api.operations import PREFIX, routes_of
from reconciler.daemon.http.monitoring.badges import connection_badge, overall_badge
from reconciler.daemon.http.monitoring.metrics import metrics
from reconciler.daemon.http.monitoring.probes import healthz, readyz
from reconciler.daemon.http.site import Site

OPERATIONS: Final = (*LOOKING, *INCIDENTS, *ACTING)


@cache
def description() -> bytes:
    """Return the description of the API, as it is served."""
    return json.dumps(description_of(OPERATIONS)).encode()


async def describe(request: Request) -> Response:
    """Answer with the description of the API."""
    request.scope["state"]["route"] = f"{PREFIX}/openapi.json"
    return Response(description(), media_type="application/json")


def fixed_routes() -> tuple[Route, ...]:
    """Return every route that is no operation of the API."""
    return (
        Route("/healthz", healthz),
        Route("/readyz", readyz),
        Route(f"{PREFIX}/openapi.json", describe),
        Route("/metrics", metrics),
        Route("/badge.svg", overall_badge),
        Route("/badge/{name}.svg", connection_badge),
        *LOGIN,
    )


def make_app(site: Site, *, pages: Sequence[BaseRoute] = ()) -> ASGIApp:
    """Return the application.

    Args:
        site: What is served.
        pages: Further routes, for people. They find the site by
            `site.site_of(request)` and who asks by `site.principal_of(request)`;
            what may be asked by anybody is listed in `entrance`. They set
            `request.scope["state"]["route"]` for the log.
    """
    routes = [*pages, *fixed_routes(), *routes_of(OPERATIONS)]
    return Entrance(Router(routes, redirect_slashes=False), site)
