"""What can be said of a REST feed connection without a key or a request."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from reconciler.adapters.providers.checks import (
    Key,
    bad_value,
    check_config,
    check_credentials,
    check_places,
)
from reconciler.adapters.providers.custom_api.sections import (
    EXPECT_KEYS as EXPECT_KEYS,  # noqa: PLC0414  # part of what this module offers
)
from reconciler.adapters.providers.custom_api.sections import (
    OAUTH2,
    RULE_KEYS,
    SECTIONS,
    keys,
    nested,
)
from reconciler.adapters.providers.custom_api.templates import TIME_NAMES, names_in
from reconciler.core.connection import Connection
from reconciler.core.ports import Finding

CERTIFICATE = ("client_certificate", "client_key")
"""The credentials of mutual TLS; they may come on top of any other method."""

_WRONG_NAMES = {
    "base_url": "endpoint",
    "url": "endpoint",
    "auth_method": "authentication_method",
    "health": "test",
    "backups": "backup_endpoints",
    "retries": "retry",
}
_WRONG_INNER_NAMES = {
    "tls": {
        "ca_file": "ca_pem",
        "ca": "ca_pem",
        "pin": "pin_sha256",
    },
    # Unquoted, `on` is true to other readers of YAML, and our own refuses it.
    "retry": {"on": "after"},
}
_PAGE_NAMES = {
    "cursor": ("cursor",),
    "page": ("page",),
    "offset": ("offset",),
    "time": TIME_NAMES,
}


def method_of(connection: Connection) -> str:
    """Return how the key travels: as the file says, else by what is sealed."""
    given = connection.config.get("authentication_method")
    if isinstance(given, str):
        return given
    names = connection.credential_names
    if "username" in names:
        return "basic"
    if "client_id" in names:
        return OAUTH2
    if "api_key" in names:
        return "bearer"
    return "mtls" if set(CERTIFICATE) & set(names) else "none"


def required_credentials(connection: Connection) -> tuple[str, ...]:
    """Return the credentials that the authentication needs, certificates last."""
    names, own = connection.credential_names, CERTIFICATE
    method = method_of(connection)
    certificate = own if method == "mtls" or set(own) & set(names) else ()
    match method:
        case "none" | "mtls":
            return certificate
        case "basic":
            named = "username" in names
            pair = ("username", "password") if named else ("api_key", "api_secret")
            return (*pair, *certificate)
        case "hmac":
            return ("api_key", "api_secret", *certificate)
        case "oauth2_client_credentials":
            return ("client_id", "client_secret", *certificate)
        case _:
            return ("api_key", *certificate)


def check(connection: Connection) -> Iterator[Finding]:
    """Yield every static problem of the connection."""
    config = connection.config
    allow_http = config.get("allow_http") is True
    known = keys(allow_http=allow_http)
    yield from check_config(config, known, wrong_names=_WRONG_NAMES)
    for name, section in SECTIONS.items():
        wrong = _WRONG_INNER_NAMES.get(name)
        yield from _check_section(config.get(name), section, ("config", name), wrong)
    for path, section in nested(allow_http=allow_http).items():
        inner = _get(config.get(path[0]), path[1])
        yield from _check_section(inner, section, ("config", *path))
    yield from _check_rules(config.get("error_rules"))
    yield from check_places(connection, known)
    yield from _check_endpoints(connection)
    yield from check_credentials(
        connection.credential_names,
        required=required_credentials(connection),
        accepted=[key.name for key in known if key.sealable],
    )
    yield from _check_method(connection)
    yield from _check_pagination(config, "ohlcv")
    yield from _check_pagination(config, "symbols")
    yield from _check_timeframes(connection)


def _check_section(
    section: Any,
    known: Sequence[Key],
    path: tuple[str | int, ...],
    wrong_names: Mapping[str, str] | None = None,
) -> Iterator[Finding]:
    if isinstance(section, dict):
        yield from check_config(section, known, path=path, wrong_names=wrong_names)


def _check_rules(rules: Any) -> Iterator[Finding]:
    for index, rule in enumerate(rules if isinstance(rules, list) else ()):
        path = ("config", "error_rules", index)
        if not isinstance(rule, dict):
            yield bad_value(path, "must be a mapping")
            continue
        yield from check_config(rule, RULE_KEYS, path=path)
        if "category" not in rule:
            yield bad_value(path, "does not say its category")
        if not rule.keys() - {"category"}:
            yield bad_value(
                path, "has no condition", "give status, json or message_contains"
            )


def _check_endpoints(connection: Connection) -> Iterator[Finding]:
    if not {"endpoint"} & {*connection.config, *connection.credential_names}:
        yield bad_value(
            ("config", "endpoint"),
            "is missing",
            hint="write config.endpoint: https://…, or seal credentials.endpoint",
        )
    backups = connection.config.get("backup_endpoints")
    if not isinstance(backups, list):
        return
    known = [connection.config.get("endpoint")]
    for index, url in enumerate(backups):
        if url in known:
            yield bad_value(
                ("config", "backup_endpoints", index), "is named twice", "remove it"
            )
        known.append(url)


def _check_method(connection: Connection) -> Iterator[Finding]:
    """Yield what the method needs in `auth` and does not find there."""
    auth = connection.config.get("auth")
    match method_of(connection):
        case "hmac":
            yield from _check_hmac(_get(auth, "hmac"))
        case "oauth2_client_credentials":
            if _get(_get(auth, "oauth2"), "token_url") is None:
                yield bad_value(
                    ("config", "auth", "oauth2", "token_url"),
                    "is missing",
                    "write where the token is asked for: https://…/oauth/token",
                )
        case _:
            return


def _check_hmac(hmac: Any) -> Iterator[Finding]:
    given = [_get(hmac, "headers"), _get(hmac, "query")]
    sent = [part for part in given if isinstance(part, dict)]
    if not sent:
        return  # the defaults send both
    texts = [str(text) for part in sent for text in part.values()]
    for name in ("signature", "key"):
        if not any(name in names_in(text) for text in texts):
            yield bad_value(
                ("config", "auth", "hmac"),
                f"sends no {{{name}}}",
                f"put {{{name}}} into headers or query",
            )


def _check_pagination(config: Mapping[str, Any], name: str) -> Iterator[Finding]:
    section = config.get(name)
    pagination = _get(section, "pagination")
    kind = _get(pagination, "type")
    path = ("config", name, "pagination")
    if not isinstance(pagination, dict):
        return
    if kind is None:
        yield bad_value((*path, "type"), "is missing")
    if kind == "cursor" and "next" not in pagination:
        yield bad_value(
            (*path, "next"), "is missing", "say where the answer holds the next cursor"
        )
    if name == "symbols" and kind == "time":
        yield bad_value((*path, "type"), "must not be 'time': a symbol has none")
    wanted = _PAGE_NAMES.get(str(kind), ())
    params = _get(section, "params")
    texts = [_get(section, "path") or "", *_values(params)]
    used = {found for text in texts for found in names_in(str(text))}
    # Without params of its own, the section has the default ones: {since_ms}.
    if wanted and not used & set(wanted) and not (kind == "time" and params is None):
        yield bad_value(
            (*path, "type"),
            f"needs {{{wanted[0]}}} in config.{name}.params",
            f'add a parameter whose value is "{{{wanted[0]}}}"',
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


def _values(params: Any) -> list[Any]:
    return list(params.values()) if isinstance(params, dict) else []


def _get(section: Any, name: str) -> Any:
    return section.get(name) if isinstance(section, dict) else None
