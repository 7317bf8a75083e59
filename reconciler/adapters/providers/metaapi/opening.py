"""Turn a connection and its credentials into what a session begins with.

What is sealed is seen here for the first time, so it is judged here once more; a
message names the setting and never shows its value.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from reconciler.adapters.providers.checks import is_base_url
from reconciler.adapters.providers.metaapi.checks import REQUIRED, is_region
from reconciler.adapters.providers.plain_keys import (
    PlainKeys,
    read_plain_keys,
    require_header_text,
)
from reconciler.adapters.providers.settings import checked, setting, timeout_s
from reconciler.core.connection import Connection
from reconciler.core.diagnosis import Category
from reconciler.core.secret import Credentials

DEFAULT_TIMEOUT_S = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Which account, and where; `region` is what the file says, if it does."""

    base_url: str
    region: str
    keys: PlainKeys
    timeout_s: float


def prepare(connection: Connection, credentials: Credentials) -> Place:
    """Return the place; raises `ProviderError` for settings that cannot be used."""
    base_url = str(setting(connection, credentials, "base_url") or "")
    if base_url:
        allow_http = connection.config.get("allow_http") is True
        accepts = partial(is_base_url, allow_http=allow_http)
        checked("base_url", base_url, accepts, category=Category.BAD_URL)
    region = connection.config.get("region", "")
    if region:
        checked("region", region, is_region, category=Category.BAD_URL)
    keys = read_plain_keys(credentials, REQUIRED, in_header=False)
    require_header_text("token", keys.values["token"])
    return Place(
        base_url=base_url,
        region=region,
        keys=keys,
        timeout_s=timeout_s(connection, credentials, default=DEFAULT_TIMEOUT_S),
    )
