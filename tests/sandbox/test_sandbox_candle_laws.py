"""Laws that invented market data obeys at any instant."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from reconciler.sandbox.candles import INSTRUMENTS, Market, bar_index, bar_open_ms

instants = st.integers(1_600_000_000, 2_000_000_000)
symbols = st.sampled_from(sorted(INSTRUMENTS))
timeframes = st.sampled_from(["1m", "15m", "1h", "4h", "1d", "3d", "1w", "1M", "3M"])


@given(at_s=instants, timeframe=timeframes)
def test_an_instant_lies_in_its_bar(at_s, timeframe):
    index = bar_index(at_s * 1000, timeframe)

    assert bar_open_ms(index, timeframe) <= at_s * 1000
    assert at_s * 1000 < bar_open_ms(index + 1, timeframe)


@given(at_s=instants, symbol=symbols, timeframe=timeframes)
def test_bars_ascend_join_and_hold_their_extremes(at_s, symbol, timeframe):
    bars = Market(now_s=at_s).candles(symbol, timeframe, limit=12)

    assert len(bars) == 12
    assert all(a.close_ms + 1 == b.open_ms for a, b in pairwise(bars))
    assert all(a.close == b.open for a, b in pairwise(bars))
    assert [bar.closed for bar in bars] == [True] * 11 + [False]
    for bar in bars:
        low, high = float(bar.low), float(bar.high)
        assert 0 < low <= min(float(bar.open), float(bar.close))
        assert max(float(bar.open), float(bar.close)) <= high


@given(at_s=instants, symbol=symbols)
def test_timeframes_agree_where_they_meet(at_s, symbol):
    market = Market(now_s=at_s)
    hour = market.candles(symbol, "1h", limit=2)[0]

    minutes = market.candles(
        symbol, "1m", limit=60, since_ms=hour.open_ms, until_ms=hour.close_ms
    )

    assert (minutes[0].open, minutes[-1].close) == (hour.open, hour.close)


@given(at_s=instants, symbol=symbols)
def test_the_same_instant_gives_the_same_bars(at_s, symbol):
    again = Market(now_s=at_s).candles(symbol, "5m", limit=5)

    assert Market(now_s=at_s).candles(symbol, "5m", limit=5) == again


@given(at_s=instants, symbol=symbols)
def test_a_range_is_inclusive_and_keeps_the_wanted_end(at_s, symbol):
    market = Market(now_s=at_s)
    bars = market.candles(symbol, "1h", limit=50)
    bounds = {"since_ms": bars[10].open_ms, "until_ms": bars[30].open_ms}

    oldest = market.candles(symbol, "1h", limit=5, oldest_first=True, **bounds)
    newest = market.candles(symbol, "1h", limit=5, **bounds)

    assert oldest == bars[10:15]
    assert newest == bars[26:31]


@given(at_s=instants, symbol=symbols)
def test_a_ticker_lies_within_its_day(at_s, symbol):
    day = Market(now_s=at_s).ticker(symbol)

    assert float(day.low) <= float(day.bid) < float(day.last)
    assert float(day.last) < float(day.ask) <= float(day.high)
