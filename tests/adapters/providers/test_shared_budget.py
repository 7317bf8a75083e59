"""Limits and keys are shared: what one is told holds for all whom it concerns."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from reconciler.adapters.providers.ladder.rates import Rates
from reconciler.adapters.providers.ladder.sharing import sharing
from reconciler.adapters.providers.running.frozen import FREEZING, Frozen
from reconciler.adapters.providers.running.gate import Gate, Shared
from reconciler.adapters.providers.running.holds import Holds
from reconciler.adapters.providers.running.ways import Way, account_of, way_of
from reconciler.adapters.providers.settings import pacer_of
from reconciler.core.connection import Connection
from reconciler.core.connectivity import NetworkState
from reconciler.core.diagnosis import KINDS, Category, Diagnosis, diagnose
from reconciler.core.errors import ProviderError
from reconciler.core.ports import Job
from reconciler.core.secret import Secret
from reconciler.core.verdict import Verdict
from tests.fakes import failed, passed

KEY = {"api_key": Secret("a-key-to-share"), "api_secret": Secret("its-secret")}
OTHER = {"api_key": Secret("another-key"), "api_secret": Secret("its-secret")}
WAY = Way("ccxt_crypto/binance")


class Network:
    def __init__(self):
        self.shared = {}


class Outlook:
    """A network that is in the given state, whoever asks."""

    def __init__(self, state=NetworkState.UP):
        self.known = state
        self.asked = 0

    def state(self):
        return self.known

    async def find_out(self):
        self.asked += 1
        return self.known


class World:
    """A gate with a clock to turn, and what was asked of providers."""

    def __init__(self, outlook=None, *, tests_per_minute=None):
        self.now_s = 0.0
        self.outlook = outlook or Outlook()
        self.shared = Shared.of(lambda: self.now_s, tests_per_minute)
        self.gate = Gate(self.outlook, self.shared, sleep=self.sleep)
        self.asked = []
        self.slept = []

    async def sleep(self, seconds):
        self.slept.append(seconds)
        self.now_s += seconds
        await asyncio.sleep(0)

    def test(self, name, answer, *, key=KEY, text="document", **more):
        return asyncio.run(self.through(name, answer, key=key, text=text, **more))

    async def through(self, name, answer, *, key=KEY, text="document", **more):
        connection = Connection(
            name=name, **{"type": "ccxt_crypto", "provider": "binance", **more}
        )

        async def ask():
            self.asked.append(name)
            await asyncio.sleep(0)
            return answer

        job = Job(connection=connection, text=text, file="x.yaml")
        return await self.gate.through(job, key, ask)


def category(found):
    diagnosis = found if isinstance(found, Diagnosis) else found.diagnosis
    return diagnosis.category if diagnosis else None


def limited(seconds=600.0, kind=Category.RATE_LIMITED):
    return failed(kind, retry_after_s=seconds)


@pytest.mark.parametrize("kind", [Category.RATE_LIMITED, Category.IP_BANNED])
def test_a_limit_of_one_makes_all_others_of_the_way_wait(kind):
    world = World()

    first = world.test("a", limited(kind=kind))
    second = world.test("b", passed(), key=OTHER)

    assert category(first) is kind
    assert category(second) is Category.POSTPONED
    assert second.retry_after_s == 600
    assert "'a'" in second.summary
    assert world.asked == ["a"]


@pytest.mark.parametrize("more", [
    {"provider": "okx"},
    {"config": {"sandbox": True}},
    {"config": {"proxy": "http://proxy.example:8080"}},
    {"type": "custom_api", "config": {"endpoint": "https://feed.example"}},
])  # fmt: skip
def test_another_way_is_not_held(more):
    world = World()
    world.test("a", limited())

    assert category(world.test("b", passed(), **more)) is None


def test_after_the_wait_the_way_is_open():
    world = World()
    world.test("a", limited(600))

    world.now_s = 601
    assert category(world.test("b", passed())) is None
    assert len(world.shared.holds) == 0


def test_who_runs_into_the_same_limit_is_postponed_too():
    world = World()

    async def both():
        first = world.through("a", limited(), key=KEY)
        return await asyncio.gather(first, world.through("b", limited(), key=OTHER))

    found = asyncio.run(both())

    assert sorted(map(category, found)) == [Category.POSTPONED, Category.RATE_LIMITED]


def test_a_ban_that_says_no_time_is_waited_for_all_the_same():
    world = World()
    world.test("a", failed(Category.IP_BANNED))

    assert world.test("b", passed()).retry_after_s == 300


def test_a_longer_wait_wins_over_a_shorter_one():
    holds = Holds(lambda: 0.0)
    holds.heed(WAY, diagnose(Category.IP_BANNED, retry_after_s=900), "a")
    holds.heed(WAY, diagnose(Category.RATE_LIMITED, retry_after_s=10), "b")

    assert holds.left_s(WAY) == 900


def test_what_is_held_is_bounded():
    holds = Holds(lambda: 0.0)
    for number in range(3_000):
        way = replace(WAY, host=f"h{number}.example")
        holds.heed(way, diagnose(Category.RATE_LIMITED, retry_after_s=60), "a")

    assert len(holds) == 1_024


@pytest.mark.parametrize("kind", sorted(FREEZING))
def test_a_bad_key_freezes_all_that_use_it(kind):
    world = World()

    world.test("a", failed(kind))
    second = world.test("b", passed())

    assert category(second) is Category.KEY_REFUSED
    assert "'a' uses it" in second.summary
    assert world.asked == ["a"]


def test_what_freezes_is_terminal_and_about_the_key():
    assert all(KINDS[kind].terminal for kind in FREEZING)
    assert Category.PERMISSION_DENIED not in FREEZING


def test_another_key_is_not_frozen():
    world = World()
    world.test("a", failed(Category.INVALID_CREDENTIALS))

    assert category(world.test("b", passed(), key=OTHER)) is None


def test_the_same_key_elsewhere_is_not_frozen():
    world = World()
    world.test("a", failed(Category.INVALID_CREDENTIALS))

    assert category(world.test("b", passed(), provider="okx")) is None


def test_the_refused_one_may_ask_again_and_frees_the_others():
    world = World()
    world.test("a", failed(Category.INVALID_CREDENTIALS))

    assert category(world.test("a", passed())) is None
    assert category(world.test("b", passed())) is None


def test_a_new_revision_of_one_that_is_held_back_is_tried():
    world = World()
    world.test("a", failed(Category.INVALID_CREDENTIALS))
    world.test("b", passed(), text="as it was")

    assert category(world.test("b", passed(), text="as it was")) is (
        Category.KEY_REFUSED
    )
    assert category(world.test("b", passed(), text="changed")) is None
    assert category(world.test("c", passed())) is None


def test_a_timeout_in_the_others_place_is_no_word_about_the_key():
    world = World()
    world.test("a", failed(Category.TIMEOUT))

    assert category(world.test("b", passed())) is None


def together(world, answer, count=20):
    async def all_at_once():
        tests = [world.through(f"c{number}", answer) for number in range(count)]
        return await asyncio.gather(*tests)

    return list(map(category, asyncio.run(all_at_once())))


def test_twenty_at_once_ask_about_a_bad_key_once():
    world = World()

    found = together(world, failed(Category.INVALID_CREDENTIALS))

    assert len(world.asked) == 1
    assert found.count(Category.INVALID_CREDENTIALS) == 1
    assert found.count(Category.KEY_REFUSED) == 19


def test_twenty_at_once_with_a_good_key_are_all_tested():
    world = World()

    assert together(world, passed()) == [None] * 20
    assert len(world.asked) == 20


def test_a_first_test_that_is_cancelled_holds_nobody_up():
    async def story():
        frozen = Frozen()
        assert await frozen.turn(b"k")
        waiting = asyncio.ensure_future(frozen.turn(b"k"))
        await asyncio.sleep(0)
        frozen.gave_up(b"k")
        return await waiting

    assert asyncio.run(story()) is False


def test_keys_are_told_apart_by_all_their_parts_and_by_nothing_else():
    def account(credentials, **config):
        connection = Connection(name="x", type="t", provider="p", config=config)
        return account_of(way_of(connection, credentials), credentials)

    turned = dict(reversed(KEY.items()))
    with_time = {**KEY, "timeout": Secret("20")}

    assert account(KEY) == account(turned) == account(with_time, timeout=9)
    assert account(KEY) != account(OTHER)
    assert account(KEY) != account(KEY, sandbox=True)
    assert account({}) == b""
    assert b"a-key-to-share" not in account(KEY)


def test_a_way_hides_its_proxy():
    assert "secret" not in repr(Way("t/p", proxy="http://u:secret@proxy.example"))


def test_who_shares_an_account_and_a_limit_shares_its_pacer():
    def pacer(name, limit, sharers=None):
        config = {"rate_limit": limit}
        connection = Connection(name=name, type="t", provider="p", config=config)
        with sharing(sharers):
            return pacer_of(network, connection, ticks=lambda: 0.0)

    network = Network()
    mine = pacer("a", 60, "account")

    assert pacer("b", 60, "account") is mine
    assert pacer("c", 60, "another") is not mine
    assert pacer("d", 60) is not pacer("e", 60)
    assert pacer("a", 30, "account") is not mine  # its file has changed


def test_pacers_are_bounded():
    network = Network()
    for number in range(5_000):
        connection = Connection(name=f"c{number}", type="t", provider="p")
        pacer_of(network, connection, ticks=lambda: 0.0)

    assert len(network.shared["pacers"]) == 4_096


def test_an_account_is_tested_so_often_a_minute_and_no_more():
    world = World(tests_per_minute=6)

    for number in range(9):
        world.test(f"c{number}", passed())

    assert world.slept == [10, 10, 10]
    world.test("d", passed(), key=OTHER)
    assert len(world.slept) == 3


def test_who_would_wait_for_long_is_postponed():
    world = World(tests_per_minute=1)
    way = way_of(Connection(name="x", type="ccxt_crypto", provider="binance"), KEY)
    world.test("a", passed())
    world.shared.rates.wait_s((way, account_of(way, KEY)), most_s=60)  # one waits

    found = world.test("b", passed())

    assert category(found) is Category.POSTPONED
    assert found.retry_after_s == 120
    assert "tests_per_minute" in found.fix


def test_accounts_whose_tests_are_counted_are_bounded():
    rates = Rates(lambda: 0.0, per_minute=6)
    for number in range(20_000):
        rates.wait_s(number, most_s=5)

    assert len(rates) == 10_000


def test_a_single_question_heeds_holds_and_frozen_keys():
    world = World()
    job = Job(
        connection=Connection(name="b", type="ccxt_crypto", provider="binance"),
        text="document",
        file="x.yaml",
    )
    assert ask(world, job) == "an answer"
    world.test("a", limited())

    with pytest.raises(ProviderError) as held:
        ask(world, job)
    assert held.value.diagnosis.category is Category.POSTPONED

    world.now_s = 1_000
    world.test("a", failed(Category.INVALID_CREDENTIALS))
    with pytest.raises(ProviderError) as frozen:
        ask(world, job)
    assert frozen.value.diagnosis.category is Category.KEY_REFUSED


def ask(world, job, failure=None):
    """Ask a single question, which is answered or fails."""

    async def work():
        if failure is not None:
            raise ProviderError(failure)
        return "an answer"

    return asyncio.run(world.gate.question(job, KEY, work))


def test_what_a_question_is_told_holds_for_tests_as_well():
    world = World()
    job = Job(
        connection=Connection(name="b", type="ccxt_crypto", provider="binance"),
        text="document",
        file="x.yaml",
    )

    with pytest.raises(ProviderError):
        ask(world, job, diagnose(Category.RATE_LIMITED, retry_after_s=60))

    assert category(world.test("a", passed())) is Category.POSTPONED
    world.now_s = 61
    with pytest.raises(ProviderError):
        ask(world, job, diagnose(Category.INVALID_CREDENTIALS))
    assert category(world.test("a", passed())) is Category.KEY_REFUSED


def test_a_question_sits_a_short_wait_out():
    world = World()
    job = Job(
        connection=Connection(name="b", type="ccxt_crypto", provider="binance"),
        text="document",
        file="x.yaml",
    )
    with pytest.raises(ProviderError):
        ask(world, job, diagnose(Category.RATE_LIMITED, retry_after_s=3))

    assert ask(world, job) == "an answer"
    assert world.slept == [3]


@pytest.mark.parametrize("kind", [
    Category.DNS_FAILURE, Category.TIMEOUT, Category.TLS_CERTIFICATE,
    Category.PROXY_UNREACHABLE, Category.CONNECTION_REFUSED,
])  # fmt: skip
def test_a_failure_of_the_way_is_ours_while_our_network_is_down(kind):
    world = World(Outlook(NetworkState.UNSURE))
    world.outlook.find_out = down_when_asked(world.outlook)

    found = world.test("a", failed(kind))

    assert category(found) is Category.OWN_NETWORK
    assert found.evidence == {"test": kind}


def down_when_asked(outlook):
    async def find_out():
        outlook.asked += 1
        return NetworkState.DOWN

    return find_out


@pytest.mark.parametrize("state", [NetworkState.UP, NetworkState.UNSURE])
def test_otherwise_it_is_believed(state):
    world = World(Outlook(state))

    assert category(world.test("a", failed(Category.TIMEOUT))) is Category.TIMEOUT


def test_an_answer_is_believed_without_asking_anybody():
    world = World(Outlook(NetworkState.UNSURE))

    world.test("a", failed(Category.INVALID_CREDENTIALS))

    assert world.outlook.asked == 0


def test_while_the_network_is_down_no_provider_is_asked():
    world = World(Outlook(NetworkState.DOWN))

    assert category(world.test("a", passed())) is Category.OWN_NETWORK
    assert world.asked == []


@pytest.mark.parametrize("endpoint", ["http://10.1.2.3:8080", "http://bridge:8228"])
def test_what_is_inside_needs_no_way_out(endpoint):
    world = World(Outlook(NetworkState.DOWN))
    more = {"type": "custom_api", "config": {"endpoint": endpoint}}

    assert category(world.test("a", failed(Category.TIMEOUT), **more)) is (
        Category.TIMEOUT
    )
    assert isinstance(world.test("b", passed(), **more), Verdict)


def test_a_verdict_tells_whether_its_way_leads_out():
    world = World()
    inside = {"type": "custom_api", "config": {"endpoint": "http://bridge:8228"}}

    assert world.test("a", passed(), **inside).inside
    assert not world.test("b", passed()).inside
