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
from functools import lru_cache
from statistics import fmean
from typing import TYPE_CHECKING, Any

from yarl import URL

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
    reused, or as far as it did not get. `skew_ms` is the provider's clock
    minus ours, as far as it is certain. `at_proxy`: a proxy has yet to open the way.
    """

    host: str = ""
    is_encrypted: bool = False
    is_new: bool = False
    at_proxy: bool = False
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


@dataclass(slots=True, kw_only=True)
class Marks:
    """The moments of the running request; what a connector notes belongs to it."""

    timing: Timing
    began: float
    connecting: float = 0.0
    socket: float | None = None


NoteContact = Callable[[str, bool], None]
"""Takes a host, and whether it answered."""

_CURRENT: ContextVar[Meter | None] = ContextVar("reconcile_meter", default=None)
_MARKS: ContextVar[Marks | None] = ContextVar("reconcile_marks", default=None)


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
    return None if marks is None else marks.timing


def note_socket(ticks: float) -> None:
    """Note that TCP is through, and TLS begins; called by the connector."""
    marks = _MARKS.get()
    if marks is not None:
        marks.socket = ticks


class Recorder:
    """Fills the meters: told by whoever makes a request, and by the connector.

    aiohttp could tell by itself, and makes a dozen objects for each request to do so.

    Args:
        ticks: A monotonic clock in seconds.
        now_ms: The wall clock that a provider's Date header is compared with.
        note: Hears which host was reached.
    """

    __slots__ = ("_note", "_now_ms", "_ticks")

    def __init__(
        self,
        *,
        ticks: Callable[[], float],
        now_ms: Callable[[], float],
        note: NoteContact = lambda _host, _reached: None,
    ) -> None:
        self._ticks = ticks
        self._now_ms = now_ms
        self._note = note

    def began(self, url: Any) -> Marks:
        """Note that the running task makes a request to a URL, a text or yarl's."""
        host, encrypted = _place(url)
        timing = Timing(host=host, is_encrypted=encrypted)
        marks = Marks(timing=timing, began=self._ticks())
        _MARKS.set(marks)
        meter = _CURRENT.get()
        if meter is not None:
            meter.timings.append(timing)
        return marks

    def answered(self, marks: Marks, response: aiohttp.ClientResponse) -> None:
        """Note that the head of the answer is there."""
        timing, headers = marks.timing, response.headers
        timing.total_ms = _ms(self._ticks() - marks.began)
        timing.status = response.status
        timing.headers = {
            name: headers[name] for name in KEPT_HEADERS if name in headers
        }
        timing.skew_ms = skew_of(
            timing.headers.get("Date", ""),
            now_ms=self._now_ms(),
            took_ms=timing.total_ms,
            cached_s=timing.cached_s,
        )
        self._note(timing.host, True)

    def received(self, marks: Marks) -> None:
        """Note that whoever asked has read the answer."""
        marks.timing.total_ms = _ms(self._ticks() - marks.began)

    def failed(self, marks: Marks, error: BaseException) -> None:
        """Note that no answer came."""
        timing = marks.timing
        # A URL that may not be called (a `ValueError` of aiohttp's) was not tried.
        if not isinstance(error, ValueError):
            self._note(timing.host, False)
        timing.total_ms = _ms(self._ticks() - marks.began)
        if marks.socket is not None and timing.connect_ms is None:
            took = _ms(marks.socket - marks.connecting)
            timing.connect_ms = round(took - (timing.dns_ms or 0.0), 3)


def note_turn(ticks: float) -> None:
    """Note that the request had to wait for a connection, and now gets one."""
    marks = _MARKS.get()
    if marks is not None:
        marks.began = ticks


def note_resolved(began: float, ended: float) -> None:
    """Note how long the name took."""
    marks = _MARKS.get()
    if marks is not None:
        marks.timing.dns_ms = _ms(ended - began)


def note_connecting(ticks: float) -> None:
    """Note that the request makes a connection of its own."""
    marks = _MARKS.get()
    if marks is not None:
        marks.connecting = ticks
        marks.timing.is_new = True


def note_connected(ticks: float, ssl_object: Any) -> None:
    """Note that the connection stands, and its TLS; None for one without it."""
    marks = _MARKS.get()
    if marks is None:
        return
    timing = marks.timing
    if ssl_object is not None:
        certificate = ssl_object.getpeercert() or {}
        ends_at = _day(certificate.get("notAfter"))
        timing.tls = Tls(version=ssl_object.version() or "", ends_at=ends_at)
    socket = ticks if marks.socket is None else marks.socket
    took = _ms(socket - marks.connecting)
    timing.connect_ms = round(took - (timing.dns_ms or 0.0), 3)
    timing.tls_ms = _ms(ticks - socket) if timing.tls else None


def _place(url: Any) -> tuple[str, bool]:
    """Return a URL's host, and whether it is encrypted."""
    try:
        parts = URL(url)
    except (TypeError, ValueError):  # the client refuses it, and says why
        return "", False
    return parts.host or "", parts.scheme == "https"


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
    written_ms = _moment_ms(date)
    if written_ms is None:
        return None
    written_ms += cached_s * 1000
    spread_ms = 2000 if cached_s else 1000
    least, most = written_ms - now_ms, written_ms + spread_ms - (now_ms - took_ms)
    return max(least, 0.0) + min(most, 0.0)


@lru_cache(maxsize=64)
def _moment_ms(date: str) -> float | None:
    """Read a Date header; the answers of one second all bear the same."""
    try:
        return parsedate_to_datetime(date).timestamp() * 1000
    except (TypeError, ValueError):
        return None
