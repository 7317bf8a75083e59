"""The adapter of MetaApi.cloud: checks now, HTTP when it is needed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import AbstractAsyncContextManager
from typing import TYPE_CHECKING, Any

from reconciler.adapters.providers.metaapi.checks import check
from reconciler.core.connection import Connection
from reconciler.core.diagnosis import Diagnosis
from reconciler.core.ports import Finding, ProviderInfo, Session
from reconciler.core.secret import Credentials

if TYPE_CHECKING:
    from reconciler.adapters.providers.answers.answer import Answer
    from reconciler.adapters.providers.network.session import Network
    from reconciler.adapters.providers.redaction import Scrubber

_TEMPLATE = """\
credentials:  # seal them before you commit
  token: "PASTE-HERE"        # narrow it down to reading this one account
  account_id: "PASTE-HERE"   # MetaApi's id of the account, not its MetaTrader login
config:
  # region: london           # where the account runs; MetaApi is asked without it
  # platform: mt5            # or mt4, which has fewer timeframes
  # timeout: 60              # seconds for a whole test
settings:
  symbols: [EURUSD]   # as the account spells them: EURUSDm, EURUSD. ...
  timeframes: [1h]
"""


class MetaApiAdapter:
    """Speaks to MT4/MT5 accounts through MetaApi.cloud's REST API."""

    type = "metaapi"
    max_concurrency = 8

    def check(self, connection: Connection) -> Iterable[Finding]:
        """Judge what can be judged offline and without a key."""
        return tuple(check(connection))

    def providers(self) -> Sequence[ProviderInfo]:
        """Return nothing: the provider's name is free, the account decides."""
        return ()

    def template(self, provider: str) -> str:
        """Return the body of a new document; the same for every provider."""
        del provider
        return _TEMPLATE

    def explain(
        self, provider: str, answer: Answer, *, scrub: Scrubber, now_s: float
    ) -> Diagnosis | None:
        """Explain an answer of MetaApi, None for one that is no refusal."""
        from reconciler.adapters.providers.metaapi.calls import explain

        del provider
        return explain(answer, scrub=scrub, now_s=now_s)

    def open(
        self, connection: Connection, credentials: Credentials, network: Network | Any
    ) -> AbstractAsyncContextManager[Session]:
        """Open a session; the HTTP client is imported here."""
        from reconciler.adapters.providers.metaapi.session import open_session

        return open_session(connection, credentials, network)
