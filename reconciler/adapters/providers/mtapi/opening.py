"""Turn a connection and its credentials into what a session begins with.

What is sealed is seen here for the first time, so it is judged here once more; a
message names the setting and never shows its value.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from typing import Any

from reconciler.adapters.providers.checks import (
    is_base_url,
    is_sealed_proxy,
    is_timeout,
)
from reconciler.adapters.providers.mtapi.checks import (
    REQUIRED,
    is_host,
    is_port,
    is_server,
    timeframes_of,
)
from reconciler.adapters.providers.mtapi.dialects import (
    default_base_url,
    dialect_of,
    platform_of,
)
from reconciler.adapters.providers.mtapi.login import Entry, LearningScrubber
from reconciler.adapters.providers.network.session import Network
from reconciler.adapters.providers.plain_keys import PlainKeys, read_plain_keys
from reconciler.adapters.providers.rest import RestClient
from reconciler.adapters.providers.settings import (
    checked,
    pacer_of,
    setting,
    timeout_s,
)
from reconciler.core.connection import Connection
from reconciler.core.diagnosis import Category, diagnose
from reconciler.core.errors import ProviderError
from reconciler.core.secret import Credentials

DEFAULT_TIMEOUT_S = 30.0
DEFAULT_CONNECT_TIMEOUT_S = 60.0
DEFAULT_PORT = 443


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """What both dialects begin with; `offset` is the server's, when declared."""

    connection: Connection
    dialect: str
    platform: str
    base_url: str
    keys: PlainKeys
    timeout_s: float
    timeframes: tuple[str, ...]
    offset: timedelta | None = None
    entry: Entry | None = field(default=None)


def prepare(connection: Connection, credentials: Credentials) -> Opening:
    """Return the opening; raises `ProviderError` for settings that cannot be used."""
    given = str(setting(connection, credentials, "base_url") or "")
    dialect = dialect_of(connection, given)
    platform = platform_of(connection, given)
    base_url = given or default_base_url(dialect, platform)
    allow_http = connection.config.get("allow_http") is True
    accepts = partial(is_base_url, allow_http=allow_http)
    checked("base_url", base_url, accepts, category=Category.BAD_URL)
    names = [*REQUIRED[dialect]]
    if dialect == "native" and "api_key" in credentials:
        names.append("api_key")
    keys = read_plain_keys(credentials, names, in_header=True)
    native = dialect == "native"
    return Opening(
        connection=connection,
        dialect=dialect,
        platform=platform,
        base_url=base_url,
        keys=keys,
        timeout_s=timeout_s(connection, credentials, default=DEFAULT_TIMEOUT_S),
        timeframes=timeframes_of(connection, dialect, platform),
        offset=_declared_offset(connection),
        entry=_entry(connection, credentials, base_url, keys) if native else None,
    )


def make_client(
    opening: Opening, credentials: Credentials, network: Network, scrub: Any
) -> RestClient:
    """Return the client of one session, on the network's own session."""
    connection = opening.connection
    proxy = setting(connection, credentials, "proxy")
    if proxy is not None:
        checked("proxy", proxy, is_sealed_proxy, category=Category.BAD_URL)
    return RestClient(
        network,
        scrub=scrub,
        pacer=pacer_of(network, connection, ticks=time.monotonic),
        proxy=proxy,
    )


def learning_scrubber(credentials: Credentials) -> LearningScrubber:
    """Return a scrubber of the credentials that can learn a token."""
    return LearningScrubber(
        secret.reveal() for name, secret in credentials.items() if name != "timeout"
    )


def _entry(
    connection: Connection, credentials: Credentials, base_url: str, keys: PlainKeys
) -> Entry:
    wait_s = connection.config.get("connect_timeout", DEFAULT_CONNECT_TIMEOUT_S)
    checked("connect_timeout", wait_s, is_timeout, category=Category.BAD_REQUEST)
    return Entry(
        base_url=base_url,
        user=keys.values["account_id"],
        password=keys.values["password"],
        where=_where(connection, credentials),
        api_key=keys.values.get("api_key", ""),
        connect_timeout_s=float(wait_s),
        keep=connection.config.get("keep_session") is True,
    )


def _where(connection: Connection, credentials: Credentials) -> dict[str, str]:
    """Return the broker's server by its name, else by host and port."""
    server = setting(connection, credentials, "server")
    if server is not None:
        checked("server", server, is_server, category=Category.BAD_REQUEST)
        return {"server": str(server).strip()}
    host = setting(connection, credentials, "host")
    if host is None:
        raise ProviderError(
            diagnose(
                Category.BAD_REQUEST,
                detail="config.server is missing",
                fix="write config.server as the MetaTrader terminal shows it",
            )
        )
    checked("host", host, is_host, category=Category.BAD_REQUEST)
    port = connection.config.get("port", DEFAULT_PORT)
    checked("port", port, is_port, category=Category.BAD_REQUEST)
    return {"host": str(host), "port": str(port)}


def _declared_offset(connection: Connection) -> timedelta | None:
    hours = connection.config.get("utc_offset")
    if isinstance(hours, bool) or not isinstance(hours, int | float):
        return None
    return timedelta(hours=hours)
