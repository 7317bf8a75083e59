"""Many tests side by side: bounded, stoppable, each failing alone."""

from __future__ import annotations

import asyncio
import threading
from collections import Counter
from contextlib import asynccontextmanager

import pytest

from reconciler.adapters.clock import SystemClock
from reconciler.adapters.providers.registry import find_adapters
from reconciler.adapters.providers.running.sampler import DirectSampler
from reconciler.adapters.providers.running.tester import ConcurrentTester
from reconciler.core.connection import Connection
from reconciler.core.diagnosis import Category, diagnose
from reconciler.core.errors import ProviderError, SecretError
from reconciler.core.ports import Ask, Job, Unsealed
from reconciler.core.secret import Secret
from reconciler.core.verdict import Probe, ProbeName, ProbeStatus, Verdict
from reconciler.sandbox import sandbox_account

CLOCK = SystemClock()
SECRET = "a-quite-secret-value"


class FakeUnsealer:
    def __init__(self, credentials=None, *, warning="", error=None):
        self.credentials = credentials or {"api_key": Secret(SECRET)}
        self.warning = warning
        self.error = error

    def can_unseal(self):
        return True

    def unseal(self, text, *, file):
        if self.error:
            raise self.error
        return Unsealed(credentials=self.credentials, warning=self.warning)


class FakeAdapter:
    """An adapter whose test does what it is told, and counts itself."""

    type = "fake"

    def __init__(self, act=None, *, max_concurrency=99):
        self.max_concurrency = max_concurrency
        self.act = act
        self.now = Counter()
        self.most = Counter()
        self.networks = set()
        self.opened = 0
        self.closed = 0

    @asynccontextmanager
    async def open(self, connection, credentials, network):
        self.networks.add(id(network))
        self.opened += 1
        self.connection = connection
        try:
            yield Running(self, connection)
        finally:
            self.closed += 1


class Running:
    def __init__(self, adapter, connection):
        self.adapter = adapter
        self.connection = connection

    async def test(self):
        adapter, provider = self.adapter, self.connection.provider
        for name in (provider, "*"):
            adapter.now[name] += 1
            adapter.most[name] = max(adapter.most[name], adapter.now[name])
        try:
            await asyncio.sleep(0.002)
            if adapter.act:
                await adapter.act(self.connection)
        finally:
            adapter.now[provider] -= 1
            adapter.now["*"] -= 1
        return passed()


def passed():
    probe = Probe(name=ProbeName.DATA, status=ProbeStatus.PASSED, latency_ms=1.0)
    return Verdict(probes=(probe,), at=CLOCK.now())


def jobs(count, provider="p", kind="fake"):
    return [
        Job(
            connection=Connection(
                name=f"{provider}-{number}",
                type=kind,
                provider=provider,
                credential_names=("api_key",),
            ),
            text="",
            file="x.yaml",
        )
        for number in range(count)
    ]


def run(adapter, work, **options):
    decided = {}
    tester = ConcurrentTester(
        adapters=lambda: {"fake": adapter},
        unsealer=options.pop("unsealer", FakeUnsealer()),
        clock=CLOCK,
        **options,
    )

    def decide(job, verdict):
        assert job.connection.name not in decided
        decided[job.connection.name] = verdict

    left = tester.run(work, decide=decide)
    return decided, left


def test_every_job_is_decided_once_on_one_network():
    adapter = FakeAdapter()

    decided, left = run(adapter, jobs(50))

    assert len(decided) == 50
    assert all(verdict.passed for verdict in decided.values())
    assert left == ()
    assert len(adapter.networks) == 1
    assert adapter.closed == 50


def test_the_limits_hold_over_all_and_for_each_provider():
    adapter = FakeAdapter(max_concurrency=3)

    run(adapter, jobs(30, "a") + jobs(30, "b") + jobs(30, "c"), limit=7)

    assert adapter.most["*"] == 7
    assert adapter.most["a"] == adapter.most["b"] == 3


def test_providers_are_asked_side_by_side_and_not_one_after_another():
    async def until_three_run(_connection):
        for _ in range(5000):
            if adapter.most["*"] == 3:
                return
            await asyncio.sleep(0.001)

    adapter = FakeAdapter(until_three_run, max_concurrency=1)

    run(adapter, [*jobs(6, "p"), *jobs(6, "q"), *jobs(6, "r")], limit=3)

    assert adapter.most == {"p": 1, "q": 1, "r": 1, "*": 3}


class NoLimit(FakeAdapter):
    """A plug-in that fails where it should say how many tests may run."""

    @property
    def max_concurrency(self):
        raise KeyError("limits.json")

    @max_concurrency.setter
    def max_concurrency(self, value):
        pass


def test_a_plug_in_that_cannot_say_its_limit_fails_by_its_own_name():
    decided, _ = run(NoLimit(), jobs(2))

    diagnoses = [verdict.diagnosis for verdict in decided.values()]
    assert {one.category for one in diagnoses} == {Category.INTERNAL}
    assert {one.evidence["exception"] for one in diagnoses} == {"KeyError"}


def test_without_jobs_nothing_is_opened():
    opened = []
    tester = ConcurrentTester(
        adapters=lambda: opened.append(1) or {},
        unsealer=FakeUnsealer(),
        clock=CLOCK,
    )

    assert tester.run([], decide=lambda *_: None) == ()
    assert opened == []


async def _crash(connection):
    if connection.name.endswith("-1"):
        raise ZeroDivisionError(f"a plug-in's bug with {SECRET}")
    if connection.name.endswith("-2"):
        raise ProviderError(diagnose(Category.MAINTENANCE))


def test_a_crash_is_its_own_connections_verdict_only():
    decided, _ = run(FakeAdapter(_crash), jobs(4))

    by_name = {name: verdict.diagnosis for name, verdict in decided.items()}
    assert by_name["p-0"] is None
    assert by_name["p-1"].category is Category.INTERNAL
    assert "ZeroDivisionError" in str(by_name["p-1"].evidence)
    assert SECRET not in str(by_name)
    assert by_name["p-2"].category is Category.MAINTENANCE


def test_what_cannot_be_unsealed_is_a_failed_probe_that_names_it():
    error = SecretError("no identity fits x.yaml")

    decided, _ = run(FakeAdapter(), jobs(1), unsealer=FakeUnsealer(error=error))

    verdict = decided["p-0"]
    assert verdict.probes[0].name is ProbeName.UNSEAL
    assert verdict.diagnosis.category is Category.SEALED
    assert "no identity" in verdict.diagnosis.evidence["message"]


@pytest.mark.parametrize(
    ("error", "fix"),
    [
        (SecretError("x.yaml: no identity opens it. Set KEY", code=128), "an age key"),
        (SecretError("x.yaml: bound elsewhere. Review it; then rebind"), "Review it"),
        (SecretError("x.yaml: MAC mismatch; seal it again", code=51), "seal it again"),
        (SecretError("a sealed value is malformed", code=25), "restore the file"),
    ],
)
def test_what_stays_sealed_is_told_with_its_own_fix(error, fix):
    decided, _ = run(FakeAdapter(), jobs(1), unsealer=FakeUnsealer(error=error))

    assert fix in decided["p-0"].diagnosis.fix


def test_a_missing_key_is_our_failure_and_a_broken_seal_the_files():
    missing = SecretError("x.yaml: no identity opens it", code=128)
    broken = SecretError("x.yaml: MAC mismatch", code=51)

    found = [
        run(FakeAdapter(), jobs(1), unsealer=FakeUnsealer(error=error))[0]["p-0"]
        for error in (missing, broken)
    ]

    assert [verdict.diagnosis.is_ours for verdict in found] == [True, False]
    assert [verdict.diagnosis.is_terminal for verdict in found] == [False, True]


def test_a_public_connection_is_tested_without_any_key():
    work = [
        Job(
            connection=Connection(name="public", type="fake", provider="p"),
            text="",
            file="x.yaml",
        )
    ]
    unsealer = FakeUnsealer(error=SecretError("no identity"))

    assert run(FakeAdapter(), work, unsealer=unsealer)[0]["public"].passed


def test_a_weak_seal_is_mentioned_in_the_verdict():
    unsealer = FakeUnsealer(warning="bound by the MAC only")

    decided, _ = run(FakeAdapter(), jobs(1), unsealer=unsealer)

    assert decided["p-0"].warnings == ("bound by the MAC only",)


def test_a_type_without_an_adapter_fails_alone():
    decided, _ = run(FakeAdapter(), jobs(1) + jobs(1, "q", kind="gone"))

    assert decided["p-0"].passed
    assert decided["q-0"].diagnosis.category is Category.NOT_HERE


def test_after_a_stop_nothing_new_begins_and_what_runs_may_end():
    stop = threading.Event()

    async def act(connection):
        if connection.name == "p-0":
            stop.set()
            await asyncio.sleep(0.05)

    decided, left = run(FakeAdapter(act), jobs(40), stop=stop, limit=2)

    assert decided["p-0"].passed
    assert len(decided) + len(left) == 40
    assert len(left) >= 36
    assert [job.connection.name for job in left][-1] == "p-39"


def test_what_does_not_end_in_time_is_given_up():
    stop = threading.Event()

    async def act(_connection):
        stop.set()
        await asyncio.sleep(3600)

    adapter = FakeAdapter(act)
    decided, left = run(adapter, jobs(3), stop=stop, grace_s=0.1)

    assert decided == {}
    assert len(left) == 3
    assert adapter.closed == adapter.opened > 0


def test_an_error_of_the_caller_ends_the_run_and_is_raised():
    def decide(_job, _verdict):
        raise RuntimeError("the store is gone")

    tester = ConcurrentTester(
        adapters=lambda: {"fake": FakeAdapter()}, unsealer=FakeUnsealer(), clock=CLOCK
    )

    with pytest.raises(RuntimeError, match="the store is gone"):
        tester.run(jobs(5), decide=decide)


def test_nobody_hears_of_a_result_before_it_is_kept():
    class Watch:
        def started(self, total):
            pass

        def finished(self, name, *, passed):
            assert name in kept

    decided, kept, groups = [], set(), []

    def keep():
        groups.append(len(decided))
        kept.update(decided)
        decided.clear()

    tester = ConcurrentTester(
        adapters=lambda: {"fake": FakeAdapter()},
        unsealer=FakeUnsealer(),
        clock=CLOCK,
        observer=Watch(),
    )
    tester.run(
        jobs(100), decide=lambda job, _: decided.append(job.connection.name), keep=keep
    )

    assert len(kept) == 100
    assert sum(groups) == 100
    assert len(groups) < 50


def test_results_before_an_error_are_kept_all_the_same():
    kept = []

    def refuse(job, verdict):
        if job.connection.name == "p-1":
            raise RuntimeError

    tester = ConcurrentTester(
        adapters=lambda: {"fake": FakeAdapter()}, unsealer=FakeUnsealer(), clock=CLOCK
    )
    with pytest.raises(RuntimeError):
        tester.run(jobs(2), decide=refuse, keep=lambda: kept.append(1))

    assert kept


def test_progress_is_told():
    heard = []

    class Listening:
        def started(self, total):
            heard.append(total)

        def finished(self, name, *, passed):
            heard.append((name, passed))

    run(FakeAdapter(), jobs(2), observer=Listening())

    assert heard[0] == 2
    assert sorted(heard[1:]) == [("p-0", True), ("p-1", True)]


# The real thing


def feed_job(name="reader"):
    account = sandbox_account("feed", name)
    connection = Connection(
        name=name,
        type="custom_api",
        provider="feed",
        credential_names=("api_key",),
        config={"endpoint": "https://feed.sandbox.example/v1"},
        symbols=("BTC/USDT",),
        timeframes=("1m",),
    )
    unsealer = FakeUnsealer({"api_key": Secret(account.api_key)})
    return Job(connection=connection, text="", file="feed.yaml"), unsealer


def test_a_run_against_the_sandbox_names_its_vantage(sandbox):
    job, unsealer = feed_job()
    verdicts = []
    tester = ConcurrentTester(
        adapters=find_adapters,
        unsealer=unsealer,
        clock=CLOCK,
        sandbox=sandbox.file,
        vantage="ci-7",
    )

    tester.run([job], decide=lambda _job, verdict: verdicts.append(verdict))

    assert verdicts[0].passed
    assert verdicts[0].vantage == "ci-7"


def sampler_of(unsealer, sandbox):
    return DirectSampler(
        ConcurrentTester(
            adapters=find_adapters, unsealer=unsealer, clock=CLOCK, sandbox=sandbox.file
        )
    )


def test_a_sample_holds_what_was_asked_for(sandbox):
    job, unsealer = feed_job()
    sampler = sampler_of(unsealer, sandbox)
    ask = Ask(symbol="BTC/USDT", timeframe="1m", limit=5, ticker=True)

    sample = sampler.sample(job, ask)
    more = sampler.sample(job, Ask(symbols=True, account=True))

    assert len(sample.candles) == 5
    assert sample.ticker.last
    assert sample.symbols == ()
    assert sample.latency_ms > 0
    assert "BTC/USDT" in more.symbols
    assert more.account.balance == 250
    assert more.candles == ()


def test_a_sample_of_a_refused_key_raises_the_diagnosis(sandbox):
    job, _ = feed_job()
    sampler = sampler_of(FakeUnsealer({"api_key": Secret("wrong-key")}), sandbox)

    with pytest.raises(ProviderError) as caught:
        sampler.sample(job, Ask(symbols=True))

    assert caught.value.diagnosis.category is Category.INVALID_CREDENTIALS


def test_a_network_that_stays_open_serves_one_test_after_another():
    async def fail_second(connection):
        if connection.name == "p-1":
            raise RuntimeError(f"sent {SECRET}")

    adapter = FakeAdapter(fail_second)
    tester = ConcurrentTester(
        adapters=lambda: {"fake": adapter}, unsealer=FakeUnsealer(), clock=CLOCK
    )

    async def work():
        async with tester.opened() as test:
            return [await test.of(job) for job in jobs(3)]

    found = asyncio.run(work())

    assert [verdict.passed for verdict in found] == [True, False, True]
    assert SECRET not in str(found)
    assert len(adapter.networks) == 1
    assert adapter.closed == 3
