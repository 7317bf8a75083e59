import json

import pytest

from reconciler.core.health import Intent, Sync
from reconciler.report.connections import (
    history_human,
    history_json,
    list_human,
    rows_json,
    show_human,
    show_json,
    status_human,
)
from tests.report.report_samples import (
    ACTIONS,
    CREATED,
    NOW,
    RECORD,
    REJECTED,
    ROWS,
    TIMED_OUT,
    a_row,
)

LIST = """\
NAME      TYPE         PROVIDER  OWNER  INTENT  SYNC      HEALTH   TESTED         \
LATENCY
kraken    ccxt_crypto  kraken    admin  active  in-sync   error    3 minutes ago  \
41 ms
okx-spot  ccxt_crypto  okx       admin  active  rejected  healthy  3 minutes ago  \
41 ms
"""
STATUS = """\
kraken  error  in-sync  tested 3 minutes ago
    timeout: no answer in time: 20 s
    fix: test again; raise config.timeout if the provider is just slow
    waiting may help; next test in 14 minutes (2026-11-23 10:14:00Z)

2 connections: 1 healthy, 1 error.
"""
HISTORY = """\
AT                    NAME      ACTION  RESULT    REVISION      COMMIT  LATENCY  \
WHO       DETAIL
2026-11-23 10:00:00Z  okx-spot  update  rejected  fedcba987654  -       1.2 s    \
ann@host  invalid_credentials
"""


def test_a_list_is_a_table():
    assert list_human((TIMED_OUT, REJECTED), now=NOW) == LIST
    assert list_human((), now=NOW) == "No connections.\n"
    assert "REVISION      COMMIT" in list_human(ROWS, now=NOW, verbose=True)


def test_the_status_tells_of_the_unwell_and_counts_the_rest():
    assert status_human((CREATED, TIMED_OUT), now=NOW) == STATUS


def test_the_status_counts_revisions_that_were_refused():
    shown = status_human((REJECTED,), now=NOW)

    assert "the last good revision 0123456789ab keeps running" in shown
    assert shown.endswith("1 connection: 1 healthy; 1 rejected.\n")


def test_showing_one_connection_tells_everything_but_the_document():
    shown = show_human(RECORD, REJECTED, ("api_key",), now=NOW)
    said = (
        "  credentials  api_key (sealed)",
        "  attempted  fedcba987654",
        "  !!  auth   failed   40 ms",
        "  fix: copy key",
        "  created  2026-11-23 08:30:00Z  1 hour ago",
        "price 97000.10",
    )

    assert all(text in shown for text in said)
    assert "ENC[" not in shown


def test_the_json_twins_hold_the_same_and_no_document():
    shown = json.loads(show_json(RECORD, REJECTED))

    assert "text" not in shown["record"]["active"]
    assert shown["connection"]["name"] == shown["record"]["name"] == "okx-spot"
    assert json.loads(rows_json(ROWS))["counts"]["connections"] == 4
    assert json.loads(history_json(ACTIONS))["actions"][0]["who"] == "ann@host"


def test_the_history_is_a_table():
    assert history_human(ACTIONS) == HISTORY
    assert history_human(()) == "No actions.\n"


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"sync": Sync.PENDING}, "'reconcile plan' shows how"),
        ({"sync": Sync.ORPHANED, "intent": Intent.INACTIVE}, "apply --prune' deletes"),
        ({"sync": Sync.ORPHANED}, "until 'reconcile state rm okx' forgets it"),
    ],
)
def test_a_status_says_how_record_and_file_come_together(given, said):
    assert said in status_human([a_row("okx", **given)], now=NOW)
