"""Keys and certificates that end: 30, 7 and 1 days before, each once and together."""

from __future__ import annotations

from datetime import timedelta

from reconciler.core.incidents.observation import Ending
from tests.core.incidents.incident_world import World, many, well
from tests.fakes import START

DAY = 86_400


def ending(days, what="key"):
    return {"endings": (Ending(what=what, at=START + timedelta(days=days, hours=12)),)}


def said(world):
    return [(one.why.summary, one.count) for _, one in world.told]


def test_a_key_that_ends_is_told_four_times_in_all():
    world = World.of(well("a", **ending(40)))

    world.run(60 * DAY, step=900)

    assert said(world) == [
        ("the key ends within 30 days", 1),
        ("the key ends within 7 days", 1),
        ("the key ends within 1 day", 1),
        ("the key has ended", 1),
    ]


def test_hundreds_that_end_together_are_one_message():
    world = World.of(
        *many(500, **ending(5)), *many(3, "okx", **ending(20, "certificate"))
    )

    world.run(DAY, step=900)

    assert sorted(said(world)) == [
        ("the certificate ends within 30 days", 3),
        ("the key ends within 7 days", 500),
    ]
    assert world.told[0][1].connections[0].note == "ends on 2026-01-21"


def test_a_renewed_key_is_told_of_when_it_ends():
    world = World.of(well("a", **ending(5)))
    world.run(DAY, step=900)
    world.becomes("a", **ending(365))
    world.run(10 * DAY, step=3600)
    assert len(world.told) == 1
    world.becomes("a", **ending(16))
    world.run(DAY, step=900)

    assert said(world)[1:] == [("the key ends within 7 days", 1)]


def test_a_restart_does_not_tell_it_again():
    world = World.of(well("a", **ending(5)))
    world.run(DAY, step=900)
    world.restart()
    world.run(DAY, step=900)

    assert len(world.told) == 1


def test_what_is_switched_off_may_end():
    world = World.of(well("a", watched=False, **ending(5)))

    assert world.run(DAY, step=900) == []
