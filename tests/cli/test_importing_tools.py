"""Plain JSON, freqtrade and hummingbot become sealed files."""

from __future__ import annotations

import json

import pytest
import yaml

from reconciler.sandbox import sandbox_account
from tests.adapters.importing.hummingbot_writer import connector

MISSION = {
    "mt4": {
        "type": "mtapi",
        "provider": "mt4_account_123",
        "credentials": {
            "api_key": "a-long-enough-key",
            "account_id": "1234567",
            "timeout": 30,
        },
        "settings": {"symbols": ["EURUSD"], "timeframes": ["M1", "H4"]},
    },
    "binance": {
        "type": "ccxt_crypto",
        "provider": "binance",
        "credentials": {"api_key": "the-key", "api_secret": "the-secret"},
        "settings": {"symbols": ["BTC/USDT"], "timeframes": ["1m", "4h"]},
    },
    "custom": {
        "type": "custom_api",
        "provider": "custom-market-data",
        "credentials": {
            "api_key": "a-long-enough-key",
            "endpoint": "https://api.example.com/v1",
        },
        "config": {"authentication_method": "bearer", "rate_limit": 100},
        "settings": {"symbols": ["AAPL"], "timeframes": ["1m"]},
    },
}


@pytest.mark.parametrize("name", MISSION)
def test_the_missions_examples_come_over_the_same(repo, name):
    (repo.path / f"{name}.json").write_text(json.dumps(MISSION[name]))

    done = repo.here("import", "json", f"{name}.json", "--format", "json")

    (row,) = done.json["rows"]
    assert (row["standing"], row["result"], row["name"]) == ("same", "written", name)
    body, data = MISSION[name], yaml.safe_load(repo.file(name).read_text())
    assert (data["type"], data["provider"]) == (body["type"], body["provider"])
    assert data["settings"] == body["settings"]
    assert data.get("config", {}) == body.get("config", {})
    for key, value in body["credentials"].items():
        assert repo.here("decrypt", name, "--extract", key).out == str(value)
    repo.here("validate", "--strict")


def test_a_list_of_bodies_names_each_by_its_own_name(repo):
    bodies = [
        {**MISSION["binance"], "name": "Spot", "is_active": False, "colour": "red"},
        {**MISSION["custom"], "permissions": {"require": ["read"]}},
        "rubbish",
    ]
    (repo.path / "all.json").write_text(json.dumps(bodies))

    done = repo.here("import", "json", "all.json", "--format", "json", code=1)

    spot, feed, rubbish = done.json["rows"]
    assert (spot["name"], spot["standing"]) == ("spot", "differs")
    assert (feed["name"], feed["standing"]) == ("custom-market-data", "same")
    assert rubbish["standing"] == "cannot be expressed"
    data = yaml.safe_load(repo.file("spot").read_text())
    assert data["active"] is False
    assert "permissions:" in repo.file("custom-market-data").read_text()


FREQTRADE = """\
{
    // what freqtrade calls itself
    "bot_name": "freqtrade", /* with "both" kinds
    of comments */
    "timeframe": "5m",
    "trading_mode": "futures",
    "exchange": {
        "name": "okx",
        "key": "http://not-a-comment", "secret": "the-secret",
        "password": "the-passphrase",
        "ccxt_config": {"enableRateLimit": true, "timeout": 20000, "rateLimit": 200,
                        "options": {"defaultType": "swap", "brokerId": "x1y2"}},
        "pair_whitelist": ["BTC/USDT:USDT", "ETH/USDT:USDT", "AVAX.*/USDT",],
        "pair_blacklist": ["BNB/.*"],
    },
}
"""


def test_freqtrades_configuration(repo):
    (repo.path / "config.json").write_text(FREQTRADE)

    done = repo.here("import", "freqtrade", "config.json", "--format", "json")

    (row,) = done.json["rows"]
    assert (row["name"], row["standing"]) == ("freqtrade", "differs")
    fields = {remark["field"] for remark in row["remarks"]}
    assert fields == {"pair_whitelist", "exchange.options.brokerId"}
    data = yaml.safe_load(repo.file("freqtrade").read_text())
    assert data["provider"] == "okx"
    assert data["config"] == {
        "timeout": 20,
        "rate_limit": 300,
        "options": {"defaultType": "swap"},
    }
    assert data["settings"] == {
        "symbols": ["BTC/USDT:USDT", "ETH/USDT:USDT"],
        "timeframes": ["5m"],
    }
    found = [
        repo.here("decrypt", "freqtrade", "--extract", key).out
        for key in ("api_key", "api_secret", "api_passphrase")
    ]
    assert found == ["http://not-a-comment", "the-secret", "the-passphrase"]
    repo.here("validate")


def test_a_private_file_is_laid_over_the_first(live):
    account = sandbox_account("binance")
    public = {
        "timeframe": "1h",
        "exchange": {"name": "Binance", "key": "", "pair_whitelist": ["BTC/USDT"]},
    }
    private = {"exchange": {"key": account.api_key, "secret": account.api_secret}}
    for name, data in (("public", public), ("private", private)):
        (live.path / f"{name}.json").write_text(json.dumps(data))

    live.here("import", "freqtrade", "public.json", "private.json")

    live.here("apply")
    assert live.here("sample", "binance", "--limit", "2").code == 0


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("{", "not valid JSON"),
        ("[]", "holds no JSON object"),
        ("{}", "names no exchange"),
        ('{"exchange": {"name": "okx", "pair_whitelist": [1]}}', "no list of texts"),
    ],
)
def test_what_is_not_freqtrades_is_refused(repo, text, why):
    (repo.path / "config.json").write_text(text)

    assert why in repo.here("import", "freqtrade", "config.json", code=1).err


KEYS = {"api_key": "the-key", "secret_key": "the-secret", "passphrase": "the-phrase"}


@pytest.mark.parametrize("password", [None, "hünter2"])
@pytest.mark.parametrize("way", ["stdin", "environment"])
def test_hummingbots_connectors(repo, monkeypatch, password, way):
    (repo.path / "okx.yml").write_text(connector("okx", password, **KEYS))
    (repo.path / "mexc.yml").write_text(
        connector("mexc", password, api_key="the-key", api_secret="the-secret")
    )
    arguments, stdin = [], ""
    if password and way == "stdin":
        arguments, stdin = ["--password-stdin"], f"{password}\n"
    elif password:
        monkeypatch.setenv("CONFIG_PASSWORD", password)

    done = repo.here(
        *("import", "hummingbot", "okx.yml", "mexc.yml", "--format", "json"),
        *arguments,
        stdin=stdin,
    )

    assert [row["standing"] for row in done.json["rows"]] == ["same", "same"]
    found = [
        repo.here("decrypt", "okx", "--extract", key).out
        for key in ("api_key", "api_secret", "api_passphrase")
    ]
    assert found == list(KEYS.values())
    repo.here("validate")


def test_a_perpetual_connector_becomes_swaps_of_its_exchange(repo):
    text = connector("bybit_perpetual", api_key="the-key", secret_key="the-secret")
    (repo.path / "bybit.yml").write_text(text)

    repo.here("import", "hummingbot", "bybit.yml")

    data = yaml.safe_load(repo.file("bybit_perpetual").read_text())
    assert data["provider"] == "bybit"
    assert data["config"] == {"options": {"defaultType": "swap"}}


def test_a_password_that_is_missing_or_wrong_names_the_fix(repo):
    (repo.path / "okx.yml").write_text(connector("okx", "right", **KEYS))

    missing = repo.here("import", "hummingbot", "okx.yml", code=1)
    wrong = repo.here(
        "import", "hummingbot", "okx.yml", "--password-stdin", stdin="no", code=1
    )

    assert "CONFIG_PASSWORD" in missing.err
    assert "the password is wrong" in wrong.err
    assert not repo.file("okx").exists()


@pytest.mark.parametrize("text", ["", "a: [", "name: x\n", "connector: 3\n"])
def test_what_is_no_connectors_file_is_refused(repo, text):
    (repo.path / "x.yml").write_text(text)

    done = repo.here("import", "hummingbot", "x.yml", code=1)

    assert "no connector's file" in done.err


@pytest.mark.parametrize("kind", ["json", "freqtrade", "hummingbot", "panel"])
def test_a_file_that_is_not_there_is_named(repo, kind):
    done = repo.here("import", kind, "nowhere", code=1)

    assert "cannot read 'nowhere'" in done.err
