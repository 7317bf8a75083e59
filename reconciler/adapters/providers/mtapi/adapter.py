"""The adapter of MT4/MT5 bridges: checks now, HTTP when it is needed."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import TYPE_CHECKING, Any

from reconciler.adapters.providers.mtapi.checks import check
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
  api_key: "PASTE-HERE"
  account_id: "PASTE-HERE"   # the MT4 or MT5 login, in quotes
  # password: "PASTE-HERE"   # native dialect: the investor password, which only reads
config:
  # base_url: https://api.mtapi.io   # or your own bridge
  # timeout: 30                      # seconds for a whole test
  # The vendor's own service instead (then api_key is rarely wanted):
  # platform: mt5                    # or mt4
  # server: ICMarketsSC-Demo         # as the terminal shows it; or host and port
settings:
  symbols: [EURUSD]   # as the account spells them: EURUSDm, EURUSD. ...
  timeframes: [H1]
"""


class MtapiAdapter:
    """Speaks to MT4/MT5 accounts through a bridge, in either of its dialects."""

    type = "mtapi"
    max_concurrency = 16

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
        """Explain an answer of a bridge, None for one that is no refusal."""
        from reconciler.adapters.providers.mtapi.calls import explain

        del provider
        return explain(answer, scrub=scrub, now_s=now_s)

    def open(
        self, connection: Connection, credentials: Credentials, network: Network | Any
    ) -> AbstractAsyncContextManager[Session]:
        """Open a session; the HTTP client is imported here."""
        return _open(connection, credentials, network)


@asynccontextmanager
async def _open(
    connection: Connection, credentials: Credentials, network: Network
) -> AsyncIterator[Session]:
    from reconciler.adapters.providers.mtapi.native import open_native
    from reconciler.adapters.providers.mtapi.opening import prepare
    from reconciler.adapters.providers.mtapi.session import open_v1

    opening = prepare(connection, credentials)
    if opening.entry is None:
        async with open_v1(opening, credentials, network) as session:
            yield session
    else:
        async with open_native(opening, opening.entry, credentials, network) as native:
            yield native
