"""Who hears of what: owners get what is theirs, and nothing else.

A route selects members, not incidents: its channels are told of an incident as if the
members that it selects were all there are.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

from reconciler.core.incidents.book import Incident, Member
from reconciler.core.incidents.causes import Cause, Severity, at_least
from reconciler.core.selecting import LabelTerm, fits_all


@dataclass(frozen=True, slots=True, kw_only=True)
class Selector:
    """Which connections; what is left out selects all. Names and owners are globs."""

    names: tuple[str, ...] = ()
    owners: tuple[str, ...] = ()
    providers: tuple[str, ...] = ()
    labels: tuple[LabelTerm, ...] = ()

    @property
    def selects_all(self) -> bool:
        """Tell whether it leaves nobody out."""
        return not (self.names or self.owners or self.providers or self.labels)

    def selects(
        self, *, name: str, owner: str, provider: str, labels: Mapping[str, str]
    ) -> bool:
        """Tell whether a connection is one of them."""
        return (
            _fits(name, self.names)
            and _fits(owner, self.owners)
            and _fits(provider, self.providers)
            and fits_all(self.labels, labels)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """One rule: what it selects goes to its channels; none means to nobody."""

    channels: tuple[str, ...]
    selector: Selector = field(default_factory=Selector)
    severity: Severity = Severity.INFO
    """This bad, or worse."""
    causes: frozenset[Cause] = frozenset()
    """Empty: every cause."""

    def takes(self, cause: Cause, severity: Severity) -> bool:
        """Tell whether it is for such incidents."""
        fits = not self.causes or cause in self.causes
        return fits and at_least(severity, self.severity)

    def has(self, member: Member, cause: Cause) -> bool:
        """Tell whether it is for one member of an incident."""
        return self.takes(cause, member.severity) and self.selector.selects(
            name=member.name,
            owner=member.owner,
            provider=member.provider,
            labels=member.labels,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Routing:
    """All routes; every one that matches counts, `default` gets what none matches."""

    routes: tuple[Route, ...] = ()
    default: tuple[str, ...] = ()


Audience = Mapping[str, frozenset[str]]
"""What each channel may know of an incident: names of members."""


def audience_of(incident: Incident, routing: Routing) -> Audience:
    """Return who hears of an incident, and of which of its members."""
    if incident.why is not None and not incident.members:
        return _of_machine(incident, routing)
    return audience_of_members(incident.members.values(), incident.scope.cause, routing)


def audience_of_members(
    members: Iterable[Member], cause: Cause, routing: Routing
) -> Audience:
    """Return for each channel the names of the members that it may know of."""
    found: dict[str, set[str]] = defaultdict(set)
    for member in members:
        matching = [route for route in routing.routes if route.has(member, cause)]
        channels = [name for route in matching for name in route.channels]
        for channel in channels if matching else routing.default:
            found[channel].add(member.name)
    return {channel: frozenset(names) for channel, names in found.items()}


def _of_machine(incident: Incident, routing: Routing) -> Audience:
    """Return who hears of what is nobody's: those who hear of every connection.

    A route for some connections only must name the cause to be told.
    """
    cause, severity = incident.scope.cause, incident.severity
    matching = [
        route
        for route in routing.routes
        if route.takes(cause, severity)
        and (route.selector.selects_all or cause in route.causes)
    ]
    channels = [name for route in matching for name in route.channels]
    return dict.fromkeys(channels if matching else routing.default, frozenset())


def _fits(value: str, patterns: tuple[str, ...]) -> bool:
    return not patterns or any(fnmatchcase(value, one) for one in patterns)
