"""MetaApi's own traps: regions, servers that do not run, brokers that are away."""

from __future__ import annotations

import ast
import asyncio
import base64
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from reconciler.adapters.clock import SystemClock
from reconciler.adapters.providers.metaapi import ADAPTER
from reconciler.adapters.providers.metaapi.calls import ReadPath, url_of
from reconciler.adapters.providers.metaapi.rows import token_end
from reconciler.adapters.providers.network.session import open_network
from reconciler.core.codec import to_json
from reconciler.core.connection import Connection, Permissions
from reconciler.core.diagnosis import Category
from reconciler.core.errors import ProviderError
from reconciler.core.secret import Secret
from reconciler.core.verdict import ProbeName, ProbeStatus
from reconciler.sandbox import sandbox_account
from tests.adapters.providers.scripted_server import MONDAY, SATURDAY, At, serve

ACCOUNT = "865d3a4d-3803-486d-bdf3-a85679d9fad2"
TOKEN = "eyJhbGciOiJSUzUxMiJ9.canaryPayloadOfTheToken.canarySignatureOfIt"
ROOT = Path(__file__).parents[3]
STATE = {
    "_id": ACCOUNT,
    "state": "DEPLOYED",
    "connectionStatus": "CONNECTED",
    "region": "london",
}
INFORMATION = {"balance": 1, "equity": 1, "currency": "USD", "investorMode": True}
MINE = Connection(
    name="mt",
    type="metaapi",
    provider="my-broker",
    credential_names=("token", "account_id"),
    symbols=("EURUSD",),
    timeframes=("1h",),
)


def error(status, name, message="...", **extra):
    return status, {"id": 1, "error": name, "message": message, **extra}


def bars(_params, *, until=MONDAY):
    return [
        {
            "symbol": "EURUSD",
            "time": f"{(until - timedelta(hours=n)).isoformat()[:19]}.000Z",
            "brokerTime": "2000-01-01 00:00:00.000",
            "open": 1.1,
            "high": 1.2,
            "low": 1.0,
            "close": 1.15,
            "tickVolume": 7,
        }
        for n in range(30)
    ]


def cloud(**changes):
    """Return a MetaApi that works, but for what `changes` answer by name."""
    usual = {
        "state": STATE,
        "account-information": INFORMATION,
        "symbols": ["EURUSD", "EURUSDm"],
        "current-price": {"bid": 1.1, "ask": 1.2, "time": "2026-11-23T12:00:00.000Z"},
        "candles": bars,
    }
    answers = {**usual, **changes}

    def answer(path, params):
        name = "state" if path.endswith(ACCOUNT) else path.rpartition("/")[2]
        given = answers.get(name, (404, ""))
        return given(params) if callable(given) else given

    return answer


def ask(tmp_path, answer, work=None, *, connection=MINE, at=MONDAY):
    """Return what `work` returns (a test's verdict), and what was asked."""
    sealed = {"token": Secret(TOKEN), "account_id": Secret(ACCOUNT)}

    async def run(file):
        async with (
            open_network(file, clock=At(at)) as network,
            ADAPTER.open(connection, sealed, network) as session,
        ):
            return await (work(session) if work else session.test())

    with serve(tmp_path, answer) as (file, asked):
        return asyncio.run(run(file)), asked


def probe_of(verdict, name):
    return next(probe for probe in verdict.probes if probe.name is name)


# Only what reads, and only where it belongs


def test_nothing_but_the_listed_paths_is_ever_asked_for(sandbox):
    account = sandbox_account("metaapi")
    sealed = {
        "token": Secret(account.api_key),
        "account_id": Secret(account.account_id),
    }
    sandbox.reset_requests()

    async def run():
        async with (
            open_network(sandbox.file, clock=SystemClock()) as network,
            ADAPTER.open(MINE, sealed, network) as session,
        ):
            await session.test()
            await session.symbols()
            await session.account()
            return await session.ticker("EURUSD")

    ticker = asyncio.run(run())

    known = {
        path.value.format(account=account.account_id, symbol="EURUSD", timeframe="1h")
        for path in ReadPath
    }
    assert ticker.bid < ticker.ask
    assert {r.method for r in sandbox.requests} == {"GET"}
    assert {r.path.strip("/") for r in sandbox.requests} == known


@pytest.mark.parametrize("path", ["trade", "users/current/accounts/{account}/trade"])
def test_no_other_path_can_be_made(path):
    with pytest.raises(ValueError, match="not a valid"):
        url_of("https://x.example", path, "london", {"account": "1"})


def test_requests_are_made_in_one_place_only_and_none_of_them_writes():
    folder = ROOT / "reconciler/adapters/providers/metaapi"
    calls = [
        (module.name, node)
        for module in folder.glob("*.py")
        for node in ast.walk(ast.parse(module.read_text()))
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Request"
    ]

    assert [name for name, _ in calls] == ["session.py"]
    assert "method" not in {keyword.arg for keyword in calls[0][1].keywords}


@pytest.mark.parametrize("values", [{"account": ".."}, {"account": "1", "symbol": "."}])
def test_no_value_climbs_out_of_its_place_in_a_path(values):
    with pytest.raises(ProviderError):
        url_of("", ReadPath.STATE, "", values)


def test_a_value_stays_in_its_place():
    values = {"account": "a/../b?c", "symbol": "EUR/USD#", "timeframe": "1h"}

    url = url_of("", ReadPath.CANDLES, "london", values)

    assert url == (
        "https://mt-market-data-client-api-v1.london.agiliumtrade.ai/users/current/"
        "accounts/a%2F..%2Fb%3Fc/historical-market-data/symbols/EUR%2FUSD%23/"
        "timeframes/1h/candles"
    )


@pytest.mark.parametrize("region", ["evil.example/", "a.b", "-x", "LONDON", 7])
def test_a_region_that_is_no_name_never_becomes_a_host(tmp_path, region):
    verdict, asked = ask(tmp_path, cloud(state={**STATE, "region": region}))

    assert verdict.diagnosis.category is Category.BAD_RESPONSE
    assert len(asked) == 1


# The account's server


def test_the_region_is_asked_for_and_can_be_declared(tmp_path):
    asked_for, _ = ask(tmp_path, cloud())
    forbidden = cloud(state=error(403, "ForbiddenError"))

    narrow, _ = ask(tmp_path, forbidden)
    declared, _ = ask(
        tmp_path, forbidden, connection=replace(MINE, config={"region": "london"})
    )

    assert asked_for.passed
    assert narrow.diagnosis.category is Category.PERMISSION_DENIED
    assert "config.region" in narrow.diagnosis.fix
    assert declared.passed


@pytest.mark.parametrize(
    "refused",
    [
        error(404, "NotFoundError", "request URL matches your account region"),
        error(504, "TimeoutError", "does not match the account region"),
    ],
)
def test_a_wrong_region_is_named_with_the_right_one(tmp_path, refused):
    connection = replace(MINE, config={"region": "new-york"})

    verdict, _ = ask(
        tmp_path, cloud(**{"account-information": refused}), connection=connection
    )

    assert verdict.diagnosis.category is Category.WRONG_ENVIRONMENT
    assert "london" in verdict.diagnosis.fix


@pytest.mark.parametrize(
    ("state", "fix"),
    [("UNDEPLOYED", "deploy"), ("DEPLOYING", "wait"), ("DEPLOY_FAILED", "deploy")],
)
@pytest.mark.parametrize("at", [MONDAY, SATURDAY])
def test_a_server_that_does_not_run_fails_on_every_day(tmp_path, state, fix, at):
    verdict, asked = ask(tmp_path, cloud(state={**STATE, "state": state}), at=at)

    assert not verdict.passed
    assert verdict.diagnosis.category is Category.EXCHANGE_UNAVAILABLE
    assert fix in verdict.diagnosis.fix
    assert verdict.diagnosis.evidence["state"] == state
    assert len(asked) == 1


AWAY = {**STATE, "connectionStatus": "DISCONNECTED_FROM_BROKER"}
TIMED_OUT = error(504, "TimeoutError", "account is not connected to broker yet")


@pytest.mark.parametrize(
    "changes", [{"state": AWAY}, {"account-information": TIMED_OUT}, {}]
)
def test_a_broker_that_is_away_is_a_closed_market_off_hours_only(tmp_path, changes):
    changes = {"candles": TIMED_OUT, **changes}

    off_hours, _ = ask(tmp_path, cloud(**changes), at=SATURDAY)
    weekday, _ = ask(tmp_path, cloud(**changes), at=MONDAY)

    data = probe_of(off_hours, ProbeName.DATA)
    assert off_hours.passed
    assert data.status is ProbeStatus.UNPROVEN
    assert "closed until Sunday 22:00 UTC" in data.detail
    assert not weekday.passed
    assert weekday.diagnosis.category is Category.EXCHANGE_UNAVAILABLE


# What is refused


@pytest.mark.parametrize(
    ("place", "answer", "category"),
    [
        ("state", error(401, "UnauthorizedError"), Category.INVALID_CREDENTIALS),
        ("state", error(404, "NotFoundError"), Category.INVALID_CREDENTIALS),
        ("state", error(429, "TooManyRequestsError"), Category.RATE_LIMITED),
        ("state", error(500, "InternalError"), Category.EXCHANGE_UNAVAILABLE),
        (
            "account-information",
            error(403, "ForbiddenError"),
            Category.PERMISSION_DENIED,
        ),
        ("candles", error(404, "NotFoundError"), Category.BAD_SYMBOL),
        ("candles", error(400, "ValidationError"), Category.BAD_REQUEST),
        ("candles", (200, error(404, "NotFoundError")[1]), Category.BAD_SYMBOL),
        ("candles", (202, {"message": "x"}), Category.EXCHANGE_UNAVAILABLE),
    ],
)
def test_a_refusal_has_its_category(tmp_path, place, answer, category):
    verdict, _ = ask(tmp_path, cloud(**{place: answer}))

    assert verdict.diagnosis.category is category
    assert verdict.diagnosis.fix


@pytest.mark.parametrize(
    ("place", "rubbish"),
    [
        ("state", []),
        ("state", {"state": 1}),
        ("state", {**STATE, "region": None}),
        ("account-information", {}),
        ("account-information", [INFORMATION]),
        ("account-information", {"balance": "rich"}),
        ("account-information", '{"balance": 1, "leverage": Infinity}'),
        ("candles", {}),
        ("candles", [1]),
        ("candles", [{"time": "2026-11-23 12:00", "open": 1}]),
        ("candles", [{"time": 1_700_000_000, "open": 1}]),
        ("candles", []),
    ],
)
def test_a_success_with_rubbish_fails(tmp_path, place, rubbish):
    verdict, _ = ask(tmp_path, cloud(**{place: rubbish}))

    assert not verdict.passed
    assert verdict.diagnosis.category in {
        *(Category.BAD_RESPONSE, Category.MALFORMED_DATA),
        *(Category.NO_DATA, Category.BAD_REQUEST),
    }


def test_a_limit_says_when_it_ends(tmp_path):
    until = (MONDAY + timedelta(minutes=5)).isoformat()
    limited = error(
        429, "TooManyRequestsError", metadata={"recommendedRetryTime": until}
    )

    verdict, _ = ask(tmp_path, cloud(state=limited))

    assert verdict.diagnosis.retry_after_s == 300


@pytest.mark.parametrize("metadata", [None, [], {"recommendedRetryTime": 7}, {}])
def test_a_limit_without_an_end_is_a_limit(tmp_path, metadata):
    limited = error(429, "TooManyRequestsError", metadata=metadata)

    verdict, _ = ask(tmp_path, cloud(state=limited))

    assert verdict.diagnosis.category is Category.RATE_LIMITED
    assert verdict.diagnosis.retry_after_s is None


def test_nothing_that_was_sent_or_is_secret_in_an_answer_is_written(tmp_path, caplog):
    caplog.set_level("DEBUG")
    cut = json.dumps({**STATE, "accessToken": "canary-access-token-of-metaapi"})[:-9]
    echo = error(500, "InternalError", f"auth-token: {TOKEN} for {ACCOUNT}")

    written = "".join(
        to_json(ask(tmp_path, cloud(state=answer))[0]) for answer in (cut, echo)
    )

    for secret in (TOKEN, ACCOUNT, "canary"):
        assert secret not in written + caplog.text


# Rights, the token's end, spellings


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
    connection = replace(MINE, permissions=Permissions(forbid=("trade",)))
    told = {**INFORMATION, "investorMode": investor}

    verdict, _ = ask(
        tmp_path, cloud(**{"account-information": told}), connection=connection
    )

    assert probe_of(verdict, ProbeName.PERMISSION).status is status
    assert (verdict.diagnosis and verdict.diagnosis.category) is category


def jwt(**claims):
    payload = base64.urlsafe_b64encode(json.dumps(claims).encode()).decode()
    return f"e30.{payload.rstrip('=')}.c2ln"


def test_a_tokens_end_is_read_from_it():
    assert token_end(jwt(exp=1_800_000_000)) == datetime(2027, 1, 15, 8, tzinfo=UTC)


@pytest.mark.parametrize(
    "token",
    ["", "plain", "a.b.c", jwt(), jwt(exp="soon"), jwt(exp=10**30), "e30.é.x"],
)
def test_a_token_without_an_end_has_none(token):
    assert token_end(token) is None


def test_a_symbol_without_its_suffix_is_answered_with_the_brokers_spellings(tmp_path):
    connection = replace(MINE, symbols=("eurusd",))

    verdict, _ = ask(
        tmp_path, cloud(candles=error(404, "NotFoundError")), connection=connection
    )

    assert verdict.diagnosis.fix == "did you mean 'EURUSD' or 'EURUSDm'?"


def test_a_gateway_stands_for_every_host(tmp_path):
    config = {"base_url": "https://bridge.example/metaapi"}

    verdict, asked = ask(tmp_path, cloud(), connection=replace(MINE, config=config))

    assert verdict.passed
    assert {path.split("/")[1] for path, _ in asked} == {"metaapi"}


# Offline


def mine(names=("token", "account_id"), timeframes=("1h",), **config):
    return replace(MINE, credential_names=names, timeframes=timeframes, config=config)


@pytest.mark.parametrize(
    ("connection", "code", "path"),
    [
        (mine(("token",)), "R306", ("credentials",)),
        (mine(("account_id",)), "R306", ("credentials",)),
        (
            mine(("token", "account_id", "password")),
            "R307",
            ("credentials", "password"),
        ),
        (mine(("api_key", "token", "account_id")), "R307", ("credentials", "api_key")),
        (mine(region="evil.example"), "R406", ("config", "region")),
        (mine(platform="mt3"), "R406", ("config", "platform")),
        (mine(base_url="http://x.example"), "R406", ("config", "base_url")),
        (mine(timeout=0), "R406", ("config", "timeout")),
        (mine(domain="x"), "R405", ("config", "domain")),
        (mine(timeframes=("H1",)), "R404", ("settings", "timeframes", 0)),
        (mine(timeframes=("2m",), platform="mt4"), "R404", None),
    ],
)
def test_a_problem_is_found_with_its_place(connection, code, path):
    findings = [(f.code, f.path) for f in ADAPTER.check(connection)]

    assert code in {found for found, _ in findings}
    assert path is None or (code, path) in findings


@pytest.mark.parametrize(
    "connection",
    [
        mine(),
        mine(region="new-york", platform="mt4", timeframes=("1mn", "1M", "4h")),
        mine(base_url="http://localhost:8080", allow_http=True, timeframes=("2m",)),
        mine(("token", "account_id", "timeout", "base_url")),
    ],
)
def test_what_is_right_is_accepted(connection):
    assert list(ADAPTER.check(connection)) == []
