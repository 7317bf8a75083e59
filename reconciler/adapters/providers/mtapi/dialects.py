"""Which of its two languages a bridge is spoken to in, and which platform it plays.

`v1` is the panel's shape (bearer key, `/v1/accounts/{id}/...`), `native` the vendor's
own (a login that gives a token). What the file says wins; otherwise the settings
decide, and nothing is sent to find out.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Any
from urllib.parse import urlsplit

from reconciler.core.connection import Connection

DIALECTS = ("auto", "v1", "native")
PLATFORMS = ("mt4", "mt5")
_VENDOR = re.compile(r"(?i)(mt[45])\.mtapi\.(?:io|be)")


def dialect_of(connection: Connection, base_url: str = "") -> str:
    """Return `v1` or `native`.

    Args:
        connection: Its config and the names of its credentials are looked at.
        base_url: The URL when it is known to be another than `config.base_url`.
    """
    config = connection.config
    if config.get("dialect") in DIALECTS[1:]:
        return str(config["dialect"])
    names = {*config, *connection.credential_names}
    if {"server", "host"} & names or _vendor_platform(base_url or _url(config)):
        return "native"
    return "native" if _only_password(connection.credential_names) else "v1"


def platform_of(connection: Connection, base_url: str = "") -> str:
    """Return `mt4` or `mt5`: as declared, by the host, by the provider's name."""
    declared = connection.config.get("platform")
    if declared in PLATFORMS:
        return str(declared)
    host = _vendor_platform(base_url or _url(connection.config))
    if host:
        return host
    return "mt4" if "mt4" in connection.provider.lower() else "mt5"


def default_base_url(dialect: str, platform: str) -> str:
    """Return where the vendor's own service is."""
    return "https://api.mtapi.io" if dialect == "v1" else f"https://{platform}.mtapi.io"


def _only_password(names: Collection[str]) -> bool:
    return "password" in names and "api_key" not in names


def _url(config: Mapping[str, Any]) -> str:
    url = config.get("base_url")
    return url if isinstance(url, str) else ""


def _vendor_platform(url: str) -> str:
    """Return the platform that a host of the vendor's plays, empty for another."""
    try:
        host = urlsplit(url).hostname or ""
    except ValueError:
        return ""
    found = _VENDOR.fullmatch(host)
    return found[1].lower() if found else ""
