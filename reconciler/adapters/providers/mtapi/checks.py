"""What can be said of an MT bridge connection without a key or a request."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

from reconciler.adapters.providers.checks import (
    Key,
    check_config,
    check_credentials,
    check_places,
    check_timeframes,
    is_base_url,
    is_bool,
    is_proxy,
    is_rate,
    is_timeout,
)
from reconciler.core.connection import Connection
from reconciler.core.ports import Finding

REQUIRED = ("api_key", "account_id")
TIMEFRAMES = ("M1", "M5", "M15", "M30", "H1", "H4", "D1", "W1", "MN", "MN1")
DIALECTS = ("v1",)
_WRONG_NAMES = {"url": "base_url", "endpoint": "base_url", "api": "dialect"}


def _is_dialect(value: Any) -> str:
    if value == "native":
        return "is 'native', which this release does not speak yet: only v1"
    return "" if value in DIALECTS else f"must be one of: {', '.join(DIALECTS)}"


def keys(*, allow_http: bool = False) -> tuple[Key, ...]:
    """Return the config keys; whether http is accepted depends on one of them."""
    is_url = partial(is_base_url, allow_http=allow_http)
    return (
        Key(name="dialect", accepts=_is_dialect),
        Key(name="base_url", accepts=is_url, sealable=True),
        Key(name="timeout", accepts=is_timeout, sealable=True),
        Key(name="proxy", accepts=is_proxy, sealable=True),
        Key(name="rate_limit", accepts=is_rate),
        Key(name="allow_http", accepts=is_bool),
    )


def check(connection: Connection) -> Iterator[Finding]:
    """Yield every static problem of the connection."""
    known = keys(allow_http=connection.config.get("allow_http") is True)
    yield from check_config(connection.config, known, wrong_names=_WRONG_NAMES)
    yield from check_places(connection, known)
    sealable = [key.name for key in known if key.sealable]
    yield from check_credentials(
        connection.credential_names, required=REQUIRED, accepted=sealable
    )
    yield from check_timeframes(
        connection.timeframes, TIMEFRAMES, whose="an MT4/MT5 account"
    )
