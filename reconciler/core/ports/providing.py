"""Providers: what an adapter is, and what an open connection answers."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Any, Protocol

from reconciler.core.connection import Connection
from reconciler.core.market import Account, Candle, Ticker
from reconciler.core.secret import Credentials
from reconciler.core.verdict import Verdict


class Session(Protocol):
    """An open connection to a provider; everything it does is read-only.

    Raises `ProviderError` with a diagnosis when the provider says no.
    """

    async def test(self) -> Verdict:
        """Climb the ladder; never raises for what a provider can answer."""
        ...

    async def candles(
        self, symbol: str, timeframe: str, *, limit: int, since_ms: int | None = None
    ) -> Sequence[Candle]:
        """Return at most `limit` bars, oldest first."""
        ...

    async def ticker(self, symbol: str) -> Ticker:
        """Return the current price."""
        ...

    async def symbols(self) -> Sequence[str]:
        """Return the symbols that can be asked for, sorted."""
        ...

    async def account(self) -> Account:
        """Return what the provider says of the account."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderInfo:
    """One provider of a type, for people and for `validate`.

    `credentials` lists the required credential names; empty timeframes mean that
    any is accepted.
    """

    id: str
    name: str
    credentials: tuple[str, ...] = ()
    timeframes: tuple[str, ...] = ()
    environments: tuple[str, ...] = ("live",)
    notes: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One static problem of a connection; `path` leads to the value in the file."""

    code: str
    message: str
    path: tuple[str | int, ...]
    hint: str = ""
    warning: bool = False
    at_key: bool = False


class Adapter(Protocol):
    """Our code for one type, found by the entry point `reconciler.adapters`.

    Importing it and calling `check` and `providers` must load no HTTP client and
    no exchange library.
    """

    type: str
    max_concurrency: int
    """How many tests of one provider may run side by side."""

    def check(self, connection: Connection) -> Iterable[Finding]:
        """Judge what can be judged offline and without a key."""
        ...

    def providers(self) -> Sequence[ProviderInfo]:
        """Return the known providers; empty when any name is accepted."""
        ...

    def template(self, provider: str) -> str:
        """Return the body of a new document for `reconcile new`, commented."""
        ...

    def open(
        self, connection: Connection, credentials: Credentials, network: Any
    ) -> AbstractAsyncContextManager[Session]:
        """Open a session; `network` is the process's one network (see adapters)."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """What to fetch from one connection; `limit` bars, 1 to 1000.

    With `symbol` candles and a ticker come back, and the symbols or the account
    when they are asked for.
    """

    symbol: str = ""
    timeframe: str = ""
    limit: int = 100
    since_ms: int | None = None
    ticker: bool = False
    symbols: bool = False
    account: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """What one connection answered; fields that were not asked for are empty."""

    candles: tuple[Candle, ...] = ()
    ticker: Ticker | None = None
    symbols: tuple[str, ...] = ()
    account: Account | None = None
    latency_ms: float | None = None
