"""What went wrong, as RFC 9457 tells it: `application/problem+json`, never a secret."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from starlette.exceptions import HTTPException
from starlette.responses import Response

from reconciler.core.codec import to_data
from reconciler.core.diagnosis import Diagnosis
from reconciler.core.errors import (
    ProviderError,
    ReconcilerError,
)

MEDIA_TYPE: Final = "application/problem+json"
TITLES: Final[Mapping[int, str]] = {
    303: "Log in",
    400: "Bad request",
    401: "Not logged in",
    403: "Not allowed",
    404: "Not found",
    405: "Method not allowed",
    409: "Not now",
    413: "Too long",
    415: "Not JSON",
    421: "Wrong host",
    422: "Not what it must be",
    424: "Refused by the provider",
    429: "Too many requests",
    500: "Our fault",
    503: "Not available",
}
"""Every status that a problem has, in our words: Python's change with its versions."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One thing that is wrong with a request; `at` names the parameter or field."""

    at: str
    detail: str


@dataclass(slots=True)
class Problem(Exception):  # noqa: N818  # RFC 9457 calls it so
    """Ends a request; `detail` is one sentence for people."""

    status: int
    detail: str
    headers: Mapping[str, str] = field(default_factory=dict)
    errors: Sequence[Fault] = ()
    diagnosis: Diagnosis | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ProblemAnswer:
    """What went wrong, as it is sent. `type` is stable, for programs."""

    type: str
    title: str
    status: int
    detail: str
    errors: tuple[Fault, ...] = ()
    diagnosis: Diagnosis | None = None


def answer_to(problem: Problem) -> Response:
    """Return a problem as a response; what is empty is left out."""
    title = TITLES.get(problem.status, TITLES[400])
    data = {
        "type": f"urn:reconcile:problem:{title.lower().replace(' ', '-')}",
        "title": title,
        "status": problem.status,
        "detail": problem.detail,
        "errors": [to_data(fault) for fault in problem.errors],
        "diagnosis": to_data(problem.diagnosis) if problem.diagnosis else None,
    }
    body = json.dumps({key: value for key, value in data.items() if value})
    return Response(
        body.encode(),
        status_code=problem.status,
        headers=dict(problem.headers),
        media_type=MEDIA_TYPE,
    )


def problem_of(error: Exception) -> Problem:
    """Return the problem that an error is; a foreign one's text could hold anything."""
    match error:
        case Problem():
            return error
        case HTTPException():
            return _of_routing(error)
        case ReconcilerError():
            return _of_ours(error)
        case TimeoutError():
            return Problem(503, "it took too long; try again", {"Retry-After": "10"})
        case _:
            return Problem(500, "this is a bug in reconcile; its log names the place")


def _of_ours(error: ReconcilerError) -> Problem:
    if isinstance(error, ProviderError):
        detail = f"the provider says no: {error}"
        return Problem(424, detail, diagnosis=error.diagnosis)
    return Problem(409, str(error))


def not_found(what: str) -> Problem:
    """Return what both says what is not there and what one may not see."""
    return Problem(404, f"there is no {what} here, or you may not see it")


def _of_routing(error: HTTPException) -> Problem:
    details = {
        404: "there is nothing at this address; see /api/v1/openapi.json",
        405: "this address is not asked with this method",
    }
    detail = details.get(error.status_code, "the request cannot be understood")
    return Problem(error.status_code, detail, dict(error.headers or {}))
