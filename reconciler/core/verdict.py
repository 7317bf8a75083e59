"""A test: an ordered ladder of read-only, timed probes that ends in a verdict."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from reconciler.core.diagnosis import Diagnosis
from reconciler.core.market import Mark
from reconciler.core.permissions import KeyFacts


class ProbeName(StrEnum):
    """The rungs, in order; `ready` is whether this machine can test at all."""

    READY = "ready"
    UNSEAL = "unseal"
    DNS = "dns"
    CONNECT = "connect"
    TLS = "tls"
    PUBLIC = "public"
    CLOCK = "clock"
    AUTH = "auth"
    PERMISSION = "permission"
    DATA = "data"
    ENDPOINT = "endpoint"


class ProbeStatus(StrEnum):
    """How a probe ended; `unproven` passed without proving what it is for."""

    PASSED = "passed"
    FAILED = "failed"
    UNPROVEN = "unproven"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """One step; `latency_ms` is the time of its own request, None without one."""

    name: ProbeName
    status: ProbeStatus
    latency_ms: float | None = None
    detail: str = ""
    diagnosis: Diagnosis | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    """The certificate that ends first of those that a test met."""

    host: str
    ends_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What one test found. `at` is when it ended; `vantage` where it ran.

    `egress_ip` is the address that the provider saw, where it told.

    `key` is what the provider said of the key, None when it was not asked.
    `degraded` says why what passed is not whole, empty when it is: only a backup
    endpoint works, or answers come late. `inside` tells that the way to the provider
    needs no network outside: it is there also while our own is down.
    """

    probes: tuple[Probe, ...]
    at: datetime
    vantage: str = ""
    marks: tuple[Mark, ...] = ()
    warnings: tuple[str, ...] = ()
    key: KeyFacts | None = None
    egress_ip: str = ""
    degraded: str = ""
    stale_at: datetime | None = None
    certificate: Certificate | None = None
    inside: bool = False

    @property
    def passed(self) -> bool:
        """Tell whether at least one probe ran and none failed."""
        statuses = {probe.status for probe in self.probes}
        return bool(statuses - {ProbeStatus.SKIPPED}) and (
            ProbeStatus.FAILED not in statuses
        )

    @property
    def diagnosis(self) -> Diagnosis | None:
        """Return the first failed probe's diagnosis."""
        return next(
            (p.diagnosis for p in self.probes if p.status is ProbeStatus.FAILED), None
        )

    @property
    def latency_ms(self) -> float | None:
        """Return the sum of the probes' own request times."""
        times = [p.latency_ms for p in self.probes if p.latency_ms is not None]
        return round(sum(times), 1) if times else None
