"""Who is asked, and by whom: what shares a provider's limits, and what shares a key.

Both live in memory only. A way may hold a proxy's password; an account is a digest
under a key that this process made up and forgets, so it is worth nothing elsewhere.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urlsplit

from reconciler.adapters.providers.settings import setting
from reconciler.core.connection import Connection
from reconciler.core.secret import Credentials

_PLAIN: Final = frozenset(
    {"timeout", "base_url", "endpoint", "proxy", "sandbox", "demo", "rate_limit"}
)
"""Settings that may stand among the credentials and belong to no key."""
_PROCESS_KEY: Final = secrets.token_bytes(32)


@dataclass(frozen=True, slots=True)
class Way:
    """A provider in one environment, and the way out that leads there.

    Whoever takes the same way shares the provider's limits on an address.
    """

    provider: str
    environment: str = "live"
    host: str = ""
    proxy: str = field(default="", repr=False)


def way_of(connection: Connection, credentials: Credentials) -> Way:
    """Return the way of a connection's requests."""
    config = connection.config
    environment = next((word for word in ("sandbox", "demo") if config.get(word)), "")
    return Way(
        provider=f"{connection.type}/{connection.provider}",
        environment=environment or str(config.get("environment") or "live"),
        host=host_of(connection, credentials),
        proxy=str(setting(connection, credentials, "proxy") or ""),
    )


def host_of(connection: Connection, credentials: Credentials) -> str:
    """Return the host that a file names, empty when the type knows where to go."""
    for name in ("endpoint", "base_url"):
        if url := setting(connection, credentials, name):
            try:
                return urlsplit(str(url)).hostname or ""
            except ValueError:
                return ""
    return ""


def account_of(way: Way, credentials: Credentials) -> bytes:
    """Return what two connections with the same key have in common; empty for none."""
    values = {
        name: secret.reveal().strip()
        for name, secret in credentials.items()
        if name not in _PLAIN
    }
    if not values:
        return b""
    parts = [way.provider, way.environment, way.host]
    for name in sorted(values):
        parts += [name, values[name]]
    text = "".join(f"{len(part)}:{part}" for part in parts)
    return hmac.digest(_PROCESS_KEY, text.encode(), hashlib.sha256)[:16]
