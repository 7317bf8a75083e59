"""A plan, a cache or a store that somebody else wrote is never taken at its word."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

WRONG = {
    "null": "null",
    "a list": "[]",
    "empty": "{}",
    "deep": "[" * 50_000,
    "a long number": "9" * 6_000,
    "NUL": "\x00",
    "a version only": '{"format_version": "1.0"}',
    "another version": '{"format_version": "9.0", "digest": "x"}',
}


@pytest.mark.parametrize("kind", WRONG)
def test_what_is_no_plan_is_refused(binance, kind):
    Path("plan.json").write_text(WRONG[kind])

    done = binance.here("apply", "plan.json", code=1)

    assert "this is a bug" not in done.err
    assert not Path(".reconcile/state.json").exists()


def test_only_the_digest_of_a_saved_plan_counts(applied):
    applied.file("spot").unlink()
    applied.here("plan", "--allow-empty", "--prune", "--out", "plan.json", code=None)
    applied.new("feed")
    plan = json.loads(Path("plan.json").read_text())

    for forged in (plan, {**plan, "changes": []}, {**plan, "refusals": []}):
        Path("plan.json").write_text(json.dumps(forged))
        done = applied.here("apply", "plan.json", code=4)
        assert "stale" in done.out + done.err or "changed" in done.out + done.err

    names = [
        c["name"] for c in applied.here("list", "--format", "json").json["connections"]
    ]
    assert "spot" in names


def test_a_planted_cache_makes_no_bad_file_good(applied):
    cache = Path(".reconcile/cache/documents.json")
    content = json.loads(cache.read_text())
    [(file, row)] = content["files"].items()
    text = Path(file).read_text()
    bad = text.replace("type: ccxt_crypto", "type: nonsense")
    Path(file).write_text(bad)
    row[0] = hashlib.sha256(bad.encode()).hexdigest()
    row[1][1] = "0" * 64
    cache.write_text(json.dumps(content))

    done = applied.here("apply", code=None)

    assert done.code != 0
    shown = applied.here("show", "spot", "--format", "json").json
    assert "nonsense" not in json.dumps(shown)
