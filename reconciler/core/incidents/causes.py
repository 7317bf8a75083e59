"""What an incident can be about, from the widest cause to the narrowest.

A diagnosis says how far its cause can reach: a host that does not answer may be a
proxy's or a network's fault, a refused key never is.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from typing import Final


class Cause(StrEnum):
    """What one incident is about; the first six from the widest to the narrowest."""

    NETWORK = "network"
    PROXY = "proxy"
    EXCHANGE = "exchange"
    ACCOUNT = "account"
    SYMBOL = "symbol"
    CONNECTION = "connection"
    REFUSED = "refused"
    """A revision that failed its test and does not run."""
    DAEMON = "daemon"
    """The daemon's own trouble."""
    EXPIRY = "expiry"
    UNUSUAL = "unusual"


WIDTH: Final = {
    cause: width
    for width, cause in enumerate(
        (
            Cause.NETWORK,
            Cause.PROXY,
            Cause.EXCHANGE,
            Cause.ACCOUNT,
            Cause.SYMBOL,
            Cause.CONNECTION,
        )
    )
}
"""The causes that widen into each other; smaller is wider."""


class Severity(StrEnum):
    """How bad it is: whether somebody has to get up."""

    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


_ORDER: Final = tuple(Severity)


def worst(severities: Iterable[Severity]) -> Severity:
    """Return the worst of them; `INFO` for none."""
    return max(severities, key=_ORDER.index, default=Severity.INFO)


def at_least(severity: Severity, least: Severity) -> bool:
    """Tell whether one is as bad as another, or worse."""
    return _ORDER.index(severity) >= _ORDER.index(least)


TRANSPORT: Final = frozenset(
    {
        *("dns_failure", "connection_refused", "connection_reset", "timeout"),
        *("tls_certificate", "tls_handshake", "proxy_unreachable"),
    }
)
"""Categories whose cause may lie anywhere on the way: network, proxy or exchange."""

OUTAGE: Final = TRANSPORT | {
    *("waf_blocked", "geo_restricted", "ip_banned", "rate_limited", "maintenance"),
    *("exchange_unavailable", "bad_response", "clock_skew", "postponed"),
}
"""Categories whose cause is the exchange, or how it sees this machine."""

OF_ACCOUNT: Final = frozenset(
    {
        *("invalid_credentials", "invalid_passphrase", "expired_credentials"),
        *("wrong_environment", "credentials_or_ip_or_permission", "ip_restricted"),
        *("permission_denied", "excess_permission", "account_suspended"),
        *("kyc_required", "key_refused"),
    }
)
"""Categories whose cause is the key, or the account behind it."""

OF_SYMBOL: Final = frozenset(
    {
        *("bad_symbol", "bad_timeframe", "malformed_data", "no_data", "stale_data"),
        "changed_data",
    }
)
"""Categories whose cause is one market's data."""
