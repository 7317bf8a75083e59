"""Read an error document: its codes, its sentences, and what a person may see of it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from reconciler.adapters.providers.answers import Answer, gate_category
from reconciler.adapters.providers.redaction import Scrubber, names_a_secret
from reconciler.core.diagnosis import Category, Diagnosis, diagnose

_CODE_FIELDS = ("code", "retCode", "errorCode", "err-code", "label", "error", "reason")
_IP_ADDRESS = re.compile(r"(?<![\d.])(?:\d{1,3}\.){3}\d{1,3}(?![\d.])")
_MAX_DEPTH = 4
_MAX_ITEMS = 5
_MAX_PARSED_CHARS = 262_144
_PAIRS = {"{": "}", "[": "]"}


def parse_json(body: str) -> Any:
    """Return the document, None when it is no JSON (or the word null)."""
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None


def codes_of(document: Any) -> Iterator[str]:
    """Yield what may be a code: at the document's top, in its lists, in its error."""
    if not isinstance(document, dict):
        return
    for name in _CODE_FIELDS:
        value = document.get(name)
        for item in value if isinstance(value, list) else [value]:
            if isinstance(item, dict):
                yield from codes_of(item)
            elif isinstance(item, str | int) and not isinstance(item, bool):
                yield str(item)


def texts_of(document: Any, depth: int = 0) -> Iterator[str]:
    """Yield the texts in a document, down to a few levels."""
    if isinstance(document, str):
        yield document
    elif isinstance(document, dict) and depth < _MAX_DEPTH:
        for name, value in document.items():
            # Without its name, a value that was computed from a secret looks harmless.
            if not names_a_secret(str(name)):
                yield from texts_of(value, depth + 1)
    elif isinstance(document, list) and depth < _MAX_DEPTH:
        for value in document[:_MAX_ITEMS]:
            yield from texts_of(value, depth + 1)


def text_of(answer: Answer) -> str:
    """Return all that an error answer says in words."""
    return " ".join(texts_of(parse_json(answer.body))) or answer.body


def summary_of(answer: Answer, scrub: Scrubber) -> str:
    """Return an error answer's own words for a person, without bare numbers."""
    document = parse_json(answer.body)
    codes = {code for code in codes_of(document) if code.lstrip("-").isdigit()}
    texts = [text for text in texts_of(document) if text not in codes]
    return scrub.clean("; ".join(texts), limit=120)


def evidence_of(answer: Answer | None, scrub: Scrubber) -> dict[str, str]:
    """Return what is kept of an answer, scrubbed and cut."""
    if answer is None:
        return {}
    address = _IP_ADDRESS.search(answer.body)
    return scrub.clean_all(
        {
            "status": answer.status,
            "code": ", ".join(codes_of(parse_json(answer.body))),
            "body": answer.body,
            "location": _without_query(answer.header("Location")),
            "retry_after": answer.header("Retry-After"),
            "seen_ip": address[0] if address else "",
        }
    )


def strange_answer(
    answer: Answer, scrub: Scrubber, *, page: Category = Category.BAD_RESPONSE
) -> Diagnosis | None:
    """Return why an answer cannot come from the API, None when it may.

    Libraries accept a redirect, a page, nothing and half a document as success.
    `page` is the category of an unknown web page.
    """
    category: Category | None = Category.BAD_RESPONSE
    if answer.is_redirect:
        category = Category.WRONG_URL
        place = scrub.clean(_without_query(answer.header("Location")))
        detail = f"it redirects to {place or 'nowhere'}; redirects are not followed"
    elif not answer.is_success:
        return None
    elif answer.is_html:
        detail = "a web page came instead of data"
        gate = gate_category(answer)
        category = page if gate is Category.WRONG_URL else gate
    elif not answer.body.strip():
        detail = "the answer is empty"
    elif not _is_whole(answer.body):
        detail = "the answer is not whole JSON"
    else:
        return None
    return diagnose(
        category or Category.BAD_RESPONSE,
        detail=detail,
        evidence=evidence_of(answer, scrub),
    )


def _without_query(url: str) -> str:
    """Return where a redirect leads; what is signed stands behind the path."""
    plain = re.split(r"[?#]", url, maxsplit=1)[0]
    return re.sub(r"^(\w+:)?//[^/]*@", r"\1//", plain)


def _is_whole(body: str) -> bool:
    """Tell whether a body is JSON from its first to its last character.

    A long one is judged by its ends: the library parses it anyway, and an
    exchange's list of markets costs a fifth of a second each time.
    """
    if len(body) <= _MAX_PARSED_CHARS:
        return parse_json(body) is not None
    text = body.strip()
    return _PAIRS.get(text[0]) == text[-1]
