"""What a fixed set of runs results in, and the epoch it was made under: ``python -m tests.golden.results``.

``results.json`` beside this file holds a digest of every column of every result table, and a seal, for it is only
written here. If the engine gives other results than before, records that were made before must not be taken for its
own: then ``SEMANTICS_EPOCH`` in ``src/backtrail/runs/key.py`` is raised and the file is made again. Without a raised
epoch this program only adds what there was no digest of.
"""

from __future__ import annotations

import json
import logging
import math
import sys
import warnings
from collections.abc import Callable
from datetime import datetime, time, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

import backtrail as bt
from backtrail.runs.digests import digest
from backtrail.runs.fingerprint import fingerprint
from backtrail.runs.key import SEMANTICS_EPOCH

GOLDEN = Path(__file__).with_name("results.json")
COMMAND = "python -m tests.golden.results"
PLACE = "src/backtrail/runs/key.py"
TABLES = ("orders", "fills", "trades", "positions", "equity", "drawdown")
DIGITS = 10

Digests = dict[str, dict[str, str]]
"""By scenario: the digest of each column, by ``table.column``."""


# -- bars and strategies ---------------------------------------------------------------------------------------------


def bars(count: int = 90, seed: int = 1, start: str = "2020-01-01", step: str = "D") -> pd.DataFrame:
    """Give bars by whole-number arithmetic alone, so that they are the same on every machine."""
    state, close = seed * 7919 + 17, 10_000
    rows = []
    for _ in range(count):
        moves = []
        for _ in range(5):
            state = (state * 1103515245 + 12345) % (1 << 31)
            moves.append(state >> 16)
        first = close + moves[0] % 121 - 60
        close = max(first + moves[1] % 301 - 150, 500)
        high, low = max(first, close) + moves[2] % 80, min(first, close) - moves[3] % 80
        rows.append((first / 100, high / 100, low / 100, close / 100, float(100 + moves[4] % 900)))
    index = pd.date_range(start, periods=count, freq=step)
    return pd.DataFrame(rows, columns=["open", "high", "low", "close", "volume"], index=index)


class Cross(bt.Strategy):
    """Hold while the fast average is above the slow one; short below if asked to."""

    params = (("fast", 4), ("slow", 11), ("short", False))

    def __init__(self) -> None:
        averages = [bt.ind.SMA(period=period) for period in (self.p.fast, self.p.slow)]
        self.cross = bt.ind.CrossOver(*averages)

    def next(self) -> None:
        if self.cross > 0:
            self.close()
            self.buy()
        elif self.cross < 0:
            self.close()
            if self.p.short:
                self.sell()


class AtTheOpen(Cross):
    """Trade at the open of the bar after the averages have crossed, and look at them from timers."""

    def __init__(self) -> None:
        super().__init__()
        self.add_timer(when=bt.timer.SESSION_START, cheat=True)
        self.near = bt.ind.SMA(period=3)

    def next(self) -> None:
        """Leave it to the open of the next bar."""

    def next_open(self) -> None:
        Cross.next(self)

    def notify_timer(self, timer: Any, when: Any, *args: Any, **kwargs: Any) -> None:
        if len(self) > 20 and self.near > self.data.close[-1] + 1.0:
            self.buy(exectype=bt.Order.Limit, price=self.data.close[-1], size=1)


class Kinds(bt.Strategy):
    """Place an order of every kind in turn, some that expire, some that are cancelled."""

    def __init__(self) -> None:
        self.last: Any = None

    def next(self) -> None:
        at, price = len(self), self.data.close[0]
        side = self.buy if self.position.size <= 0 else self.sell
        sign = 1 if self.position.size <= 0 else -1
        valid = self.data.datetime.date(0) + timedelta(days=4)
        if at % 8 == 1:
            self.last = side(exectype=bt.Order.Limit, price=price * (1 - sign * 0.005), valid=valid)
        elif at % 8 == 2:
            self.last = side(exectype=bt.Order.Stop, price=price * (1 + sign * 0.004), size=3)
        elif at % 8 == 3:
            self.last = side(
                exectype=bt.Order.StopLimit, price=price * (1 + sign * 0.002), plimit=price * (1 + sign * 0.006)
            )
        elif at % 8 == 4:
            self.last = side(exectype=bt.Order.StopTrail, trailamount=0.8)
        elif at % 8 == 5:
            self.last = side(exectype=bt.Order.StopTrailLimit, trailpercent=0.01, plimit=price, price=price)
        elif at % 8 == 6:
            self.last = side(exectype=bt.Order.Close)
        elif at % 8 == 7 and self.last is not None and self.last.alive():
            self.cancel(self.last)


class Linked(bt.Strategy):
    """Place brackets and pairs of which one cancels the other."""

    def next(self) -> None:
        price = self.data.close[0]
        if not self.position and len(self) % 5 == 0:
            self.buy_bracket(price=price, stopprice=price * 0.99, limitprice=price * 1.015, exectype=bt.Order.Market)
        elif not self.position and len(self) % 7 == 0:
            first = self.buy(exectype=bt.Order.Limit, price=price * 0.995)
            self.sell(exectype=bt.Order.Limit, price=price * 1.005, oco=first)
        elif self.position and len(self) % 9 == 0:
            self.close()


class Targets(bt.Strategy):
    """Rebalance two datas to shares of the account; ask for more than there is now and then."""

    def next(self) -> None:
        if len(self) % 6 == 0:
            self.order_target_percent(self.data0, target=0.6 if len(self) % 12 else -0.3)
            self.order_target_value(self.data1, target=4000.0)
        if len(self) % 20 == 0:
            self.buy(self.data1, size=10_000)


class Timed(bt.Strategy):
    """Trade the daily bars by the weekly ones, and by a timer."""

    def __init__(self) -> None:
        self.mean = bt.ind.EMA(self.data1, period=3)
        self.add_timer(when=time(0, 0), weekdays=[2], weekcarry=True)

    def notify_timer(self, timer: Any, when: datetime, *args: Any, **kwargs: Any) -> None:
        self.buy(size=1)

    def next(self) -> None:
        if self.data0.close[0] < self.mean[0] and self.position:
            self.close()


class Measures(bt.Strategy):
    """Keep what indicators of every family say, and act on none."""

    def __init__(self) -> None:
        ind = bt.ind
        self.kept = [
            ind.SMA(period=7), ind.EMA(period=7), ind.WMA(period=7), ind.SMMA(period=7), ind.DEMA(period=5),
            ind.KAMA(period=7), ind.HMA(period=9), ind.RSI(period=7), ind.MACDHisto(), ind.ATR(period=7),
            ind.BollingerBands(period=9), ind.Stochastic(period=9), ind.CCI(period=9), ind.ADX(period=7),
            ind.AroonIndicator(period=9), ind.Highest(period=9), ind.StdDev(period=9), ind.ROC(period=5),
            ind.WilliamsR(period=9), ind.PSAR(), ind.TRIX(period=5), ind.UltimateOscillator(p1=3, p2=5, p3=9),
        ]  # fmt: skip

    def measured(self) -> dict[str, np.ndarray]:
        """Give every line by the name of its indicator and its own."""
        return {
            f"{type(one).__name__}.{name}": np.array(getattr(one.lines, name).array, dtype=np.float64)
            for one in self.kept
            for name in one.getlinealiases()
        }


# -- scenarios -------------------------------------------------------------------------------------------------------


def _cerebro(strategy: type, *frames: pd.DataFrame, settings: dict[str, Any] | None = None, **args: Any) -> bt.Cerebro:
    cerebro = bt.Cerebro(stdstats=False, store=False, **(settings or {}))
    for number, frame in enumerate(frames or (bars(),)):
        cerebro.adddata(bt.feeds.PandasData(dataname=frame), name=f"d{number}")
    cerebro.addstrategy(strategy, **args)
    return cerebro


def _crossing() -> bt.Cerebro:
    cerebro = _cerebro(Cross)
    cerebro.addsizer(bt.sizers.FixedSize, stake=7)
    cerebro.broker.setcommission(commission=0.001)
    return cerebro


def _stepped() -> bt.Cerebro:
    cerebro = _cerebro(Cross, short=True, settings={"runonce": False, "preload": False})
    cerebro.broker.setcommission(commission=0.001, interest=0.05)
    return cerebro


def _kinds() -> bt.Cerebro:
    cerebro = _cerebro(Kinds, bars(160, 2))
    cerebro.broker.set_slippage_perc(0.001, slip_open=True, slip_limit=True, slip_match=True)
    return cerebro


def _linked() -> bt.Cerebro:
    return _cerebro(Linked, bars(120, 3))


def _targets() -> bt.Cerebro:
    return _cerebro(Targets, bars(90, 4), bars(70, 5, "2020-01-15"))


def _futures() -> bt.Cerebro:
    cerebro = _cerebro(Cross, bars(90, 6), short=True)
    cerebro.broker.setcommission(commission=2.0, margin=2500.0, mult=50.0)
    cerebro.broker.setcash(100_000.0)
    cerebro.addsizer(bt.sizers.FixedSize, stake=3)
    return cerebro


def _early() -> bt.Cerebro:
    cerebro = _cerebro(Kinds, bars(90, 7))
    cerebro.broker.set_coc(True)
    return cerebro


def _opening() -> bt.Cerebro:
    return _cerebro(AtTheOpen, settings={"cheat_on_open": True}, short=True)


def _partial() -> bt.Cerebro:
    cerebro = _cerebro(Cross, bars(90, 8), fast=3, slow=6)
    cerebro.addsizer(bt.sizers.FixedSize, stake=700)
    cerebro.broker.setcash(500_000.0)
    cerebro.broker.set_filler(bt.fillers.BarPointPerc(minmov=0.1, perc=40.0))
    return cerebro


def _strict() -> bt.Cerebro:
    cerebro = _cerebro(Kinds, bars(90, 9), settings={"realism": "strict"})
    cerebro.broker.setcash(2_000.0)
    return cerebro


def _weekly() -> bt.Cerebro:
    cerebro = bt.Cerebro(stdstats=False, store=False)
    daily = bt.feeds.PandasData(dataname=bars(90, 10))
    cerebro.adddata(daily, name="daily")
    cerebro.resampledata(daily, name="weekly", timeframe=bt.TimeFrame.Weeks)
    cerebro.addstrategy(Timed)
    return cerebro


def _minutes() -> bt.Cerebro:
    return _cerebro(Cross, bars(200, 11, "2020-01-02 09:30", "5min"), settings={"exactbars": 1}, short=True)


def _measured() -> bt.Cerebro:
    return _cerebro(Measures, bars(120, 12))


SCENARIOS: dict[str, Callable[[], bt.Cerebro]] = {
    "averages that cross": _crossing,
    "averages that cross, bar by bar, short": _stepped,
    "orders of every kind, with slippage": _kinds,
    "brackets and pairs": _linked,
    "shares of an account, two datas": _targets,
    "futures on margin": _futures,
    "orders at the close": _early,
    "orders at the open, timers": _opening,
    "partial fills": _partial,
    "strict realism": _strict,
    "weekly bars and timers": _weekly,
    "minutes, little memory": _minutes,
    "indicators": _measured,
}

ANALYZERS = ("TradeAnalyzer", "DrawDown", "SharpeRatio", "Returns", "SQN", "TimeReturn", "VWR", "PeriodStats")


def compute() -> Digests:
    """Run every scenario; give the digests of what comes out."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return {name: _digests(make()) for name, make in SCENARIOS.items()}


def _digests(cerebro: bt.Cerebro) -> dict[str, str]:
    if not cerebro.p.exactbars:
        for name in ANALYZERS:
            cerebro.addanalyzer(getattr(bt.analyzers, name), _name=name)
    (strategy,) = cerebro.run()
    found: dict[str, str] = {}
    for table in TABLES:
        try:
            arrow = getattr(cerebro.result, table).to_arrow()
        except bt.errors.ResultError:
            found[f"{table}.*"] = "is not kept"
            continue
        found[f"{table}.*"] = f"{arrow.num_rows} rows"
        found |= {f"{table}.{name}": one[3:19] for name, one in fingerprint(arrow).columns.items()}
    for name in ANALYZERS if not cerebro.p.exactbars else ():
        told = strategy.analyzers.getbyname(name).get_analysis()
        found[f"analyzers.{name}"] = _short(json.dumps(_rounded(told)))
    if isinstance(strategy, Measures):
        found |= {f"lines.{name}": _short(values.tobytes()) for name, values in strategy.measured().items()}
    return found


def _short(value: str | bytes) -> str:
    return digest("backtrail-golden/1", value.encode() if isinstance(value, str) else value)[3:19]


def _rounded(value: Any) -> Any:
    """Give what an analyzer says with as many digits as every machine gives alike."""
    if isinstance(value, dict):
        return {str(key): _rounded(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_rounded(one) for one in value]
    if isinstance(value, float):
        return f"{value:.{DIGITS}g}" if math.isfinite(value) else str(value)
    return value if value is None or isinstance(value, bool | int | str) else str(value)


# -- comparing -------------------------------------------------------------------------------------------------------


def changes(before: Digests, after: Digests) -> tuple[list[str], list[str]]:
    """Give what is different or gone, and what was added, as ``scenario: table.column``."""
    old = {(scenario, name): one for scenario, columns in before.items() for name, one in columns.items()}
    new = {(scenario, name): one for scenario, columns in after.items() for name, one in columns.items()}
    changed = [f"{scenario}: {name}" for (scenario, name), one in old.items() if new.get((scenario, name)) != one]
    return changed, [f"{scenario}: {name}" for scenario, name in new if (scenario, name) not in old]


def read(path: Path = GOLDEN) -> tuple[int, Digests]:
    """Read the epoch and the digests; ValueError if the file is not as this program wrote it."""
    told = json.loads(path.read_text(encoding="utf-8"))
    if told.get("seal") != _seal(told.get("epoch"), told.get("scenarios")):
        raise ValueError(f"{path.name} was edited: it is only written by `{COMMAND}`")
    return told["epoch"], told["scenarios"]


def _seal(epoch: Any, scenarios: Any) -> str:
    return _short(json.dumps([epoch, scenarios], sort_keys=True))


def verdict(epoch: int, before: Digests, after: Digests, current: int = SEMANTICS_EPOCH) -> str:
    """Say what is wrong, and what to do; nothing if the results are those of this epoch."""
    changed, added = changes(before, after)
    more = [f"… {len(changed)} in all"] if len(changed) > 20 else []
    shown = "".join(f"\n  {one}" for one in [*changed[:20], *more])
    if changed and current <= epoch:
        return (
            f"results changed: raise SEMANTICS_EPOCH in {PLACE} and regenerate with `{COMMAND}` - or, if they were not "
            f"meant to change, find out why they did:{shown}"
        )
    if current < epoch:
        return f"SEMANTICS_EPOCH in {PLACE} is {current}, the results are of epoch {epoch}: it may only be raised"
    if changed or current > epoch:
        return f"SEMANTICS_EPOCH is {current}, the results are of epoch {epoch}: regenerate with `{COMMAND}`{shown}"
    if added:
        return f"there are results without a digest: add them with `{COMMAND}`\n  " + "\n  ".join(added[:20])
    return ""


def regenerate(path: Path, after: Digests, current: int = SEMANTICS_EPOCH) -> str:
    """Write *after* to *path*; give what is wrong, in which case nothing is written."""
    if path.exists():
        epoch, before = read(path)
        changed, _ = changes(before, after)
        if current < epoch or (changed and current == epoch):
            return verdict(epoch, before, after, current)
    told = {"epoch": current, "scenarios": after, "seal": _seal(current, after)}
    path.write_text(json.dumps(told, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return ""


if __name__ == "__main__":
    logging.disable()
    sys.exit(regenerate(GOLDEN, compute()) or 0)
