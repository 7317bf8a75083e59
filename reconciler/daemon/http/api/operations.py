"""The operations of the API as a table: routes and their description come from it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from reconciler.core.access import Principal
from reconciler.core.codec import to_json
from reconciler.core.errors import StateError
from reconciler.core.query import Table
from reconciler.core.record import Record
from reconciler.core.run import Row
from reconciler.daemon.http.access import origin
from reconciler.daemon.http.api.asking import Asked, NoParams, body_of, params_of
from reconciler.daemon.http.limits import too_many
from reconciler.daemon.http.problems import Problem, not_found
from reconciler.daemon.http.site import Site, principal_of, site_of

PREFIX: Final = "/api/v1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One request to an operation, checked: who asks what of whom."""

    site: Site
    principal: Principal
    name: str
    params: Any
    body: Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One operation. With `body` it acts, and only who may act is let through.

    `problems` are the statuses that it can end with besides those that each can.
    """

    id: str
    path: str
    summary: str
    answer: type
    handler: Callable[[Call], Awaitable[object]]
    params: type[Asked] = NoParams
    body: type[Asked] | None = None
    problems: Sequence[int] = ()

    @property
    def method(self) -> str:
        """Return the method by which it is asked."""
        return "POST" if self.body else "GET"


def routes_of(operations: Sequence[Operation]) -> list[Route]:
    """Return a route per operation."""
    return [_route(operation) for operation in operations]


def json_response(value: object) -> Response:
    """Return one of our values as JSON."""
    return Response(to_json(value).encode(), media_type="application/json")


def _route(operation: Operation) -> Route:
    path = f"{PREFIX}{operation.path}"

    async def endpoint(request: Request) -> Response:
        request.scope["state"]["route"] = path
        call = await _call(operation, request)
        return json_response(await operation.handler(call))

    return Route(path, endpoint, methods=[operation.method], name=operation.id)


async def _call(operation: Operation, request: Request) -> Call:
    site, principal = site_of(request), principal_of(request)
    name = request.path_params.get("name", "")
    body: Asked | None = None
    if operation.body:
        origin.check_json(request.headers)
        await check_acting(site, principal, name)
        body = body_of(operation.body, await request.body())
    params = params_of(operation.params, request.query_params)
    return Call(site=site, principal=principal, name=name, params=params, body=body)


async def check_acting(site: Site, principal: Principal, name: str) -> None:
    """Refuse who may not act; what they do not see is not there, also for that."""
    await row_of(site, principal, name)
    if not principal.may_act:
        raise Problem(403, "a reader only looks; this needs the role operator")
    if site.is_open:
        return
    allowed = site.limits.actions_per_minute
    if wait_s := site.actions.take(principal.token, per_minute=allowed):
        raise too_many(wait_s)


async def table_of(site: Site, principal: Principal, *, anew: bool = False) -> Table:
    """Return what somebody sees; raises `Problem` 503 when nothing can be read."""
    try:
        return await site.view.table(principal.sees, anew=anew)
    except StateError as error:
        raise Problem(503, str(error), {"Retry-After": "10"}) from None


async def row_of(
    site: Site, principal: Principal, name: str, *, anew: bool = False
) -> Row:
    """Return one row; raises `Problem` 404 when it is not there to be seen."""
    table = await table_of(site, principal, anew=anew)
    row = table.by_name.get(name)
    if row is None:
        raise not_found("connection of this name")
    return row


async def record_of(site: Site, principal: Principal, name: str) -> Record:
    """Return one record in full; raises `Problem` as `row_of` does."""
    try:
        record = await site.run(site.store.get, name)
    except StateError as error:
        raise Problem(503, str(error), {"Retry-After": "10"}) from None
    # The owner is asked of what was read, which the view may be behind of.
    if record is None or not principal.may_see(record.owner):
        raise not_found("connection of this name")
    return record
