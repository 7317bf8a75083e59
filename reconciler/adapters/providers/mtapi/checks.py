"""What can be said of an MT bridge connection without a key or a request."""

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
    check_timeframes,
    is_base_url,
    is_bool,
    is_proxy,
    is_rate,
    is_text,
    is_timeout,
)
from reconciler.adapters.providers.mtapi.dialects import (
    DIALECTS,
    PLATFORMS,
    dialect_of,
    platform_of,
)
from reconciler.core.connection import Connection
from reconciler.core.ports import Finding

REQUIRED: Mapping[str, Sequence[str]] = {
    "v1": ("api_key", "account_id"),
    "native": ("account_id", "password"),
}
MT4_TIMEFRAMES = ("M1", "M5", "M15", "M30", "H1", "H4", "D1", "W1", "MN", "MN1")
MT5_TIMEFRAMES = (
    *("M1", "M2", "M3", "M4", "M5", "M6", "M10", "M12", "M15", "M20", "M30"),
    *("H1", "H2", "H3", "H4", "H6", "H8", "H12", "D1", "W1", "MN", "MN1"),
)
MAX_OFFSET_H = 14
_BRIDGED = "an MT4/MT5 account"
_MAX_PORT = 65_535
_HOST = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?|[0-9A-Fa-f:]+")
_WRONG_NAMES = {
    "url": "base_url",
    "endpoint": "base_url",
    "api": "dialect",
    "broker": "server",
    "server_name": "server",
    "timezone": "utc_offset",
    "connect_timeout_s": "connect_timeout",
}
_NATIVE_ONLY = (
    *("server", "host", "port", "connect_timeout", "utc_offset", "keep_session"),
)


def _one_of(allowed: Sequence[str], value: Any) -> str:
    return "" if value in allowed else f"must be one of: {', '.join(allowed)}"


def is_server(value: Any) -> str:
    """Accept a broker's server name."""
    if is_text(value) or not value.isprintable():
        return "must be a server's name, like ICMarketsSC-Demo"
    return ""


def is_host(value: Any) -> str:
    """Accept a host name or address, without scheme and port."""
    if not isinstance(value, str) or not _HOST.fullmatch(value):
        return "must be a host without scheme and port, like 203.0.113.7"
    return ""


def is_port(value: Any) -> str:
    """Accept a port number."""
    known = isinstance(value, int) and not isinstance(value, bool)
    return "" if known and 0 < value <= _MAX_PORT else "must be a port number"


def is_offset(value: Any) -> str:
    """Accept the hours that a server's time is ahead of UTC, quarters allowed."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return "must be a number of hours, like 3"
    whole = abs(value) <= MAX_OFFSET_H and float(value * 4).is_integer()
    return "" if whole else f"must be from -{MAX_OFFSET_H} to {MAX_OFFSET_H}, like 3"


def keys(*, allow_http: bool = False, dialect: str = "native") -> tuple[Key, ...]:
    """Return a dialect's config keys; whether http is accepted is one of them."""
    is_url = partial(is_base_url, allow_http=allow_http)
    every = (
        Key(name="dialect", accepts=partial(_one_of, DIALECTS)),
        Key(name="platform", accepts=partial(_one_of, PLATFORMS)),
        Key(name="base_url", accepts=is_url, sealable=True),
        Key(name="server", accepts=is_server, sealable=True),
        Key(name="host", accepts=is_host, sealable=True),
        Key(name="port", accepts=is_port),
        Key(name="timeout", accepts=is_timeout, sealable=True),
        Key(name="connect_timeout", accepts=is_timeout),
        Key(name="utc_offset", accepts=is_offset),
        Key(name="keep_session", accepts=is_bool),
        Key(name="proxy", accepts=is_proxy, sealable=True),
        Key(name="rate_limit", accepts=is_rate),
        Key(name="allow_http", accepts=is_bool),
    )
    left_out = _NATIVE_ONLY if dialect == "v1" else ()
    return tuple(key for key in every if key.name not in left_out)


def timeframes_of(
    connection: Connection, dialect: str, platform: str
) -> tuple[str, ...]:
    """Return what can be asked for; a `v1` bridge has MT4's unless it says mt5."""
    declared = connection.config.get("platform")
    is_mt5 = platform == "mt5" and (dialect == "native" or declared == "mt5")
    return MT5_TIMEFRAMES if is_mt5 else MT4_TIMEFRAMES


def check(connection: Connection) -> Iterator[Finding]:
    """Yield every static problem of the connection."""
    dialect, platform = dialect_of(connection), platform_of(connection)
    allow_http = connection.config.get("allow_http") is True
    known = keys(allow_http=allow_http, dialect=dialect)
    yield from check_config(connection.config, known, wrong_names=_WRONG_NAMES)
    yield from check_places(connection, known)
    sealable = [key.name for key in known if key.sealable]
    optional = ["api_key"] if dialect == "native" else []
    yield from check_credentials(
        connection.credential_names,
        required=REQUIRED[dialect],
        accepted=[*sealable, *optional],
    )
    if dialect == "native":
        yield from _check_server(connection)
    yield from check_timeframes(
        connection.timeframes,
        timeframes_of(connection, dialect, platform),
        whose=f"an {platform.upper()} account" if dialect == "native" else _BRIDGED,
    )


def _check_server(connection: Connection) -> Iterator[Finding]:
    given = {*connection.config, *connection.credential_names}
    if not {"server", "host"} & given:
        yield bad_value(
            ("config", "server"),
            "is missing",
            hint="write the server as the MetaTrader terminal shows it, like "
            "ICMarketsSC-Demo; or host and port",
        )
    elif {"server", "host"} <= given:
        yield bad_value(
            ("config", "server"),
            "stands beside config.host",
            hint="keep the server's name, or host and port: not both",
        )
