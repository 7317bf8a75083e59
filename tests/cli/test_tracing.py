"""`test --trace`: each request and answer, and no secret in them."""

import json
import re

from reconciler.sandbox import sandbox_account


def traced(live, name, *arguments):
    return live.here("test", f"connections.d/{name}.yaml", "--trace", *arguments)


def test_each_step_shows_its_request_and_answer(live):
    account = sandbox_account("binance")
    live.new("spot", api_key=account.api_key, api_secret=account.api_secret)

    said = traced(live, "spot").err.splitlines()

    assert "== spot" in said
    asked = [line.split(": GET ")[0] for line in said if ": GET https://" in line]
    assert list(dict.fromkeys(asked)) == ["public", "auth", "permission", "data"]
    assert any(line.startswith("  < 200 in ") for line in said)
    assert any(line.startswith('  < {"') for line in said)
    assert any(line == "  > X-MBX-APIKEY: **********" for line in said)


def test_no_credential_and_nothing_made_from_one_is_shown(live):
    for provider, name in (("binance", "spot"), ("okx", "swap"), ("kraken", "main")):
        account = sandbox_account(provider)
        keys = {"api_key": account.api_key, "api_secret": account.api_secret}
        if account.api_passphrase:
            keys["api_passphrase"] = account.api_passphrase
        live.new(name, provider=provider, **keys)
        said = traced(live, name).err

        assert [value for value in keys.values() if value in said] == []
        assert "signature=" not in said or "signature=**********" in said


def test_a_refusal_is_traced_as_well(live):
    live.new("spot", api_key="k" * 64, api_secret="s" * 64)

    done = live.here("test", "connections.d/spot.yaml", "--trace", code=5)

    assert "  < 401 in " in done.err
    assert "k" * 64 not in done.err


def test_without_the_option_nothing_is_shown(live):
    account = sandbox_account("binance")
    live.new("spot", api_key=account.api_key, api_secret=account.api_secret)

    assert "GET https" not in live.here("test", "connections.d/spot.yaml").err


def test_a_bridges_token_and_password_stay_out_of_its_trace(live):
    account = sandbox_account("mtapi-native")
    secrets = {"account_id": account.account_id, "password": account.api_secret}
    arguments = ("--type", "mtapi", "--provider", "mt5_x", "--symbol", "EURUSD")
    where = ("--set", "dialect=native", "--set", "platform=mt5")
    live.here(
        *("new", "fx", *arguments, "--timeframe", "H1", *where),
        *("--set", "server=Sandbox-Demo", "--credentials-stdin"),
        stdin=json.dumps(secrets),
        code=None,
    )

    said = live.here("test", "connections.d/fx.yaml", "--trace", code=None).err

    assert "auth: GET https://mt5.mtapi.io/AccountSummary?id=**********" in said
    assert "bytes of text)" in said  # the token's own answer
    assert '  < {"' in said
    assert account.api_secret not in said
    assert re.search(r"[0-9a-f]{8}-[0-9a-f]{4}-", said) is None


def test_a_feeds_answers_are_shown_though_they_are_read_in_pieces(live):
    account = sandbox_account("feed")
    live.here(
        *("new", "feed", "--type", "custom_api", "--provider", "house"),
        *("--symbol", "AAPL", "--timeframe", "1h", "--credentials-stdin"),
        *("--set", "endpoint=https://api.custom-data-provider.com/v1"),
        stdin=json.dumps({"api_key": account.api_key}),
    )

    said = traced(live, "feed").err

    assert "data: GET https://api.custom-data-provider.com/v1/candles?" in said
    assert "  < [[" in said or '  < {"' in said
    assert account.api_key not in said
