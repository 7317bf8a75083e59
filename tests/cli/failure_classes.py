"""Situations in which commands are run, for the table of exit codes.

Each takes a repository whose connection `spot` runs, with its key and a sandbox.
"""

from __future__ import annotations

import json
import sys
from contextlib import nullcontext
from datetime import UTC, datetime
from functools import cache

from reconciler.adapters.stores import open_store
from tests.adapters.importing.hummingbot_writer import connector
from tests.adapters.importing.laravel_writer import (
    APP_KEY,
    mysqldump,
    panel_row,
    sealed,
)
from tests.cli.test_validate_since import commit, git
from tests.receiver import receiver

BODY = {
    "type": "ccxt_crypto",
    "provider": "kraken",
    "credentials": {"api_key": "the-key", "api_secret": "the-secret"},
    "settings": {"symbols": ["BTC/USD"], "timeframes": ["1h"]},
}
FREQTRADE = {
    "timeframe": "5m",
    "exchange": {
        "name": "okx",
        "key": "the-key",
        "secret": "the-secret",
        "password": "the-phrase",
        "pair_whitelist": ["BTC/USDT"],
    },
}


def nothing(repo, sandbox):
    pass


def a_change(repo, sandbox):
    repo.edit("spot", "timeframes: [1h]", "timeframes: [4h]")


def a_change_in_a_freeze(repo, sandbox):
    a_change(repo, sandbox)
    window = '{name: always, starts: "2020-01-01T00:00Z", ends: "2999-01-01T00:00Z"}'
    with (repo.path / "reconcile.yaml").open("a") as settings:
        settings.write(f"freeze:\n  windows:\n    - {window}\n")


def a_failing_provider(repo, sandbox):
    sandbox.set_fault("binance", "maintenance")


def a_rejected_change(repo, sandbox):
    a_change(repo, sandbox)
    a_failing_provider(repo, sandbox)


def a_failed_connection(repo, sandbox):
    sandbox.set_fault("binance", "bad_key")
    for _ in range(3):
        repo.here("test", "spot", code=5)
    sandbox.clear_faults()


def an_invalid_file(repo, sandbox):
    repo.file("broken").write_text("name: broken\n")


def an_invalid_setting(repo, sandbox):
    (repo.path / "reconcile.yaml").write_text("nonsense: 1\n")


def a_token(repo, sandbox):
    token = f'{{name: taken, principal: admin, hash: "sha256:{"0" * 64}"}}'
    (repo.path / "reconcile.yaml").write_text(f"http: {{tokens: [{token}]}}\n")


CHANNELS = """
alerts:
  channels:
    ops: {kind: webhook, url_env: ALERTS_URL, secret_env: ALERTS_KEY}
"""


@cache
def listening():
    """Start a receiver that lives as long as the tests do."""
    keeper = receiver()
    return keeper, keeper.__enter__()


def a_channel(repo, sandbox):
    with (repo.path / "reconcile.yaml").open("a") as settings:
        settings.write(CHANNELS)
    _, taken = listening()
    url = f"http://127.0.0.1:{taken.port}/"
    repo.monkeypatch.setenv("ALERTS_URL", url)
    repo.monkeypatch.setenv("ALERTS_KEY", "sixteen bytes and more")


def a_channel_without_its_key(repo, sandbox):
    a_channel(repo, sandbox)
    repo.monkeypatch.delenv("ALERTS_KEY")


def a_damaged_memory_of_alerts(repo, sandbox):
    (repo.path / ".reconcile").mkdir(exist_ok=True)
    (repo.path / ".reconcile/alerts.json").write_text("{rubbish")


def a_policy(repo, sandbox):
    (repo.path / "policy.yaml").write_text("version: 1\nadmins: [anna]\n")


def a_suspension(repo, sandbox):
    repo.here("suspend", "spot", "--reason", "incident 7")


def a_suspension_and_a_failing_provider(repo, sandbox):
    a_suspension(repo, sandbox)
    a_failing_provider(repo, sandbox)


def a_lost_file(repo, sandbox):
    repo.file("spot").unlink()


def no_folder(repo, sandbox):
    (repo.path / "connections.d").rename(repo.path / "elsewhere")


def no_key(repo, sandbox):
    repo.monkeypatch.setenv("XDG_CONFIG_HOME", str(repo.path / "no-keys"))


def a_change_and_no_key(repo, sandbox):
    a_change(repo, sandbox)
    no_key(repo, sandbox)


def a_damaged_store(repo, sandbox):
    (repo.path / ".reconcile/state.json").write_text("rubbish")


def no_report(repo, sandbox):
    (repo.path / ".reconcile/report.json").unlink()


def no_yaml(repo, sandbox):
    repo.file("spot").write_text("a: [\n")


def crooked_layout(repo, sandbox):
    text = repo.file("spot").read_text()
    repo.file("spot").write_text(
        text.replace("provider: binance", "provider: binance   ")
    )


def other_recipients(repo, sandbox):
    repo.here("keygen", "-o", "other.agekey")
    line = (repo.path / "other.agekey").read_text().splitlines()
    public = next(one for one in line if "public key" in one).rpartition(" ")[2]
    rules = repo.read(".sops.yaml")
    (repo.path / ".sops.yaml").write_text(rules + f"      - {public}\n")


def other_recipients_and_no_key(repo, sandbox):
    other_recipients(repo, sandbox)
    no_key(repo, sandbox)


def plain_text(repo, sandbox):
    repo.file("plain").write_text(
        "type: ccxt_crypto\nprovider: binance\n"
        "credentials: {api_key: plain, api_secret: plain}\n"
        "settings: {symbols: [BTC/USDT], timeframes: [1h]}\n"
    )


def a_backup(repo, sandbox):
    repo.here("state", "backup", "-o", "backup.json")


def an_editor(repo, sandbox):
    repo.monkeypatch.setenv("EDITOR", "true")


def an_editor_and_no_key(repo, sandbox):
    an_editor(repo, sandbox)
    no_key(repo, sandbox)


def a_slow_editor(repo, sandbox):
    script = repo.path.parent / "slow.py"
    mark = repo.path.parent / "editing"
    script.write_text(
        f"import time, pathlib\npathlib.Path({str(mark)!r}).touch()\ntime.sleep(60)\n"
    )
    repo.env["EDITOR"] = f"{sys.executable} {script}"


def a_silent_provider(repo, sandbox):
    a_change(repo, sandbox)
    sandbox.set_fault("binance", "timeout")


def plain_json(repo, sandbox):
    (repo.path / "body.json").write_text(json.dumps(BODY))


def a_freqtrade(repo, sandbox):
    (repo.path / "freqtrade.json").write_text(json.dumps(FREQTRADE))


def a_hummingbot(repo, sandbox):
    values = {"api_key": "the-key", "api_secret": "the-secret"}
    (repo.path / "mexc.yml").write_text(connector("mexc", None, **values))


def a_dump(repo, sandbox):
    row = panel_row(1, "main", sealed(BODY["credentials"]))
    (repo.path / "dump.sql").write_text(mysqldump([row]))
    repo.monkeypatch.setenv("APP_KEY", APP_KEY)


def a_dump_without_its_key(repo, sandbox):
    a_dump(repo, sandbox)
    repo.monkeypatch.delenv("APP_KEY")


def a_clone(repo, sandbox):
    git(repo, "init", "-q", "-b", "main")
    commit(repo)


def three_versions(repo, sandbox):
    text = repo.read("connections.d/spot.yaml")
    for name in ("base", "ours", "theirs"):
        (repo.path / f"{name}.yaml").write_text(text)


def a_conflict(repo, sandbox):
    three_versions(repo, sandbox)
    for name, number in (("ours", "4h"), ("theirs", "1d")):
        path = repo.path / f"{name}.yaml"
        path.write_text(path.read_text().replace("[1h]", f"[{number}]"))


def no_sandbox(repo, sandbox):
    repo.monkeypatch.delenv("RECONCILE_SANDBOX")


def held_lock(repo):
    """Hold the lock of the repository's store while the block runs."""
    store = open_store(
        "tinydb:.reconcile/state.json", base=repo.path, now=lambda: datetime.now(UTC)
    )
    return store.lock(operation="a test", who="somebody")


def free_lock(repo):
    return nullcontext()
