"""What every adapter must do, as a test class for ours and for plug-ins.

A plug-in's author subclasses `AdapterContract` and gives it two fixtures: `subject`,
the adapter with a connection that works, and `sandbox`, a running sandbox that
plays its provider. Nothing in our code is patched: faults are the server's.
"""

from __future__ import annotations

import asyncio
import base64
import gc
import logging
import traceback
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar
from urllib.parse import quote

import pytest

from reconciler.adapters.clock import SystemClock
from reconciler.adapters.providers.network.session import open_network
from reconciler.core.codec import to_json
from reconciler.core.connection import Connection
from reconciler.core.diagnosis import Category
from reconciler.core.errors import ProviderError
from reconciler.core.market import MAX_SAMPLE_ROWS
from reconciler.core.ports import Adapter, Session
from reconciler.core.secret import Secret
from reconciler.core.verdict import ProbeName, ProbeStatus, Verdict
from reconciler.sandbox import Sandbox

C = Category
T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class Subject:
    """One adapter and a connection of it that works in the sandbox.

    `provider` is the sandbox's name of the other end. `proofs` are the credentials
    whose corruption must be noticed. `own` replaces the kit's expected categories
    for a fault where a provider words it in its own way; None skips a fault that
    the provider does not have. `names_wait`: its limits say how long they last.
    """

    adapter: Adapter
    connection: Connection
    credentials: Mapping[str, str]
    provider: str
    proofs: tuple[str, ...]
    own: Mapping[str, frozenset[Category] | None] = field(default_factory=dict)
    names_wait: bool = True

    @property
    def symbol(self) -> str:
        return self.connection.symbols[0]

    @property
    def timeframe(self) -> str:
        return self.connection.timeframes[0]


FAULTS: dict[str, frozenset[Category]] = {
    "refused": frozenset({C.CONNECTION_REFUSED}),
    "reset": frozenset({C.CONNECTION_RESET}),
    "tls_expired": frozenset({C.TLS_CERTIFICATE}),
    "tls_wrong_host": frozenset({C.TLS_CERTIFICATE}),
    "unavailable": frozenset({C.EXCHANGE_UNAVAILABLE}),
    "maintenance": frozenset({C.MAINTENANCE}),
    "rate_limited": frozenset({C.RATE_LIMITED}),
    "banned": frozenset({C.IP_BANNED, C.RATE_LIMITED, C.WAF_BLOCKED}),
    "geo_blocked": frozenset({C.GEO_RESTRICTED}),
    "html": frozenset({C.BAD_RESPONSE, C.WRONG_URL, C.WAF_BLOCKED}),
    "empty": frozenset({C.BAD_RESPONSE}),
    "truncated": frozenset({C.BAD_RESPONSE}),
    "cut_off": frozenset({C.BAD_RESPONSE}),
    "redirect": frozenset({C.WRONG_URL}),
}
PRIVATE_FAULTS: dict[str, frozenset[Category]] = {
    "bad_key": frozenset({C.INVALID_CREDENTIALS}),
    "ip_not_allowed": frozenset({C.IP_RESTRICTED, C.CREDENTIALS_OR_IP_OR_PERMISSION}),
    "permission_denied": frozenset(
        {C.PERMISSION_DENIED, C.CREDENTIALS_OR_IP_OR_PERMISSION}
    ),
}
CANDLE_FAULTS: dict[str, frozenset[Category]] = {
    "rubbish_candles": frozenset({C.MALFORMED_DATA}),
    "stale_candles": frozenset({C.STALE_DATA}),
    "future_candles": frozenset({C.MALFORMED_DATA}),
    "no_candles": frozenset({C.NO_DATA}),
    "html": FAULTS["html"],
    "empty": FAULTS["empty"],
    "truncated": FAULTS["truncated"],
    "redirect": FAULTS["redirect"],
}
WAITING_HELPS = {
    *("refused", "reset", "unavailable", "maintenance", "rate_limited", "banned"),
}


def with_session(
    subject: Subject,
    sandbox: Sandbox,
    work: Callable[[Session], Awaitable[T]],
    *,
    credentials: Mapping[str, str] | None = None,
    connection: Connection | None = None,
) -> T:
    """Open the subject on a network of its own, do the work, close everything."""
    values = subject.credentials if credentials is None else credentials
    sealed = {name: Secret(value) for name, value in values.items()}
    target = connection or subject.connection

    async def run() -> T:
        async with (
            open_network(sandbox.file, clock=SystemClock(), vantage="here") as network,
            subject.adapter.open(target, sealed, network) as session,
        ):
            return await work(session)

    return asyncio.run(run())


def run_test(subject: Subject, sandbox: Sandbox, **options: Any) -> Verdict:
    """Return the verdict of one test, on a network of its own."""
    return with_session(subject, sandbox, lambda session: session.test(), **options)


def spellings(secret: str) -> set[str]:
    """Return the forms in which a secret may be hidden in text."""
    encoded = base64.b64encode(secret.encode()).decode().rstrip("=")
    return {secret, quote(secret, safe=""), encoded[:-1], secret.encode().hex()}


class AdapterContract:
    """Subclass it, and give it the fixtures `subject` and `sandbox`."""

    # What works

    def test_the_offline_check_finds_nothing(self, subject):
        assert list(subject.adapter.check(subject.connection)) == []

    def test_the_right_key_passes(self, subject, sandbox):
        verdict = run_test(subject, sandbox)

        assert verdict.passed, verdict
        assert verdict.vantage == "here"
        assert verdict.warnings == ()

    def test_every_rung_is_climbed_and_timed(self, subject, sandbox):
        probes = {probe.name: probe for probe in run_test(subject, sandbox).probes}

        for name in (ProbeName.AUTH, ProbeName.DATA):
            assert probes[name].status is ProbeStatus.PASSED
            assert 0 < probes[name].latency_ms < 5_000
        assert probes[ProbeName.CLOCK].status is ProbeStatus.PASSED

    def test_every_symbol_and_every_timeframe_is_seen(self, subject, sandbox):
        marks = run_test(subject, sandbox).marks

        assert {m.symbol for m in marks} == set(subject.connection.symbols)
        assert {m.timeframe for m in marks} == set(subject.connection.timeframes)
        assert all(m.rows and m.last_price and m.last_candle_at_ms for m in marks)

    def test_candles_are_sorted_and_as_many_as_asked(self, subject, sandbox):
        candles = with_session(
            subject,
            sandbox,
            lambda s: s.candles(subject.symbol, subject.timeframe, limit=7),
        )

        times = [candle.opened_at_ms for candle in candles]
        assert times == sorted(set(times))
        assert len(candles) == 7

    def test_candles_begin_where_asked(self, subject, sandbox):
        async def work(session):
            first = await session.candles(subject.symbol, subject.timeframe, limit=9)
            since = first[3].opened_at_ms
            return since, await session.candles(
                subject.symbol, subject.timeframe, limit=4, since_ms=since
            )

        since, candles = with_session(subject, sandbox, work)

        assert candles[0].opened_at_ms == since
        assert len(candles) == 4

    @pytest.mark.parametrize("limit", [0, -5, 10**9])
    def test_a_silly_limit_is_bounded(self, subject, sandbox, limit):
        candles = with_session(
            subject,
            sandbox,
            lambda s: s.candles(subject.symbol, subject.timeframe, limit=limit),
        )

        assert 1 <= len(candles) <= MAX_SAMPLE_ROWS

    def test_price_symbols_and_account_can_be_read(self, subject, sandbox):
        async def work(session):
            return (
                await session.ticker(subject.symbol),
                await session.symbols(),
                await session.account(),
            )

        ticker, symbols, account = with_session(subject, sandbox, work)

        assert ticker.last or (ticker.bid and ticker.ask)
        assert subject.symbol in symbols
        assert list(symbols) == sorted(symbols)
        assert account.balance is not None or account.balances

    def test_a_second_test_in_the_session_agrees(self, subject, sandbox):
        async def twice(session):
            return await session.test(), await session.test()

        first, second = with_session(subject, sandbox, twice)

        assert first.passed
        assert second.passed

    # What must be noticed

    def test_each_corrupted_credential_fails(self, subject, sandbox):
        for name in subject.proofs:
            value = subject.credentials[name]
            corrupt = {**subject.credentials, name: _corrupted(value)}

            try:
                verdict = run_test(subject, sandbox, credentials=corrupt)
            except ProviderError as error:  # it is seen before anything is sent
                diagnosis = error.diagnosis
            else:
                assert not verdict.passed, name
                diagnosis = verdict.diagnosis

            assert diagnosis.is_terminal, (name, diagnosis)

    def test_each_missing_credential_fails_and_is_found_offline(self, subject, sandbox):
        for name in subject.proofs:
            left = {k: v for k, v in subject.credentials.items() if k != name}
            connection = replace(subject.connection, credential_names=tuple(left))
            codes = {finding.code for finding in subject.adapter.check(connection)}
            try:
                passed = run_test(subject, sandbox, credentials=left).passed
            except ProviderError:
                passed = False

            assert "R306" in codes, name
            assert not passed, name

    def test_blanks_around_a_credential_are_repaired_and_reported(
        self, subject, sandbox
    ):
        name = subject.proofs[0]
        padded = {**subject.credentials, name: f" {subject.credentials[name]}\n"}

        verdict = run_test(subject, sandbox, credentials=padded)

        assert verdict.passed
        assert name in " ".join(verdict.warnings)

    @pytest.mark.parametrize("fault", FAULTS)
    def test_a_fault_gets_its_category(self, subject, sandbox, fault):
        self._check_fault(subject, sandbox, fault, FAULTS[fault])

    @pytest.mark.parametrize("fault", PRIVATE_FAULTS)
    def test_a_refused_key_gets_its_category(self, subject, sandbox, fault):
        self._check_fault(subject, sandbox, fault, PRIVATE_FAULTS[fault])

    @pytest.mark.parametrize("fault", CANDLE_FAULTS)
    def test_bad_candles_fail(self, subject, sandbox, fault):
        sandbox.set_fault(subject.provider, fault, endpoint="candles")

        verdict = run_test(subject, sandbox)

        assert not verdict.passed
        assert verdict.probes[-1].name is ProbeName.DATA
        wanted = subject.own.get(fault, CANDLE_FAULTS[fault])
        assert verdict.diagnosis.category in wanted, verdict.diagnosis

    def test_a_slow_provider_runs_into_the_connections_own_limit(
        self, subject, sandbox
    ):
        sandbox.set_fault(subject.provider, "timeout")
        connection = replace(
            subject.connection, config={**subject.connection.config, "timeout": 0.4}
        )
        plain = {k: v for k, v in subject.credentials.items() if k != "timeout"}

        verdict = run_test(subject, sandbox, connection=connection, credentials=plain)

        assert verdict.diagnosis.category is C.TIMEOUT
        assert verdict.diagnosis.waiting_helps

    def test_a_limit_says_how_long_to_wait(self, subject, sandbox):
        sandbox.set_fault(subject.provider, "rate_limited", seconds=77)

        diagnosis = run_test(subject, sandbox).diagnosis

        assert diagnosis.retry_after_s == (77 if subject.names_wait else None)

    def test_a_wrong_clock_is_reported(self, subject, sandbox):
        sandbox.set_fault(subject.provider, "clock_skew", seconds=120)

        verdict = run_test(subject, sandbox)

        assert verdict.passed or verdict.diagnosis.category is C.CLOCK_SKEW
        assert any("clock" in warning for warning in verdict.warnings)

    def test_an_unknown_symbol_fails(self, subject, sandbox):
        connection = replace(subject.connection, symbols=("NOSUCH/THING",))

        diagnosis = run_test(subject, sandbox, connection=connection).diagnosis

        assert diagnosis.category is C.BAD_SYMBOL

    def test_an_unknown_timeframe_fails(self, subject, sandbox):
        connection = replace(subject.connection, timeframes=("17x",))

        diagnosis = run_test(subject, sandbox, connection=connection).diagnosis

        assert diagnosis.category in {C.BAD_TIMEFRAME, C.BAD_REQUEST}

    # What must never happen

    def test_a_redirect_never_carries_the_key_elsewhere(self, subject, sandbox):
        sandbox.reset_requests()
        sandbox.set_fault(subject.provider, "redirect")

        run_test(subject, sandbox)

        assert [r for r in sandbox.requests if r.provider == "trap"] == []

    @pytest.mark.parametrize(
        "fault", [None, "bad_key", "html", "reset", "truncated", "geo_blocked"]
    )
    def test_no_secret_is_written_anywhere(self, subject, sandbox, fault, caplog):
        caplog.set_level(logging.DEBUG)
        if fault:
            sandbox.set_fault(subject.provider, fault)

        async def work(session):
            written = [repr(session), to_json(await session.test())]
            for call in (session.account, session.symbols):
                try:
                    await call()
                except ProviderError as error:
                    written += traceback.format_exception(error)
            return written

        written = "\n".join(with_session(subject, sandbox, work)) + caplog.text

        for name in subject.proofs:
            for form in spellings(subject.credentials[name]):
                assert form not in written, (name, form)

    def test_everything_is_closed(self, subject, sandbox, recwarn):
        run_test(subject, sandbox)
        gc.collect()

        assert [w for w in recwarn if w.category is ResourceWarning] == []

    def test_a_proxy_is_refused_in_the_sandbox(self, subject, sandbox):
        config = {**subject.connection.config, "proxy": "http://proxy.example:3128"}
        connection = replace(subject.connection, config=config)

        try:
            category = run_test(
                subject, sandbox, connection=connection
            ).diagnosis.category
        except ProviderError as error:
            category = error.diagnosis.category

        assert category is C.PROXY_UNREACHABLE

    def _check_fault(self, subject, sandbox, fault, expected):
        wanted = subject.own.get(fault, expected)
        if wanted is None:
            pytest.skip("this provider has no such answer")
        sandbox.set_fault(subject.provider, fault)

        verdict = run_test(subject, sandbox)

        assert not verdict.passed
        diagnosis = verdict.diagnosis
        assert diagnosis.category in wanted, diagnosis
        assert diagnosis.fix
        assert diagnosis.evidence
        if fault in WAITING_HELPS:
            assert diagnosis.waiting_helps


def _corrupted(value: str) -> str:
    """Change one character in the middle, keeping length and alphabet."""
    middle = len(value) // 2
    other = "x" if value[middle] != "x" else "y"
    if value.isdigit():
        other = str((int(value[middle]) + 5) % 10)
    return value[:middle] + other + value[middle + 1 :]
