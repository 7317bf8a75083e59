"""What can be said of a REST feed connection without a key or a request."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any

from reconciler.adapters.providers.checks import (
    Key,
    bad_value,
    check_config,
    check_credentials,
    check_places,
    is_base_url,
    is_bool,
    is_proxy,
    is_rate,
    is_text,
    is_timeout,
)
from reconciler.adapters.providers.custom_api.templates import (
    REQUEST_NAMES,
    SYMBOL_NAMES,
    unknown_names,
)
from reconciler.core.connection import Connection
from reconciler.core.ports import Finding

METHODS = ("bearer", "header", "query", "basic", "none")
TIMESTAMP_UNITS = ("s", "ms", "us", "ns", "iso8601")
ORDERS = ("asc", "desc", "any")
COLUMNS = ("timestamp", "open", "high", "low", "close", "volume")

_HEADER_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
_OWN_HEADERS = frozenset({"host", "content-length", "transfer-encoding", "connection"})
_SECRET_NAME = re.compile(
    r"(?i)authori[sz]ation|cookie|token|secret|passw|passphrase|signature|api-?_?key"
)
_WRONG_NAMES = {"base_url": "endpoint", "url": "endpoint", "auth_method":
                "authentication_method", "health": "test"}  # fmt: skip


def _one_of(allowed: Sequence[str], value: Any) -> str:
    return "" if value in allowed else f"must be one of: {', '.join(allowed)}"


def _is_path(value: Any) -> str:
    if not isinstance(value, str) or not value.startswith("/"):
        return "must be a path that begins with '/'"
    if value.startswith("//") or "?" in value or "#" in value or ".." in value:
        return "must be a plain path: parameters stand in 'params'"
    return _is_template(REQUEST_NAMES, value)


def _is_template(names: Sequence[str], value: Any) -> str:
    unknown = unknown_names(str(value), names)
    allowed = ", ".join(f"{{{name}}}" for name in names)
    return f"may use {allowed} only, not {{{unknown[0]}}}" if unknown else ""


def _is_expression(value: Any) -> str:
    # JMESPath itself is loaded with the first request; its syntax is judged then.
    return is_text(value)


def _is_params(value: Any) -> str:
    if not isinstance(value, dict):
        return "must be a mapping"
    for name, text in value.items():
        if isinstance(text, bool) or not isinstance(text, str | int | float):
            return f"must hold texts and numbers, '{name}' is neither"
        if _SECRET_NAME.search(name) and "{" not in str(text):
            return f"must not hold '{name}': seal it in credentials"
        if fault := _is_template(REQUEST_NAMES, text):
            return fault
    return ""


def _is_headers(value: Any) -> str:
    if not isinstance(value, dict):
        return "must be a mapping"
    for name, text in value.items():
        if not _HEADER_NAME.fullmatch(str(name)) or name.lower() in _OWN_HEADERS:
            return f"must not hold '{name}'"
        if not isinstance(text, str) or not text.isprintable():
            return f"must hold texts, '{name}' is none"
        if not text.isascii():
            return f"must hold plain ASCII, '{name}' does not"
        if _SECRET_NAME.search(name):
            return f"must not hold '{name}': seal it in credentials and use auth"
    return ""


def _is_header_name(value: Any) -> str:
    good = isinstance(value, str) and _HEADER_NAME.fullmatch(value)
    return "" if good and value.lower() not in _OWN_HEADERS else "must be a header name"


def _is_prefix(value: Any) -> str:
    good = isinstance(value, str) and value.isprintable() and value.isascii()
    return "" if good else "must be plain ASCII text"


def _is_status_list(value: Any) -> str:
    codes = value if isinstance(value, list) else [value]
    good = codes and all(type(code) is int and code // 100 == 2 for code in codes)  # noqa: PLR2004
    return "" if good else "must be a list of codes from 200 to 299"


def _is_columns(value: Any) -> str:
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


def _is_timeframe_map(value: Any) -> str:
    good = isinstance(value, dict) and all(
        isinstance(v, str | int) and not isinstance(v, bool) for v in value.values()
    )
    return "" if good and value else "must map timeframes to the provider's words"


def _is_map(value: Any) -> str:
    return "" if isinstance(value, dict) else "must be a mapping"


SECTIONS: Mapping[str, tuple[Key, ...]] = {
    "auth": (
        Key(name="header", accepts=_is_header_name),
        Key(name="prefix", accepts=_is_prefix),
        Key(name="query_param", accepts=is_text),
    ),
    "test": (
        Key(name="method", accepts=partial(_one_of, ("GET", "HEAD"))),
        Key(name="path", accepts=_is_path),
        Key(name="params", accepts=_is_params),
        Key(name="expect", accepts=_is_map),
    ),
    "ohlcv": (
        Key(name="path", accepts=_is_path),
        Key(name="params", accepts=_is_params),
        Key(name="rows", accepts=_is_expression),
        Key(name="columns", accepts=_is_columns),
        Key(name="timestamp_unit", accepts=partial(_one_of, TIMESTAMP_UNITS)),
        Key(name="order", accepts=partial(_one_of, ORDERS)),
        Key(name="timeframes", accepts=_is_timeframe_map),
        Key(name="symbol_template", accepts=partial(_is_template, SYMBOL_NAMES)),
    ),
    "ticker": (
        Key(name="path", accepts=_is_path),
        Key(name="params", accepts=_is_params),
        *(Key(name=n, accepts=_is_expression) for n in ("last", "bid", "ask", "time")),
    ),
    "symbols": (
        Key(name="path", accepts=_is_path),
        Key(name="params", accepts=_is_params),
        Key(name="rows", accepts=_is_expression),
        Key(name="name", accepts=is_text),
    ),
    "account": (
        Key(name="path", accepts=_is_path),
        Key(name="params", accepts=_is_params),
        *(
            Key(name=n, accepts=_is_expression)
            for n in ("balance", "equity", "currency", "server", "leverage")
        ),
    ),
}
EXPECT_KEYS = (
    Key(name="status", accepts=_is_status_list),
    Key(name="json", accepts=_is_expression),
)


def keys(*, allow_http: bool = False) -> tuple[Key, ...]:
    """Return the top config keys; whether http is accepted depends on one of them."""
    return (
        Key(
            name="endpoint",
            accepts=partial(is_base_url, allow_http=allow_http),
            sealable=True,
        ),
        Key(name="authentication_method", accepts=partial(_one_of, METHODS)),
        *(Key(name=name, accepts=_is_map) for name in SECTIONS),
        Key(name="headers", accepts=_is_headers),
        Key(name="rate_limit", accepts=is_rate),
        Key(name="timeout", accepts=is_timeout, sealable=True),
        Key(name="proxy", accepts=is_proxy, sealable=True),
        Key(name="allow_http", accepts=is_bool),
    )


def method_of(connection: Connection) -> str:
    """Return how the key travels: as the file says, else by what is sealed."""
    given = connection.config.get("authentication_method")
    if isinstance(given, str):
        return given
    names = connection.credential_names
    if "username" in names:
        return "basic"
    return "bearer" if "api_key" in names else "none"


def required_credentials(connection: Connection) -> tuple[str, ...]:
    """Return the credentials that the authentication method needs."""
    match method_of(connection):
        case "none":
            return ()
        case "basic":
            named = "username" in connection.credential_names
            return ("username", "password") if named else ("api_key", "api_secret")
        case _:
            return ("api_key",)


def check(connection: Connection) -> Iterator[Finding]:
    """Yield every static problem of the connection."""
    config = connection.config
    known = keys(allow_http=config.get("allow_http") is True)
    yield from check_config(config, known, wrong_names=_WRONG_NAMES)
    for name, section in SECTIONS.items():
        yield from _check_section(config.get(name), section, ("config", name))
    expect = _get(config.get("test"), "expect")
    yield from _check_section(expect, EXPECT_KEYS, ("config", "test", "expect"))
    yield from check_places(connection, known)
    yield from _check_endpoint(connection)
    yield from _check_names(connection, [key.name for key in known if key.sealable])
    yield from _check_timeframes(connection)


def _check_section(
    section: Any, known: Sequence[Key], path: tuple[str, ...]
) -> Iterator[Finding]:
    if isinstance(section, dict):
        yield from check_config(section, known, path=path)


def _check_endpoint(connection: Connection) -> Iterator[Finding]:
    if not {"endpoint"} & {*connection.config, *connection.credential_names}:
        yield bad_value(
            ("config", "endpoint"),
            "is missing",
            hint="write config.endpoint: https://…, or seal credentials.endpoint",
        )


def _check_names(connection: Connection, sealable: Sequence[str]) -> Iterator[Finding]:
    required = required_credentials(connection)
    yield from check_credentials(
        connection.credential_names, required=required, accepted=sealable
    )


def _check_timeframes(connection: Connection) -> Iterator[Finding]:
    known = _get(connection.config.get("ohlcv"), "timeframes")
    if not isinstance(known, dict):
        return
    for index, timeframe in enumerate(connection.timeframes):
        if timeframe not in known:
            yield Finding(
                code="R404",
                message=f"config.ohlcv.timeframes does not map '{timeframe}'",
                path=("settings", "timeframes", index),
                hint=f"it maps {', '.join(map(str, known))}",
            )


def _get(section: Any, name: str) -> Any:
    return section.get(name) if isinstance(section, dict) else None
