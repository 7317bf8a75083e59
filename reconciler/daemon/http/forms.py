"""The forms of pages, as browsers send them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final
from urllib.parse import parse_qs

from starlette.requests import Request

from reconciler.daemon.http.problems import Problem

_FORM: Final = "application/x-www-form-urlencoded"
_MOST_FIELDS: Final = 10


async def fields_of(request: Request) -> Mapping[str, str]:
    """Return the fields of a form that are filled in, each once.

    Raises:
        Problem: It is no form, or has more fields than any of ours.
    """
    if request.headers.get("content-type", "").partition(";")[0] != _FORM:
        raise Problem(415, "send the form of the page", {"Accept-Post": _FORM})
    body = (await request.body()).decode(errors="replace")
    try:
        fields = parse_qs(body, max_num_fields=_MOST_FIELDS)
    except ValueError:
        raise Problem(400, "the form cannot be read") from None
    return {name: values[0].strip() for name, values in fields.items()}
