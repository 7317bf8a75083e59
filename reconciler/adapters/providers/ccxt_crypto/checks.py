"""What can be said of an exchange connection without a key or a request."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from reconciler.adapters.providers.ccxt_crypto.catalogue import Exchange, exchanges
from reconciler.adapters.providers.ccxt_crypto.key_lengths import KEY_LENGTHS
from reconciler.adapters.providers.ccxt_crypto.names import (
    CREDENTIAL_ATTRIBUTES,
    MARKETS_NEED_A_KEY,
    REMOVED,
    RENAMED,
)
from reconciler.adapters.providers.checks import (
    Key,
    bad_value,
    check_config,
    check_credentials,
    check_lengths,
    check_places,
    check_timeframes,
    did_you_mean,
    is_bool,
    is_proxy,
    is_rate,
    is_text,
    is_timeout,
    nearest,
)
from reconciler.core.connection import Connection
from reconciler.core.ports import Finding

_MAX_WINDOW_MS = 60_000


def _is_map(value: Any) -> str:
    return "" if isinstance(value, dict) else "must be a mapping"


def _is_window(value: Any) -> str:
    good = isinstance(value, int) and not isinstance(value, bool)
    return "" if good and 0 < value <= _MAX_WINDOW_MS else "must be 1 to 60000 (ms)"


KEYS = (
    Key(name="sandbox", accepts=is_bool),
    Key(name="demo", accepts=is_bool),
    Key(name="timeout", accepts=is_timeout, sealable=True),
    Key(name="rate_limit", accepts=is_rate),
    Key(name="proxy", accepts=is_proxy, sealable=True),
    Key(name="options", accepts=_is_map),
)
OPTION_KEYS = (
    Key(name="defaultType", accepts=is_text),
    Key(name="defaultSubType", accepts=is_text),
    Key(name="recvWindow", accepts=_is_window),
)
"""ccxt sets whatever it is given as an attribute: only what is known goes in."""

SEALABLE = tuple(key.name for key in KEYS if key.sealable)
_WRONG_NAMES = {
    "testnet": "sandbox",
    "test": "sandbox",
    "paper": "demo",
    "rateLimit": "rate_limit",
    "httpProxy": "proxy",
    "httpsProxy": "proxy",
}


def check(connection: Connection) -> Iterator[Finding]:
    """Yield every static problem of the connection."""
    yield from check_config(connection.config, KEYS, wrong_names=_WRONG_NAMES)
    yield from _check_options(connection.config.get("options"))
    yield from check_places(connection, KEYS)
    exchange = exchanges().get(connection.provider)
    if exchange is None:
        yield unknown_exchange(connection.provider)
        return
    yield from _check_names(connection, exchange)
    yield from check_lengths(
        connection, KEY_LENGTHS.get(exchange.id, {}), whose=exchange.name
    )
    yield from _check_environment(connection, exchange)
    if exchange.timeframes:
        yield from check_timeframes(
            connection.timeframes, exchange.timeframes, whose=exchange.name
        )


def unknown_exchange(name: str) -> Finding:
    """Return why the exchange is not known: renamed, removed or misspelt."""
    lower = name.lower()
    if lower in RENAMED:
        message = f"'{name}' is now called '{RENAMED[lower]}'"
        hint = f"write provider: {RENAMED[lower]}"
        return Finding(code="R403", message=message, path=("provider",), hint=hint)
    if lower in REMOVED:
        message = f"'{name}' is no longer supported: {REMOVED[lower]}"
        hint = "'reconcile providers' lists what is"
        return Finding(code="R403", message=message, path=("provider",), hint=hint)
    close = lower if lower in exchanges() else nearest(lower, exchanges())
    return Finding(
        code="R402",
        message=f"unknown exchange '{name}'",
        path=("provider",),
        hint=did_you_mean(close) or "'reconcile providers' lists the exchanges",
    )


def _check_options(options: Any) -> Iterable[Finding]:
    if not isinstance(options, dict):
        return ()
    return check_config(options, OPTION_KEYS, path=("config", "options"))


def _check_names(connection: Connection, exchange: Exchange) -> Iterator[Finding]:
    """No credentials at all is a public connection; some of them is a mistake."""
    own = [n for n in connection.credential_names if n not in SEALABLE]
    if not own and exchange.id not in MARKETS_NEED_A_KEY:
        return
    # ndax requires everything; elsewhere a further known name is one too many.
    accepted = {*SEALABLE, *(() if exchange.credentials else CREDENTIAL_ATTRIBUTES)}
    yield from check_credentials(
        connection.credential_names, required=exchange.credentials, accepted=accepted
    )


def _check_environment(connection: Connection, exchange: Exchange) -> Iterator[Finding]:
    wanted = [name for name in ("sandbox", "demo") if connection.config.get(name)]
    if len(wanted) > 1:
        yield bad_value(("config", "demo"), "and config.sandbox exclude each other")
    for name in wanted:
        if name not in exchange.environments:
            others = [e for e in exchange.environments if e != "live"]
            yield Finding(
                code="R407",
                message=f"{exchange.name} offers no {name} environment",
                path=("config", name),
                hint=f"it offers {', '.join(others)}"
                if others
                else f"remove config.{name} and use a live key with reading only",
            )
