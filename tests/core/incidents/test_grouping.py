"""The widest common cause is one incident and one message."""

from __future__ import annotations

import random

from reconciler.core.diagnosis import Category, diagnose
from reconciler.core.health import Health
from reconciler.core.incidents.causes import Cause
from reconciler.core.incidents.observation import Surroundings
from tests.core.incidents.incident_world import World, kinds, many, names, well

HOUR = 3600
OTHERS = tuple(many(40, "okx"))


def test_an_exchange_that_is_down_is_one_message_however_many_connections_it_has():
    world = World.of(*many(500), *OTHERS)
    order = [name for name in world.seen if name.startswith("binance")]
    random.Random(1).shuffle(order)  # noqa: S311  # not for secrets
    for n, name in enumerate(order):
        world.fails(name, category=(Category.TIMEOUT, Category.MAINTENANCE)[n % 2])
        if n % 50 == 0:
            world.run(1)
    world.run(HOUR * 2, step=120)
    world.recovers(*order[:400])
    world.run(300, step=60)
    world.recovers(*order[400:])
    world.run(300, step=60)

    opened, over = (one for _, one in world.told)
    assert (opened.kind, opened.cause, opened.label) == (
        "opened",
        "exchange",
        "binance",
    )
    assert (opened.count, opened.total) == (500, 500)
    assert (over.kind, over.count) == ("recovered", 500)


def test_an_outage_found_out_bit_by_bit_is_widened_once_and_told_in_one_recovery():
    world = World.of(*many(30), *OTHERS)
    everybody = [name for name in world.seen if name.startswith("binance")]
    for name in everybody:
        world.fails(name)
        world.run(40, step=10)
    world.run(1800, step=60)
    world.recovers(*everybody)
    world.run(60)

    assert [one.kind.value for _, one in world.told] == [
        "opened",
        "widened",
        "recovered",
    ]
    assert [one.incident for _, one in world.told] == [world.told[0][1].incident] * 3
    assert world.told[1][1].cause is Cause.EXCHANGE
    assert world.told[2][1].count == 30


def test_the_own_network_down_is_one_alert_and_one_recovery():
    world = World.of(*many(250), *many(250, "okx"))
    world.fails("binance-0000", "okx-0000")  # found out before the network was
    world.run(5)
    world.around = Surroundings(network_up=False)
    for name in world.seen:
        unknown = {"health": Health.UNKNOWN, "unable": None, "tested_at": None}
        world.becomes(name, **unknown)
    world.run(2 * HOUR, step=120)
    world.around = Surroundings()
    world.fails("binance-0000", "okx-0000", tested_at=None)  # not tested again yet
    world.run(120)
    world.recovers(*world.seen)
    world.run(2 * HOUR, step=120)

    down, back = (one for _, one in world.told)
    assert kinds(world.told) == [
        ("ops", "opened", "network"),
        ("ops", "recovered", "network"),
    ]
    assert (down.count, back.count) == (500, 500)
    assert back.ended_at > down.since
    assert "no network" in down.why.summary


def test_a_failure_that_is_still_there_after_the_network_is_back_is_told_then():
    world = World.of(well("a"), well("b", "okx"))
    world.around = Surroundings(network_up=False)
    world.fails("a", category=Category.UNKNOWN)
    world.run(HOUR, step=10)
    world.around = Surroundings()
    world.run(60)
    world.fails("a", category=Category.UNKNOWN)
    world.run(60)

    assert [one.cause.value for _, one in world.told] == [
        *("network", "network", "connection")
    ]


def test_every_exchange_out_of_reach_is_taken_for_the_network():
    world = World.of(*many(20), *many(20, "okx"), *many(2, "kraken"))
    world.fails(*world.seen)

    assert kinds(world.run(HOUR, step=10)) == [("ops", "opened", "network")]


def test_two_exchanges_of_four_are_two_incidents():
    world = World.of(*many(9), *many(9, "okx"), *many(9, "kraken"), *many(9, "mexc"))
    world.fails(*[name for name in world.seen if name.startswith(("okx", "mexc"))])

    assert [one.label for _, one in world.run(HOUR, step=10)] == ["mexc", "okx"]


def test_a_proxy_that_is_gone_is_one_incident():
    behind = many(5, proxy="http://gate:3128") + many(
        5, "okx", proxy="http://gate:3128"
    )
    world = World.of(*behind, *many(20, "kraken"))
    world.fails(*[one.name for one in behind])

    ((_, notice),) = world.run(HOUR, step=10)

    assert (notice.cause, notice.label) == (Cause.PROXY, "http://gate:3128")
    assert (notice.count, notice.total) == (10, 10)


def test_one_key_of_many_connections_is_one_incident():
    world = World.of(*many(8, account="opaque"), *many(40, "okx"))
    first, *rest = [name for name in world.seen if name.startswith("binance")]
    world.fails(first, category=Category.INVALID_CREDENTIALS)
    for name in rest:
        refused = diagnose(Category.UNKNOWN)
        world.becomes(name, health=Health.UNKNOWN, unable=refused)
    world.fails(*rest, category=Category.INVALID_CREDENTIALS)

    ((_, notice),) = world.run(HOUR, step=10)

    assert (notice.cause, notice.label, notice.count) == (Cause.ACCOUNT, first, 8)
    assert "opaque" not in repr(world.book)


def test_an_account_keeps_its_incident_over_a_restart_that_renames_it():
    world = World.of(*many(3, account="k1"), *many(40, "okx"))
    hit = [name for name in world.seen if name.startswith("binance")]
    world.fails(*hit[1:], category=Category.ACCOUNT_SUSPENDED)
    world.run(60)
    world.restart()
    for name in hit:
        world.becomes(name, account="k2")
    world.fails(*hit, category=Category.ACCOUNT_SUSPENDED)

    assert world.run(HOUR, step=10) == []
    assert len(world.book.incidents) == 1


def test_one_market_that_many_want_is_one_incident():
    world = World.of(*many(4, symbol="LUNA/USDT"), *many(40, symbol="BTC/USDT")[4:])
    world.fails(*[f"binance-{n:04}" for n in range(4)], category=Category.STALE_DATA)

    ((_, notice),) = world.run(HOUR, step=10)

    assert (notice.cause, notice.label) == (Cause.SYMBOL, "LUNA/USDT at binance")


def test_keys_that_all_fail_at_once_are_the_exchanges_trouble():
    world = World.of(*[well(f"b{n:03}", account=f"k{n}") for n in range(1000)], *OTHERS)
    world.fails(
        *[name for name in world.seen if name.startswith("b")],
        category=Category.INVALID_CREDENTIALS,
    )

    ((_, notice),) = world.run(HOUR, step=60)

    assert (notice.cause, notice.label, notice.count) == (
        Cause.EXCHANGE,
        "binance",
        1000,
    )


def test_bad_keys_that_have_long_been_there_do_not_make_a_new_one_the_exchanges():
    world = World.of(*[well(f"b{n}", account=f"k{n}") for n in range(4)])
    for name in ("b0", "b1", "b2"):
        world.fails(name, category=Category.INVALID_CREDENTIALS)
        world.run(5 * HOUR, step=60)

    assert [one.label for _, one in world.told] == ["b0", "b1", "b2"]


def test_a_failure_days_after_another_is_told_by_itself():
    world = World.of(*many(40))
    world.fails("binance-0001", category=Category.GEO_RESTRICTED)
    world.run(9 * HOUR, step=60)
    world.fails("binance-0002")

    ((_, notice),) = world.run(HOUR, step=10)

    assert (notice.kind, names(notice)) == ("opened", ["binance-0002"])


def test_live_and_testnet_of_one_exchange_are_two():
    live, test = many(3), many(3, environment="testnet")
    test = [well(f"test-{n}", environment="testnet") for n in range(3)]
    world = World.of(*live, *test, *many(9, "okx"), *many(9, "kraken"))
    world.fails(*[one.name for one in test])

    ((_, notice),) = world.run(HOUR, step=10)

    assert (notice.label, notice.count, notice.total) == ("binance testnet", 3, 3)


def test_an_outage_that_hit_two_and_then_most_is_told_to_have_grown():
    world = World.of(*many(100), *OTHERS)
    world.fails("binance-0000", "binance-0001")
    world.run(600, step=60)
    world.fails(*[name for name in world.seen if name.startswith("binance")])
    world.run(3 * HOUR, step=120)

    assert [(one.kind.value, one.count) for _, one in world.told] == [
        ("opened", 2),
        ("grown", 100),
    ]


def test_no_two_incidents_ever_have_one_name():
    world = World.of(
        *many(2, proxy="gate"), *many(2, "okx", proxy="gate"), *many(9, "x")
    )
    world.fails("binance-0001")
    world.run()
    world.fails("okx-0001", "okx-0000")
    world.run()
    world.fails("binance-0001", category=Category.MAINTENANCE)
    world.run()

    assert len({one.id for one in world.book.incidents}) == 2
