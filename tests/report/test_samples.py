import json
from dataclasses import replace
from decimal import Decimal

import pytest

from reconciler.core.ports import Sample
from reconciler.report.numbers import decimal, utc_ms
from reconciler.report.samples import sample_csv, sample_human, sample_json
from tests.report.report_samples import SAMPLE

HUMAN = """\
Account:
  currency   USDT
  balance    10
  read only  yes

TIME                    OPEN    HIGH    LOW   CLOSE  VOLUME
2026-11-23 09:00:00Z  100.50  101.50  99.50  100.50    1200
2026-11-23 10:00:00Z  100.50  101.50  99.50  100.50    1200
-- gap: 2 bars missing --
2026-11-23 13:00:00Z  100.50  101.50  99.50  100.50    1200

Ticker BTC/USDT:
  last  100.50
  bid   100.4

3 candles of BTC/USDT 1h, 1 gap, ticker of BTC/USDT, account, in 41 ms.
"""


def test_a_sample_is_a_table_with_its_gaps():
    assert sample_human(SAMPLE, symbol="BTC/USDT", timeframe="1h") == HUMAN


def test_an_empty_sample_says_so():
    assert sample_human(Sample()) == "Nothing came back.\n"
    shown = sample_human(Sample(), symbol="X", timeframe="1h")
    assert shown == "0 candles of X 1h.\n"


def test_what_was_not_asked_for_is_not_counted():
    sample = replace(SAMPLE, candles=(), account=None)
    shown = sample_human(sample, symbol="BTC/USDT")

    assert shown.endswith("\n\nTicker of BTC/USDT, in 41 ms.\n")


def test_symbols_come_one_a_line():
    assert sample_human(Sample(symbols=("A", "B"))) == "A\nB\n\n2 symbols.\n"


def test_the_csv_has_plain_numbers_and_utc_times():
    lines = sample_csv(SAMPLE).split("\n")

    assert lines[0] == "opened_at,open,high,low,close,volume"
    assert lines[1] == "2026-11-23T09:00:00Z,100.50,101.50,99.50,100.50,1200"


def test_the_json_keeps_prices_as_strings():
    data = json.loads(sample_json(SAMPLE, symbol="BTC/USDT", timeframe="1h"))

    assert data["candles"][0]["close"] == "100.50"
    assert (data["symbol"], data["format_version"]) == ("BTC/USDT", "1.0")


@pytest.mark.parametrize(
    ("number", "shown"),
    [
        (Decimal("1E-8"), "0.00000001"),
        (Decimal("1E+999999"), "1E+999999"),
        (Decimal("NaN"), "NaN"),
        (None, "-"),
    ],
)
def test_wild_numbers_stay_short(number, shown):
    assert decimal(number) == shown


def test_times_beyond_the_calendar_stay_numbers():
    assert utc_ms(10**20) == f"{10**20} ms"
    assert utc_ms(None) == "-"
