"""The adapter of REST feeds: checks now, HTTP and JMESPath when they are needed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import AbstractAsyncContextManager
from typing import TYPE_CHECKING, Any

from reconciler.adapters.providers.custom_api.checks import check
from reconciler.core.connection import Connection
from reconciler.core.ports import Finding, ProviderInfo, Session
from reconciler.core.secret import Credentials

if TYPE_CHECKING:
    from reconciler.adapters.providers.network.session import Network

_TEMPLATE = """\
credentials:  # seal it before you commit
  api_key: "PASTE-HERE"
config:
  endpoint: https://md.example.com/v1
  authentication_method: bearer   # bearer, header, query, basic, hmac,
                                  # oauth2_client_credentials, mtls, none
  # backup_endpoints: [https://md2.example.com/v1]
  # rate_limit: 100               # requests a minute, or {requests: 10, per: 1s}
  # retry: {attempts: 2, after: [timeout, 429, 503]}
  # test: {path: /health}         # a path that needs the key
  # error_rules:                  # the feed's own words for what is wrong
  #   - {json: "code == 'E17'", category: expired_credentials}
  # ohlcv:                        # unless candles come as [[ms, o, h, l, c, v]]
  #   path: /candles
  #   params: {symbol: "{symbol}", interval: "{timeframe}", limit: "{limit}"}
  #   rows: data.candles
  #   columns: {timestamp: time, open: o, high: h, low: l, close: c, volume: v}
  #   timestamp_unit: ms          # s, ms, us, ns, iso8601
  #   pagination: {type: page}    # cursor, page, offset, time, link_header
settings:
  symbols: [AAPL]
  timeframes: [1h]
"""


class CustomApiAdapter:
    """Speaks to a REST feed that the connection's file describes."""

    type = "custom_api"
    max_concurrency = 16

    def check(self, connection: Connection) -> Iterable[Finding]:
        """Judge what can be judged offline and without a key."""
        return tuple(check(connection))

    def providers(self) -> Sequence[ProviderInfo]:
        """Return nothing: the provider's name is free, the endpoint decides."""
        return ()

    def template(self, provider: str) -> str:
        """Return the body of a new document; the same for every provider."""
        del provider
        return _TEMPLATE

    def open(
        self, connection: Connection, credentials: Credentials, network: Network | Any
    ) -> AbstractAsyncContextManager[Session]:
        """Open a session; the HTTP client is imported here."""
        from reconciler.adapters.providers.custom_api.session import open_session

        return open_session(connection, credentials, network)
