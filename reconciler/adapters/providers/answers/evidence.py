"""Read an error document: its codes, its sentences, and what a person may see of it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from ipaddress import ip_address
from typing import Any

from reconciler.adapters.providers.answers.answer import Answer, gate_category
from reconciler.adapters.providers.answers.sentences import as_words
from reconciler.adapters.providers.answers.waits import readable
from reconciler.adapters.providers.redaction import Scrubber, names_a_secret
from reconciler.core.diagnosis import KINDS, Category, Diagnosis, diagnose

_CODE_FIELDS = (
    *("code", "retCode", "ret_code", "errorCode", "error_code", "errCode", "err_code"),
    *("err-code", "mc", "label", "error", "errors", "reason"),
)
_INNER_CODE_FIELDS = ("id", "name", "type")
"""What is a code inside an error; elsewhere it is the name of something else."""
_TEXT_FIELDS = frozenset(
    {
        *("msg", "message", "messages", "msginfo", "retmsg", "errmsg", "errormsg"),
        *("errormessage", "error", "errors", "errordescription", "errordetails"),
        *("detail", "details", "detailmsg", "debugmsg", "title", "reason", "response"),
        *("description", "smsg", "info", "text", "fault", "faultstring"),
    }
)
"""Where a refusal's words stand, without what joins them and in lower case."""
_ADDRESS = re.compile(
    r"(?<![\w.])(?:(?:\d{1,3}\.){3}\d{1,3}"
    r"|[0-9A-Fa-f]{0,4}(?::[0-9A-Fa-f]{0,4}){2,7}(?:(?:\d{1,3}\.){3}\d{1,3})?)"
    r"(?![\w:]|\.\d)"
)
_CHALLENGE = re.compile(r"(?i)\b(error|error_description)\s*=\s*\"([^\"]{1,300})\"")
_USED = ("X-MBX-USED-WEIGHT-1M", "X-Bapi-Limit-Status", "X-RateLimit-Remaining")
_NAMES_ADDRESS = frozenset(
    {Category.IP_RESTRICTED, Category.CREDENTIALS_OR_IP_OR_PERMISSION}
)
_MAX_DEPTH = 4
_MAX_ITEMS = 5
_MAX_TEXT_CHARS = 16_384
_MAX_PARSED_CHARS = 262_144
_MAX_COUNTED_OBJECTS = 1_000
"""What holds more is a list of markets, which takes long and shows for itself."""
_PAIRS = {"{": "}", "[": "]"}
_NOT_WHOLE = "the answer is not whole JSON"
_TWICE = "the answer names one field twice: nobody knows which value counts"
_NO_NUMBER = "the answer holds NaN or Infinity, which are no numbers in JSON"


def parse_json(body: str) -> Any:
    """Return the document, None when it is no JSON (or the word null)."""
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None


def codes_of(document: Any, *, inner: bool = False) -> Iterator[str]:
    """Yield what may be a code: at the document's top, in its lists, in its error."""
    if isinstance(document, list) and document[:1] == ["error"]:  # Bitfinex
        yield from (str(item) for item in document[1:3] if _is_code(item))
    if not isinstance(document, dict):
        return
    for name in (*_CODE_FIELDS, *(_INNER_CODE_FIELDS if inner else ())):
        value = document.get(name)
        for item in value[:_MAX_ITEMS] if isinstance(value, list) else [value]:
            if isinstance(item, dict):
                yield from codes_of(item, inner=True)
            elif _is_code(item):
                yield str(item)
    if not inner:
        yield from _outer_codes(document)


def _outer_codes(document: Mapping[str, Any]) -> Iterator[str]:
    """Yield what is a code by its form: Bithumb's status, a problem's type.

    bitbank puts the code of a failure among the data.
    """
    data = document.get("data")
    if not document.get("success", True) and isinstance(data, dict):
        code = data.get("code")
        yield from [str(code)] if _is_code(code) else []
    status = document.get("status")
    if isinstance(status, str) and status.isdigit():
        yield status
    kind = document.get("type")
    if isinstance(kind, str) and kind.startswith(("http", "urn:", "/")):
        yield re.split(r"[/:#]", kind.rstrip("/"))[-1]


def _is_code(item: Any) -> bool:
    return isinstance(item, str | int) and not isinstance(item, bool)


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


def text_of(answer: Answer, *, without: str | None = None) -> str:
    """Return what an error answer says in words, each sentence for itself.

    `without` is the code that was understood already.

    Where its words stand under a usual name, nothing else is read: what was asked
    for, a link or a note may hold any word.
    """
    document = parse_json(answer.body)
    texts = [*_messages_of(document)] or [*texts_of(document)]
    codes = [*codes_of(document), *challenge_of(answer)]
    worded = [code for code in codes if not code.lstrip("-").isdigit()]
    words = [as_words(code) for code in worded if code != without]
    if document is None:
        texts = [answer.head]
    said = [t if " " in t else as_words(t) for t in texts if t != without]
    return ". ".join(dict.fromkeys([*said, *words]))[:_MAX_TEXT_CHARS]


def _messages_of(document: Any, depth: int = 0) -> Iterator[str]:
    """Yield the texts under the names that refusals give them."""
    if depth >= _MAX_DEPTH:
        return
    if isinstance(document, list):
        for item in document[:_MAX_ITEMS]:
            yield from _messages_of(item, depth + 1)
    if not isinstance(document, dict):
        return
    for name, value in document.items():
        if re.sub(r"[_-]", "", str(name)).lower() in _TEXT_FIELDS:
            yield from texts_of(value, depth + 1)
        elif isinstance(value, dict | list):
            yield from _messages_of(value, depth + 1)


def is_error_document(document: Any) -> bool:
    """Tell whether a document says that something went wrong, whatever the status."""
    if not isinstance(document, dict):
        return False
    return bool(document.get("error")) or {"code", "message"} <= document.keys()


def says_nothing(answer: Answer) -> bool:
    """Tell whether a success holds neither a code nor a word that a refusal would.

    A catch-all route answers everything with an empty list, or that all is well.
    """
    document = parse_json(answer.body)
    codes, words = codes_of(document), _messages_of(document)
    return answer.is_success and not any(codes) and not any(words)


def challenge_of(answer: Answer) -> tuple[str, ...]:
    """Return what `WWW-Authenticate` says is wrong: OAuth's code, then its words."""
    found = dict(_CHALLENGE.findall(answer.header("WWW-Authenticate")))
    said = {name.lower(): text for name, text in found.items()}
    return tuple(said[name] for name in ("error", "error_description") if name in said)


def summary_of(answer: Answer, scrub: Scrubber) -> str:
    """Return an error answer's own words for a person, without bare numbers."""
    document = parse_json(answer.body)
    codes = {code for code in codes_of(document) if code.lstrip("-").isdigit()}
    texts = [text for text in texts_of(document) if text not in codes]
    return scrub.clean("; ".join(map(readable, texts)), limit=120)


def evidence_of(answer: Answer | None, scrub: Scrubber) -> dict[str, str]:
    """Return what is kept of an answer, scrubbed and cut."""
    if answer is None:
        return {}
    codes = [*codes_of(parse_json(answer.body)), *challenge_of(answer)[:1]]
    return scrub.clean_all(
        {
            "status": answer.status,
            "code": ", ".join(codes),
            "body": answer.body,
            "location": _without_query(answer.header("Location")),
            "retry_after": answer.header("Retry-After"),
            "used": next(filter(None, map(answer.header, _USED)), ""),
            "seen_ip": _seen_address(answer.head),
        }
    )


def address_fix(category: Category, evidence: Mapping[str, str]) -> str:
    """Return a fix that names the address which the provider saw, else nothing."""
    address = evidence.get("seen_ip", "")
    if not address or category not in _NAMES_ADDRESS:
        return ""
    if category is Category.IP_RESTRICTED:
        return f"add {address} to the key's IP list at the provider"
    return KINDS[category].fix.replace("this machine's address", address)


def _seen_address(text: str) -> str:
    """Return the first address of either kind that a text names, empty for none."""
    for found in _ADDRESS.findall(text):
        try:
            address = ip_address(found)
        except ValueError:  # a version, a time of day
            continue
        if not address.is_unspecified:
            return str(found)
    return ""


def strange_answer(
    answer: Answer,
    scrub: Scrubber,
    *,
    page: Category = Category.BAD_RESPONSE,
    strict: bool = False,
    is_document: bool = False,
) -> Diagnosis | None:
    """Return why an answer cannot come from the API, None when it may.

    Libraries accept a redirect, a page, nothing and half a document as success.
    `page` is the category of an unknown web page. `strict` is for a library that
    reads nothing at all where `NaN` stands for a number, which Python's own reads.
    `is_document` tells that such a library has read the body as JSON already.
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
        category = gate_category(answer)  # a challenge may stand in the headers alone
        detail = "the answer is empty"
    else:
        fault = _fault_of(answer.body, strict=strict, is_document=is_document)
        if not fault:
            return None
        detail = fault
    return diagnose(
        category or Category.BAD_RESPONSE,
        detail=detail,
        evidence=evidence_of(answer, scrub),
    )


def _without_query(url: str) -> str:
    """Return where a redirect leads; what is signed stands behind the path."""
    plain = re.split(r"[?#]", url, maxsplit=1)[0]
    return re.sub(r"^(\w+:)?//[^/]*@", r"\1//", plain)


def _fault_of(body: str, *, strict: bool, is_document: bool) -> str:
    """Return what is wrong with a body as JSON, empty for nothing.

    A long one is judged by its ends: the library parses it anyway, and an
    exchange's list of markets costs a fifth of a second each time.
    """
    if len(body) > _MAX_PARSED_CHARS:
        text = body.strip()
        return "" if _PAIRS.get(text[0]) == text[-1] else _NOT_WHOLE
    if is_document or _is_strict(body):
        is_short = body.count("{") <= _MAX_COUNTED_OBJECTS
        return _TWICE if is_short and _names_twice(body) else ""
    if parse_json(body) is None:  # wider: NaN, and numbers of any size
        return _NOT_WHOLE
    return _NO_NUMBER if strict else ""


def _is_strict(body: str) -> bool:
    """Tell whether a text is a JSON document, strictly, and not null."""
    import orjson

    try:
        return orjson.loads(body) is not None
    except ValueError:
        return False


def _names_twice(body: str) -> bool:
    """Tell whether an object names a member twice: readers differ in what they take."""

    def named_once(pairs: list[tuple[str, Any]]) -> None:
        if len(pairs) > 1 and len({name for name, _ in pairs}) != len(pairs):
            raise KeyError

    try:
        json.loads(body, object_pairs_hook=named_once)
    except (KeyError, RecursionError):
        return True
    return False
