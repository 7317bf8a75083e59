from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reconciler.core.market import Candle
from reconciler.report.html.charts import HEIGHT, WIDTH, candle_chart, spark
from tests.report.report_samples import SAMPLE, START_MS, a_candle

NUMBER = st.decimals(allow_nan=True, allow_infinity=True) | st.floats().map(Decimal)


def chart_of(candles, timeframe="1h"):
    return candle_chart(candles, symbol="BTC/USDT", timeframe=timeframe)


def test_a_chart_says_in_words_what_it_shows():
    assert chart_of(SAMPLE.candles).label == (
        "3 candles of BTC/USDT 1h, 2026-11-23 09:00:00Z to 2026-11-23 13:00:00Z: "
        "lowest 99.50, highest 101.50, last 100.50"
    )


def test_missing_bars_are_marked_where_they_are_missing():
    whole, holed = [a_candle(0), a_candle(1)], [a_candle(0), a_candle(1), a_candle(4)]

    assert chart_of(whole).gaps == ()
    (gap,) = chart_of(holed).gaps
    assert WIDTH / 2 < gap < WIDTH


def test_months_are_never_taken_for_gaps():
    assert chart_of([a_candle(0), a_candle(24 * 60)], "1M").gaps == ()


def test_candles_that_rose_and_that_fell_are_drawn_apart():
    price = Decimal(100)
    fell = Candle(START_MS, price, price, price - 2, price - 2, Decimal(1))

    assert (chart_of([fell]).rise, bool(chart_of([fell]).fall)) == ("", True)
    assert (bool(chart_of([a_candle(0)]).rise), chart_of([a_candle(0)]).fall) == (
        True,
        "",
    )


def test_a_chart_draws_the_newest_of_many():
    chart = chart_of([a_candle(hour) for hour in range(1000)])

    assert "300 candles" in chart.label


def test_nothing_to_draw_is_no_chart():
    assert chart_of([]) is None
    assert spark([]) is None
    assert spark([41.0]) is None


@settings(suppress_health_check=[HealthCheck.too_slow])  # a busy machine
@given(st.lists(st.tuples(*[NUMBER] * 5), max_size=5))
def test_whatever_a_provider_says_stays_inside_the_chart(rows):
    candles = [Candle(START_MS + i, *row) for i, row in enumerate(rows)]

    chart = chart_of(candles)

    assert chart is None or "nan" not in chart.rise + chart.fall + chart.volume
    assert chart is None or "inf" not in chart.rise + chart.fall + chart.volume


def test_a_close_far_outside_of_low_and_high_lies_on_the_frame():
    none = Decimal(0)
    far, near = (Decimal(f"7.5e{power}") for power in (307, 299))

    assert chart_of([Candle(START_MS, none, none, none, far, none)]) is None
    drawn = chart_of([Candle(START_MS, none, none, none, near, none)])
    assert "inf" not in drawn.rise


def test_a_chart_fits_its_frame():
    chart = chart_of([a_candle(hour) for hour in range(50)])

    assert all(0 <= line.at <= HEIGHT for line in chart.prices)
    assert all(0 <= line.at <= WIDTH for line in chart.times)


@pytest.mark.parametrize(
    ("price", "text"), [("0.00001234", "0.00001234"), ("97000.10", "97000.10")]
)
def test_prices_stand_beside_the_grid_as_exactly_as_they_came(price, text):
    one = Decimal(price)

    chart = chart_of([Candle(START_MS, one, one, one, one, Decimal(0))])

    assert chart.prices[0].text == text


@given(st.lists(st.floats(min_value=0, max_value=1e9), min_size=2, max_size=200))
def test_latencies_rise_to_the_top_and_no_further(latencies):
    points = spark(latencies).path.removeprefix("M").split("L")

    heights = [float(point.split()[1]) for point in points]
    assert len(points) == min(len(latencies), 40)
    assert all(0 <= height <= 24 for height in heights)


def test_a_line_of_latencies_says_what_it_shows():
    label = spark([41.0, 80.0, 1300.0]).label

    assert label == "latency of the last 3 passed tests: 41 ms to 1.3 s"
