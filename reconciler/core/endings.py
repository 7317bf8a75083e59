"""What to say of a key or a certificate that ends soon, or has ended."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from reconciler.core.verdict import Certificate

EXPIRY_DAYS: Final = (30, 7, 1)
"""So many days before an end, people are told, each time more urgently."""


def expiry_warning(ends_at: datetime | None, *, now: datetime) -> str:
    """Return what to say of a key that ends soon, or has ended; mostly nothing."""
    if ends_at is None:
        return ""
    day = f"{ends_at:%Y-%m-%d}"
    if ends_at <= now:
        return f"the key ended on {day}: make a new one at the provider and seal it"
    within = _within(ends_at, now)
    if not within:
        return ""
    urgency = _urgency(ends_at, now)
    return f"{urgency}the key ends on {day}, within {within}: renew it in time"


def certificate_warning(certificate: Certificate | None, *, now: datetime) -> str:
    """Return what to say of a certificate that ends soon, or has; mostly nothing."""
    if certificate is None:
        return ""
    ends_at, host = certificate.ends_at, certificate.host
    day = f"{ends_at:%Y-%m-%d}"
    if ends_at <= now:
        return f"the certificate of {host} ended on {day}, as far as we saw"
    within = _within(ends_at, now)
    if not within:
        return ""
    return (
        f"{_urgency(ends_at, now)}the certificate of {host} ends on {day}, within "
        f"{within}: unless the provider renews it, no connection can be made after that"
    )


def warning_level(ends_at: datetime | None, *, now: datetime) -> int:
    """Return the number of `EXPIRY_DAYS` that is reached: 30, 7 or 1.

    0 when it has ended; -1 while there is time enough, or nobody knows the end. Who
    tells people once per number compares it with the one told last.
    """
    if ends_at is None:
        return -1
    left = ends_at - now
    if left <= timedelta():
        return 0
    return next((d for d in reversed(EXPIRY_DAYS) if left <= timedelta(days=d)), -1)


def _within(ends_at: datetime, now: datetime) -> str:
    """Return `3 days`, empty when there is time enough."""
    if warning_level(ends_at, now=now) < 0:
        return ""
    days = max(1, -(-(ends_at - now) // timedelta(days=1)))
    return f"{days} {'day' if days == 1 else 'days'}"


def _urgency(ends_at: datetime, now: datetime) -> str:
    return "urgent: " if warning_level(ends_at, now=now) == EXPIRY_DAYS[-1] else ""
