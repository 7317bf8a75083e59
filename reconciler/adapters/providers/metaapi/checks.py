"""What can be said of a MetaApi connection without a key or a request."""

from __future__ import annotations

import re
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

REQUIRED = ("token", "account_id")
PLATFORMS = ("mt4", "mt5")
MT4_TIMEFRAMES = ("1m", "5m", "15m", "30m", "1h", "4h", "1d", "1w", "1mn", "1M")
MT5_TIMEFRAMES = (
    *("1m", "2m", "3m", "4m", "5m", "6m", "10m", "12m", "15m", "20m", "30m"),
    *("1h", "2h", "3h", "4h", "6h", "8h", "12h", "1d", "1w", "1mn", "1M"),
)
_REGION = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_WRONG_NAMES = {
    "url": "base_url",
    "endpoint": "base_url",
    "domain": "base_url",
    "version": "platform",
}


def is_region(value: Any) -> str:
    """Accept a region's name; it becomes a part of a host, so it is nothing else."""
    known = isinstance(value, str) and _REGION.fullmatch(value)
    return "" if known else "must be a region's name, like london or new-york"


def _is_platform(value: Any) -> str:
    return "" if value in PLATFORMS else f"must be one of: {', '.join(PLATFORMS)}"


def keys(*, allow_http: bool = False) -> tuple[Key, ...]:
    """Return the config keys; whether http is accepted depends on one of them."""
    is_url = partial(is_base_url, allow_http=allow_http)
    return (
        Key(name="region", accepts=is_region),
        Key(name="platform", accepts=_is_platform),
        Key(name="base_url", accepts=is_url, sealable=True),
        Key(name="timeout", accepts=is_timeout, sealable=True),
        Key(name="proxy", accepts=is_proxy, sealable=True),
        Key(name="rate_limit", accepts=is_rate),
        Key(name="allow_http", accepts=is_bool),
    )


def timeframes_of(connection: Connection) -> tuple[str, ...]:
    """Return what can be asked for: MT5's, unless the file says mt4."""
    is_mt4 = connection.config.get("platform") == "mt4"
    return MT4_TIMEFRAMES if is_mt4 else MT5_TIMEFRAMES


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
        connection.timeframes, timeframes_of(connection), whose="a MetaApi account"
    )
