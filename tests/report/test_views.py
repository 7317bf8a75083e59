"""The small views: tests, providers, store and lock."""

import json
from dataclasses import replace

from reconciler.core.diagnosis import Category, diagnose
from reconciler.core.verdict import Probe, ProbeName, ProbeStatus
from reconciler.report.providers import providers_human, providers_json
from reconciler.report.state import info_human, info_json, lock_human, lock_json
from reconciler.report.verdicts import FEW, verdicts_human, verdicts_json
from tests.report.report_samples import INFOS, LOCK, NOW, OUTCOMES, STORE

VERDICTS = """\
binance-main: passed in 1.2 ms
  ok  dns    passed   1.2 ms
  --  clock  skipped          no server time

okx-spot: failed in 41 ms, from laptop
  ok  dns    passed   1.2 ms
  --  clock  skipped          no server time
  !!  auth   failed   40 ms
  warning: clock 2 s off
  invalid_credentials: the provider rejects the key or its secret
  evidence: code=-2015, http_status=401
  fix: copy key and secret from the provider again and seal them
  waiting does not help: the next test comes with a new revision, or '--retry'

zz: not tested (skipped): stopped before its turn

Test: 1 passed, 1 failed, 1 not tested.
"""
PROVEN = Probe(
    name=ProbeName.AUTH,
    status=ProbeStatus.PASSED,
    latency_ms=12.0,
    detail="a signed read was answered",
)
PROVIDERS = """\
ccxt_crypto:
  ID       NAME     CREDENTIALS          ENVIRONMENTS  TIMEFRAMES
  binance  Binance  api_key, api_secret  live          any
  okx      OKX      none                 live          1m, 1h

custom_api:
  any provider name

2 known providers of 2 types.
"""


def test_a_test_shows_its_ladder():
    assert verdicts_human(OUTCOMES, now=NOW) == VERDICTS
    assert json.loads(verdicts_json(OUTCOMES))["failed"] == 1


def test_a_test_that_only_a_backup_passed_says_so_in_its_headline():
    whole = next(one for one in OUTCOMES if one.verdict and one.verdict.passed)
    verdict = replace(whole.verdict, degraded="only the backup b.example works")

    text = verdicts_human([replace(whole, verdict=verdict)], now=NOW)

    headline = text.splitlines()[0]
    assert "passed, degraded (only the backup b.example works)" in headline


def test_a_test_says_until_when_the_provider_wants_to_be_left_alone():
    failed = next(one for one in OUTCOMES if one.verdict and not one.verdict.passed)
    banned = diagnose(Category.IP_BANNED, retry_after_s=600)
    probe = Probe(name=ProbeName.PUBLIC, status=ProbeStatus.FAILED, diagnosis=banned)
    verdict = replace(failed.verdict, probes=(probe,), at=NOW)

    text = verdicts_human([replace(failed, verdict=verdict)], now=NOW)

    assert (
        "waiting may help; the provider answers again in 10 minutes"
        " (2026-11-23 10:10:00Z)" in text
    )


def test_of_many_tests_only_those_that_say_something_show_their_ladders():
    passed = next(one for one in OUTCOMES if one.verdict and one.verdict.passed)
    whole = replace(passed.verdict, warnings=(), degraded="", probes=(PROVEN,))
    good = [replace(passed, name=f"good-{n}", verdict=whole) for n in range(FEW)]
    warned = replace(whole, warnings=("the key ends soon",))
    doubtful = replace(whole, probes=(replace(PROVEN, status=ProbeStatus.UNPROVEN),))
    telling = [
        replace(passed, name="warned", verdict=warned),
        replace(passed, name="doubtful", verdict=doubtful),
        *(one for one in OUTCOMES if one is not passed),
    ]

    short = verdicts_human([*good, *telling], now=NOW)
    full = verdicts_human([*good, *telling], now=NOW, verbose=True)

    assert short.splitlines()[: FEW + 2] == [
        *(f"good-{n}: passed in 12 ms" for n in range(FEW)),
        "",
        "-v shows the steps of these, too.",
    ]
    ladders = verdicts_human(telling, now=NOW).splitlines()
    assert short.splitlines()[FEW + 3 : -1] == ladders[:-1]
    assert short.splitlines()[-1] == full.splitlines()[-1]
    assert full.count("a signed read") == FEW + 2
    assert "-v shows" not in full


def test_providers_are_a_table_per_type():
    assert providers_human(INFOS) == PROVIDERS
    assert json.loads(providers_json(INFOS))["types"][1]["providers"] == []


def test_the_store_is_shown_without_its_login():
    assert "hunter2" not in info_human(STORE) + info_json(STORE, LOCK)
    assert info_human(STORE).startswith("store     postgres://***@db/main\n")


def test_a_lock_says_who_holds_it_and_how_to_break_it():
    shown = lock_human(LOCK, now=NOW)

    assert "expires      2026-11-23 10:01:00Z (in 1 minute)\n" in shown
    assert "reconcile state unlock k1" in shown
    assert lock_human(None, now=NOW) == "The lock is free.\n"
    assert json.loads(lock_json(None))["lock"] is None
