"""Who is told what and when: on the transition, on recovery, and not in between."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from reconciler.core.diagnosis import Category, diagnose
from reconciler.core.health import Health
from reconciler.core.incidents.causes import Cause, Severity
from reconciler.core.incidents.observation import (
    Refused,
    Surroundings,
    Trouble,
)
from reconciler.core.incidents.routing import Route, Routing, Selector
from reconciler.core.selecting import LabelTerm
from reconciler.core.usage import Unusual, UnusualKind
from tests.core.incidents.incident_world import OPS, World, kinds, many, names, well

HOUR = 3600


def test_a_failure_is_told_after_the_wait_and_only_once():
    world = World.of(well("a"), well("b", "okx"))
    world.fails("a")

    assert world.run(29) == []
    ((channel, notice),) = world.run(2 * HOUR, step=10)
    assert (channel, notice.kind, notice.cause) == ("ops", "opened", "connection")
    assert (
        notice.why.fix
        == "test again; raise config.timeout if the provider is just slow"
    )


def test_recovery_is_one_message_with_its_time_and_who_was_hit():
    world = World.of(well("a"))
    world.fails("a")
    world.run(600, step=10)
    world.recovers("a")

    ((_, notice),) = world.run(300)

    assert (notice.kind, names(notice)) == ("recovered", ["a"])
    assert notice.ended_at - notice.since == timedelta(seconds=600)


@pytest.mark.parametrize("health", [Health.DEGRADED, Health.UNKNOWN, Health.INACTIVE])
def test_what_is_below_its_threshold_or_not_known_is_told_to_nobody(health):
    world = World.of(well("a"))
    world.becomes("a", health=health, diagnosis=diagnose(Category.TIMEOUT))

    assert world.run(HOUR, step=10) == []


def test_a_failure_that_is_over_within_the_wait_is_told_to_nobody():
    world = World.of(well("a"))
    for _ in range(20):
        world.fails("a")
        world.run(20)
        world.recovers("a")
        world.run(20)

    assert world.told == []
    assert world.book.incidents == ()


def test_a_relapse_within_the_wait_is_no_recovery():
    world = World.of(well("a"))
    world.fails("a")
    world.run(60)
    world.recovers("a")
    world.run(20)
    world.fails("a")

    world.run(HOUR, step=10)

    assert kinds(world.told) == [("ops", "opened", "connection")]


def test_one_that_comes_and_goes_is_soon_told_as_unsteady_and_then_rests():
    world = World.of(well("a"))
    for _ in range(30):
        world.fails("a")
        world.run(300, step=10)
        world.recovers("a")
        world.run(300, step=10)
    during = list(world.told)
    world.run(HOUR, step=10)

    assert [one.kind.value for _, one in during] == [
        *("opened", "recovered", "opened", "recovered", "opened")
    ]
    assert during[-1][1].openings == 3
    assert [one.kind.value for _, one in world.told[5:]] == ["recovered"]


def test_reminders_come_once_a_day_as_long_as_it_lasts():
    world = World.of(well("a"))
    world.fails("a")

    world.run(73 * HOUR, step=300)

    assert [one.kind.value for _, one in world.told] == ["opened", *["reminder"] * 3]


def test_reminders_can_be_off():
    world = World.of(well("a"), manner=replace(OPS, reminder=None))
    world.fails("a")

    assert len(world.run(100 * HOUR, step=600)) == 1


def test_a_cause_that_needs_somebody_is_told_when_waiting_was_told_before():
    world = World.of(well("a"))
    world.fails("a")
    world.run(60)
    world.fails("a", category=Category.INVALID_CREDENTIALS)
    world.run(60)
    world.fails("a")
    world.run(60)
    world.fails("a", category=Category.INVALID_CREDENTIALS)
    world.run(60)

    assert [one.kind.value for _, one in world.told] == ["opened", "changed"]
    assert world.told[1][1].why.fix.startswith("copy key and secret from the provider")


def test_a_restart_neither_repeats_nor_forgets():
    world = World.of(*many(5))
    world.fails("binance-0001", "binance-0002", "binance-0003")
    world.run(10)
    world.restart()
    told = world.run(60)
    world.restart()
    again = world.run(HOUR, step=10)
    world.recovers("binance-0001", "binance-0002", "binance-0003")
    world.run(10)
    world.restart()
    over = world.run(60)

    assert (kinds(told), again) == ([("ops", "opened", "exchange")], [])
    assert kinds(over) == [("ops", "recovered", "exchange")]


def test_a_clock_that_jumps_makes_no_storm():
    world = World.of(*many(5))
    world.fails(*world.seen)
    world.run(60)
    for days in (400, -800, 400):
        world.now += timedelta(days=days)
        world.run(60)

    assert next(one.kind.value for _, one in world.told) == "opened"
    assert len(world.told) <= 4


def test_a_connection_that_is_switched_off_or_gone_ends_its_incident():
    world = World.of(well("a"), well("b", "okx"))
    world.fails("a", "b", category=Category.UNKNOWN)
    world.run(60)
    world.becomes("a", watched=False)
    del world.seen["b"]

    told = world.run(60)

    assert kinds(told) == [("ops", "recovered", "connection")] * 2
    assert {(one.label, one.connections[0].left) for _, one in told} == {
        ("a", "off"),
        ("b", "gone"),
    }


def refused(commit="abc", revision="r1"):
    return Refused(
        revision=revision,
        commit=commit,
        at=World().now,
        diagnosis=diagnose(Category.INVALID_CREDENTIALS),
    )


def test_a_change_that_is_refused_is_told_once_per_commit_and_not_per_connection():
    world = World.of(*many(40))
    for name in list(world.seen):
        world.becomes(name, refused=refused())
    ((_, notice),) = world.run(HOUR, step=10)

    assert (notice.kind, notice.cause, notice.count) == ("opened", "refused", 40)
    assert (notice.commit, notice.running) == ("abc", 40)
    assert notice.severity is Severity.WARNING


def test_the_same_refused_revision_is_not_told_again_with_each_new_commit():
    world = World.of(well("a"))
    world.becomes("a", refused=refused("abc"))
    world.run(60)
    world.becomes("a", refused=refused("def"))

    assert world.run(HOUR, step=10) == []


def test_another_refused_revision_is_told_and_the_first_is_not_told_to_be_over():
    world = World.of(well("a"))
    world.becomes("a", refused=refused("abc", "r1"))
    world.run(60)
    world.becomes("a", refused=refused("def", "r2"))

    assert kinds(world.run(HOUR, step=10)) == [("ops", "opened", "refused")]


def test_what_of_a_change_is_refused_later_is_told_together():
    world = World.of(*many(40))
    for name in list(world.seen):
        world.becomes(name, refused=refused())
        world.run(20, step=5)
    told = world.run(HOUR, step=30)

    assert [one.kind.value for _, one in world.told] == ["opened", "grown"]
    assert told[-1][1].count == 40


def test_what_never_ran_is_told_as_refused_only():
    world = World.of(well("a"))
    world.fails("a", refused=refused(), running=False)

    ((_, notice),) = world.run(HOUR, step=10)

    assert (notice.cause, notice.severity) == (Cause.REFUSED, Severity.ERROR)


def test_the_daemons_own_trouble_is_told_and_ends():
    world = World.of(well("a"))
    trouble = Trouble(kind="fetch", summary="cannot fetch", fix="look at the remote")
    world.around = Surroundings(troubles=(trouble,))
    opened = world.run(HOUR, step=10)
    world.around = Surroundings()
    over = world.run(HOUR, step=10)

    assert kinds(opened + over) == [
        ("ops", "opened", "daemon"),
        ("ops", "recovered", "daemon"),
    ]
    assert opened[0][1].why.fix == over[0][1].why.fix == "look at the remote"


def test_a_machine_without_the_key_is_one_incident_for_everybody():
    world = World.of(*many(500))
    for name in list(world.seen):
        world.becomes(name, health=Health.UNKNOWN, unable=diagnose(Category.NO_KEY))

    ((_, notice),) = world.run(HOUR, step=60)

    assert (notice.cause, notice.count) == (Cause.DAEMON, 500)


def test_an_unusual_use_is_told_once_and_its_end_is_not():
    world = World.of(well("a"))
    world.becomes(
        "a", unusual=(Unusual(kind=UnusualKind.OFTEN, text="ten times as often"),)
    )
    told = world.run(HOUR, step=10)
    world.becomes("a", unusual=())
    world.run(HOUR, step=10)

    assert kinds(world.told) == kinds(told) == [("ops", "opened", "unusual")]


def test_in_maintenance_nothing_is_told_and_what_still_fails_at_its_end_is():
    world = World.of(*many(4, "okx"), well("a"))
    quiet = frozenset({"okx-0000", "okx-0001", "okx-0002", "okx-0003"})
    world.manner = replace(OPS, quiet=quiet)
    world.fails(*quiet)
    assert world.run(HOUR, step=10) == []
    world.recovers("okx-0003")
    world.run(60)
    world.manner = OPS

    ((_, notice),) = world.run(60)

    assert (notice.kind, notice.count) == ("opened", 3)


def test_a_failure_that_comes_and_goes_in_maintenance_is_told_to_nobody():
    world = World.of(well("a"))
    world.manner = replace(OPS, quiet=frozenset({"a"}))
    world.fails("a")
    world.run(HOUR, step=10)
    world.recovers("a")
    world.run(60)
    world.manner = OPS

    assert world.run(HOUR, step=10) == []


def test_the_end_of_what_was_told_before_the_maintenance_is_told_after_it():
    world = World.of(well("a"))
    world.fails("a")
    world.run(60)
    world.manner = replace(OPS, quiet=frozenset({"a"}))
    world.recovers("a")
    assert world.run(HOUR, step=10) == []
    world.manner = OPS

    assert kinds(world.run(60)) == [("ops", "recovered", "connection")]


def of_alice():
    alice = Route(channels=("alice",), selector=Selector(owners=("user:alice",)))
    return replace(OPS, routing=Routing(routes=(alice,), default=("ops",)))


def test_an_owner_hears_of_their_own_only_and_of_no_total():
    world = World.of(*many(10), *many(2, "okx"), manner=of_alice())
    for name in ("binance-0003", "binance-0004"):
        world.becomes(name, owner="user:alice")
    world.fails(*[name for name in world.seen if name.startswith("binance")])

    told = dict(world.run(60))

    assert names(told["alice"]) == ["binance-0003", "binance-0004"]
    assert (told["alice"].count, told["alice"].total) == (2, 0)
    assert (told["ops"].count, told["ops"].total) == (8, 0)


def test_an_owner_hears_of_the_end_when_their_own_are_well_again():
    world = World.of(*many(3), manner=of_alice())
    world.becomes("binance-0001", owner="user:alice")
    world.fails(*world.seen)
    world.run(60)
    world.recovers("binance-0001")

    assert kinds(world.run(60)) == [("alice", "recovered", "exchange")]


def test_an_account_is_named_by_what_its_reader_owns():
    world = World.of(*many(3, account="k"), *many(20, "okx"), manner=of_alice())
    world.becomes("binance-0002", owner="user:alice")
    world.fails(
        *[n for n in world.seen if n < "c"], category=Category.INVALID_PASSPHRASE
    )

    told = dict(world.run(60))

    assert told["alice"].cause is Cause.ACCOUNT
    assert told["alice"].label == "binance-0002"
    assert "binance-0000" not in repr(told["alice"])


def test_routes_choose_by_label_severity_and_cause():
    spot = Route(
        channels=("spot",),
        selector=Selector(labels=(LabelTerm(key="desk", pattern="spot"),)),
    )
    bad = Route(channels=("phone",), severity=Severity.ERROR)
    ends = Route(channels=("keys",), causes=frozenset({Cause.REFUSED}))
    routing = Routing(routes=(spot, bad, ends), default=("ops",))
    world = World.of(
        well("a", labels={"desk": "spot"}), well("b", "okx"), well("c", "x")
    )
    world.manner = replace(OPS, routing=routing)
    world.fails("a", "b", category=Category.INTERNAL)
    world.becomes("c", health=Health.STALE)
    world.becomes("b", refused=refused())

    told = world.run(60)

    assert sorted((channel, one.label) for channel, one in told) == [
        ("keys", "abc"),
        ("ops", "c"),
        ("phone", "a"),
        ("phone", "b"),
        ("spot", "a"),
    ]


def test_what_is_nobodys_goes_to_those_who_hear_of_everything():
    alice = Route(channels=("alice",), selector=Selector(owners=("user:alice",)))
    all_of_it = Route(channels=("desk",))
    world = World.of(well("a"))
    world.manner = replace(OPS, routing=Routing(routes=(alice, all_of_it)))
    world.around = Surroundings(network_up=False)

    assert kinds(world.run(60)) == [("desk", "opened", "network")]


def test_no_channel_waits_for_ever_for_the_end_of_what_changed_its_cause():
    world = World.of(*many(2), *many(2, "okx"))
    world.fails("binance-0000", "binance-0001")
    world.run(60)
    world.recovers("binance-0000")
    world.fails("binance-0001", category=Category.INVALID_CREDENTIALS)
    told = world.run(60)

    assert sorted(kinds(told)) == [
        ("ops", "opened", "connection"),
        ("ops", "recovered", "exchange"),
    ]
    world.run(3 * HOUR, step=10)
    assert len(world.book.incidents) == 1
