"""The native dialect's traps: tokens that die, errors that succeed, weekends, zones."""

from __future__ import annotations

import ast
import asyncio
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from reconciler.adapters.clock import SystemClock
from reconciler.adapters.providers.mtapi import ADAPTER
from reconciler.adapters.providers.mtapi.calls import (
    NativePath,
    account_request,
    native_request,
)
from reconciler.adapters.providers.network.session import open_network
from reconciler.core.codec import to_json
from reconciler.core.connection import Connection, Permissions
from reconciler.core.diagnosis import Category
from reconciler.core.errors import ProviderError
from reconciler.core.secret import Secret
from reconciler.core.verdict import ProbeName, ProbeStatus
from reconciler.sandbox import sandbox_account
from tests.adapters.providers.scripted_server import MONDAY, SATURDAY, At, serve

TOKEN = "3f2a9b54-0c1d-4e77-9a55-0d7f1f6c2b11"
PASSWORD = "canary/Password?9&"
ROOT = Path(__file__).parents[3]
RECORDED = ROOT.parent / "shared/data/providers/mtapi/errors_http201.json"
SUMMARY = {"balance": 5000, "equity": 5000, "isInvestor": True, "synced": True}
MT5 = Connection(
    name="mt5",
    type="mtapi",
    provider="mt5",
    credential_names=("account_id", "password"),
    config={"server": "Sandbox-Demo", "connect_timeout": 5},
    symbols=("EURUSDm",),
    timeframes=("H1",),
)
SEALED = {"account_id": "10012345", "password": PASSWORD}


def error(code, message="..."):
    return 201, {"code": code, "message": message, "stackTrace": "at Bridge"}


def bars(params, *, ahead=timedelta(), until=MONDAY):
    """Return H1 bars in server time, the newest opened before `until`."""
    newest = until.replace(minute=0, second=0, microsecond=0)
    return [
        {
            "time": (newest + ahead - timedelta(hours=n))
            .replace(tzinfo=None)
            .isoformat(),
            "openPrice": 1.1,
            "highPrice": 1.2,
            "lowPrice": 1.0,
            "closePrice": 1.15,
            "tickVolume": 7,
        }
        for n in range(30)
    ]


def bridge(**changes):
    """Return a bridge that works, but for what `changes` answer by path."""
    usual = {
        "ConnectEx": TOKEN,
        "ConnectByToken": TOKEN,
        "CheckConnect": "OK",
        "ConnectionStatus": {"isConnected": True},
        "AccountSummary": SUMMARY,
        "AccountDetails": {"serverName": "Sandbox-Demo", "timezone": 0},
        "SymbolList": ["EURUSDm", "EURUSD.", "XAUUSDm"],
        "GetQuote": {"bid": 1.1, "ask": 1.2, "time": "2026-11-23T12:00:00"},
        "PriceHistory": bars,
        "Disconnect": "OK",
    }
    answers = {**usual, **changes}

    def answer(path, params):
        given = answers.get(path, (404, ""))
        return given(params) if callable(given) else given

    return answer


def ask(tmp_path, answer, work=None, *, connection=MT5, at=MONDAY, sealed=None):
    """Return what `work` returns (a test's verdict), and what was asked."""
    values = {k: Secret(v) for k, v in (sealed or SEALED).items()}

    async def run(file):
        async with (
            open_network(file, clock=At(at)) as network,
            ADAPTER.open(connection, values, network) as session,
        ):
            return await (work(session) if work else session.test())

    with serve(tmp_path, answer) as (file, asked):
        return asyncio.run(run(file)), asked


def with_config(**config):
    return replace(MT5, config={**MT5.config, **config})


def probe_of(verdict, name):
    return next(probe for probe in verdict.probes if probe.name is name)


def test_a_bridge_that_works_passes_and_is_left_at_the_end(tmp_path):
    verdict, asked = ask(tmp_path, bridge())

    paths = [path for path, _ in asked]
    assert verdict.passed
    assert paths[0] == "/ConnectEx"
    assert asked[0][1]["errorReplyStatusCode"] == "400"
    assert paths[-1] == "/Disconnect"


def test_a_session_can_be_left_open_for_another_program(tmp_path):
    _, asked = ask(tmp_path, bridge(), connection=with_config(keep_session=True))

    assert "/Disconnect" not in [path for path, _ in asked]


# Only what reads


def test_nothing_but_the_listed_paths_is_ever_asked_for(sandbox):
    account = sandbox_account("mtapi-native")
    sealed = {
        "account_id": Secret(account.account_id),
        "password": Secret(account.api_secret),
    }
    sandbox.reset_requests()

    async def run():
        async with (
            open_network(sandbox.file, clock=SystemClock()) as network,
            ADAPTER.open(MT5, sealed, network) as session,
        ):
            await session.test()
            await session.symbols()
            await session.account()
            await session.ticker("EURUSDm")

    asyncio.run(run())

    asked = {(r.method, r.path.strip("/")) for r in sandbox.requests}
    assert asked <= {("GET", path.value) for path in NativePath}


@pytest.mark.parametrize("path", ["OrderSend", "ChangePassword", "orders", "../x"])
def test_no_other_path_can_be_made(path):
    options = {"params": {}, "headers": {}}

    with pytest.raises(ValueError, match="not a valid"):
        native_request("https://mt5.mtapi.io", path, **options)
    with pytest.raises(ValueError, match="not a valid"):
        account_request("https://api.mtapi.io", "1", path, **options)


def test_no_listed_path_writes():
    for path in NativePath:
        assert not any(word in path for word in ("Order", "Change", "Close", "Send"))


def test_requests_are_made_in_one_place_only():
    folder = ROOT / "reconciler/adapters/providers/mtapi"
    makers = {
        module.name
        for module in folder.glob("*.py")
        for node in ast.walk(ast.parse(module.read_text()))
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Request"
    }

    assert makers == {"calls.py"}


def test_an_account_number_cannot_climb_out_of_its_path():
    with pytest.raises(ProviderError):
        account_request("https://x.example", "..", "history", params={}, headers={})


# Errors that look like successes


CATEGORIES = {
    "INVALID_ACCOUNT": Category.INVALID_CREDENTIALS,
    "SERVICE_NOT_AVAILABLE": Category.EXCHANGE_UNAVAILABLE,
    "INVALID_SYMBOL": Category.BAD_SYMBOL,
    "NULL_ARGUMENT": Category.BAD_REQUEST,
    "CONNECT_ERROR": Category.EXCHANGE_UNAVAILABLE,
    "MARKET_CLOSED": Category.EXCHANGE_UNAVAILABLE,
    "DONE": Category.BAD_REQUEST,
    "INVALID_TOKEN": Category.EXCHANGE_UNAVAILABLE,
}


@pytest.mark.parametrize("path", ["ConnectEx", "AccountSummary", "PriceHistory"])
@pytest.mark.parametrize("place", range(8))
def test_every_recorded_error_fails_wherever_it_comes(tmp_path, path, place):
    if not RECORDED.exists():
        pytest.skip("the recorded answers are not here")
    recorded = json.loads(RECORDED.read_text())[place]
    body = {**recorded["body"], "stackTrace": ""}

    verdict, _ = ask(tmp_path, bridge(**{path: (recorded["http"], body)}))

    assert not verdict.passed
    assert verdict.diagnosis.category is CATEGORIES[body["code"]]
    assert verdict.diagnosis.fix


def test_the_bridges_own_stack_is_not_shown_to_a_person(tmp_path):
    verdict, _ = ask(tmp_path, bridge(PriceHistory=error("CONNECT_ERROR", "disposed")))

    assert "disposed" in verdict.diagnosis.summary
    assert "Bridge" not in to_json(verdict)


def test_an_unknown_server_is_told_apart_from_a_wrong_password(tmp_path):
    refused = error("DONE", "Server 'Nowhere' not found: neither /Search has it.")

    verdict, _ = ask(tmp_path, bridge(ConnectEx=refused))

    assert "config.server" in verdict.diagnosis.fix


@pytest.mark.parametrize(
    ("path", "rubbish"),
    [
        ("ConnectEx", "OK"),
        ("ConnectEx", "null"),
        ("ConnectEx", (201, TOKEN[:20])),
        ("ConnectEx", {"token": TOKEN}),
        ("CheckConnect", "NO"),
        ("CheckConnect", "true"),
        ("AccountSummary", {}),
        ("AccountSummary", [SUMMARY]),
        ("AccountSummary", (201, "5000")),
        ("AccountSummary", {"balance": "rich"}),
        ("AccountSummary", '{"balance": 1, "leverage": NaN}'),
        ("PriceHistory", {}),
        ("PriceHistory", [[1, 2, 3, 4, 5, 6]]),
        ("PriceHistory", [{"time": 1_700_000_000, "openPrice": 1}]),
        ("PriceHistory", [{"time": "0001-01-01T00:00:00", "openPrice": 1}]),
        ("PriceHistory", []),
    ],
)
def test_a_success_with_rubbish_fails(tmp_path, path, rubbish):
    verdict, _ = ask(tmp_path, bridge(**{path: rubbish}))

    assert not verdict.passed
    assert verdict.diagnosis.category in {
        Category.BAD_RESPONSE,
        Category.MALFORMED_DATA,
        Category.NO_DATA,
    }


# Tokens


def dying(times):
    """Return a summary whose first `times` calls find the token forgotten."""
    left = [times]

    def answer(_params):
        left[0] -= 1
        return error("INVALID_TOKEN", "not found") if left[0] >= 0 else SUMMARY

    return answer


def test_a_token_that_died_is_renewed_once(tmp_path):
    verdict, asked = ask(tmp_path, bridge(AccountSummary=dying(1)))

    assert verdict.passed
    assert "/ConnectByToken" in [path for path, _ in asked]


def test_a_token_that_nobody_knows_is_replaced_with_the_password(tmp_path):
    forgotten = error("INVALID_TOKEN", "not found")

    verdict, asked = ask(
        tmp_path, bridge(AccountSummary=dying(1), ConnectByToken=forgotten)
    )

    assert verdict.passed
    assert [path for path, _ in asked].count("/ConnectEx") == 2


def test_a_token_that_keeps_dying_fails_and_is_not_renewed_for_ever(tmp_path):
    verdict, asked = ask(tmp_path, bridge(AccountSummary=dying(99)))

    assert not verdict.passed
    assert "no other program" in verdict.diagnosis.fix
    assert [path for path, _ in asked].count("/AccountSummary") == 2


def test_a_login_has_its_own_time(sandbox):
    sandbox.set_fault("mtapi-native", "timeout")
    sealed = {k: Secret(v) for k, v in SEALED.items()}

    async def run():
        async with (
            open_network(sandbox.file, clock=SystemClock()) as network,
            ADAPTER.open(with_config(connect_timeout=0.3), sealed, network) as session,
        ):
            return await session.test()

    diagnosis = asyncio.run(run()).diagnosis

    assert diagnosis.category is Category.TIMEOUT
    assert "config.connect_timeout" in diagnosis.fix


# What travels in the URL


def test_nothing_that_travels_in_the_url_is_written(tmp_path, caplog):
    caplog.set_level("DEBUG")
    secrets = [TOKEN, PASSWORD, SEALED["account_id"], "canary"]

    def echo(path, params):
        if path == "ConnectEx":
            return TOKEN
        sent = "&".join(f"{k}={v}" for k, v in {**params, **SEALED}.items())
        return 500, {"code": "OOPS", "message": f"GET /{path}?{sent}", "echo": params}

    async def work(session):
        written = [to_json(await session.test()), repr(session)]
        for call in (session.account, session.symbols):
            try:
                await call()
            except ProviderError as failure:
                written += [str(failure), repr(failure.diagnosis)]
        return written

    written, asked = ask(tmp_path, echo, work)

    text = "\n".join(written) + caplog.text
    assert any(params.get("id") == TOKEN for _, params in asked)
    assert [secret for secret in secrets if secret in text] == []
    assert "OOPS" in text


def test_half_a_token_is_not_evidence(tmp_path):
    verdict, _ = ask(tmp_path, bridge(ConnectEx=TOKEN[:30]))

    assert TOKEN[:8] not in to_json(verdict)


# Weekends


SILENT = error("SERVICE_NOT_AVAILABLE")


@pytest.mark.parametrize(
    "changes",
    [
        {"CheckConnect": SILENT},
        {"ConnectionStatus": {"isConnected": False}},
        {"AccountSummary": SILENT, "CheckConnect": SILENT},
        {"PriceHistory": error("MARKET_CLOSED")},
    ],
)
def test_a_closed_market_is_not_down_but_a_silent_weekday_is(tmp_path, changes):
    changes = {"PriceHistory": SILENT, **changes}

    off_hours, _ = ask(tmp_path, bridge(**changes), at=SATURDAY)
    weekday, _ = ask(tmp_path, bridge(**changes), at=MONDAY)

    data = probe_of(off_hours, ProbeName.DATA)
    assert off_hours.passed
    assert data.status is ProbeStatus.UNPROVEN
    assert "closed until Sunday 22:00 UTC" in data.detail
    assert not weekday.passed
    assert weekday.diagnosis.category is Category.EXCHANGE_UNAVAILABLE


def test_a_login_that_nobody_answers_fails_also_off_hours(tmp_path):
    verdict, _ = ask(tmp_path, bridge(ConnectEx=SILENT), at=SATURDAY)

    assert not verdict.passed
    assert "Sunday 22:00 UTC" in verdict.diagnosis.fix
    assert verdict.diagnosis.retry_after_s == 34 * 3600


def test_a_wrong_password_fails_also_off_hours(tmp_path):
    verdict, _ = ask(tmp_path, bridge(ConnectEx=error("INVALID_ACCOUNT")), at=SATURDAY)

    assert verdict.diagnosis.category is Category.INVALID_CREDENTIALS
    assert "account_id and password" in verdict.diagnosis.fix


def test_candles_of_friday_are_fresh_and_asked_for_on_a_sunday(tmp_path):
    friday = datetime(2026, 11, 20, 20, 0, tzinfo=UTC)
    sunday = datetime(2026, 11, 22, 18, 0, tzinfo=UTC)

    def history(params):
        asked_from = datetime.fromisoformat(params["from"]).replace(tzinfo=UTC)
        return bars(params, until=friday) if asked_from < friday else []

    verdict, asked = ask(tmp_path, bridge(PriceHistory=history), at=sunday)

    assert verdict.passed
    assert [path for path, _ in asked].count("/PriceHistory") == 1


def test_a_window_with_a_holiday_in_it_is_made_longer_once(tmp_path):
    since = []

    def history(params):
        since.append(params["from"])
        return bars(params)[: 5 if len(since) == 1 else 30]

    verdict, _ = ask(tmp_path, bridge(PriceHistory=history))

    assert verdict.marks[0].rows == 20
    assert since[1] < since[0]


# The server's time


@pytest.mark.parametrize("zone", [3, 180, 10_800, "+03:00", "GMT+3", "UTC+3"])
def test_server_time_becomes_utc(tmp_path, zone):
    changes = {
        "AccountDetails": {"timezone": zone},
        "PriceHistory": lambda p: bars(p, ahead=timedelta(hours=3)),
    }

    verdict, asked = ask(tmp_path, bridge(**changes))

    newest_ms = int(MONDAY.timestamp() * 1000)
    until = next(params["to"] for path, params in asked if path == "/PriceHistory")
    assert verdict.passed
    assert verdict.warnings == ()
    assert verdict.marks[0].last_candle_at_ms == newest_ms
    assert until == "2026-11-23T15:00:00"


@pytest.mark.parametrize("details", [(404, ""), {}, {"timezone": "Mars"}])
def test_an_unknown_zone_is_said_and_can_be_declared(tmp_path, details):
    changes = {
        "AccountDetails": details,
        "PriceHistory": lambda p: bars(p, ahead=timedelta(hours=3)),
    }

    unknown, _ = ask(tmp_path, bridge(**changes))
    declared, _ = ask(tmp_path, bridge(**changes), connection=with_config(utc_offset=3))

    assert not unknown.passed
    assert "config.utc_offset" in unknown.diagnosis.fix
    assert any("time zone" in warning for warning in unknown.warnings)
    assert declared.passed
    assert declared.warnings == ()


def test_a_quotes_time_is_left_out_when_its_zone_is_unknown(tmp_path):
    async def work(session):
        return await session.ticker("EURUSDm")

    known, _ = ask(tmp_path, bridge(), work)
    unknown, _ = ask(tmp_path, bridge(AccountDetails=(404, "")), work)

    assert known.at_ms == int(MONDAY.timestamp() * 1000)
    assert unknown.at_ms is None


# Symbols and rights


def test_a_symbol_without_its_suffix_is_answered_with_the_brokers_spellings(tmp_path):
    connection = replace(MT5, symbols=("EURUSD",))

    verdict, _ = ask(
        tmp_path, bridge(PriceHistory=error("INVALID_SYMBOL")), connection=connection
    )

    assert verdict.diagnosis.category is Category.BAD_SYMBOL
    assert verdict.diagnosis.fix == "did you mean 'EURUSD.' or 'EURUSDm'?"


def test_symbols_come_from_the_other_call_where_the_list_is_missing(tmp_path):
    async def work(session):
        return await session.symbols()

    changes = {"SymbolList": (404, ""), "Symbols": {"B": {}, "A": {}}}

    assert ask(tmp_path, bridge(**changes), work)[0] == ("A", "B")


@pytest.mark.parametrize(
    ("investor", "status", "category"),
    [
        (True, ProbeStatus.PASSED, None),
        (False, ProbeStatus.FAILED, Category.EXCESS_PERMISSION),
        (None, ProbeStatus.UNPROVEN, None),
    ],
)
def test_the_investor_password_is_the_proof_that_nothing_is_traded(
    tmp_path, investor, status, category
):
    connection = replace(MT5, permissions=Permissions(forbid=("trade", "withdraw")))
    summary = {**SUMMARY, "isInvestor": investor}

    verdict, _ = ask(tmp_path, bridge(AccountSummary=summary), connection=connection)

    assert probe_of(verdict, ProbeName.PERMISSION).status is status
    assert (verdict.diagnosis and verdict.diagnosis.category) is category
    if category:
        assert "investor password" in verdict.diagnosis.fix


def test_an_investor_cannot_do_what_is_required(tmp_path):
    connection = replace(MT5, permissions=Permissions(require=("trade",)))

    verdict, _ = ask(tmp_path, bridge(), connection=connection)

    assert verdict.diagnosis.category is Category.PERMISSION_DENIED
