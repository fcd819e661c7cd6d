"""What backtrail has beyond backtrader's indicators gives what TA-Lib, NumPy or its published definition gives."""

from __future__ import annotations

import datetime as dt
import warnings
from typing import Any

import numpy as np
import pytest
from tests.contract.indicators.over_arrays import values
from tests.contract.indicators.runs import Build, feed, make_bars

import backtrail as bt
from backtrail.errors import DeclarationError, ParameterValueError
from backtrail.indicators import volume

talib = pytest.importorskip("talib")

BARS = make_bars("walk", 400, 7)
OP, H, L, C, V = (BARS[name] for name in ("open", "high", "low", "close", "volume"))
TYPICAL = (H + L + C) / 3.0


def flat(count: int = 60, traded: float = 100.0) -> dict[str, Any]:
    bars = make_bars("walk", count, 1)
    for column in ("open", "high", "low", "close"):
        bars[column] = np.full(count, 7.0)
    bars["volume"] = np.full(count, traded)
    return bars


def one(build: Build, bars: Any = BARS, **how: Any) -> Any:
    return next(iter(values(build, bars, **how).values()))


# name: how it is built, what TA-Lib gives for each line, relative tolerance, from which bar on.
# 0: the same bits. 1e-9: TA-Lib adds to and subtracts from running sums, which drift; ours are correctly rounded.
# The Keltner channel is compared with its parts: TA-Lib's KC begins the average range on a later bar, see below.
AGAINST_TALIB: dict[str, tuple[Build, Any, float, int]] = {
    "VWAP": (lambda i, s: i.VWAP(s.data, restart="never"), lambda: [talib.VWAP(H, L, C, V)], 0.0, 0),
    "AnchoredVWAP": (lambda i, s: i.AnchoredVWAP(s.data), lambda: [talib.VWAP(H, L, C, V)], 0.0, 0),
    "OBV": (lambda i, s: i.OBV(s.data), lambda: [talib.OBV(C, V)], 0.0, 0),
    "MFI": (lambda i, s: i.MFI(s.data, period=14), lambda: [talib.MFI(H, L, C, V, 14)], 1e-9, 0),
    "CMF": (lambda i, s: i.CMF(s.data, period=20), lambda: [talib.CMF(H, L, C, V, 20)], 1e-9, 0),
    "Supertrend": (
        lambda i, s: i.Supertrend(s.data, period=10, multiplier=3.0),
        lambda: [x.astype(float) for x in talib.SUPERTREND(H, L, C, 10, 3.0)],
        1e-12,
        10,
    ),
    "DonchianChannel": (
        lambda i, s: i.DonchianChannel(s.data, period=20),
        lambda: [talib.DONCHIAN(H, L, 20)[k] for k in (1, 0, 2)],
        0.0,
        0,
    ),
    "KeltnerChannel": (
        lambda i, s: i.KeltnerChannel(s.data),
        lambda: [talib.EMA(TYPICAL, 20) + k * talib.ATR(H, L, C, 10) for k in (0.0, 2.0, -2.0)],
        1e-12,
        0,
    ),
    "ZScore": (
        lambda i, s: i.ZScore(s.data, period=20),
        lambda: [(C - talib.SMA(C, 20)) / talib.STDDEV(C, 20)],
        1e-9,
        0,
    ),
    "RollingBeta": (
        lambda i, s: i.RollingBeta(s.data.close, s.data.open, period=20),
        lambda: [talib.BETA(OP, C, 20)],
        1e-9,
        0,
    ),
    "RollingCorrelation": (
        lambda i, s: i.RollingCorrelation(s.data.close, s.data.open, period=20),
        lambda: [talib.CORREL(C, OP, 20)],
        1e-9,
        0,
    ),
    "HullBands": (
        lambda i, s: i.HullBands(s.data, period=16),
        lambda: [
            talib.HMA(C, 16),
            talib.HMA(C, 16) + 2.0 * talib.STDDEV(C, 16),
            talib.HMA(C, 16) - 2.0 * talib.STDDEV(C, 16),
        ],
        1e-9,
        0,
    ),
    "HeikinAshi": (lambda i, s: i.HeikinAshi(s.data), lambda: [*talib.HA(OP, H, L, C)], 1e-12, 1),
}


@pytest.mark.parametrize("runonce", [True, False], ids=["vectorised", "bar by bar"])
@pytest.mark.parametrize("name", AGAINST_TALIB)
def test_values_are_those_of_talib(name: str, runonce: bool) -> None:
    build, theirs, tolerance, since = AGAINST_TALIB[name]
    ours = values(build, BARS, runonce=runonce)
    for (line, found), wanted in zip(ours.items(), theirs(), strict=True):
        if since == 0:
            assert np.isnan(found).tolist() == np.isnan(wanted).tolist(), line
        np.testing.assert_allclose(found[since:], wanted[since:], rtol=tolerance, atol=tolerance, err_msg=line)


def test_choppiness_is_the_sum_of_ranges_over_the_whole_range() -> None:
    found = one(lambda i, s: i.CHOP(s.data, period=14))
    ranges = np.maximum(H[1:], C[:-1]) - np.minimum(L[1:], C[:-1])
    for k in range(14, len(C)):
        span = H[k - 13 : k + 1].max() - L[k - 13 : k + 1].min()
        wanted = 100.0 * np.log10(ranges[k - 14 : k].sum() / span) / np.log10(14)
        assert found[k] == pytest.approx(wanted, rel=1e-12)
    assert np.isnan(found[:14]).all()


def test_choppiness_of_the_published_extremes() -> None:
    # E. W. Dreiss: a market that only trends has ranges that add up to the whole range, and an index of 0
    bars = make_bars("walk", 40, 1)
    steps = np.arange(40.0) + 100.0
    bars.update(open=steps, high=steps + 1.0, low=steps.copy(), close=steps + 1.0)
    assert one(lambda i, s: i.CHOP(s.data, period=14), bars)[-1] == pytest.approx(0.0, abs=1e-12)


def test_money_flow_of_the_published_example() -> None:
    # Quong and Soudack's index is 100 - 100 / (1 + money ratio): three rises of flow 10, 20, 30 and one fall of 20
    bars = make_bars("walk", 5, 1)
    price = np.array([1.0, 2.0, 4.0, 5.0, 4.0])
    bars.update(open=price, high=price, low=price, close=price, volume=np.array([9.0, 5.0, 5.0, 6.0, 5.0]))
    assert one(lambda i, s: i.MFI(s.data, period=4), bars)[-1] == pytest.approx(100.0 - 100.0 / (1.0 + 60.0 / 20.0))


def test_keltner_of_talib_differs_in_the_bar_on_which_the_average_range_begins() -> None:
    # TA-Lib leaves out the first 20 - 1 - 10 bars, so that the range has its first value together with the average
    upper, middle, lower = talib.KC(H, L, C, 20, 10, 2.0)
    ours = values(lambda i, s: i.KeltnerChannel(s.data), BARS)
    np.testing.assert_allclose(ours["mid"], middle, rtol=1e-12)
    later = {name: column[9:] for name, column in BARS.items()}
    ranges = one(lambda i, s: i.ATR(s.data, period=10), later)
    np.testing.assert_allclose(ranges[10:], ((upper - lower) / 4.0)[19:], rtol=1e-12)


def test_keltner_is_an_average_and_average_ranges() -> None:
    bands = values(lambda i, s: i.KeltnerChannel(s.data, period=9, devfactor=1.5, atrperiod=5), BARS)
    atr = talib.ATR(H, L, C, 5)
    np.testing.assert_allclose(bands["mid"][8:], talib.EMA(TYPICAL, 9)[8:], rtol=1e-12)
    np.testing.assert_allclose((bands["top"] - bands["mid"])[8:], 1.5 * atr[8:], rtol=1e-9)
    np.testing.assert_allclose((bands["mid"] - bands["bot"])[8:], 1.5 * atr[8:], rtol=1e-9)


def test_a_channel_can_leave_out_the_current_bar() -> None:
    whole = values(lambda i, s: i.DonchianChannel(s.data, period=5), BARS)
    before = values(lambda i, s: i.DonchianChannel(s.data, period=5, ago=1), BARS)
    for name in ("mid", "top", "bot"):
        assert before[name][5:].tolist() == whole[name][4:-1].tolist()
    assert (before["top"][5:] < C[5:]).any()


def hourly(days: int, zone_hours: int = 0) -> dict[str, Any]:
    bars = make_bars("walk", days * 24, 3)
    bars["datetime"] = 738_000.0 + zone_hours / 24.0 + np.arange(days * 24) / 24.0
    return bars


def restarted(bars: dict[str, Any], keys: Any) -> list[float]:
    typical = (bars["high"] + bars["low"] + bars["close"]) / 3.0
    wanted = []
    for k, key in enumerate(keys):
        since = next(i for i, other in enumerate(keys) if other == key)
        weights = bars["volume"][since : k + 1]
        total = weights.sum()
        wanted.append((typical[since : k + 1] * weights).sum() / total if total else typical[k])
    return wanted


def local(number: float, zone: Any = None) -> dt.datetime:
    moment = dt.datetime.fromordinal(int(number)) + dt.timedelta(seconds=round((number % 1) * 86_400))
    if zone is None:
        return moment
    return moment.replace(tzinfo=dt.UTC).astimezone(zone).replace(tzinfo=None)


@pytest.mark.parametrize("runonce", [True, False], ids=["vectorised", "bar by bar"])
@pytest.mark.parametrize(
    ("restart", "key"),
    [
        ("session", lambda m: m.date()),
        ("week", lambda m: m.isocalendar()[:2]),
        ("month", lambda m: (m.year, m.month)),
        ("quarter", lambda m: (m.year, (m.month - 1) // 3)),
        ("year", lambda m: m.year),
    ],
)
def test_a_weighted_price_restarts_with_the_period(restart: str, key: Any, runonce: bool) -> None:
    bars = make_bars("walk", 300, 2) if restart in ("quarter", "year") else hourly(16)
    if restart in ("quarter", "year"):
        bars["datetime"] = 738_000.0 + 2.0 * np.arange(300)
    found = one(lambda i, s: i.VWAP(s.data, restart=restart), bars, runonce=runonce)
    keys = [key(local(number)) for number in bars["datetime"].tolist()]
    assert len(set(keys)) > 1
    np.testing.assert_allclose(found, restarted(bars, keys), rtol=1e-12)


def test_sessions_are_days_of_the_feeds_zone() -> None:
    from zoneinfo import ZoneInfo

    zone = ZoneInfo("America/New_York")
    bars = hourly(300)  # both changes of the clocks are among them
    numbers = volume.session_numbers(bars["datetime"], zone, dt.time.min, dt.time.max, "session")
    days = [local(number, zone).toordinal() for number in bars["datetime"].tolist()]
    assert numbers.tolist() == days
    singles = [
        volume.session_numbers(bars["datetime"][k : k + 1], zone, dt.time.min, dt.time.max, "session")[0]
        for k in range(0, len(days), 7)
    ]
    assert singles == days[::7]


def test_a_session_over_midnight_belongs_to_the_day_on_which_it_ends() -> None:
    bars = hourly(5)
    opens, closes = dt.time(18), dt.time(17)
    found = one(lambda i, s: i.VWAP(s.data), bars, sessionstart=opens, sessionend=closes)
    keys = [(local(number) + dt.timedelta(hours=6)).date() for number in bars["datetime"].tolist()]
    np.testing.assert_allclose(found, restarted(bars, keys), rtol=1e-12)


@pytest.mark.parametrize("runonce", [True, False], ids=["vectorised", "bar by bar"])
@pytest.mark.parametrize("moment", [dt.date(2021, 8, 1), dt.datetime(2021, 8, 1, 5)])
def test_an_anchor_may_be_a_moment(moment: dt.date, runonce: bool) -> None:
    bars = hourly(9)
    start = dt.datetime.combine(moment, dt.time.min) if type(moment) is dt.date else moment
    found = one(lambda i, s: i.AnchoredVWAP(s.data, anchor=moment), bars, runonce=runonce)
    keys = [local(number) >= start for number in bars["datetime"].tolist()]
    first = keys.index(True)
    assert first > 0
    assert np.isnan(found[:first]).all()
    np.testing.assert_allclose(found[first:], restarted(bars, keys)[first:], rtol=1e-12)


@pytest.mark.parametrize("runonce", [True, False], ids=["vectorised", "bar by bar"])
def test_an_anchor_may_be_a_line(runonce: bool) -> None:
    found = one(lambda i, s: i.AnchoredVWAP(s.data, s.data.volume > 950.0), runonce=runonce)
    marks = np.cumsum(V > 950.0)
    first = int(np.flatnonzero(marks)[0])
    assert np.isnan(found[:first]).all()
    np.testing.assert_allclose(found[first:], restarted(BARS, marks)[first:], rtol=1e-12)


def test_bars_without_volume_have_defined_values() -> None:
    bars = make_bars("walk", 60, 4)
    bars["volume"] = np.zeros(60)
    typical = (bars["high"] + bars["low"] + bars["close"]) / 3.0
    assert one(lambda i, s: i.VWAP(s.data, restart="never"), bars).tolist() == typical.tolist()
    assert one(lambda i, s: i.OBV(s.data), bars).tolist() == [0.0] * 60
    assert one(lambda i, s: i.MFI(s.data), bars)[14:].tolist() == [50.0] * 46
    assert one(lambda i, s: i.CMF(s.data), bars)[19:].tolist() == [0.0] * 41


def test_flat_prices_have_defined_values() -> None:
    bars = flat()
    assert one(lambda i, s: i.MFI(s.data), bars)[14:].tolist() == [50.0] * 46
    assert one(lambda i, s: i.CMF(s.data), bars)[19:].tolist() == [0.0] * 41
    assert one(lambda i, s: i.CHOP(s.data), bars)[14:].tolist() == [100.0] * 46
    assert one(lambda i, s: i.ZScore(s.data), bars)[19:].tolist() == [0.0] * 41
    assert np.isnan(one(lambda i, s: i.RollingBeta(s.data.close, s.data.open, period=5), bars)).all()
    assert np.isnan(one(lambda i, s: i.RollingCorrelation(s.data.close, s.data.open), bars)).all()
    assert one(lambda i, s: i.Supertrend(s.data), bars)[10:].tolist() == [7.0] * 50
    assert one(lambda i, s: i.OBV(s.data), bars).tolist() == [100.0] * 60


ADDED: dict[str, Build] = {
    "VWAP": lambda i, s: i.VWAP(s.data),
    "AnchoredVWAP": lambda i, s: i.AnchoredVWAP(s.data),
    "OBV": lambda i, s: i.OBV(s.data),
    "MFI": lambda i, s: i.MFI(s.data),
    "CMF": lambda i, s: i.CMF(s.data),
    "Supertrend": lambda i, s: i.Supertrend(s.data),
    "DonchianChannel": lambda i, s: i.DonchianChannel(s.data),
    "KeltnerChannel": lambda i, s: i.KeltnerChannel(s.data),
    "HullBands": lambda i, s: i.HullBands(s.data),
    "ChoppinessIndex": lambda i, s: i.ChoppinessIndex(s.data),
    "ZScore": lambda i, s: i.ZScore(s.data),
    "RollingBeta": lambda i, s: i.RollingBeta(s.data.close, s.data.open),
    "RollingCorrelation": lambda i, s: i.RollingCorrelation(s.data.close, s.data.open),
}


@pytest.mark.parametrize("runonce", [True, False], ids=["vectorised", "bar by bar"])
@pytest.mark.parametrize("name", ADDED)
def test_short_and_missing_prices_give_nan(name: str, runonce: bool) -> None:
    short = make_bars("walk", 1, 1)
    for found in values(ADDED[name], short, runonce=runonce).values():
        assert len(found) == 1
    missing = make_bars("walk", 50, 1)
    for column in ("open", "high", "low", "close", "volume"):
        missing[column] = np.full(50, np.nan)
    lines = values(ADDED[name], missing, runonce=runonce)
    lines.pop("direction", None)  # a trend that never turned is up
    assert all(np.isnan(found).all() for found in lines.values())


@pytest.mark.parametrize(
    ("build", "error", "message"),
    [
        (lambda i, s: i.MFI(s.data, period=0), ParameterValueError, "'period' must be >= 1; got 0"),
        (lambda i, s: i.CHOP(s.data, period=1), ParameterValueError, "'period' must be >= 2; got 1"),
        (lambda i, s: i.CHOP(s.data, period=2.5), ParameterValueError, "whole number of bars; got 2.5"),
        (lambda i, s: i.ZScore(s.data, period=5, ddof=5), ParameterValueError, "'ddof' must be less than period"),
        (lambda i, s: i.ZScore(s.data, period=2.5), ParameterValueError, "whole number of bars"),
        (lambda i, s: i.Supertrend(s.data, multiplier=0.0), ParameterValueError, "'multiplier' must be > 0"),
        (lambda i, s: i.VWAP(s.data, restart="daily"), ParameterValueError, "one of"),
        (lambda i, s: i.VWAP(s.data, reset="week"), TypeError, "Did you mean 'restart'"),
        (lambda i, s: i.VWAP(s.data.close), DeclarationError, "pass the feed itself"),
        (lambda i, s: i.AnchoredVWAP(s.data, anchor="2021"), ParameterValueError, "a datetime, a date or None"),
        (
            lambda i, s: i.AnchoredVWAP(s.data, s.data.volume, anchor=dt.date(2021, 1, 1)),
            ParameterValueError,
            "found both",
        ),
        (lambda i, s: i.RollingBeta(s.data.close), AttributeError, "it was given 1 data"),
    ],
)
def test_mistakes_are_explained(build: Build, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        values(build, BARS)


def test_both_datas_may_have_clocks_of_their_own() -> None:
    weekly = make_bars("walk", 80, 9)
    weekly["datetime"] = BARS["datetime"][4::5][:80]
    found: list[Any] = []

    class Two(bt.Strategy):
        def __init__(self) -> None:
            self.beta = bt.indicators.RollingCorrelation(self.data0, self.data1, period=10)

        def stop(self) -> None:
            found.append(np.array(self.beta.array)[:400])

    cerebro = bt.Cerebro(stdstats=False)
    cerebro.adddata(feed(bt, BARS))
    cerebro.adddata(feed(bt, weekly))
    cerebro.addstrategy(Two)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        cerebro.run()
    held = np.repeat(weekly["close"], 5)
    wanted = talib.CORREL(C[100:396].copy(), held[96:392].copy(), 10)
    np.testing.assert_allclose(found[0][150:390], wanted[50:290], rtol=1e-7)


@pytest.mark.parametrize("runonce", [True, False], ids=["vectorised", "bar by bar"])
def test_heikin_ashi_is_the_same_as_filter_and_as_indicator(runonce: bool) -> None:
    found: dict[str, Any] = {}

    class Compares(bt.Strategy):
        def __init__(self) -> None:
            self.bars = bt.indicators.HeikinAshi(self.data1)

        def stop(self) -> None:
            for name in ("open", "high", "low", "close"):
                filtered = np.array(getattr(self.data0, name).array)[:400]
                found[name] = (filtered, np.array(getattr(self.bars, f"ha_{name}").array)[:400])

    cerebro = bt.Cerebro(stdstats=False, runonce=runonce)
    filtered = feed(bt, BARS)
    filtered.addfilter(bt.filters.HeikinAshi)
    cerebro.adddata(filtered)
    cerebro.adddata(feed(bt, BARS))
    cerebro.addstrategy(Compares)
    cerebro.run()
    theirs = dict(zip(("open", "high", "low", "close"), talib.HA(OP, H, L, C), strict=True))
    for name, (as_filter, as_indicator) in found.items():
        assert as_filter[1:].tolist() == as_indicator[1:].tolist(), name
        np.testing.assert_allclose(as_filter, theirs[name], rtol=1e-12)
