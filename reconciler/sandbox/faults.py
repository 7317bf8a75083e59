"""Faults a pretend provider can be given, and the board that holds them.

A fault is set for one provider, or for all of them with `*`. It may be limited
to one account (by name, never by key), to one kind of endpoint, or to a number
of requests after which it heals by itself. Several may be active at once.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from reconciler.sandbox.provider import Kind

if TYPE_CHECKING:
    from collections.abc import Iterator

EVERY_PROVIDER = "*"
DOCUMENTATION_IP = "198.51.100.23"  # TEST-NET-2 (RFC 5737): stands for the caller


class Fault(StrEnum):
    """What can go wrong, by what a caller would notice."""

    BAD_KEY = "bad_key"
    IP_NOT_ALLOWED = "ip_not_allowed"
    PERMISSION_DENIED = "permission_denied"
    WRONG_PERMISSIONS = "wrong_permissions"
    CLOCK_SKEW = "clock_skew"
    RATE_LIMITED = "rate_limited"
    BANNED = "banned"
    GEO_BLOCKED = "geo_blocked"
    MAINTENANCE = "maintenance"
    UNAVAILABLE = "unavailable"
    TIMEOUT = "timeout"
    SLOW = "slow"
    REFUSED = "refused"
    RESET = "reset"
    HTML = "html"
    EMPTY = "empty"
    TRUNCATED = "truncated"
    CUT_OFF = "cut_off"
    RUBBISH_CANDLES = "rubbish_candles"
    STALE_CANDLES = "stale_candles"
    FUTURE_CANDLES = "future_candles"
    NO_CANDLES = "no_candles"
    REDIRECT = "redirect"
    TLS_EXPIRED = "tls_expired"
    TLS_WRONG_HOST = "tls_wrong_host"
    TLS_SELF_SIGNED = "tls_self_signed"
    LOGIN_PAGE = "login_page"
    ERROR_BODY = "error_body"
    CATCH_ALL = "catch_all"
    EMPTY_LIST = "empty_list"
    NULL = "null"
    DUPLICATE_KEYS = "duplicate_keys"
    NAN = "nan"
    OTHER_SYMBOL = "other_symbol"
    STALE_CACHE = "stale_cache"
    SIGNED_SKEW = "signed_skew"
    NO_DATE = "no_date"
    BROKEN_GZIP = "broken_gzip"
    GZIP_BOMB = "gzip_bomb"
    HUGE = "huge"
    UNSIZED = "unsized"
    DRIP = "drip"


# Answered in the provider's own words, instead of what was asked for.
REFUSALS = frozenset(
    {
        Fault.BAD_KEY,
        Fault.IP_NOT_ALLOWED,
        Fault.PERMISSION_DENIED,
        Fault.RATE_LIMITED,
        Fault.BANNED,
        Fault.GEO_BLOCKED,
        Fault.MAINTENANCE,
        Fault.UNAVAILABLE,
    }
)
# Settled before a request exists: the connection itself is refused or distrusted.
CONNECTION_FAULTS = frozenset(
    {
        *(Fault.REFUSED, Fault.TLS_EXPIRED, Fault.TLS_WRONG_HOST),
        Fault.TLS_SELF_SIGNED,
    }
)
_PRIVATE_ONLY = frozenset(
    {
        Fault.BAD_KEY,
        Fault.IP_NOT_ALLOWED,
        Fault.PERMISSION_DENIED,
        Fault.WRONG_PERMISSIONS,
        Fault.SIGNED_SKEW,
    }
)
_CANDLES_ONLY = frozenset(
    {
        Fault.RUBBISH_CANDLES,
        Fault.STALE_CANDLES,
        Fault.FUTURE_CANDLES,
        Fault.NO_CANDLES,
        Fault.OTHER_SYMBOL,
        Fault.NAN,
    }
)
# Seconds a fault uses when none are given.
_DEFAULT_S = {
    Fault.CLOCK_SKEW: 120.0,
    Fault.SIGNED_SKEW: 120.0,
    Fault.STALE_CACHE: 5 * 86_400.0,
    Fault.RATE_LIMITED: 30.0,
    Fault.BANNED: 600.0,
    Fault.TIMEOUT: 3600.0,
    Fault.SLOW: 1.0,
    Fault.STALE_CANDLES: 5 * 86_400.0,
    Fault.FUTURE_CANDLES: 2 * 86_400.0,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ActiveFault:
    """One fault that is set, and where it applies.

    Attributes:
        provider: provider name, or `*` for all.
        account: account name; None means any caller, also without a key.
        endpoint: kind of endpoint; None means the kinds the fault is about.
        times: requests left before it heals; None means until cleared.
        seconds: skew, wait, age or Retry-After, whichever the fault has.
        ip: caller's address as named in a refusal.
    """

    provider: str
    fault: Fault
    account: str | None = None
    endpoint: Kind | None = None
    times: int | None = None
    seconds: float = 0.0
    ip: str = DOCUMENTATION_IP

    def covers(self, provider: str) -> bool:
        """Say whether this fault is about a provider."""
        return self.provider in (provider, EVERY_PROVIDER)

    def hits(self, provider: str, kinds: frozenset[Kind], account: str | None) -> bool:
        """Say whether this fault meets a request."""
        if not self.covers(provider) or self.fault in CONNECTION_FAULTS:
            return False
        if self.account is not None and self.account != account:
            return False
        return not kinds.isdisjoint(self.kinds)

    @property
    def kinds(self) -> frozenset[Kind]:
        """The kinds of endpoints that it meets."""
        if self.endpoint is not None:
            return frozenset({self.endpoint})
        if self.fault in _PRIVATE_ONLY:
            return frozenset({Kind.PRIVATE})
        if self.fault in _CANDLES_ONLY:
            return frozenset({Kind.CANDLES})
        return frozenset(Kind)


def make_fault(  # noqa: PLR0913  (what a fault may be limited to)
    provider: str,
    fault: str,
    *,
    account: str | None = None,
    endpoint: str | None = None,
    times: int | None = None,
    seconds: float | None = None,
    ip: str = DOCUMENTATION_IP,
) -> ActiveFault:
    """Return a fault with its defaults filled in.

    Raises:
        ValueError: unknown fault or endpoint kind, or a number out of range.
    """
    kind = Fault(fault)
    if times is not None and times < 1:
        raise ValueError("'times' must be at least 1")
    if kind in CONNECTION_FAULTS and (account or endpoint or times):
        raise ValueError(f"'{fault}' hits whole connections: it takes a provider only")
    if kind is Fault.CLOCK_SKEW and (account or endpoint or times):
        raise ValueError("a provider has one clock: 'clock_skew' takes seconds only")
    return ActiveFault(
        provider=provider,
        fault=kind,
        account=account,
        endpoint=None if endpoint is None else Kind(endpoint),
        times=times,
        seconds=_DEFAULT_S.get(kind, 0.0) if seconds is None else float(seconds),
        ip=ip,
    )


class FaultBoard:
    """The faults that are set now, oldest first; healing is counted here."""

    def __init__(self) -> None:
        self._faults: list[ActiveFault] = []
        self._left: dict[int, int] = {}

    def __iter__(self) -> Iterator[ActiveFault]:
        return iter(tuple(self._faults))

    def put(self, fault: ActiveFault) -> None:
        """Set a fault; the same fault in the same place is replaced."""
        place = (fault.provider, fault.fault, fault.account, fault.endpoint)
        self._faults = [
            old
            for old in self._faults
            if (old.provider, old.fault, old.account, old.endpoint) != place
        ]
        self._faults.append(fault)
        if fault.times is not None:
            self._left[id(fault)] = fault.times

    def clear(self, provider: str | None = None) -> None:
        """Heal one provider, or everything."""
        self._faults = [
            fault
            for fault in self._faults
            if provider is not None and fault.provider != provider
        ]

    def meeting(
        self, provider: str, kinds: frozenset[Kind], account: str | None
    ) -> tuple[ActiveFault, ...]:
        """Return the faults a request meets, and count it against `times`."""
        met = tuple(f for f in self._faults if f.hits(provider, kinds, account))
        for fault in met:
            self._spend(fault)
        return met

    def connection_fault(self, provider: str) -> Fault | None:
        """Return how a provider's connections are broken, if they are."""
        for fault in reversed(self._faults):
            if fault.fault in CONNECTION_FAULTS and fault.covers(provider):
                return fault.fault
        return None

    def _spend(self, fault: ActiveFault) -> None:
        if fault.times is None:
            return
        self._left[id(fault)] -= 1
        if self._left[id(fault)] == 0:
            self._faults.remove(fault)
