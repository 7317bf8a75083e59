"""A REST feed as its connection describes it, defaults filled in.

The defaults fit the plain shape that many in-house services have: bearer key,
`GET /health`, `GET /candles?symbol&timeframe&limit` with rows of six numbers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from reconciler.adapters.providers.checks import is_base_url, is_sealed_proxy
from reconciler.adapters.providers.custom_api.accepts import COLUMNS
from reconciler.adapters.providers.custom_api.checks import (
    CERTIFICATE,
    check,
    method_of,
    required_credentials,
)
from reconciler.adapters.providers.plain_keys import PlainKeys, read_plain_keys
from reconciler.adapters.providers.rest import MAX_BODY_BYTES
from reconciler.adapters.providers.settings import checked, setting, timeout_s
from reconciler.core.connection import Connection
from reconciler.core.diagnosis import Category, diagnose
from reconciler.core.errors import ProviderError
from reconciler.core.market import MAX_SAMPLE_ROWS
from reconciler.core.secret import Credentials

DEFAULT_TIMEOUT_S = 20.0
_IN_HEADER = frozenset({"bearer", "header", "hmac"})

_TEST = {"method": "GET", "path": "/health", "params": {}, "expect": {}}
_OHLCV = {
    "path": "/candles",
    "params": {
        "symbol": "{symbol}",
        "timeframe": "{timeframe}",
        "limit": "{limit}",
        "since": "{since_ms}",
    },
    "rows": "@",
    "columns": list(range(6)),
    "timestamp_unit": "ms",
    "order": "asc",
    "timeframes": {},
    "symbol_template": "{symbol}",
    "max_limit": MAX_SAMPLE_ROWS,
    "pagination": {},
}
_TICKER = {
    "path": "/ticker",
    "params": {"symbol": "{symbol}"},
    "last": "last || data.last",
    "bid": "bid || data.bid",
    "ask": "ask || data.ask",
    "time": "time || data.time",
}
_SYMBOLS = {"path": "/symbols", "params": {}, "rows": "symbols || data || @",
            "pagination": {}}  # fmt: skip
_ACCOUNT = {
    "path": "/account",
    "params": {},
    "balance": "balance || account.balance",
    "equity": "equity || account.equity",
    "currency": "currency || account.currency",
    "server": "server || account.server",
    "leverage": "leverage || account.leverage",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Feed:
    """Where the feed is, how the key travels, and what its calls look like.

    The sections are mappings of the config's own keys, complete with defaults;
    `expressions` names those values that are JMESPath.
    """

    endpoint: str
    backups: tuple[str, ...]
    method: str
    auth: Mapping[str, Any]
    headers: Mapping[str, str]
    keys: PlainKeys
    test: Mapping[str, Any]
    ohlcv: Mapping[str, Any]
    ticker: Mapping[str, Any]
    symbols: Mapping[str, Any]
    account: Mapping[str, Any]
    timeout_s: float
    error_rules: Sequence[Mapping[str, Any]] = ()
    retry: Mapping[str, Any] = field(default_factory=dict)
    tls: Mapping[str, Any] = field(default_factory=dict)
    max_body_bytes: int = MAX_BODY_BYTES
    proxy: str | None = field(default=None, repr=False)
    certificate_ends_at: datetime | None = None
    warnings: tuple[str, ...] = ()

    @property
    def has_certificate(self) -> bool:
        """Tell whether a client certificate proves who asks."""
        return self.certificate_ends_at is not None

    @property
    def is_keyless(self) -> bool:
        """Tell whether nothing proves who asks."""
        return self.method == "none" and not self.has_certificate


def read_feed(connection: Connection, credentials: Credentials) -> Feed:
    """Return the feed; raises `ProviderError` for settings that cannot be used."""
    fault = next((f for f in check(connection) if not f.warning), None)
    if fault is not None:
        raise ProviderError(
            diagnose(Category.BAD_REQUEST, detail=fault.message, fix=fault.hint)
        )
    config = connection.config
    proxy = setting(connection, credentials, "proxy")
    if proxy is not None:
        checked("proxy", proxy, is_sealed_proxy, category=Category.BAD_URL)
    ohlcv = _with_columns({**_OHLCV, **config.get("ohlcv", {})})
    names = [n for n in required_credentials(connection) if n not in CERTIFICATE]
    keys = read_plain_keys(
        credentials, names, in_header=method_of(connection) in _IN_HEADER
    )
    return Feed(
        endpoint=_endpoint(connection, credentials),
        backups=tuple(config.get("backup_endpoints", ())),
        method=method_of(connection),
        auth=config.get("auth", {}),
        headers=config.get("headers", {}),
        keys=keys,
        warnings=keys.warnings,
        test={**_TEST, **config.get("test", {})},
        ohlcv=ohlcv,
        ticker={**_TICKER, **config.get("ticker", {})},
        symbols={**_SYMBOLS, **config.get("symbols", {})},
        account={**_ACCOUNT, **config.get("account", {})},
        timeout_s=timeout_s(connection, credentials, default=DEFAULT_TIMEOUT_S),
        error_rules=config.get("error_rules", ()),
        retry=config.get("retry", {}),
        tls=config.get("tls", {}),
        max_body_bytes=config.get("max_body_bytes", MAX_BODY_BYTES),
        proxy=proxy,
    )


def _endpoint(connection: Connection, credentials: Credentials) -> str:
    endpoint = setting(connection, credentials, "endpoint")
    allow_http = connection.config.get("allow_http") is True
    value: str = checked(
        "endpoint",
        endpoint,
        lambda url: is_base_url(url, allow_http=allow_http),
        category=Category.BAD_URL,
    )
    return value


def _with_columns(ohlcv: dict[str, Any]) -> dict[str, Any]:
    columns = ohlcv["columns"]
    if isinstance(columns, list):
        ohlcv["columns"] = dict(zip(COLUMNS, columns, strict=False))
    return ohlcv
