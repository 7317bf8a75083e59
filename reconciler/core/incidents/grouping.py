"""Which cases have one cause: the widest that explains them.

network → proxy → exchange → account → symbol → single connection. A wide cause is
believed when several that have nothing narrower in common fail in a way that it can
explain; the messages then say how many of how many it is.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final, NamedTuple

from reconciler.core.incidents.book import Scope
from reconciler.core.incidents.cases import Case, Family
from reconciler.core.incidents.causes import (
    OF_ACCOUNT,
    OF_SYMBOL,
    OUTAGE,
    TRANSPORT,
    WIDTH,
    Cause,
)
from reconciler.core.incidents.observation import Observation

SEVERAL: Final = 2
"""So many cases of one cause are grouped."""
MANY: Final = 3
"""So many different accounts or symbols make it the exchange's trouble."""
MOST_EXCHANGES: Final = 0.75
"""Share of all exchanges that must be out of reach to call it the network."""
APART: Final = timedelta(hours=2)
"""What began further apart has no cause in common, unless most of it fails."""
MANY_KEY: Final = " (accounts)"
"""An exchange whose accounts or symbols fail, beside one that is out of reach."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fleet:
    """How many connections are watched, by what they may have in common."""

    by_exchange: Mapping[str, int] = field(default_factory=dict)
    by_proxy: Mapping[str, int] = field(default_factory=dict)
    count: int = 0


class Place(NamedTuple):
    """Where somebody is a member already, and with which refused revision."""

    scope: Scope
    revision: str = ""


Held = Mapping[tuple[Family, str], Place]
"""Who is in which open incident already, by family and name."""


def fleet_of(seen: Iterable[Observation]) -> Fleet:
    """Count what is watched."""
    exchanges: dict[str, int] = defaultdict(int)
    proxies: dict[str, int] = defaultdict(int)
    count = 0
    for one in seen:
        if one.watched:
            count += 1
            exchanges[one.exchange] += 1
            proxies[one.proxy] += 1
    return Fleet(by_exchange=exchanges, by_proxy=proxies, count=count)


def grouped(
    cases: Iterable[Case], fleet: Fleet, held: Held
) -> dict[tuple[Family, str, str], Scope]:
    """Return each case's scope, by family, name and key; widest causes first."""
    everything = sorted(cases, key=lambda case: case.seen.name)
    found = {_key(case): _own_scope(case, held) for case in everything}
    health = [case for case in everything if case.family is Family.HEALTH]
    left = {case.seen.name: case for case in health}
    for rule in (_network, _proxies, _outages, _many, _accounts, _symbols):
        for scope, members in rule(list(left.values()), fleet, held):
            for case in members:
                found[_key(case)] = scope
                del left[case.seen.name]
    for case in health:
        kept = held.get((Family.HEALTH, case.seen.name))
        if kept and _stays(case, kept.scope, found[_key(case)]):
            found[_key(case)] = kept.scope
    order = sorted(found.items(), key=lambda item: WIDTH.get(item[1].cause, 0))
    return dict(order)


def _key(case: Case) -> tuple[Family, str, str]:
    return case.family, case.seen.name, case.key


def _own_scope(case: Case, held: Held) -> Scope:
    """Return the scope of a case that shares its cause with nobody."""
    name = case.seen.name
    if case.family is Family.REFUSED:
        kept = held.get((case.family, name))
        if kept and kept.revision == case.revision:
            return kept.scope
        change = case.commit or f"{name} {case.revision}"
        return Scope(cause=Cause.REFUSED, key=change, label=case.commit[:12] or name)
    if case.family is Family.MACHINE:
        kind = case.why.category
        return Scope(cause=Cause.DAEMON, key=f"unable:{kind}", label=case.why.summary)
    if case.family is Family.UNUSUAL:
        return Scope(cause=Cause.UNUSUAL, key=f"{name}:{case.key}", label=name)
    return Scope(cause=Cause.CONNECTION, key=name, label=name)


def _stays(case: Case, kept: Scope, found: Scope) -> bool:
    """Tell whether a member stays in its incident: no cause ever gets narrower.

    Unless what fails now is nothing that the incident's cause can explain.
    """
    if WIDTH[kept.cause] >= WIDTH[found.cause]:
        return False
    return kept.cause in _reach(case, many=kept.key.endswith(MANY_KEY))


def _reach(case: Case, *, many: bool) -> frozenset[Cause]:
    """Return the causes that can explain a case."""
    category = case.why.category
    if category in TRANSPORT:
        reach = {Cause.NETWORK, Cause.PROXY, Cause.EXCHANGE}
    elif category in OUTAGE:
        reach = {Cause.EXCHANGE}
    elif category in OF_ACCOUNT:
        reach = {Cause.ACCOUNT}
    else:
        reach = {Cause.SYMBOL}
    return frozenset(reach | ({Cause.EXCHANGE} if many else set()))


Found = Iterator[tuple[Scope, list[Case]]]


def _network(cases: list[Case], fleet: Fleet, _held: Held) -> Found:
    """Most exchanges are out of reach at once, and not through one proxy only."""
    failing = [case for case in cases if case.why.category in TRANSPORT]
    for cluster in _together(failing):
        out = {
            exchange
            for exchange, members in _by(cluster, lambda case: case.seen.exchange)
            if 2 * len(members) >= fleet.by_exchange.get(exchange, 0)
        }
        if len(out) < max(SEVERAL, MOST_EXCHANGES * len(fleet.by_exchange)):
            continue
        proxies = {case.seen.proxy for case in cluster}
        if len(proxies) > 1 or "" in proxies:
            scope = Scope(cause=Cause.NETWORK, key="network", label="the network")
            yield scope, [case for case in cluster if case.seen.exchange in out]


def _proxies(cases: list[Case], fleet: Fleet, _held: Held) -> Found:
    """Most of what goes through one proxy fails, or the proxy itself does."""
    failing = [c for c in cases if c.why.category in TRANSPORT and c.seen.proxy]
    for proxy, all_of_it in _by(failing, lambda case: case.seen.proxy):
        for members in _together(all_of_it):
            itself = [c for c in members if c.why.category == "proxy_unreachable"]
            exchanges = {case.seen.exchange for case in members}
            most = 2 * len(members) >= fleet.by_proxy.get(proxy, 0)
            if len(itself) >= SEVERAL or (len(exchanges) >= SEVERAL and most):
                yield Scope(cause=Cause.PROXY, key=proxy, label=proxy), members


def _outages(cases: list[Case], fleet: Fleet, _held: Held) -> Found:
    """Several connections of one exchange fail in a way that is the exchange's."""
    failing = [case for case in cases if case.why.category in OUTAGE]
    for exchange, everybody in _by(failing, lambda case: case.seen.exchange):
        most = 2 * len(everybody) >= fleet.by_exchange.get(exchange, 0)
        for members in [everybody] if most else _together(everybody):
            if len(members) >= SEVERAL:
                scope = Scope(cause=Cause.EXCHANGE, key=exchange, label=exchange)
                yield scope, members


def _many(cases: list[Case], fleet: Fleet, held: Held) -> Found:
    """Half of an exchange's connections fail, whatever it says, by many accounts."""
    scopes = {place.scope for place in held.values()}
    for exchange, everybody in _by(cases, lambda case: case.seen.exchange):
        scope = Scope(cause=Cause.EXCHANGE, key=exchange + MANY_KEY, label=exchange)
        known = scope in scopes
        for members in _together(everybody):
            apart = {_narrow(case) for case in members}
            half = 2 * len(members) >= fleet.by_exchange.get(exchange, 0)
            if half and (known or len(apart) >= MANY):
                yield scope, members


def _accounts(cases: list[Case], _fleet: Fleet, held: Held) -> Found:
    """Several connections use one key, and the key is the trouble."""
    failing = [c for c in cases if c.why.category in OF_ACCOUNT and c.seen.account]
    for _, members in _by(failing, lambda case: case.seen.account):
        if len(members) >= SEVERAL:
            yield _account_scope(members, held), members


def _account_scope(members: list[Case], held: Held) -> Scope:
    """Name an account by its first connection: what tells keys apart is kept nowhere.

    An incident that one of them is in already gives its name.
    """
    for case in members:
        kept = held.get((Family.HEALTH, case.seen.name))
        if kept and kept.scope.cause is Cause.ACCOUNT:
            return kept.scope
    name = members[0].seen.name
    return Scope(cause=Cause.ACCOUNT, key=name, label=members[0].seen.exchange)


def _symbols(cases: list[Case], _fleet: Fleet, _held: Held) -> Found:
    """Several connections want the same market, and its data is the trouble."""
    failing = [c for c in cases if c.why.category in OF_SYMBOL and c.seen.symbol]
    for symbol, members in _by(
        failing, lambda case: f"{case.seen.symbol} at {case.seen.exchange}"
    ):
        if len(members) >= SEVERAL:
            yield Scope(cause=Cause.SYMBOL, key=symbol, label=symbol), members


def _narrow(case: Case) -> str:
    """Return what a case might share with few: its key, its market, or nothing."""
    if case.why.category in OF_ACCOUNT and case.seen.account:
        return f"account {case.seen.account}"
    if case.why.category in OF_SYMBOL and case.seen.symbol:
        return f"symbol {case.seen.symbol}"
    return f"connection {case.seen.name}"


def _by(
    cases: Iterable[Case], key: Callable[[Case], str]
) -> Iterator[tuple[str, list[Case]]]:
    groups: dict[str, list[Case]] = defaultdict(list)
    for case in cases:
        groups[key(case)].append(case)
    yield from sorted(groups.items())


def _together(cases: list[Case]) -> Iterator[list[Case]]:
    """Return the cases that began at about the same time, group by group."""
    cluster: list[Case] = []
    for case in sorted(cases, key=lambda case: case.since):
        if cluster and case.since - cluster[-1].since > APART:
            yield cluster
            cluster = []
        cluster.append(case)
    if cluster:
        yield cluster
