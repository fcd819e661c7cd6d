"""Filters change and make the bars that backtrader's do, where those are right."""

from __future__ import annotations

import random
from datetime import datetime, time, timedelta
from typing import Any

import backtrader
import pandas as pd
import pytest

import backtrail

from .bars import DAYS, MINUTES, Row, delivered, rows_at

pytestmark = pytest.mark.contract


def minute_rows(chance: random.Random) -> list[Row]:
    moment = datetime(2020, 1, 2, 8, chance.randint(0, 59))
    times = []
    for _ in range(chance.randint(1, 60)):
        times.append(moment)
        moment += timedelta(minutes=chance.choice([1, 1, 1, 2, 3, 10]))
        if chance.random() < 0.1:
            next_day = moment.date() + timedelta(days=chance.randint(1, 3))
            moment = datetime.combine(next_day, time(chance.choice([8, 9]), chance.randint(0, 59)))
    return rows_at(chance, times)


def daily_rows(chance: random.Random) -> list[Row]:
    clock = chance.choice([time(0), time(16), time(23, 59, 59, 999990)])
    day = datetime(2020, 1, 2)
    price = chance.choice([100.0, 20.0, 1000.0]) * chance.random() + 5
    rows = []
    for _ in range(chance.randint(1, 60)):
        price *= 1 + chance.uniform(-0.04, 0.04)
        opened = price * (1 + chance.uniform(-0.01, 0.01))
        top, bottom = max(opened, price) * 1.003, min(opened, price) * 0.996
        volume = chance.choice([float(chance.randint(0, 1000)), chance.random() * 100])
        rows.append(
            (datetime.combine(day, clock), opened, top, bottom, price, volume, float(chance.randint(0, 9)))
        )
        day += timedelta(days=chance.choice([1, 1, 3, 2]))
    return rows


def both(
    name: str, rows: list[Row], feed: dict[str, Any], simple: bool = False, **params: Any
) -> tuple[Any, Any]:
    """Give the bars of both libraries with filter *name*."""

    def prepare(cerebro: Any, cls: Any) -> None:
        bt = backtrader if cls.__mro__[1].__module__.startswith("backtrader") else backtrail
        data = cls(rows=rows, **feed)
        (data.addfilter_simple if simple else data.addfilter)(getattr(bt.filters, name), **params)
        cerebro.adddata(data)

    return delivered(backtrail, prepare), delivered(backtrader, prepare)


def bars(seen: list[Any]) -> list[tuple[float, ...]]:
    return [tuple(values) for _, _, _, values, _ in seen]


@pytest.mark.parametrize("name", ["SessionFilter", "SessionFilterSimple"])
def test_bars_outside_the_session_are_left_out(name: str) -> None:
    for seed in range(25):
        rows = minute_rows(random.Random(seed))
        feed = {"timeframe": MINUTES, "sessionstart": time(9), "sessionend": time(9, 30)}
        ours, theirs = both(name, rows, feed, simple=name.endswith("Simple"))
        assert repr(ours) == repr(theirs)


@pytest.mark.parametrize("name", ["HeikinAshi", "BarReplayer_Open"])
def test_bars_made_of_each_bar(name: str) -> None:
    for seed in range(25):
        ours, theirs = both(name, daily_rows(random.Random(seed)), {"timeframe": DAYS})
        # without what ticks say: there the first tick of a replayed opening is not known
        assert repr([call[:4] for call in ours]) == repr([call[:4] for call in theirs])


def test_days_split_into_two() -> None:
    for seed in range(25):
        chance = random.Random(seed)
        feed = {"timeframe": DAYS, "sessionstart": time(9, 30), "sessionend": time(16)}
        params = {} if chance.random() < 0.5 else {"closevol": chance.choice([0.3, 0.77, 0.0, 1.0])}
        ours, theirs = both("DaySplitter_Close", daily_rows(chance), feed, **params)
        assert repr(ours) == repr(theirs)


def test_missing_days_are_filled_and_the_day_after_comes_once() -> None:
    for seed in range(25):
        chance = random.Random(seed)
        params = {"fill_price": chance.choice([0, -1, 4.25]), "fill_vol": 1.0}
        ours, theirs = both("CalendarDays", daily_rows(chance), {"timeframe": DAYS}, **params)
        found, expected = bars(ours), bars(theirs)
        # there the day that ends a gap comes twice, filled first
        once = [b for b, after in zip(expected, [*expected[1:], None]) if after is None or after[6] != b[6]]
        assert repr(found) == repr(once)


def test_sessions_are_filled_in_order() -> None:
    for seed in range(25):
        chance = random.Random(seed)
        end = chance.choice([time(9, 30), time(17)])
        rows = [row for row in minute_rows(chance) if time(9) < row[0].time() <= end]
        feed = {"timeframe": MINUTES, "sessionstart": time(9), "sessionend": end}
        ours, theirs = both("SessionFiller", rows, feed)
        found, expected = bars(ours), bars(theirs)
        assert [b[6] for b in found] == sorted(b[6] for b in found)
        assert sorted(map(repr, found)) == sorted(map(repr, expected))


def test_bricks_are_those_of_the_same_height_the_right_way_up() -> None:
    for seed in range(80):
        chance = random.Random(seed)
        params: dict[str, Any] = {}
        for key, values in (
            ("hilo", [True]),
            ("size", [0.5, 1.0, 2.0]),
            ("autosize", [10.0, 40.0, 100.0]),
            ("dynamic", [True]),
            ("align", [0.25, 5.0, 0.01]),
            ("roundstart", [False]),
        ):
            if chance.random() < 0.35:
                params[key] = chance.choice(values)
        ours, theirs = both("Renko", daily_rows(chance), {"timeframe": DAYS}, **params)
        # lines: close, low, high, open, …
        upright = [(c, min(low, high), max(low, high), *rest) for c, low, high, *rest in bars(theirs)]
        assert repr(bars(ours)) == repr(upright)


class Meddler:
    """A user's filter that does one of the things that filters can do with every so many bars."""

    def __init__(self, data: Any, what: str, every: int) -> None:
        self.what, self.every, self.count = what, every, 0

    def __call__(self, data: Any) -> bool:
        self.count += 1
        if self.count % self.every:
            return False
        bar = [line[0] for line in data.lines]
        if self.what == "erase":
            data.backwards()
            return True
        if self.what == "save and erase":
            data._save2stack(erase=True)
            return True
        if self.what == "save":
            data._save2stack()
        elif self.what == "stash" and bar[0] < 1e5:
            bar[0] += 1e5
            data._add2stack(bar, stash=True)
        elif self.what == "stack":
            bar[0] += 1e4
            data._add2stack(bar)
        elif self.what == "two for one":
            data.backwards()
            data._add2stack(bar)
            data._add2stack(list(bar))
            return True
        return False

    def last(self, data: Any) -> int:
        if self.what != "stack":
            return 0
        data._add2stack([9.0] * 6 + [data.lines.datetime[0] + 1])
        return 1


def test_filters_in_a_row() -> None:
    deeds = ["erase", "save and erase", "save", "stash", "stack", "two for one"]
    for seed in range(150):
        chance = random.Random(seed)
        rows = daily_rows(chance)
        chosen: list[Any] = []
        for _ in range(chance.randint(1, 3)):
            chosen.append(
                chance.choice(
                    [
                        ("HeikinAshi", {}),
                        ("DaySplitter_Close", {}),
                        (Meddler, {"what": chance.choice(deeds), "every": chance.randint(1, 4)}),
                        (
                            "resample",
                            {"timeframe": chance.choice([5, 6]), "compression": chance.choice([1, 2])},
                        ),
                        ("simple", chance.uniform(5, 105)),
                    ]
                )
            )

        def prepare(cerebro: Any, cls: Any, rows: Any = rows, chosen: Any = chosen) -> None:
            bt = backtrader if cls.__mro__[1].__module__.startswith("backtrader") else backtrail
            data = cls(rows=rows, timeframe=DAYS)
            for what, params in chosen:
                if what == "resample":
                    data.resample(**params)
                elif what == "simple":
                    data.addfilter_simple(lambda data, above=params: data.close[0] > above)
                else:
                    data.addfilter(what if what is Meddler else getattr(bt.filters, what), **params)
            cerebro.adddata(data)

        assert repr(delivered(backtrail, prepare)) == repr(delivered(backtrader, prepare)), seed


@pytest.mark.parametrize("how", ["resample", "replay"])
def test_openings_are_not_counted_as_bars_of_their_own(how: str) -> None:
    frame = pd.DataFrame({"close": [1.0, 2.0, 3.0]}, index=pd.date_range("2024-01-01", periods=3))
    data = backtrail.feeds.PandasData(dataname=frame.assign(open=1.0, high=3.0, low=1.0, volume=0.0), name="ACME")
    data.addfilter(backtrail.filters.BarReplayer_Open)
    getattr(data, how)(timeframe=backtrail.TimeFrame.Weeks)
    cerebro = backtrail.Cerebro()
    cerebro.adddata(data)
    cerebro.addstrategy(backtrail.Strategy)
    with pytest.raises(backtrail.errors.DataError, match=r"'ACME': BarReplayer_Open .* a feed without this filter"):
        cerebro.run()
