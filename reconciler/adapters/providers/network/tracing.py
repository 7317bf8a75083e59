"""What a test asked and got, for `--trace`: kept in memory, shown scrubbed.

Only what is known to be harmless is shown of headers; URLs and bodies are scrubbed
by the connection's own scrubber, which knows every secret by value and what is made
from one by its shape. Nothing is kept unless somebody asked for a trace.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, Final

from reconciler.adapters.providers.network.meter import Timing
from reconciler.adapters.providers.redaction import Scrubber

if TYPE_CHECKING:
    import aiohttp

Show = Callable[[str], None]
"""Takes one line for a person."""

MAX_BODY_CHARS: Final = 1_000
_KEPT_BYTES: Final = 65_536
_HARMLESS: Final = frozenset(
    {
        *("accept", "content-length", "content-type", "date", "host", "location"),
        *("retry-after", "server", "user-agent", "connection", "age", "x-cache"),
        *("accept-encoding", "content-encoding", "transfer-encoding"),
    }
)
_DOCUMENTS: Final = ("{", "[", "<")
_LIMITS: Final = ("x-ratelimit", "ratelimit", "x-mbx-used", "gw-ratelimit", "x-bapi-l")


@dataclass(slots=True, kw_only=True)
class Exchange:
    """One request and its answer, as they travelled; never shown unscrubbed."""

    method: str
    url: str = field(repr=False)
    sent_headers: Mapping[str, str] = field(repr=False)
    sent: bytearray = field(default_factory=bytearray, repr=False)
    status: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    received: bytearray = field(default_factory=bytearray, repr=False)


def make_keeper() -> aiohttp.TraceConfig:
    """Return the trace that keeps what travels with each request's timing."""
    import aiohttp

    trace = aiohttp.TraceConfig()
    trace.on_request_start.append(_started)
    trace.on_request_chunk_sent.append(_sent)
    trace.on_request_end.append(_answered)
    trace.on_response_chunk_received.append(_received)
    return trace


def trace_lines(rung: str, timing: Timing, scrub: Scrubber) -> Iterator[str]:
    """Yield one request and its answer, line by line, without a secret."""
    exchange: Exchange | None = timing.exchange
    if exchange is None:
        return
    yield f"{rung}: {exchange.method} {scrub.clean(exchange.url)}"
    yield from _headers("  > ", exchange.sent_headers, scrub)
    yield from _body("  > ", exchange.sent, scrub)
    took = f" in {timing.total_ms:.1f} ms" if timing.total_ms is not None else ""
    yield f"  < {exchange.status or 'no answer'}{took}"
    yield from _headers("  < ", exchange.headers, scrub)
    yield from _body("  < ", exchange.received, scrub)


def keep_body(body: bytes | bytearray) -> None:
    """Keep the body of the request that this task just made, when it is traced.

    For clients that read it piece by piece, which aiohttp does not tell of.
    """
    from reconciler.adapters.providers.network.meter import current_timing

    timing = current_timing()
    if timing is not None and timing.exchange is not None:
        timing.exchange.received = bytearray(body[:_KEPT_BYTES])


async def _started(_session: Any, ctx: SimpleNamespace, params: Any) -> None:
    from reconciler.adapters.providers.network.meter import current_timing

    ctx.exchange = Exchange(
        method=params.method, url=str(params.url), sent_headers=dict(params.headers)
    )
    timing = current_timing()
    if timing is not None:
        timing.exchange = ctx.exchange


async def _sent(_session: Any, ctx: SimpleNamespace, params: Any) -> None:
    ctx.exchange.sent += params.chunk[:_KEPT_BYTES]


async def _answered(_session: Any, ctx: SimpleNamespace, params: Any) -> None:
    # The headers of the request are complete only now: the library adds its own.
    ctx.exchange.sent_headers = dict(params.response.request_info.headers)
    ctx.exchange.status = params.response.status
    ctx.exchange.headers = dict(params.response.headers)


async def _received(_session: Any, ctx: SimpleNamespace, params: Any) -> None:
    left = _KEPT_BYTES - len(ctx.exchange.received)
    ctx.exchange.received += params.chunk[: max(0, left)]


def _headers(lead: str, headers: Mapping[str, str], scrub: Scrubber) -> Iterator[str]:
    for name, value in headers.items():
        low = name.lower()
        shown = low in _HARMLESS or low.startswith(_LIMITS)
        plain = value.partition("?")[0] if low == "location" else value
        yield f"{lead}{name}: {scrub.clean(plain) if shown else '**********'}"


def _body(lead: str, body: bytes | bytearray, scrub: Scrubber) -> Iterator[str]:
    text = bytes(body).decode("utf-8", "replace").strip()
    if text.startswith(_DOCUMENTS):
        yield f"{lead}{scrub.clean(text, limit=MAX_BODY_CHARS)}"
    elif text:
        # Bare text may be a token that nobody has recognised yet.
        yield f"{lead}({len(body)} bytes of text)"
