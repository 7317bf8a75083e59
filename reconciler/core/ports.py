"""What the pipeline needs from the outside world, as Protocols.

Nothing here is implemented here; `wiring` picks the adapters, tests pass fakes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple, Protocol

from reconciler.core.allowances import Allowed
from reconciler.core.connection import Connection
from reconciler.core.connectivity import NetworkState
from reconciler.core.diagnostic import Diagnostic
from reconciler.core.market import Account, Candle, Ticker
from reconciler.core.record import Action, Commit, Head, Record
from reconciler.core.secret import Credentials
from reconciler.core.verdict import Verdict


class Clock(Protocol):
    """The only source of time."""

    def now(self) -> datetime:
        """Return the present moment, aware UTC."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreInfo:
    """Which store this is and where it stands.

    `lineage` never changes over a store's life; `serial` counts changes of the
    recorded desired state; `sequence` counts every commit.
    """

    url: str
    lineage: str
    serial: int
    sequence: int
    format_version: int
    records: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LockInfo:
    """Who holds the store's operation lock, since when and until when."""

    id: str
    operation: str
    who: str
    created_at: datetime
    expires_at: datetime


class StateStore(Protocol):
    """Records, action log and lock. Every commit is atomic and durable.

    Raises `StaleError` for a version or lock that is no longer right,
    `LockedError` when the lock is held, `DamagedError` when its files are damaged.
    """

    def info(self) -> StoreInfo:
        """Return where the store stands; cheap."""
        ...

    def heads(self) -> Mapping[str, Head]:
        """Return every record's head by name, without reading every record."""
        ...

    def get(self, name: str) -> Record | None:
        """Return one record, or None."""
        ...

    def scan(self, *, after: str = "", limit: int = 1000) -> Sequence[Record]:
        """Return the records whose names follow `after`, sorted, at most `limit`."""
        ...

    def commit(self, commit: Commit, *, lock_id: str | None = None) -> StoreInfo:
        """Write everything in `commit` or nothing; a given lock must still hold."""
        ...

    def actions(self, name: str | None = None, *, limit: int = 100) -> Sequence[Action]:
        """Return the newest lines of the action log, newest first."""
        ...

    def lock(
        self, *, operation: str, who: str, lease_s: float = 60.0, timeout_s: float = 0.0
    ) -> AbstractContextManager[LockInfo]:
        """Hold the operation lock; renewed in the background while held."""
        ...

    def lock_info(self) -> LockInfo | None:
        """Return the present holder, None when free or expired."""
        ...

    def unlock(self, lock_id: str) -> None:
        """Break the lock with exactly this id; another id is refused."""
        ...

    def backup(self) -> bytes:
        """Return everything as one portable JSON document."""
        ...

    def restore(self, data: bytes) -> StoreInfo:
        """Replace everything by a backup; keeps its lineage, raises the serial."""
        ...

    def close(self) -> None:
        """Release files and connections."""
        ...


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
class Job:
    """One test to run: a connection and its sealed document."""

    connection: Connection
    text: str
    file: str


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


class Sampler(Protocol):
    """Fetches data through one connection."""

    def sample(self, job: Job, ask: Ask) -> Sample:
        """Return what was asked for; raises `ProviderError` or `SecretError`."""
        ...


class Connectivity(Protocol):
    """Knows whether this machine's own network is up."""

    def state(self) -> NetworkState:
        """Return what is known; asks nobody."""
        ...

    async def find_out(self) -> NetworkState:
        """Return what is known after asking whoever may tell, if it is unsure."""
        ...


class Tester(Protocol):
    """Runs tests side by side, bounded; one failure never touches another."""

    def run(
        self,
        jobs: Sequence[Job],
        *,
        decide: Callable[[Job, Verdict], None],
        keep: Callable[[], None] | None = None,
    ) -> Sequence[Job]:
        """Test every job, calling `decide` once for each soon after it is done.

        `keep` is called after each group of them, before anybody is told of it, and
        after the last. Returns the jobs that were not tested because a stop was
        asked for.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Unsealed:
    """One document's credentials in memory, and whether they may be sent.

    `warning` is set when they are bound by the MAC only (sealed by plain sops).
    """

    credentials: Credentials
    warning: str = ""


class Unsealer(Protocol):
    """Opens sealed documents; raises `SecretError` naming what is missing."""

    def can_unseal(self) -> bool:
        """Tell whether any identity was found."""
        ...

    def unseal(self, text: str, *, file: str) -> Unsealed:
        """Return the credentials after checking MAC and binding."""
        ...


class DesiredHead(NamedTuple):
    """The part of a document that decides whether it needs a look.

    A tuple, because every plan makes one for every document. `suspended_until` (Unix
    seconds) is when the suspension that it asks for ends; 0 for none.
    """

    name: str
    file: str
    revision: str
    active: bool
    owner: str
    provider: str
    protected: bool = False
    previous_names: tuple[str, ...] = ()
    suspended_until: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Desired:
    """What one document says, in full; `data` is plain, credentials still sealed.

    `seal` is the digest of the ciphertext (`core.revision.seal_of`).
    """

    connection: Connection
    revision: str
    file: str
    text: str
    data: Mapping[str, Any]
    seal: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DesiredSet:
    """All documents of one reading. `files` counts what was found, also invalid.

    `invalid_names` are the names of the documents that have errors: they are
    neither desired nor gone. `allowed` are warnings that comments keep quiet.
    """

    heads: Mapping[str, DesiredHead]
    diagnostics: tuple[Diagnostic, ...] = ()
    invalid_names: frozenset[str] = frozenset()
    files: int = 0
    allowed: tuple[Allowed, ...] = ()


class DocumentSource(Protocol):
    """The files: read, validated, remembered between runs by content."""

    def read(self) -> DesiredSet:
        """Read and validate every document; problems are values."""
        ...

    def load(self, name: str) -> Desired:
        """Return one valid document of the last reading in full."""
        ...

    def labels(self) -> Mapping[str, Mapping[str, str]]:
        """Return the labels of every valid document of the last reading, by name."""
        ...

    def parse(self, text: str, *, file: str) -> Desired:
        """Return a document kept elsewhere (the store's); raises `DocumentError`."""
        ...


class Observer(Protocol):
    """Hears of progress; the default does nothing."""

    def started(self, total: int) -> None:
        """`total` tests are about to run."""
        ...

    def finished(self, name: str, *, passed: bool) -> None:
        """One test is done."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Ports:
    """The outside world of one run.

    What costs time to find out (`who` acts, the Git `commit`) is asked when it is
    needed; `stopping` tells that a stop was asked for.
    """

    source: DocumentSource
    store: StateStore
    tester: Tester
    unsealer: Unsealer
    clock: Clock
    who: Callable[[], str]
    commit: Callable[[], str | None] = lambda: None
    stopping: Callable[[], bool] = lambda: False
