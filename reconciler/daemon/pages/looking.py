"""The pages that only show: the list, one connection, the history, the daemon."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from reconciler.core.ports import Ask, Sample
from reconciler.core.query import Answer, Query, Table, ask
from reconciler.core.record import Action
from reconciler.core.statistics import latencies_of
from reconciler.core.version import VERSION
from reconciler.daemon.http.api.asking import (
    HistoryParams,
    ListParams,
    NoParams,
    params_of,
)
from reconciler.daemon.http.api.incidents import show_incidents
from reconciler.daemon.http.api.looking import (
    show_all_history,
    show_history,
    show_state,
)
from reconciler.daemon.http.api.operations import Call, record_of, row_of, table_of
from reconciler.daemon.http.problems import Fault, Problem
from reconciler.daemon.http.site import principal_of, site_of
from reconciler.daemon.pages.surroundings import HOME, shell_of
from reconciler.report.html.detail import Detail, Said, detail_page
from reconciler.report.html.listing import (
    FIRST,
    PAGE_LIMIT,
    Listing,
    address_of,
    distinct,
    list_page,
    query_pairs,
)
from reconciler.report.html.toolkit import render

REFRESH_S: Final = 15
_HISTORY: Final = 50
_ALL_HISTORY: Final = 200
_DID: Final = {
    "passed": Said(tone="ok", text="Tested just now: passed."),
    "failed": Said(tone="bad", text="Tested just now: failed. Below is why."),
    "untested": Said(tone="warn", text="It could not be tested just now."),
    "suspended": Said(tone="ok", text="Suspended. Nobody tests it meanwhile."),
    "resumed": Said(tone="ok", text="Resumed."),
}
"""What an action led to, by the word in the address that it ends at."""


async def show_list(request: Request) -> Response:
    """Show what matches; an address that says what is usual becomes a shorter one."""
    asked = QueryParams(
        [pair for pair in request.query_params.multi_items() if pair[1]]
    )
    query = _query(asked)
    pairs = query_pairs(query)
    if sorted(request.query_params.multi_items()) != sorted(pairs):
        return RedirectResponse(f"{HOME}?{QueryParams(pairs)}".rstrip("?"), 303)
    site, principal = site_of(request), principal_of(request)
    table = await table_of(site, principal)
    seen = await site.view.seen()
    answer = _answer(table, query)
    listing = Listing(
        query=query,
        answer=answer,
        all=len(table.rows),
        as_of=seen.at,
        now=site.clock.now(),
        latencies_ms={
            row.name: latencies_of(seen.records[row.name].stats)
            for row in answer.rows
            if row.name in seen.records
        },
        owners=distinct(row.owner for row in table.rows),
        types=distinct(row.type for row in table.rows),
        providers=distinct(row.provider for row in table.rows),
        notice=_notice(site.view.error),
        outage=seen.outage,
        refresh_s=REFRESH_S,
    )
    text = await site.run(list_page, shell_of(request, "Connections"), listing)
    return HTMLResponse(text)


async def show_connection(request: Request) -> Response:
    """Show one connection in full."""
    did = request.query_params.get("did", "")
    return await connection_page(request, said=_DID.get(did))


async def connection_page(
    request: Request,
    *,
    said: Said | None = None,
    asked: Ask | None = None,
    sample: Sample | None = None,
    status: int = 200,
) -> Response:
    """Return the page of the connection that the address names.

    Raises:
        Problem: 404 when it is not there to be seen.
    """
    site, principal = site_of(request), principal_of(request)
    name = request.path_params["name"]
    row = await row_of(site, principal, name, anew=said is not None)
    record = await record_of(site, principal, name) if row.type else None
    detail = Detail(
        row=row,
        record=record,
        now=site.clock.now(),
        actions=await _actions(request, name) if record else (),
        may_act=principal.may_act,
        said=said,
        asked=asked,
        sample=sample,
        refresh_s=0 if sample else REFRESH_S,
    )
    shell = replace(shell_of(request, name), inside="Connections")
    address = address_of(HOME, name)
    text = await site.run(detail_page, shell, detail, address=address)
    return HTMLResponse(text, status_code=status)


async def show_history_page(request: Request) -> Response:
    """Show what was done with anything that one sees, newest first."""
    call = _call(request, HistoryParams(limit=_ALL_HISTORY))
    found = await show_all_history(call)
    text = render(
        "history.html",
        shell_of(request, "History"),
        actions=found.actions,
        now=call.site.clock.now(),
        address_of=lambda name: address_of(HOME, name),
        version=VERSION,
    )
    return HTMLResponse(text)


async def show_daemon(request: Request) -> Response:
    """Show what the daemon says of itself."""
    call = _call(request, NoParams())
    found = await show_state(call)
    alerts = await show_incidents(call)
    text = render(
        "daemon.html",
        shell_of(request, "Daemon"),
        alerts=alerts,
        address_of=lambda name: address_of(HOME, name),
        state=found.daemon,
        ready=found.ready,
        problems=found.problems,
        connections=found.connections,
        now=call.site.clock.now(),
        refresh_s=REFRESH_S,
        version=found.version,
    )
    return HTMLResponse(text)


def _query(asked: QueryParams) -> Query:
    """Return the question of an address; what is not said is what is usual."""
    usual = {"sort": FIRST.value, "limit": str(PAGE_LIMIT)}
    pairs = [*asked.multi_items()]
    pairs += [(key, text) for key, text in usual.items() if key not in asked]
    params: ListParams = params_of(ListParams, QueryParams(pairs))
    return params.query()


def _answer(table: Table, query: Query) -> Answer:
    try:
        return ask(table, query)
    except ValueError as error:
        fault = Fault(at="after", detail=str(error))
        raise Problem(422, str(error), errors=(fault,)) from None


def _notice(error: str) -> str:
    return (
        f"The records cannot be read just now, this is older: {error}" if error else ""
    )


async def _actions(request: Request, name: str) -> Sequence[Action]:
    try:
        found = await show_history(_call(request, HistoryParams(limit=_HISTORY), name))
    except Problem as problem:
        if problem.status == 404:  # noqa: PLR2004  # nothing was done with it yet
            return ()
        raise
    return found.actions


def _call(request: Request, params: object, name: str = "") -> Call:
    return Call(
        site=site_of(request),
        principal=principal_of(request),
        name=name,
        params=params,
        body=None,
    )
