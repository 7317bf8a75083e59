"""The rungs below the first request: name, connection, encryption.

They need no requests of their own. The first request of a test makes them all, and
its trace tells how long each took and where it broke, which says more than "no
answer": a name that does not resolve is another person's problem than a firewall.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from reconciler.adapters.providers.network.meter import Timing, Tls
from reconciler.core.diagnosis import Category, Diagnosis
from reconciler.core.verdict import Certificate, Probe, ProbeName, ProbeStatus

_REUSED: Final = "a connection of this run was open already"

_BREAKS_AT: Final = {
    Category.DNS_FAILURE: ProbeName.DNS,
    Category.ADDRESS_NOT_ALLOWED: ProbeName.DNS,
    Category.CONNECTION_REFUSED: ProbeName.CONNECT,
    Category.PROXY_UNREACHABLE: ProbeName.CONNECT,
    Category.TLS_CERTIFICATE: ProbeName.TLS,
    Category.TLS_HANDSHAKE: ProbeName.TLS,
}
_ORDER: Final = (ProbeName.DNS, ProbeName.CONNECT, ProbeName.TLS)


def reach_probes(timing: Timing, broken: ProbeName | None) -> tuple[Probe, ...]:
    """Return the rungs that a test's first request climbed, the broken one open.

    Args:
        timing: Of that request.
        broken: What `broken_rung` returned for it.
    """
    reached = _ORDER if broken is None else _ORDER[: _ORDER.index(broken)]
    return tuple(_climbed(name, timing) for name in reached)


def left_out(broken: ProbeName) -> tuple[Probe, ...]:
    """Return the rungs above a broken one."""
    above = _ORDER[_ORDER.index(broken) + 1 :]
    return tuple(Probe(name=name, status=ProbeStatus.SKIPPED) for name in above)


def broken_rung(timing: Timing | None, failed: Diagnosis | None) -> ProbeName | None:
    """Return which of the rungs broke; None when the request got further."""
    if failed is None or (timing and timing.status is not None):
        return None
    if failed.category in _BREAKS_AT:
        return _BREAKS_AT[failed.category]
    unanswered = failed.category in (Category.TIMEOUT, Category.CONNECTION_RESET)
    if not unanswered or timing is None or not timing.is_new:
        return None
    if timing.connect_ms is None:
        return ProbeName.CONNECT
    return ProbeName.TLS if timing.is_encrypted and timing.tls is None else None


def first_to_end(timings: Iterable[Timing]) -> Certificate | None:
    """Return the certificate that ends first; a connection kept open shows none."""
    shown = (
        Certificate(host=timing.host, ends_at=timing.tls.ends_at)
        for timing in timings
        if timing.tls and timing.tls.ends_at
    )
    return min(shown, key=lambda one: one.ends_at, default=None)


def _climbed(name: ProbeName, timing: Timing) -> Probe:
    times = {
        ProbeName.DNS: timing.dns_ms,
        ProbeName.CONNECT: timing.connect_ms,
        ProbeName.TLS: timing.tls_ms,
    }
    if not timing.is_new:
        return Probe(name=name, status=ProbeStatus.PASSED, detail=_REUSED)
    if name is ProbeName.TLS and not timing.is_encrypted:
        return Probe(name=name, status=ProbeStatus.SKIPPED, detail="not encrypted")
    took = times[name]
    return Probe(
        name=name,
        status=ProbeStatus.PASSED,
        latency_ms=round(took, 1) if took is not None else None,
        detail=_detail(name, timing.tls),
    )


def _detail(name: ProbeName, tls: Tls | None) -> str:
    if name is not ProbeName.TLS or tls is None:
        return ""
    until = f", certificate until {tls.ends_at:%Y-%m-%d}" if tls.ends_at else ""
    return f"{tls.version}{until}"
