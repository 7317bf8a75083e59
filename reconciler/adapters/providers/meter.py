"""Time each request alone, whoever makes it, and keep what its headers tell.

A test waits for many things that are not the provider: its turn in a queue, a
rate limiter, our own event loop. The trace measures from the moment when the
request has its connection's turn to its last byte; the probe that made it is
found through a context variable, so that no library has to hand anything over.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import datetime
from email.utils import parsedate_to_datetime
from statistics import fmean
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import aiohttp

KEPT_HEADERS = ("Date", "Age", "Retry-After", "Content-Type", "Server", "Location")


@dataclass(frozen=True, slots=True, kw_only=True)
class Tls:
    """What the other end showed: its protocol, and when its certificate ends."""

    version: str
    ends_at: datetime | None


@dataclass(slots=True, kw_only=True)
class Timing:
    """One request's times in milliseconds; it grows while the request runs.

    `dns_ms`, `connect_ms` (TCP alone) and `tls_ms` are None when a connection was
    reused, or as far as it did not get. `skew_ms` is the provider's clock minus
    ours, as far as it is certain.
    """

    host: str = ""
    is_encrypted: bool = False
    is_new: bool = False
    dns_ms: float | None = None
    connect_ms: float | None = None
    tls_ms: float | None = None
    tls: Tls | None = None
    total_ms: float | None = None
    status: int | None = None
    headers: dict[str, str] = field(default_factory=dict)
    skew_ms: float | None = None
    exchange: Any = field(default=None, repr=False)
    """What travelled, see `tracing`; None unless somebody asked for a trace."""

    @property
    def cached_s(self) -> int:
        """Return for how long the answer had lain in a cache between, 0 for none."""
        age = self.headers.get("Age", "")
        return int(age) if age.isascii() and age.isdigit() else 0


@dataclass(slots=True)
class Meter:
    """The requests of one probe, in the order in which they began."""

    timings: list[Timing] = field(default_factory=list)

    @property
    def latency_ms(self) -> float | None:
        """Return the mean of the requests' own times, None without one."""
        times = [t.total_ms for t in self.timings if t.total_ms is not None]
        return round(fmean(times), 1) if times else None

    @property
    def cached_s(self) -> int:
        """Return for how long the oldest answer had lain in a cache, 0 for none."""
        return max((t.cached_s for t in self.timings), default=0)

    @property
    def skew_ms(self) -> float | None:
        """Return the last known difference between the provider's clock and ours."""
        return next(
            (t.skew_ms for t in reversed(self.timings) if t.skew_ms is not None), None
        )

    @property
    def last(self) -> Timing | None:
        """Return the newest request."""
        return self.timings[-1] if self.timings else None


NoteContact = Callable[[str, bool], None]
"""Takes a host, and whether it answered."""

_CURRENT: ContextVar[Meter | None] = ContextVar("reconcile_meter", default=None)
_MARKS: ContextVar[SimpleNamespace | None] = ContextVar("reconcile_marks", default=None)
"""The running request's trace context; what a connector notes belongs to it."""


@contextmanager
def metering(meter: Meter) -> Iterator[Meter]:
    """Let `meter` see the requests made inside, also by tasks started there."""
    token = _CURRENT.set(meter)
    try:
        yield meter
    finally:
        _CURRENT.reset(token)


def current_timing() -> Timing | None:
    """Return the timing of the request that this task is making."""
    marks = _MARKS.get()
    timing: Timing | None = marks.timing if marks is not None else None
    return timing


def note_socket(ticks: float) -> None:
    """Note that TCP is through, and TLS begins; called by the connector."""
    marks = _MARKS.get()
    if marks is not None:
        marks.socket = ticks


def note_tls(ssl_object: Any) -> None:
    """Note what a new connection's TLS is; None for a connection without it."""
    marks = _MARKS.get()
    if marks is None or ssl_object is None:
        return
    certificate = ssl_object.getpeercert() or {}
    marks.timing.tls = Tls(
        version=ssl_object.version() or "", ends_at=_day(certificate.get("notAfter"))
    )


def make_trace(
    *,
    ticks: Callable[[], float],
    now_ms: Callable[[], float],
    note: NoteContact = lambda _host, _reached: None,
) -> aiohttp.TraceConfig:
    """Return the trace that fills the meters.

    `ticks` is a monotonic clock in seconds, `now_ms` the wall clock that a
    provider's Date header is compared with. `note` hears which host was reached.
    """
    import aiohttp

    recorder = _Recorder(ticks=ticks, now_ms=now_ms, note=note)
    trace = aiohttp.TraceConfig()
    trace.on_request_start.append(recorder.started)
    trace.on_connection_queued_end.append(recorder.left_queue)
    trace.on_dns_resolvehost_start.append(recorder.resolving)
    trace.on_dns_resolvehost_end.append(recorder.resolved)
    trace.on_connection_create_start.append(recorder.connecting)
    trace.on_connection_create_end.append(recorder.connected)
    trace.on_request_end.append(recorder.answered)
    trace.on_response_chunk_received.append(recorder.received)
    trace.on_request_exception.append(recorder.failed)
    return trace


class _Recorder:
    """The trace's callbacks; their signature is aiohttp's."""

    __slots__ = ("_note", "_now_ms", "_ticks")

    def __init__(
        self,
        *,
        ticks: Callable[[], float],
        now_ms: Callable[[], float],
        note: NoteContact,
    ) -> None:
        self._ticks = ticks
        self._now_ms = now_ms
        self._note = note

    async def started(self, _session: Any, ctx: SimpleNamespace, params: Any) -> None:
        encrypted = params.url.scheme == "https"
        ctx.timing = Timing(host=params.url.host or "", is_encrypted=encrypted)
        ctx.began = ctx.mark = self._ticks()
        ctx.socket = None
        _MARKS.set(ctx)
        meter = _CURRENT.get()
        if meter is not None:
            meter.timings.append(ctx.timing)

    async def left_queue(self, _s: Any, ctx: SimpleNamespace, _p: Any) -> None:
        ctx.began = self._ticks()

    async def resolving(self, _s: Any, ctx: SimpleNamespace, _p: Any) -> None:
        ctx.mark = self._ticks()

    async def resolved(self, _s: Any, ctx: SimpleNamespace, _p: Any) -> None:
        ctx.timing.dns_ms = _ms(self._ticks() - ctx.mark)

    async def connecting(self, _s: Any, ctx: SimpleNamespace, _p: Any) -> None:
        ctx.connecting = self._ticks()
        ctx.timing.is_new = True

    async def connected(self, _s: Any, ctx: SimpleNamespace, _p: Any) -> None:
        timing, now = ctx.timing, self._ticks()
        socket = now if ctx.socket is None else ctx.socket
        timing.connect_ms = round(
            _ms(socket - ctx.connecting) - (timing.dns_ms or 0.0), 3
        )
        timing.tls_ms = _ms(now - socket) if timing.tls else None

    async def answered(self, _s: Any, ctx: SimpleNamespace, params: Any) -> None:
        timing, response = ctx.timing, params.response
        timing.total_ms = _ms(self._ticks() - ctx.began)
        timing.status = response.status
        timing.headers = {
            name: response.headers[name]
            for name in KEPT_HEADERS
            if name in response.headers
        }
        timing.skew_ms = skew_of(
            timing.headers.get("Date", ""),
            now_ms=self._now_ms(),
            took_ms=timing.total_ms,
            cached_s=timing.cached_s,
        )
        self._note(timing.host, True)

    async def received(self, _s: Any, ctx: SimpleNamespace, _p: Any) -> None:
        ctx.timing.total_ms = _ms(self._ticks() - ctx.began)

    async def failed(self, _s: Any, ctx: SimpleNamespace, params: Any) -> None:
        timing = ctx.timing
        # A URL that may not be called (a `ValueError` of aiohttp's) was not tried.
        if timing.status is None and not isinstance(params.exception, ValueError):
            self._note(timing.host, False)
        timing.total_ms = _ms(self._ticks() - ctx.began)
        if ctx.socket is not None and timing.connect_ms is None:
            took = _ms(ctx.socket - ctx.connecting)
            timing.connect_ms = round(took - (timing.dns_ms or 0.0), 3)


def _day(text: str | None) -> datetime | None:
    """Read a certificate's date, such as `Jun  1 12:00:00 2027 GMT`."""
    try:
        return parsedate_to_datetime(text) if text else None
    except (TypeError, ValueError):
        return None


def _ms(seconds: float) -> float:
    return round(seconds * 1000, 3)


def skew_of(
    date: str, *, now_ms: float, took_ms: float, cached_s: int = 0
) -> float | None:
    """Return how far the server's clock is surely from ours, 0 when it may agree.

    The header has whole seconds only and was written at some time between the
    request and its answer: a slow server is no wrong clock. Out of a cache it tells
    when the answer was made, `cached_s` seconds ago, give or take one.
    """
    try:
        written_ms = parsedate_to_datetime(date).timestamp() * 1000
    except (TypeError, ValueError):
        return None
    written_ms += cached_s * 1000
    spread_ms = 2000 if cached_s else 1000
    least, most = written_ms - now_ms, written_ms + spread_ms - (now_ms - took_ms)
    return max(least, 0.0) + min(most, 0.0)
