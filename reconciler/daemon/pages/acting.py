"""What forms ask for: test now, fetch a sample, suspend, resume.

A page of another site cannot post these: `http.origin` looks where a request comes
from. What was done leads back to the connection's page, so that loading it again
does nothing twice; a sample is shown and kept nowhere.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Final

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from reconciler.core.errors import ReconcilerError
from reconciler.core.outcome import Outcome
from reconciler.core.record import Result
from reconciler.daemon.http.api.acting import ask_for
from reconciler.daemon.http.api.asking import SampleBody, SuspendBody, body_of
from reconciler.daemon.http.api.operations import check_acting, record_of
from reconciler.daemon.http.forms import fields_of
from reconciler.daemon.http.problems import Problem, problem_of
from reconciler.daemon.http.site import principal_of, site_of
from reconciler.daemon.pages.looking import connection_page
from reconciler.daemon.pages.surroundings import HOME, Endpoint
from reconciler.report.html.detail import Said
from reconciler.report.html.listing import address_of

_DID: Final = {Result.APPLIED: "passed", Result.REJECTED: "failed"}
_MINUTES: Final = len("2026-12-24T18:00")


def action(act: Endpoint) -> Endpoint:
    """Return an endpoint that checks who may act, and tells failures on the page."""

    async def endpoint(request: Request) -> Response:
        site, principal = site_of(request), principal_of(request)
        await check_acting(site, principal, request.path_params["name"])
        try:
            return await act(request)
        except (Problem, ReconcilerError, TimeoutError) as error:
            problem = problem_of(error)
            said = Said(tone="bad", text=_in_words(problem))
            return await connection_page(request, said=said, status=problem.status)

    return endpoint


async def test(request: Request) -> Response:
    """Test what runs now, and wait for it."""
    site, principal = site_of(request), principal_of(request)
    name = request.path_params["name"]
    outcome = await site.control.test(name, who=principal.who)
    return _back(name, _word(outcome))


async def sample(request: Request) -> Response:
    """Fetch candles, and show them as a chart."""
    site, principal = site_of(request), principal_of(request)
    name = request.path_params["name"]
    record = await record_of(site, principal, name)
    fields = await fields_of(request)
    wanted = {**fields, **_number(fields, "limit")}
    question = ask_for(record, body_of(SampleBody, json.dumps(wanted).encode()))
    found = await site.control.sample(name, question, who=principal.who)
    return await connection_page(request, asked=question, sample=found)


async def suspend(request: Request) -> Response:
    """Take a connection out of service for a time; the form's times are UTC."""
    site, principal = site_of(request), principal_of(request)
    name, fields = request.path_params["name"], await fields_of(request)
    until = fields.get("until", "")
    wanted = {"reason": fields.get("reason", ""), "until": _utc(until) or None}
    body: SuspendBody = body_of(SuspendBody, json.dumps(wanted).encode())
    await site.control.suspend(
        name,
        who=principal.who,
        reason=body.reason,
        until=body.checked_until(site.clock.now()),
    )
    return _back(name, "suspended")


async def resume(request: Request) -> Response:
    """Put a suspended connection back, and test it."""
    site, principal = site_of(request), principal_of(request)
    name = request.path_params["name"]
    await site.control.resume(name, who=principal.who)
    return _back(name, "resumed")


def _back(name: str, did: str) -> Response:
    return RedirectResponse(f"{address_of(HOME, name)}?did={did}", status_code=303)


def _word(outcome: Outcome) -> str:
    verdict = outcome.verdict
    if verdict is None:
        return "untested"
    return _DID.get(outcome.result, "untested")


def _in_words(problem: Problem) -> str:
    """Return a problem as sentences: what, where exactly, and its fix if known."""
    said = [f"{problem.detail[:1].upper()}{problem.detail[1:]}."]
    said += [f"{fault.at}: {fault.detail}." for fault in problem.errors]
    if problem.diagnosis:
        said.append(f"Fix: {problem.diagnosis.fix}.")
    return " ".join(said)


def _number(fields: Mapping[str, str], name: str) -> Mapping[str, int]:
    """Return a number of the form as one; what is none is left to be refused."""
    text = fields.get(name, "")
    return {name: int(text)} if text.isascii() and text.isdigit() else {}


def _utc(moment: str) -> str:
    """Return what a browser makes of a local time, as UTC."""
    return f"{moment}:00Z" if len(moment) == _MINUTES else moment and f"{moment}Z"
