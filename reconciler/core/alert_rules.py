"""The settings of the alerts as the incidents understand them."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import timedelta

from reconciler.core.alert_settings import AlertSection, RouteSection
from reconciler.core.incidents.causes import Cause, Severity
from reconciler.core.incidents.routing import Route, Routing, Selector
from reconciler.core.incidents.telling import Manner
from reconciler.core.selecting import LabelTerm, label_term


def manner_of(section: AlertSection, *, quiet: Collection[str] = frozenset()) -> Manner:
    """Return how people are told; `quiet` are the connections in maintenance."""
    reminder = timedelta(seconds=section.reminder) if section.reminder else None
    return Manner(
        routing=Routing(
            routes=tuple(map(_route, section.routes)),
            default=section.default or _only_channel(section),
        ),
        settle=timedelta(seconds=section.settle),
        reminder=reminder,
        quiet=quiet,
    )


def _only_channel(section: AlertSection) -> tuple[str, ...]:
    """Return the channel when there is one and nothing says who hears of what."""
    alone = len(section.channels) == 1 and not section.routes
    return tuple(section.channels) if alone else ()


def terms_of(conditions: Iterable[str]) -> tuple[LabelTerm, ...]:
    """Return conditions on labels that were checked to be some."""
    return tuple(filter(None, map(label_term, conditions)))


def _route(section: RouteSection) -> Route:
    return Route(
        channels=section.channels,
        selector=Selector(
            names=section.names,
            owners=section.owners,
            providers=section.providers,
            labels=terms_of(section.labels),
        ),
        severity=Severity(section.severity),
        causes=frozenset(map(Cause, section.causes)),
    )
