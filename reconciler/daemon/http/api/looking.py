"""The operations that only look."""

from __future__ import annotations

from typing import Final

from reconciler.core.errors import StateError
from reconciler.core.query import Query, ask
from reconciler.core.record import Action
from reconciler.core.version import VERSION
from reconciler.daemon.http.api.answers import (
    AxisCounts,
    ConnectionDetail,
    ConnectionPage,
    History,
    StateAnswer,
    daemon_of,
    detail_of,
)
from reconciler.daemon.http.api.asking import HistoryParams, ListParams
from reconciler.daemon.http.api.operations import (
    Call,
    Operation,
    record_of,
    row_of,
    table_of,
)
from reconciler.daemon.http.problems import Fault, Problem, not_found

_LOOKED_THROUGH: Final = 5000
"""Lines of the action log that are looked through for who sees a part of it."""


async def list_connections(call: Call) -> ConnectionPage:
    """Return one page of what matches."""
    table = await table_of(call.site, call.principal)
    seen = await call.site.view.seen()
    params: ListParams = call.params
    try:
        found = ask(table, params.query())
    except ValueError as error:
        fault = Fault(at="after", detail=str(error))
        raise Problem(422, str(error), errors=(fault,)) from None
    counts = found.counts
    return ConnectionPage(
        as_of=seen.at,
        total=found.total,
        offset=found.offset,
        next=found.next,
        counts=AxisCounts(intent=counts.intent, sync=counts.sync, health=counts.health),
        connections=found.rows,
    )


async def show_connection(call: Call) -> ConnectionDetail:
    """Return one connection in full."""
    record = await record_of(call.site, call.principal, call.name)
    row = await row_of(call.site, call.principal, call.name)
    return detail_of(record, row)


async def show_history(call: Call) -> History:
    """Return what was done with one connection, also after it was deleted."""
    params: HistoryParams = call.params
    if call.principal.sees is not None:
        await row_of(call.site, call.principal, call.name)
    actions = await _actions(call, call.name, limit=params.limit)
    if not actions:
        raise not_found("connection of this name")
    return History(actions=tuple(actions))


async def show_all_history(call: Call) -> History:
    """Return what was done with anything that one sees."""
    params: HistoryParams = call.params
    if call.principal.sees is None:
        return History(actions=tuple(await _actions(call, None, limit=params.limit)))
    names = (await table_of(call.site, call.principal)).by_name
    everything = await _actions(call, None, limit=_LOOKED_THROUGH)
    mine = [action for action in everything if action.name in names]
    return History(actions=tuple(mine[: params.limit]))


async def show_state(call: Call) -> StateAnswer:
    """Return what the daemon says of itself."""
    table = await table_of(call.site, call.principal)
    state = call.site.control.state()
    counts = ask(table, Query(limit=1)).counts
    problems = tuple(filter(None, (*state.not_ready, call.site.view.error)))
    sees_all = call.principal.sees is None
    return StateAnswer(
        version=VERSION,
        ready=not problems,
        daemon=daemon_of(state, sees_all=sees_all),
        connections=len(table.rows),
        counts=AxisCounts(intent=counts.intent, sync=counts.sync, health=counts.health),
        principal=call.principal.login,
        role=call.principal.role.value,
        problems=problems if sees_all else (),
    )


async def _actions(call: Call, name: str | None, *, limit: int) -> list[Action]:
    store = call.site.store
    try:
        return list(await call.site.run(store.actions, name, limit=limit))
    except StateError as error:
        raise Problem(503, str(error), {"Retry-After": "10"}) from None


LOOKING: Final = (
    Operation(
        id="listConnections",
        path="/connections",
        summary="Find connections: search, filter, sort, page, count",
        answer=ConnectionPage,
        handler=list_connections,
        params=ListParams,
    ),
    Operation(
        id="showConnection",
        path="/connections/{name}",
        summary="Show one connection in full",
        answer=ConnectionDetail,
        handler=show_connection,
        problems=(404,),
    ),
    Operation(
        id="showConnectionHistory",
        path="/connections/{name}/history",
        summary="Show what was done with one connection, newest first",
        answer=History,
        handler=show_history,
        params=HistoryParams,
        problems=(404,),
    ),
    Operation(
        id="showHistory",
        path="/history",
        summary="Show what was done, newest first",
        answer=History,
        handler=show_all_history,
        params=HistoryParams,
    ),
    Operation(
        id="showState",
        path="/state",
        summary="Show what the daemon says of itself",
        answer=StateAnswer,
        handler=show_state,
    ),
)
