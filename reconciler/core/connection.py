"""A validated, immutable market-data connection.

It carries the names of its credentials, never their values: those are unsealed
late, kept in memory, and travel as `Credentials` beside it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from reconciler.core.suspension import Suspension

DEFAULT_OWNER = "admin"

NEEDED_BY_NO_DATA: Final = ("withdraw",)
"""Forbidden where a file does not say what is: market data needs none of it."""


class OnRemove(StrEnum):
    """What becomes of a connection whose file is gone."""

    DEACTIVATE = "deactivate"
    DELETE = "delete"
    ORPHAN = "orphan"


@dataclass(frozen=True, slots=True, kw_only=True)
class Permissions:
    """What the key must and must not be allowed to do at the provider.

    `forbid` is as the file says it, None where it says nothing: look at `forbidden`.
    """

    require: tuple[str, ...] = ()
    forbid: tuple[str, ...] | None = None
    ip_restricted: bool | None = None

    @property
    def forbidden(self) -> tuple[str, ...]:
        """Return what the key must not be allowed to do, said or not.

        A right that is required has been spoken of, and is not forbidden by default.
        """
        if self.forbid is not None:
            return self.forbid
        return tuple(r for r in NEEDED_BY_NO_DATA if r not in self.require)


@dataclass(frozen=True, slots=True, kw_only=True)
class HealthPolicy:
    """When to test again and when to call it broken; times in seconds.

    A failing connection is tested again after `retry_interval_s`, then after twice
    as long each time, up to the usual interval.
    """

    interval_s: float = 900.0
    retry_interval_s: float = 60.0
    stale_after_s: float = 86_400.0
    failure_threshold: int = 3
    success_threshold: int = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection:
    """One connection as its document declares it.

    `credential_names` are the keys below `credentials`, in file order; empty for
    a public, keyless connection. `market` says when data can be new: `24/7`, `fx` or
    an exchange's ISO 10383 code, empty for what the type is for. `config` is plain
    JSON-like data. `expires_at` is the end (UTC) of the day on which the credentials
    end, as the file says it. `previous_names` are those that it was recorded under
    before; `used_by` says who depends on it, in the author's words.
    """

    name: str
    type: str
    provider: str
    owner: str = DEFAULT_OWNER
    active: bool = True
    protected: bool = False
    on_remove: OnRemove = OnRemove.DEACTIVATE
    previous_names: tuple[str, ...] = ()
    used_by: tuple[str, ...] = ()
    labels: Mapping[str, str] = field(default_factory=dict)
    credential_names: tuple[str, ...] = ()
    credential_lengths: Mapping[str, int] = field(default_factory=dict)
    """How many bytes the sealed texts have, by name; for offline checks, where known:
    everybody who sees the file can count them."""
    config: Mapping[str, Any] = field(default_factory=dict)
    permissions: Permissions = field(default_factory=Permissions)
    health: HealthPolicy = field(default_factory=HealthPolicy)
    symbols: tuple[str, ...] = ()
    timeframes: tuple[str, ...] = ()
    market: str = ""
    expires_at: datetime | None = None
    suspension: Suspension | None = None
