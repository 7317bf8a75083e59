"""No fault that the sandbox can make is taken for a success, whoever is at the end.

Every fault is set for every provider, everywhere and at each kind of endpoint, and
`reconcile test --all` runs over a connection of every family. Whoever met the fault
must fail with its category, or say in so many words what was not proven; whoever did
not meet it must pass. A new fault or provider fails here until it is covered.
"""

from __future__ import annotations

import pytest

from reconciler.adapters.clock import SystemClock
from reconciler.adapters.providers.metatrader.hours import reopening
from reconciler.adapters.providers.registry import find_adapters
from reconciler.core.diagnosis import Category
from reconciler.sandbox import Fault, running_sandbox
from reconciler.sandbox.faults import CONNECTION_FAULTS, make_fault
from reconciler.sandbox.providers import PROVIDERS
from tests.adapters.providers.conformance import (
    CANDLE_FAULTS,
    FAULTS,
    PRIVATE_FAULTS,
)
from tests.cli.fault_fleet import ALSO_ASKED, FAMILIES, make_fleet

C = Category
NO_API = frozenset({C.BAD_RESPONSE, C.WRONG_URL, C.MALFORMED_DATA, C.NO_DATA})
CATEGORIES = {
    **FAULTS,
    **PRIVATE_FAULTS,
    **CANDLE_FAULTS,
    "timeout": {C.TIMEOUT},
    "drip": {C.TIMEOUT},
    "no_date": {C.BAD_RESPONSE},  # where config.test.expect wants one
    "clock_skew": {C.CLOCK_SKEW},
    "signed_skew": {C.CLOCK_SKEW},
    "wrong_permissions": {C.EXCESS_PERMISSION},
    "tls_self_signed": {C.TLS_CERTIFICATE},
    "login_page": {C.BAD_RESPONSE, C.WRONG_URL},
    "error_body": {C.EXCHANGE_UNAVAILABLE, C.BAD_RESPONSE},
    "catch_all": NO_API,
    "empty_list": NO_API,
    "null": {C.BAD_RESPONSE},
    "duplicate_keys": {C.BAD_RESPONSE},
    "nan": {C.BAD_RESPONSE, C.MALFORMED_DATA},
    "other_symbol": {C.CHANGED_DATA},
    "stale_cache": {C.STALE_DATA},
    "broken_gzip": {C.BAD_RESPONSE},
    "gzip_bomb": {C.BAD_RESPONSE},
    "huge": {C.BAD_RESPONSE},
    "unsized": {C.BAD_RESPONSE},
}
"""What each fault may be called; a family's own word for it is in its `Subject`."""
SAID = {
    # The answer is late, and right.
    "slow": lambda row: status_of(row, "data") == "passed",
    # Who signs no time is not hurt by a wrong clock, and is told of it.
    "clock_skew": lambda row: "clock" in " ".join(row["warnings"]),
    "signed_skew": lambda row: FAMILIES[row["name"]].connection.type != "ccxt_crypto",
    # The other answers tell the time, unless none does.
    "no_date": lambda row: status_of(row, "clock") in {"unproven", "passed"},
    "stale_cache": lambda row: "a cache" in words_of(row),
    # What was not asked about, or what nobody tells, is not claimed.
    "wrong_permissions": lambda row: row["name"] in UNTOLD,
    # An account without a balance looks just so there.
    "empty_list": lambda row: row["name"] == "gate",
}
"""What may pass all the same, and how it must be said."""
LIKE = {"stale_cache": "stale_candles"}
"""A family has one word for both."""
HASTY = {Fault.TIMEOUT, Fault.DRIP}
HEAVY = {Fault.HUGE, Fault.GZIP_BOMB}
UNTOLD = {
    *(name for name, one in FAMILIES.items() if one.connection.type == "custom_api"),
    *("gate", "binance-testnet"),
}
"""Who does not tell what a key may do, and is not asked here."""


def status_of(row, name):
    return next((p["status"] for p in row["probes"] if p["name"] == name), "")


def words_of(row):
    return " ".join([*row["warnings"], *(p["detail"] for p in row["probes"])])


def places():
    """Return every fault, everywhere and at each kind of endpoint where it counts.

    Three hosts that refuse at once are, rightly, a network that is down.
    """
    for fault in Fault:
        kinds = sorted(make_fault("*", fault).kinds)
        whole = fault in CONNECTION_FAULTS or fault is Fault.CLOCK_SKEW
        endpoints = [None] if whole or len(kinds) == 1 else [None, *kinds]
        for endpoint in endpoints:
            if fault is Fault.REFUSED:
                yield from ((fault, endpoint, (name,)) for name in PROVIDERS)
            else:
                yield fault, endpoint, ("*",)


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    """Return what makes a fleet, in a hurry or not, over one sandbox."""
    with pytest.MonkeyPatch.context() as patch:
        base = tmp_path_factory.mktemp("faults")
        with running_sandbox(base / "sandbox") as sandbox:
            patch.setenv("RECONCILE_SANDBOX", str(sandbox.file))
            patch.setenv("HOME", str(base))
            patch.setenv("NO_COLOR", "1")
            fleets = {}

            def fleet(*, hurry):
                if hurry:
                    fleet(hurry=False)  # it loads the libraries, which takes its time
                sandbox.clear_faults()
                sandbox.reset_requests()
                patch.setenv("SOPS_AGE_KEY_FILE", str(base / f"key-{hurry}"))
                if hurry not in fleets:
                    path, key = base / f"repo-{hurry}", base / f"key-{hurry}"
                    fleets[hurry] = make_fleet(path, sandbox, key, hurry=hurry)
                return fleets[hurry]

            yield fleet


def hit(sandbox, fault):
    """Return the providers of which a request met the fault, issuers included."""
    met = {one.provider for one in sandbox.requests if fault in one.faults}
    return with_askers(met)


def with_askers(providers):
    """Return also those that ask one of the providers on their way."""
    askers = {who for who, asked in ALSO_ASKED.items() if {*asked} & {*providers}}
    return {*providers} | askers


def check(row, fault, *, was_hit):
    """Say what is wrong with one connection's row, None for nothing."""
    subject = FAMILIES[row["name"]]
    diagnosis = row["diagnosis"]
    if diagnosis is None:
        said = SAID.get(fault, lambda _row: False)
        return None if not was_hit or said(row) else "passed, and says nothing of it"
    if not was_hit and fault in HASTY and diagnosis["category"] == C.TIMEOUT:
        return None  # in a hurry, a busy machine may be late itself
    if not was_hit:
        return f"failed without a fault: {diagnosis['summary']}"
    own = subject.own.get(LIKE.get(fault, fault))
    wanted = own or CATEGORIES[fault]
    if diagnosis["category"] not in wanted:
        return f"is called {diagnosis['category']}: {diagnosis['summary']}"
    return None if diagnosis["fix"] else "has no fix"


@pytest.mark.parametrize(("fault", "endpoint", "providers"), [*places()])
def test_no_fault_is_taken_for_a_success(world, fault, endpoint, providers):
    fleet = world(hurry=fault in HASTY)
    sandbox = fleet.sandbox
    fleet.forget_markets()
    seconds = {"seconds": 0.05} if fault is Fault.SLOW else {}
    for name in providers:
        sandbox.set_fault(name, fault, endpoint=endpoint, **seconds)

    code, rows = fleet.test(*(["--parallelism", "3"] if fault in HEAVY else []))

    met = hit(sandbox, fault)
    if fault in CONNECTION_FAULTS or fault is Fault.CLOCK_SKEW:
        met = {*PROVIDERS} if providers == ("*",) else with_askers(providers)
    wrong = {}
    for name, row in rows.items():
        subject = FAMILIES[name]
        was_hit = subject.provider in met
        if was_hit and not row["diagnosis"] and closed_for_the_weekend(fault, subject):
            assert status_of(row, "data") != "passed"
            continue
        found = check(row, fault, was_hit=was_hit)
        if found:
            wrong[name] = found
    failed = any(row["diagnosis"] for row in rows.values())

    assert not wrong, "; ".join(f"{name} {what}" for name, what in wrong.items())
    assert len(rows) == len(FAMILIES)
    assert code == (5 if failed else 0)


def closed_for_the_weekend(fault, subject):
    """Tell whether a bridge that does not serve is rightly a closed market."""
    at_a_bridge = subject.provider in {"mtapi", "mtapi-native", "metaapi"}
    return (
        fault is Fault.MAINTENANCE
        and at_a_bridge
        and reopening(SystemClock().now()) is not None
    )


def test_every_provider_of_the_sandbox_and_every_type_is_covered():
    asked = {subject.provider for subject in FAMILIES.values()}
    asked |= {name for names in ALSO_ASKED.values() for name in names}
    types = {subject.connection.type for subject in FAMILIES.values()}

    assert asked == set(PROVIDERS)
    assert types == set(find_adapters())


def test_every_fault_has_a_name_for_who_meets_it():
    assert set(CATEGORIES) | set(SAID) == {fault.value for fault in Fault}


def test_old_data_out_of_a_cache_is_called_so(world):
    fleet = world(hurry=False)
    fleet.sandbox.set_fault("*", "stale_cache", endpoint="candles")

    _, rows = fleet.test()

    old = [row for row in rows.values() if row["diagnosis"]["category"] == "stale_data"]
    assert len(old) > len(rows) / 2
    assert all("a cache between" in row["diagnosis"]["summary"] for row in old)
    assert all("content network" in row["diagnosis"]["fix"] for row in old)
