"""The adapter of exchanges: catalogue and checks now, ccxt when it is needed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import AbstractAsyncContextManager
from typing import TYPE_CHECKING, Any

from reconciler.adapters.providers.answers.answer import Answer
from reconciler.adapters.providers.ccxt_crypto.catalogue import Exchange, exchanges
from reconciler.adapters.providers.ccxt_crypto.checks import check
from reconciler.adapters.providers.ccxt_crypto.names import RENAMED
from reconciler.adapters.providers.redaction import Scrubber
from reconciler.core.connection import Connection
from reconciler.core.diagnosis import Diagnosis
from reconciler.core.ports import Finding, ProviderInfo, Session
from reconciler.core.secret import Credentials

if TYPE_CHECKING:
    from reconciler.adapters.providers.network.session import Network

_TEMPLATE = """\
{credentials}config:
  # sandbox: true     # for keys of the exchange's test environment
  # timeout: 20       # seconds for a whole test
  # rate_limit: 600   # requests a minute, below the exchange's own limit
settings:
  symbols: [BTC/USDT]
  timeframes: [{timeframe}]
"""


def _notes(exchange: Exchange) -> str:
    """Return what is special, with the ids that it had before."""
    said = [] if exchange.has_ohlcv else ["prices only, no candles"]
    former = [old for old, present in RENAMED.items() if present == exchange.id]
    said += [f"once {', '.join(former)}"] if former else []
    return "; ".join(said)


class CcxtAdapter:
    """Speaks to exchanges through ccxt."""

    type = "ccxt_crypto"
    max_concurrency = 16

    def check(self, connection: Connection) -> Iterable[Finding]:
        """Judge what can be judged offline and without a key."""
        return tuple(check(connection))

    def providers(self) -> Sequence[ProviderInfo]:
        """Return the exchanges of the catalogue, sorted by id."""
        return tuple(
            ProviderInfo(
                id=exchange.id,
                name=exchange.name,
                credentials=exchange.credentials,
                timeframes=exchange.timeframes,
                environments=exchange.environments,
                notes=_notes(exchange),
            )
            for exchange in exchanges().values()
        )

    def template(self, provider: str) -> str:
        """Return the body of a new document; an unknown exchange gets the usual."""
        exchange = exchanges().get(provider)
        names = exchange.credentials if exchange else ("api_key", "api_secret")
        known = exchange.timeframes if exchange else ()
        fields = "".join(f'  {name}: "PASTE-HERE"\n' for name in names)
        comment = (
            "credentials:  # a key that may only read; seal it before you commit\n"
        )
        return _TEMPLATE.format(
            credentials=comment + fields if fields else "",
            timeframe="1h" if "1h" in known or not known else known[0],
        )

    def explain(
        self, provider: str, answer: Answer, *, scrub: Scrubber, now_s: float
    ) -> Diagnosis | None:
        """Explain an exchange's answer; ccxt is imported for it."""
        from reconciler.adapters.providers.ccxt_crypto.foreign import explain_answer

        exchange = RENAMED.get(provider, provider)
        if exchange not in exchanges():
            exchange = next(iter(exchanges()))  # only its own codes differ
        return explain_answer(exchange, answer, scrub=scrub, now_s=now_s)

    def open(
        self, connection: Connection, credentials: Credentials, network: Network | Any
    ) -> AbstractAsyncContextManager[Session]:
        """Open a session; ccxt is imported with the first request."""
        from reconciler.adapters.providers.ccxt_crypto.session import open_session

        return open_session(connection, credentials, network)
