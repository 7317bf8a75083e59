"""What watches a process asks: does it live, is it ready."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from reconciler.daemon.control import DaemonState
from reconciler.daemon.http.site import Site, site_of

STUCK_S = 300.0
"""How long tests may wait without one being started or ended."""


async def healthz(request: Request) -> Response:
    """Answer that the process lives; looks at nothing."""
    request.scope["state"]["route"] = "/healthz"
    return PlainTextResponse("alive\n")


async def readyz(request: Request) -> Response:
    """Answer whether the daemon does its work, and to who may ask why not."""
    request.scope["state"]["route"] = "/readyz"
    reasons = not_ready(site_of(request))
    if not reasons:
        return PlainTextResponse("ready\n")
    knows = request.scope["state"]["principal"]
    lines = reasons if knows and knows.sees is None else ()
    text = "\n".join(["not ready", *lines, ""])
    return PlainTextResponse(text, status_code=503, headers={"Retry-After": "10"})


def not_ready(site: Site) -> tuple[str, ...]:
    """Return why it is not ready, one sentence each."""
    state = site.control.state()
    found = [*state.not_ready]
    if stuck := _stuck(state):
        found.append(stuck)
    if site.view.error:
        found.append(f"the store cannot be read: {site.view.error}")
    return tuple(found)


def _stuck(state: DaemonState) -> str:
    queue = state.queue
    if queue.oldest_due_at is None:
        return ""
    since = max(queue.oldest_due_at, queue.moved_at or state.started_at)
    waited_s = (state.now - since).total_seconds()
    if waited_s < STUCK_S:
        return ""
    return f"the queue has not moved for {round(waited_s)} s: {queue.waiting} wait"
