"""Which connections are in maintenance at a moment."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from reconciler.core.alert_rules import terms_of
from reconciler.core.incidents.book import Member
from reconciler.core.incidents.observation import Observation
from reconciler.core.incidents.routing import Selector
from reconciler.core.maintenance_settings import MaintenanceSection, MaintenanceWindow
from reconciler.core.windows import is_inside


def quiet_now(
    section: MaintenanceSection,
    subjects: Iterable[Observation | Member],
    *,
    now: datetime,
) -> frozenset[str]:
    """Return the names of those of whom nobody is told now."""
    selectors = [
        _selector(one) for one in section.windows if is_inside(one.window(), now)
    ]
    if not selectors:
        return frozenset()
    return frozenset(
        one.name for one in subjects if any(_selects(by, one) for by in selectors)
    )


def _selector(window: MaintenanceWindow) -> Selector:
    return Selector(
        names=window.names,
        owners=window.owners,
        providers=window.providers,
        labels=terms_of(window.labels),
    )


def _selects(selector: Selector, one: Observation | Member) -> bool:
    return selector.selects(
        name=one.name, owner=one.owner, provider=one.provider, labels=one.labels
    )
