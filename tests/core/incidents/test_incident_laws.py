"""What holds of the incidents whatever happens: laws."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.core import codec
from reconciler.core.diagnosis import Category, diagnose
from reconciler.core.health import Health
from reconciler.core.incidents.book import Book
from reconciler.core.incidents.observation import Refused, Surroundings
from reconciler.core.incidents.routing import Route, Routing, Selector
from reconciler.core.usage import Unusual, UnusualKind
from tests.core.incidents.incident_world import OPS, World, well
from tests.fakes import START

CATEGORIES = (
    *(Category.TIMEOUT, Category.MAINTENANCE, Category.INVALID_CREDENTIALS),
    *(Category.STALE_DATA, Category.NO_KEY, Category.UNKNOWN),
)
ALICE = Route(channels=("alice",), selector=Selector(owners=("user:alice",)))
BOTH = replace(OPS, routing=Routing(routes=(ALICE,), default=("ops",)))


def fleet():
    return [
        well(
            f"{provider}-{n}",
            provider,
            owner="user:alice" if n % 3 == 0 else "admin",
            account=f"k{n // 2}",
            symbol="BTC/USDT",
            proxy="gate" if n % 2 else "",
        )
        for provider in ("binance", "okx")
        for n in range(4)
    ]


names_ = st.sampled_from([one.name for one in fleet()])
categories = st.sampled_from(CATEGORIES)
steps = st.one_of(
    st.tuples(st.just("fails"), st.lists(names_, min_size=1, max_size=8), categories),
    st.tuples(st.just("recovers"), st.lists(names_, min_size=1, max_size=8)),
    st.tuples(st.just("refused"), names_, st.sampled_from(["c1", "c2", ""])),
    st.tuples(st.just("accepted"), names_),
    st.tuples(st.just("unusual"), names_),
    st.tuples(st.just("off"), names_),
    st.tuples(st.just("gone"), names_),
    st.tuples(st.just("network"), st.booleans()),
    st.tuples(st.just("quiet"), st.lists(names_, max_size=4)),
    st.tuples(st.just("restart")),
    st.tuples(st.just("wait"), st.sampled_from([5, 40, 200, 4000])),
)
stories = st.lists(steps, max_size=30)


def play(world, story):
    for step, *arguments in story:
        _STEPS[step](world, *arguments)
        world.decide()
    return world


def _fails(world, names, category):
    known = [name for name in names if name in world.seen]
    if category is Category.NO_KEY:
        for name in known:
            unable = diagnose(category)
            world.becomes(name, health=Health.UNKNOWN, unable=unable)
    else:
        world.fails(*known, category=category, unable=None)


def _recovers(world, names):
    for name in names:
        if name in world.seen:
            healthy = {"health": Health.HEALTHY, "unable": None, "unusual": ()}
            world.becomes(name, watched=True, refused=None, **healthy)


def _change(world, name, **changes):
    if name in world.seen:
        world.becomes(name, **changes)


_STEPS = {
    "fails": _fails,
    "recovers": _recovers,
    "refused": lambda world, name, commit: _change(
        world,
        name,
        refused=Refused(revision=commit or "r", commit=commit, at=world.now),
    ),
    "accepted": lambda world, name: _change(world, name, refused=None),
    "unusual": lambda world, name: _change(
        world, name, unusual=(Unusual(kind=UnusualKind.OFTEN, text="often"),)
    ),
    "off": lambda world, name: _change(world, name, watched=False),
    "gone": lambda world, name: world.seen.pop(name, None),
    "network": lambda world, up: setattr(world, "around", Surroundings(network_up=up)),
    "quiet": lambda world, names: setattr(
        world, "manner", replace(world.manner, quiet=frozenset(names))
    ),
    "restart": lambda world: world.restart(),
    "wait": lambda world, seconds: world.run(seconds, step=max(5, seconds // 8)),
}


@settings(max_examples=120, deadline=None)
@given(stories)
def test_deciding_again_tells_nothing(story):
    world = play(World.of(*fleet(), manner=BOTH), story)
    book, before = world.book, len(world.told)
    world.decide()

    assert (world.book, len(world.told)) == (book, before)


@settings(max_examples=120, deadline=None)
@given(stories)
def test_nobody_is_in_two_incidents_of_one_family_at_once(story):
    world = play(World.of(*fleet(), manner=BOTH), story)
    families = {"refused": "refused", "daemon": "machine", "unusual": "unusual"}
    seen = [
        (families.get(one.scope.cause, "health"), name)
        for one in world.book.incidents
        for name in one.open_names
    ]

    assert len(seen) == len(set(seen))


@settings(max_examples=120, deadline=None)
@given(stories)
def test_when_all_is_well_again_every_channel_knows_it_and_the_book_is_empty(story):
    world = play(World.of(*fleet(), manner=BOTH), story)
    for one in fleet():
        world.seen.setdefault(one.name, one)
    world.around, world.manner = Surroundings(), BOTH
    _recovers(world, list(world.seen))
    world.run(4000, step=50)

    opened = {(c, n.incident) for c, n in world.told if n.kind == "opened"}
    over = {(c, n.incident) for c, n in world.told if n.kind == "recovered"}
    last = {(channel, one.incident): one.kind for channel, one in world.told}
    world.run(4000, step=200)
    assert over <= opened
    assert all(last[key] == "recovered" for key in opened & over)
    assert world.book.incidents == ()


@settings(max_examples=120, deadline=None)
@given(stories)
def test_alices_channel_never_names_what_is_not_hers(story):
    world = play(World.of(*fleet(), manner=BOTH), story)
    theirs = {one.name for one in fleet() if one.owner != "user:alice"}

    for channel, one in world.told:
        if channel == "alice":
            assert {hit.name for hit in one.connections} & theirs == set()
            assert not any(f"'{name}'" in repr(one) for name in theirs)
            assert one.total == 0 or not theirs & {one.label}


@settings(max_examples=60, deadline=None)
@given(stories)
def test_a_book_is_the_same_after_its_way_through_json(story):
    world = play(World.of(*fleet(), manner=BOTH), story)

    text = codec.to_json(world.book)

    assert codec.from_json(Book, text) == world.book
    assert not any(f'"k{n}"' in text for n in range(4))


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(names_, categories), max_size=8), st.randoms())
def test_the_order_in_which_results_come_does_not_matter(failures, random):
    def told(order):
        world = World.of(*fleet())
        for name, category in order:
            _fails(world, [name], category)
        return [one for _, one in world.run(60)]

    first = dict(failures)
    mixed = list(first.items())
    random.shuffle(mixed)

    assert told(first.items()) == told(mixed)


@settings(max_examples=60, deadline=None)
@given(stories, st.sampled_from([-86_400, -3600, 3600, 86_400]))
def test_a_clock_that_jumps_tells_each_incident_at_most_once_more(story, jump):
    world = play(World.of(*fleet(), manner=BOTH), story)
    world.run(100, step=10)
    before = len(world.told)
    world.now += timedelta(seconds=jump)
    world.run(30, step=10)

    assert len(world.told) - before <= 2 * max(1, len(world.book.incidents))
    assert world.now != START
