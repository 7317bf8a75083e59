"""What the config keys of a REST feed accept, each as the end of a sentence.

Nothing secret may stand in the config, since it is not sealed: what looks like a
key by its name is refused, and so is whatever could turn a request elsewhere.
"""

from __future__ import annotations

import base64
import re
from binascii import Error as Base64Error
from collections.abc import Sequence
from functools import partial
from typing import Any

from reconciler.adapters.providers.checks import (
    did_you_mean,
    is_base_url,
    is_rate,
    is_text,
    nearest,
)
from reconciler.adapters.providers.custom_api.templates import (
    HMAC_NAMES,
    HMAC_OUTPUT_NAMES,
    REQUEST_NAMES,
    unknown_names,
)
from reconciler.core.diagnosis import KINDS, Category
from reconciler.core.durations import parse_duration

TIMESTAMP_UNITS = ("s", "ms", "us", "ns", "iso8601")
COLUMNS = ("timestamp", "open", "high", "low", "close", "volume")
RETRY_STATUSES = (429, 500, 502, 503, 504)
MAX_ATTEMPTS = 5
MAX_PAGES = 100
MAX_BODY_LIMITS = (1024, 100 * 1024 * 1024)
MAX_BACKUPS = 8
OUR_CATEGORIES = frozenset(
    {
        *(category for category, kind in KINDS.items() if kind.ours),
        *(Category.ADDRESS_NOT_ALLOWED, Category.INTERNAL),
        *(Category.SEALED, Category.DNS_FAILURE, Category.CONNECTION_REFUSED),
        *(Category.CONNECTION_RESET, Category.TLS_CERTIFICATE, Category.TLS_HANDSHAKE),
    }
)
"""What no answer of a provider can mean: we find it out ourselves."""

_HEADER_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
_OWN_HEADERS = frozenset({"host", "content-length", "transfer-encoding", "connection"})
_SECRET_NAME = re.compile(
    r"(?i)authori[sz]ation|cookie|token|secret|passw|passphrase|signature|api-?_?key"
)
_PEM_BLOCK = re.compile(
    r"-----BEGIN CERTIFICATE-----\s*([A-Za-z0-9+/=\s]+?)-----END CERTIFICATE-----"
)
_SHA256_BYTES = 32


def one_of(allowed: Sequence[str], value: Any) -> str:
    """Accept one of the words."""
    return "" if value in allowed else f"must be one of: {', '.join(allowed)}"


def is_map(value: Any) -> str:
    """Accept a mapping; what stands in it is judged key by key."""
    return "" if isinstance(value, dict) else "must be a mapping"


def is_path(value: Any) -> str:
    """Accept a plain path, which may hold template names."""
    if not isinstance(value, str) or not value.startswith("/"):
        return "must be a path that begins with '/'"
    if value.startswith("//") or "?" in value or "#" in value or ".." in value:
        return "must be a plain path: parameters stand in 'params'"
    return is_template(REQUEST_NAMES, value)


def is_template(names: Sequence[str], value: Any) -> str:
    """Accept a text whose `{names}` are known."""
    unknown = unknown_names(str(value), names)
    allowed = ", ".join(f"{{{name}}}" for name in names)
    return f"may use {allowed} only, not {{{unknown[0]}}}" if unknown else ""


def is_expression(value: Any) -> str:
    """Accept a text.

    JMESPath itself is loaded with the first request; its syntax is judged then.
    """
    return is_text(value)


def is_expression_or_list(value: Any) -> str:
    """Accept one condition, or several that must all hold."""
    items = value if isinstance(value, list) else [value]
    good = bool(items) and not any(map(is_expression, items))
    return "" if good else "must be a condition or a list of conditions"


def is_params(value: Any) -> str:
    """Accept the parameters of a call: texts and numbers by name."""
    if not isinstance(value, dict):
        return "must be a mapping"
    for name, text in value.items():
        if isinstance(text, bool) or not isinstance(text, str | int | float):
            return f"must hold texts and numbers, '{name}' is neither"
        if _SECRET_NAME.search(str(name)) and "{" not in str(text):
            return f"must not hold '{name}': seal it in credentials"
        if fault := is_template(REQUEST_NAMES, text):
            return fault
    return ""


def is_headers(value: Any) -> str:
    """Accept headers that are sent with every call; none may carry a key."""
    if fault := _header_fault(value):
        return fault
    secret = next(filter(_SECRET_NAME.search, value), None)
    if secret is not None:
        return f"must not hold '{secret}': seal it in credentials and use auth"
    return ""


def is_hmac_headers(value: Any) -> str:
    """Accept headers made of what the signature needs; their names are free."""
    return _header_fault(value) or _output_fault(value)


def is_hmac_query(value: Any) -> str:
    """Accept parameters made of what the signature needs."""
    if not isinstance(value, dict) or not all(
        isinstance(text, str) for text in value.values()
    ):
        return "must map names to texts"
    return _output_fault(value)


def is_hmac_payload(value: Any) -> str:
    """Accept the text that is signed."""
    return is_text(value) or is_template(HMAC_NAMES, value)


def _output_fault(value: dict[str, str]) -> str:
    for name, text in value.items():
        if _SECRET_NAME.search(str(name)) and "{" not in text:
            return f"must not hold '{name}': seal it in credentials"
        if fault := is_template(HMAC_OUTPUT_NAMES, text):
            return fault
    return ""


def _header_fault(value: Any) -> str:
    if not isinstance(value, dict):
        return "must be a mapping"
    for name, text in value.items():
        if is_header_name(name):
            return f"must not hold '{name}'"
        if not isinstance(text, str) or not text.isprintable():
            return f"must hold texts, '{name}' is none"
        if not text.isascii():
            return f"must hold plain ASCII, '{name}' does not"
    return ""


def is_expected_headers(value: Any) -> str:
    """Accept the headers that an answer must have; an empty text: any value."""
    return _header_fault(value)


def is_header_name(value: Any) -> str:
    """Accept the name of a header that is not the client's own."""
    good = isinstance(value, str) and _HEADER_NAME.fullmatch(value)
    return "" if good and value.lower() not in _OWN_HEADERS else "must be a header name"


def is_prefix(value: Any) -> str:
    """Accept what stands before the key in its header."""
    good = isinstance(value, str) and value.isprintable() and value.isascii()
    return "" if good else "must be plain ASCII text"


def is_success_list(value: Any) -> str:
    """Accept the status codes that the test call may have."""
    codes = value if isinstance(value, list) else [value]
    good = codes and all(type(code) is int and code // 100 == 2 for code in codes)  # noqa: PLR2004
    return "" if good else "must be a list of codes from 200 to 299"


def is_status_list(value: Any) -> str:
    """Accept any status codes."""
    codes = value if isinstance(value, list) else [value]
    good = codes and all(type(code) is int and 1 <= code // 100 <= 5 for code in codes)  # noqa: PLR2004
    return "" if good else "must be a list of codes from 100 to 599"


def is_category(value: Any) -> str:
    """Accept the class of a failure that an answer can mean."""
    known = [str(name) for name in Category if name not in OUR_CATEGORIES]
    if value in known:
        return ""
    meant = did_you_mean(nearest(str(value), known))
    return f"is no category: {meant or 'docs/providers.md lists them'}"


def is_columns(value: Any) -> str:
    """Accept where the fields of a row are: names or numbers."""
    names = (
        dict(zip(COLUMNS, value, strict=False)) if isinstance(value, list) else value
    )
    if not isinstance(names, dict):
        return "must be a mapping or a list"
    missing = [name for name in COLUMNS[:-1] if name not in names]
    if missing:
        return f"does not say where '{missing[0]}' is"
    for name, place in names.items():
        if name not in COLUMNS:
            return f"has no '{name}': it takes {', '.join(COLUMNS)}"
        if isinstance(place, bool) or not isinstance(place, str | int):
            return f"must give names or numbers, '{name}' has neither"
    return ""


def is_timeframe_map(value: Any) -> str:
    """Accept the provider's words for timeframes."""
    good = isinstance(value, dict) and all(
        isinstance(v, str | int) and not isinstance(v, bool) for v in value.values()
    )
    return "" if good and value else "must map timeframes to the provider's words"


def is_whole(low: int, high: int, value: Any) -> str:
    """Accept a whole number in a range."""
    good = type(value) is int and low <= value <= high
    return "" if good else f"must be a whole number from {low} to {high}"


def is_duration(value: Any) -> str:
    """Accept a duration above zero."""
    return "" if parse_duration(value) else "must be a duration such as 10s"


def is_budget(value: Any) -> str:
    """Accept requests a minute, or requests per duration."""
    return "" if isinstance(value, dict) else is_rate(value)


def is_retry_list(value: Any) -> str:
    """Accept what may be tried again; a refusal of the key never is."""
    known = ("timeout", *RETRY_STATUSES)
    good = isinstance(value, list) and value and all(item in known for item in value)
    return "" if good else f"must be a list of: {', '.join(map(str, known))}"


def is_scopes(value: Any) -> str:
    """Accept scopes as a list or as one text."""
    items = value if isinstance(value, list) else [value]
    good = items and not any(map(is_text, items))
    return "" if good else "must be a list of scopes"


def are_base_urls(value: Any, *, allow_http: bool = False) -> str:
    """Accept further base URLs of the same feed."""
    if not isinstance(value, list) or not 1 <= len(value) <= MAX_BACKUPS:
        return f"must be a list of 1 to {MAX_BACKUPS} URLs"
    faults = map(partial(is_base_url, allow_http=allow_http), value)
    fault = next(filter(None, faults), "")
    return f"holds what {fault}" if fault else ""


def is_ca(value: Any) -> str:
    """Accept certificates in PEM, and no private key."""
    if not isinstance(value, str) or "PRIVATE KEY" in value:
        return "must be certificates in PEM, without a private key"
    blocks = _PEM_BLOCK.findall(value)
    if not blocks or any(_decoded(block) is None for block in blocks):
        return "must be certificates in PEM: -----BEGIN CERTIFICATE----- and so on"
    return ""


def is_tls_version(value: Any) -> str:
    """Accept the oldest version of TLS to speak."""
    good = not isinstance(value, bool) and str(value) in {"1.2", "1.3"}
    return "" if good else "must be 1.2 or 1.3"


def is_pin(value: Any) -> str:
    """Accept the SHA-256 of a public key, as hex or base64, or a list of them."""
    pins = value if isinstance(value, list) else [value]
    good = pins and all(isinstance(pin, str) and pin_bytes(pin) for pin in pins)
    return "" if good else "must be SHA-256 digests in hex or base64"


def pin_bytes(text: str) -> bytes | None:
    """Return a pin's 32 bytes, None when it is none."""
    text = text.strip().removeprefix("sha256//")
    if re.fullmatch(r"[0-9a-fA-F]{64}", text):
        return bytes.fromhex(text)
    found = _decoded(text)
    return found if found is not None and len(found) == _SHA256_BYTES else None


def _decoded(text: str) -> bytes | None:
    try:
        return base64.b64decode("".join(text.split()), validate=True)
    except (Base64Error, ValueError):
        return None
