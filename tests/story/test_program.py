"""What the fourth user does: a program opens a connection and wants candles."""

import asyncio
import json
from datetime import UTC, datetime

import pytest

import reconciler
from reconciler.adapters import sops
from reconciler.core.errors import ProviderError, StateError
from reconciler.core.plan import PlanOptions
from reconciler.pipeline import PlanRequest, apply_plan, make_plan
from reconciler.sandbox import running_sandbox, sandbox_account
from reconciler.wiring import App, Choices


@pytest.fixture
def choices(tmp_path):
    """Return a repository in which one connection went live."""
    private, public = sops.generate_identity(datetime.now(UTC))
    account = sandbox_account("binance")
    document = {
        "type": "ccxt_crypto",
        "provider": "binance",
        "credentials": {
            "api_key": account.api_key,
            "api_secret": account.api_secret,
        },
        "settings": {"symbols": ["BTC/USDT"], "timeframes": ["1h"]},
    }
    folder = tmp_path / "connections.d"
    folder.mkdir()
    text = sops.seal(
        json.dumps(document),
        file="a",
        recipients=sops.Recipients.of([public]),
        now=datetime.now(UTC),
    )
    (folder / "binance-main.yaml").write_text(text)
    with running_sandbox(tmp_path / "sandbox") as sandbox:
        chosen = Choices(
            directory=tmp_path,
            sandbox=sandbox.file,
            environment={"SOPS_AGE_KEY": private.reveal()},
        )
        apply_everything(chosen)
        yield chosen


def apply_everything(choices):
    app = App(choices)
    ports = app.ports()
    request = PlanRequest(options=PlanOptions(workspace=app.workspace))
    outcomes = apply_plan(ports, make_plan(ports, request), lock_id="")
    assert [outcome.result.value for outcome in outcomes] == ["applied"]
    app.close()


def test_a_program_gets_candles_and_its_use_is_noted(choices):
    async def candles():
        async with reconciler.open_connection(
            "binance-main", choices=choices
        ) as connection:
            return await connection.candles("BTC/USDT", "1h", limit=5)

    found = asyncio.run(candles())

    assert len(found) == 5
    app = App(choices)
    assert app.store.get("binance-main").last_used_at is not None
    assert app.store.actions("binance-main")[0].action == "fetch"
    app.close()


def test_a_provider_that_says_no_is_an_error_with_a_diagnosis(choices):
    async def candles():
        async with reconciler.open_connection(
            "binance-main", choices=choices
        ) as connection:
            return await connection.candles("NOPE/USDT", "1h", limit=5)

    with pytest.raises(ProviderError) as caught:
        asyncio.run(candles())

    assert caught.value.diagnosis.category == "bad_symbol"


def test_a_name_that_nobody_applied_says_what_to_do(choices):
    async def enter():
        async with reconciler.open_connection("nobody", choices=choices):
            raise AssertionError

    with pytest.raises(StateError, match="reconcile apply"):
        asyncio.run(enter())
