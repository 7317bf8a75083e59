"""What the daemon tells the incidents: how one connection stands, and how it does.

Level-based: an observation says how things are, never what changed, so that one that
was lost is made up for by the next.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from reconciler.core.diagnosis import Diagnosis
from reconciler.core.health import Health
from reconciler.core.incidents.causes import Severity
from reconciler.core.usage import Unusual


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """A revision that failed its test; `commit` is the Git commit, empty without."""

    revision: str
    at: datetime
    commit: str = ""
    diagnosis: Diagnosis | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """Something that ends on a day: `what` is "key" or "certificate"."""

    what: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """How one connection stands. Times are aware UTC.

    `watched` is False for what nobody looks at: switched off, suspended, gone.
    `environment` tells testnet and live apart. `proxy` names the proxy, without a
    password. `account` is the same for connections that use the same key; it is
    compared in memory only and kept nowhere. `since` is the first failure of those
    that last. `running` tells whether a revision runs although another was refused.
    """

    name: str
    provider: str
    owner: str
    at: datetime
    health: Health
    labels: Mapping[str, str] = field(default_factory=dict)
    watched: bool = True
    running: bool = True
    environment: str = ""
    proxy: str = ""
    account: str = field(default="", repr=False)
    symbol: str = ""
    since: datetime | None = None
    tested_at: datetime | None = None
    stale_at: datetime | None = None
    """When what is well becomes stale, unless something fresh comes."""
    diagnosis: Diagnosis | None = None
    refused: Refused | None = None
    unable: Diagnosis | None = None
    endings: tuple[Ending, ...] = ()
    unusual: tuple[Unusual, ...] = ()

    def health_at(self, now: datetime) -> Health:
        """Return the health, which gets stale without anything being observed."""
        is_well = self.health in (Health.HEALTHY, Health.DEGRADED)
        if is_well and self.stale_at and now > self.stale_at:
            return Health.STALE
        return self.health

    def is_plain(self, now: datetime) -> bool:
        """Tell at a glance that there is nothing to tell: ten thousand often are."""
        if self.refused or self.unable or self.unusual:
            return False
        return self.health is Health.HEALTHY and not (
            self.stale_at and now > self.stale_at
        )

    @property
    def exchange(self) -> str:
        """Return the exchange as people name it: `binance`, `binance testnet`."""
        return f"{self.provider} {self.environment}".strip()


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """The daemon's own trouble while it lasts: a broken commit, a full disk.

    `kind` is its identity and does not change while it lasts; `summary` says what is
    wrong, `fix` what to do.
    """

    kind: str
    summary: str
    fix: str
    waiting_helps: bool = False
    severity: Severity = Severity.ERROR


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """How this machine does: its own network, and every trouble that it has now."""

    network_up: bool = True
    troubles: tuple[Trouble, ...] = ()
