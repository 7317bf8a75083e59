"""The `v1` dialect: weekends, rights, and nothing invented where a bridge is silent."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from reconciler.adapters.providers.mtapi import ADAPTER
from reconciler.adapters.providers.network.session import open_network
from reconciler.core.connection import Connection, Permissions
from reconciler.core.diagnosis import Category
from reconciler.core.secret import Secret
from reconciler.core.verdict import ProbeName, ProbeStatus
from tests.adapters.providers.scripted_server import MONDAY, SATURDAY, At, serve

ACCOUNT = {"balance": 1.0, "equity": 1.0, "currency": "USD", "read_only": True}
V1 = Connection(
    name="v1",
    type="mtapi",
    provider="mt4",
    credential_names=("api_key", "account_id"),
    symbols=("EURUSD",),
    timeframes=("H1",),
)


def error(code, status=200):
    return status, {"code": code, "message": "..."}


def bars(at=MONDAY):
    newest = int(at.timestamp())
    return [
        {"time": newest - 3600 * n, "open": 1.1, "high": 1.2, "low": 1.0, "close": 1.1}
        for n in range(20)
    ]


def ask(tmp_path, work=None, *, at=MONDAY, connection=V1, **changes):
    answers = {"account": ACCOUNT, "history": {"data": bars(at)}, **changes}
    sealed = {"api_key": Secret("a-key-of-v1"), "account_id": Secret("10012345")}

    def answer(path, _params):
        last = path.rpartition("/")[2]
        return answers.get("account" if last == "10012345" else last, (404, {}))

    async def run(file):
        async with (
            open_network(file, clock=At(at)) as network,
            ADAPTER.open(connection, sealed, network) as session,
        ):
            return await (work(session) if work else session.test())

    with serve(tmp_path, answer) as (file, _):
        return asyncio.run(run(file))


def probe_of(verdict, name):
    return next(probe for probe in verdict.probes if probe.name is name)


@pytest.mark.parametrize("code", ["MARKET_CLOSED", "SERVICE_NOT_AVAILABLE"])
@pytest.mark.parametrize("status", [200, 201, 503])
def test_a_closed_market_is_not_down_but_a_silent_weekday_is(tmp_path, code, status):
    silent = error(code, status)

    off_hours = ask(tmp_path, at=SATURDAY, history=silent)
    weekday = ask(tmp_path, at=MONDAY, history=silent)

    assert off_hours.passed
    assert probe_of(off_hours, ProbeName.DATA).status is ProbeStatus.UNPROVEN
    assert weekday.diagnosis.category is Category.EXCHANGE_UNAVAILABLE


def test_a_key_that_nobody_looked_at_is_not_proven_by_a_weekend(tmp_path):
    verdict = ask(tmp_path, at=SATURDAY, account=error("SERVICE_NOT_AVAILABLE"))

    assert not verdict.passed
    assert verdict.diagnosis.retry_after_s == 34 * 3600


@pytest.mark.parametrize(
    ("read_only", "status", "category"),
    [
        (True, ProbeStatus.PASSED, None),
        (False, ProbeStatus.FAILED, Category.EXCESS_PERMISSION),
        (None, ProbeStatus.UNPROVEN, None),
        ("yes", ProbeStatus.UNPROVEN, None),
    ],
)
def test_rights_are_held_against_what_the_account_says(
    tmp_path, read_only, status, category
):
    connection = replace(V1, permissions=Permissions(forbid=("trade",)))
    account = {**ACCOUNT, "read_only": read_only}

    verdict = ask(tmp_path, connection=connection, account=account)

    assert probe_of(verdict, ProbeName.PERMISSION).status is status
    assert (verdict.diagnosis and verdict.diagnosis.category) is category


def test_a_login_that_may_trade_is_told_apart_also_when_nothing_is_declared(tmp_path):
    verdict = ask(tmp_path, account={**ACCOUNT, "read_only": False})

    assert verdict.passed
    assert any("investor password" in warning for warning in verdict.warnings)


def test_what_is_missing_stays_missing(tmp_path):
    async def work(session):
        return await session.account()

    account = ask(tmp_path, work, account={"balance": 5})

    assert (account.leverage, account.currency, account.server) == (None, None, None)


@pytest.mark.parametrize(
    "changes",
    [
        {"account": '{"balance": NaN}'},
        {"account": '{"balance": 1, "leverage": Infinity}'},
        {"account": {"data": {}}},
        {"account": "true"},
        {"history": '{"data": [{"time": Infinity, "open": 1}]}'},
        {"history": {"data": [{"time": "yesterday", "open": 1}]}},
        {"history": {"data": {}}},
        {"history": {"data": []}},
    ],
)
def test_a_success_with_rubbish_fails(tmp_path, changes):
    verdict = ask(tmp_path, **changes)

    assert not verdict.passed
    assert verdict.diagnosis.category in {
        Category.BAD_RESPONSE,
        Category.MALFORMED_DATA,
        Category.NO_DATA,
    }
