"""No secret of another tool comes over in the open, whatever state its files are in."""

from __future__ import annotations

import json
import tempfile

import pytest

from tests.adapters.importing.hummingbot_writer import connector
from tests.adapters.importing.laravel_writer import (
    APP_KEY,
    KEY,
    OTHER_KEY,
    WAYS,
    b64,
    cbc_payload,
    mysqldump,
    panel_row,
    pg_copy,
    php,
    sealed,
)
from tests.cli.test_canary import ENDPOINT, LINES, ODD, PASS, Watch
from tests.cli.test_canary import KEY as API_KEY

IN_CONFIG = "CANARY-someone-put-it-into-the-config-0123"
IN_ERROR = (
    f"GET https://x.example/?apiKey={API_KEY}&signature=CANARYsignature0123456789"
)
UNUSED = "CANARY-a-credential-that-nobody-uses"
NESTED = "CANARY-a-credential-within-another"
CONFIG = json.dumps({"token": IN_CONFIG, "note": IN_CONFIG, "timeout": IN_CONFIG})
SETTINGS = json.dumps({"symbols": ["BTC/USDT"], "proxy": IN_CONFIG})


@pytest.fixture
def watch(live, monkeypatch):
    """A repository that is watched, with the foreign files beside it."""
    watch = Watch(live)
    watch.secrets += [APP_KEY, OTHER_KEY, b64(KEY), KEY.hex(), UNUSED, NESTED]
    watch.secrets += [IN_CONFIG, "CANARYsignature0123456789", "hunter2-CANARY-pass"]
    place = live.path / "temporary"
    place.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(place))
    monkeypatch.setenv("TMPDIR", str(place))
    (live.path.parent / "theirs").mkdir()
    return watch


def put(watch, name, text):
    file = watch.repo.path.parent / "theirs" / name
    file.write_text(text)
    return file


def rows(how):
    """Return rows in every state, each full of canaries."""
    good = {"api_key": API_KEY, "api_secret": ODD}
    odd = {**good, "note": UNUSED, "more": {"inner": NESTED}}
    feed = {"api_key": API_KEY, "endpoint": ENDPOINT}
    okx = {**good, "api_secret": LINES, "api_passphrase": PASS}
    broken = php(good)[:-3]
    states = {
        "good": sealed(good, how=how),
        "odd": sealed(odd, how=how),
        "plain": json.dumps(good),
        "half": sealed(good, how=how)[:-20],
        "other key": sealed(good, how=how, key=bytes(32)),
        "object": cbc_payload(b'O:3:"Foo":1:{' + php("api_secret") + php(ODD) + b"}"),
        "broken": cbc_payload(broken),
        "text": cbc_payload(ODD.encode()),
        "list": cbc_payload(json.dumps([ODD]).encode()),
        "bare": ODD,
    }
    found = [
        panel_row(
            number, name, cell, config=CONFIG, settings=SETTINGS, last_error=IN_ERROR
        )
        for number, (name, cell) in enumerate(states.items(), 1)
    ]
    others = (
        ("feed", "custom_api", "house", feed),
        ("okx", "ccxt_crypto", "okx", okx),
        ("nowhere", "ccxt_crypto", "nowhere", okx),
        ("http", "custom_api", "house", {**feed, "endpoint": "http" + ENDPOINT[5:]}),
    )
    for number, (name, kind, provider, keys) in enumerate(others, 50):
        cell = sealed(keys, how=how)
        found.append(panel_row(number, name, cell, type=kind, provider=provider))
    return [{**row, "secret_note": IN_CONFIG} for row in found]


def look_around(watch):
    for command in (
        *(("validate", "--format", "json"), ("plan", "--format", "json")),
        *(("-v", "apply", "--format", "json"), ("history", "--format", "json")),
        *(("report", "--format", "json"), ("state", "pull"), ("-v", "list")),
    ):
        watch(*command)
    assert list((watch.repo.path / "temporary").iterdir()) == []
    watch.look_everywhere()


@pytest.mark.parametrize("how", WAYS)
def test_a_panels_dump_in_every_state(watch, monkeypatch, how):
    found = rows(how)
    env = put(watch, "panel.env", f"APP_KEY={APP_KEY}\nAPP_PREVIOUS_KEYS={OTHER_KEY}\n")
    dump = put(watch, "dump.sql", mysqldump(found))
    table = put(watch, "dump.json", json.dumps(found))
    copied = put(watch, "copy.sql", pg_copy(found))
    cut = put(watch, "cut.sql", mysqldump(found)[:-2_000])
    monkeypatch.setenv("APP_KEY", OTHER_KEY)

    wrong = watch("-v", "import", "panel", dump)
    tried = watch("-v", "import", "panel", table, "--env-file", env, "--dry-run")
    taken = watch(
        *("-v", "import", "panel", dump, "--app-key-stdin", "--adopt"),
        *("--allow-http", "--format", "json"),
        stdin=f"{APP_KEY}\n{OTHER_KEY}\n",
    )
    watch("import", "panel", dump, "--app-key-stdin", stdin=f"{APP_KEY}x")
    for file in (copied, cut, env):
        watch("-v", "import", "panel", file, "--env-file", env, "--force")

    assert (wrong.code, tried.code, taken.code) == (1, 1, 1)
    results = {row["title"]: row["result"] for row in taken.json["rows"]}
    written = {name for name, result in results.items() if result == "written"}
    assert written == {"good", "odd", "plain", "feed", "okx", "http"}
    look_around(watch)


def test_files_of_other_tools(watch, monkeypatch):
    keys = {"api_key": API_KEY, "api_secret": ODD, "note": UNUSED}
    body = {"type": "ccxt_crypto", "provider": "binance", "credentials": keys}
    plain = put(watch, "spot.json", json.dumps({**body, "config": {"x": IN_CONFIG}}))
    exchange = {"name": "okx", "key": API_KEY, "secret": LINES, "password": PASS}
    more = {"ccxt_config": {"apiKey": API_KEY, "headers": {"X": IN_CONFIG}}}
    bot = put(watch, "bot.json", json.dumps({"exchange": {**exchange, **more}}))
    values = {"api_key": API_KEY, "api_secret": PASS, "rate_oracle_key": UNUSED}
    password = "hunter2-CANARY-pass"
    mexc = put(watch, "mexc.yml", connector("mexc", password, **values))
    gate = put(watch, "gate_io.yml", connector("gate_io", None, **values))
    halves = [
        put(watch, f"half-{file.name}", file.read_text()[:-5])
        for file in (plain, bot, mexc)
    ]
    monkeypatch.setenv("CONFIG_PASSWORD", password)

    for kind, file in (
        *(("json", plain), ("freqtrade", bot), ("hummingbot", mexc)),
        *(("hummingbot", gate), ("json", halves[0]), ("freqtrade", halves[1])),
        *(("hummingbot", halves[2]), ("json", bot), ("freqtrade", plain)),
        *(("hummingbot", plain), ("panel", plain), ("panel", bot), ("json", mexc)),
    ):
        watch("-v", "import", kind, file)
        watch("import", kind, file, "--format", "json", "--force")
    watch("import", "hummingbot", mexc, "--password-stdin", stdin=f"{password}x")

    files = {file.stem for file in (watch.repo.path / "connections.d").glob("*.yaml")}
    assert {"spot", "okx", "mexc", "gate_io"} <= files
    look_around(watch)
