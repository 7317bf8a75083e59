"""What may come in an answer's place, and how an answer is spoiled: values only."""

from __future__ import annotations

import re
from dataclasses import replace
from email.utils import formatdate
from typing import TYPE_CHECKING

from reconciler.sandbox.faults import Fault
from reconciler.sandbox.provider import Answer, html_answer, json_answer

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reconciler.sandbox.faults import ActiveFault

_LOGIN = (
    b"<!DOCTYPE html><html><head><title>Sign in</title></head><body><form>"
    b'<input name="user"><input name="password" type="password"></form></body></html>'
)
INSTEAD: Mapping[Fault, Answer] = {
    Fault.HTML: html_answer(200, "Please wait while we check your browser"),
    Fault.LOGIN_PAGE: Answer(body=_LOGIN, content_type="text/html; charset=utf-8"),
    Fault.ERROR_BODY: json_answer(
        {"success": False, "code": 500, "message": "Internal error", "data": None}
    ),
    Fault.CATCH_ALL: json_answer({"status": "ok"}),
    Fault.EMPTY_LIST: json_answer([]),
    Fault.NULL: json_answer(None),
}
"""What a gateway, a firewall or a catch-all route answers without asking anybody."""
_DECIMAL = re.compile(rb'(?<=[:,\[])(?:"-?\d+\.\d+"|-?\d+\.\d+)(?=[,\]}])')
_FIRST_MEMBER = re.compile(rb'\{("(?:[^"\\]|\\.)*"):')


def spoiled(answer: Answer, faults: tuple[ActiveFault, ...], *, now_s: float) -> Answer:
    """Return an answer as its faults leave it."""
    for active in faults:
        match active.fault:
            case Fault.EMPTY:
                answer = replace(answer, body=b"")
            case Fault.TRUNCATED:
                answer = replace(answer, body=answer.body[: len(answer.body) // 2])
            case Fault.NAN:
                answer = replace(answer, body=_DECIMAL.sub(b"NaN", answer.body))
            case Fault.DUPLICATE_KEYS:
                answer = replace(answer, body=_with_a_key_twice(answer.body))
            case Fault.STALE_CACHE:
                answer = _from_a_cache(answer, age_s=active.seconds, now_s=now_s)
            case _:
                pass
    return answer


def _with_a_key_twice(body: bytes) -> bytes:
    """Return a document whose first object names its first member twice."""
    if not _FIRST_MEMBER.search(body):
        return body.replace(b"[", b'[{"twice":1,"twice":2},', 1)
    return _FIRST_MEMBER.sub(rb"{\1:null,\1:", body, count=1)


def _from_a_cache(answer: Answer, *, age_s: float, now_s: float) -> Answer:
    """Return what a content network kept: with the date of then, and its age."""
    headers = {
        **answer.headers,
        "Age": str(int(age_s)),
        "Date": formatdate(now_s - age_s, usegmt=True),
        "X-Cache": "HIT",
    }
    return replace(answer, headers=headers)
