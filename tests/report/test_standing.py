"""What stands over time, and why nobody tests a connection, in words."""

from dataclasses import replace
from datetime import timedelta

import pytest

from reconciler.core.diagnosis import Category, diagnose
from reconciler.core.health import Health
from reconciler.core.record import Record, Status, Unable
from reconciler.core.statistics import Latency, Uptime
from reconciler.core.usage import used
from reconciler.core.verdict import Certificate
from reconciler.report.connections import show_human, status_human
from reconciler.report.standing import percent, uptime_words
from tests.report.report_samples import NOW, a_row

HOUR = timedelta(hours=1)
RECORD = Record(
    name="binance-main",
    type="ccxt_crypto",
    provider="binance",
    owner="admin",
    managed_by="desk",
    status=Status.ACTIVE,
    created_at=NOW,
    updated_at=NOW,
)
CUT = Unable(since=NOW - HOUR, diagnosis=diagnose(Category.OWN_NETWORK))


@pytest.mark.parametrize(("share", "words"), [
    (1.0, "100 %"), (0.99999, "99.99 %"), (0.9987, "99.87 %"), (0.5, "50 %"),
    (0.0, "0 %"),
])  # fmt: skip
def test_what_is_not_whole_never_reads_as_whole(share, words):
    assert percent(share) == words


def test_only_what_is_known_of_the_uptime_is_told():
    assert uptime_words(Uptime(day=1.0, month=0.5)) == "100 % in 24 h, 50 % in 30 d"
    assert uptime_words(Uptime()) == ""


def test_status_says_why_nobody_tests_it_and_until_when():
    later = replace(CUT, until=NOW + HOUR)
    row = a_row(health=Health.UNKNOWN, unable=later)

    text = status_human([row], now=NOW)

    assert "not tested since 1 hour ago, again 2026-11-23" in text
    assert "own_network: this machine has no network" in text
    assert "fix: look at this machine" in text


def test_status_tells_of_warnings_of_what_is_healthy():
    row = a_row(warnings=("unusual use: used from a new place: eve@laptop",))

    assert "eve@laptop" in status_human([row], now=NOW)


def test_show_tells_how_it_stands_over_time():
    row = a_row(
        uptime=Uptime(day=0.9987, week=1.0, month=1.0),
        latency=Latency(p50_ms=41, p95_ms=80, p99_ms=95, tests=100),
        failures=2,
        failing_since=NOW - HOUR,
        certificate=Certificate(host="api.binance.com", ends_at=NOW + 24 * HOUR),
        key_ends_at=NOW + 48 * HOUR,
    )

    text = show_human(RECORD, row, now=NOW)

    assert "99.87 % in 24 h, 100 % in 7 d, 100 % in 30 d" in text
    assert "p50 41 ms, p95 80 ms, p99 95 ms over 100 passing tests" in text
    assert "2 failures in a row since" in text
    assert "api.binance.com, ends 2026-11-24" in text


def test_show_tells_who_uses_it():
    usage = used(used(None, at=NOW, who="bot@server"), at=NOW, who="alice@laptop")

    text = show_human(replace(RECORD, usage=usage), a_row(), now=NOW)

    assert "2 times" in text
    assert text.index("alice@laptop") < text.index("bot@server")
