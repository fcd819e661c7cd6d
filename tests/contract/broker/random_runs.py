"""Random strategies that trade everything at once, run on backtrader and on backtrail.

One seed makes the bars (up to three datas with holes, late starts, slow ones, intraday sessions), the broker's settings
and the strategy's decisions. `log_of(module, seed)` runs it and gives all that a user could see, bar by bar.
"""

from __future__ import annotations

import datetime as dt
import random
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any

import numpy as np
import pandas as pd

Call = tuple[str, tuple[Any, ...], dict[str, Any]]
SIZERS: list[Any] = [
    *[None] * 6,
    ("FixedSize", {"stake": 4}),
    ("FixedReverser", {"stake": 2}),
    ("PercentSizer", {"percents": 30}),
    ("PercentSizerInt", {}),
    ("AllInSizer", {}),
    ("AllInSizerInt", {}),
    ("FixedSizeTarget", {"stake": 6, "tranches": 3}),
]
KINDS = [
    ["market"],
    ["market", "limit", "stop"],
    ["any"],
    ["any", "bracket", "cancel", "oco"],
    ["bracket"],
    ["target", "market", "close"],
    ["any", "bracket", "cancel", "oco", "target", "close", "cash", "tradeid"],
    ["at close", "market"],
    ["trail"],
    ["oco", "cancel"],
]


@dataclass
class Plan:
    """What a seed stands for."""

    seed: int
    frames: list[pd.DataFrame] = field(default_factory=list)
    intraday: bool = False
    sessionend: dt.time | None = None
    broker: list[Call] = field(default_factory=list)
    filler: tuple[str, dict[str, Any]] | None = None
    schemes: list[dict[str, Any]] = field(default_factory=list)
    compensate: bool = False
    sizer: tuple[str, dict[str, Any]] | None = None
    rate: float = 0.4
    sizes: list[float] = field(default_factory=list)
    kinds: list[str] = field(default_factory=list)


def bars(rng: random.Random, count: int, intraday: bool) -> pd.DataFrame:
    """Make smooth, gappy, rounded or flat bars."""
    numbers = np.random.default_rng(rng.randrange(1 << 30))
    mode = rng.choice(["smooth", "gappy", "tick", "flat"])
    move = {"smooth": 0.01, "gappy": 0.05, "tick": 0.02, "flat": 0.004}[mode]
    close = rng.choice([5, 100, 1000]) * np.exp(np.cumsum(numbers.normal(0, move, count)))
    opening = np.roll(close, 1) * np.exp(numbers.normal(0, move / (1 if mode == "gappy" else 4), count))
    opening[0] = close[0]
    high = np.maximum(opening, close) * (1 + abs(numbers.normal(0, move / 2, count)))
    low = np.minimum(opening, close) * (1 - abs(numbers.normal(0, move / 2, count)))
    if mode in ("tick", "flat"):
        digits = max(0, (2 if close[0] < 500 else 0) - (mode == "flat"))
        opening, high, low, close = (np.round(each, digits) for each in (opening, high, low, close))
    index = pd.date_range("2020-01-01", periods=count, freq="D")
    if intraday:
        step, moment, moments = rng.choice([15, 60, 120]), dt.datetime(2020, 1, 1, 9, 0), []
        while len(moments) < count:
            moments.append(moment)
            moment += dt.timedelta(minutes=step)
            if moment.hour >= 18:
                moment = dt.datetime.combine(moment.date() + dt.timedelta(days=1), dt.time(9))
        index = pd.DatetimeIndex(moments)
    volume = numbers.integers(0, 60, count).astype(float)
    columns = {
        "open": opening,
        "high": high,
        "low": low,
        "close": close,
        "volume": volume,
        "openinterest": 0.0,
    }
    return pd.DataFrame(columns, index=index)


def plan_of(seed: int) -> Plan:
    """Make the plan number *seed*."""
    rng = random.Random(seed)
    plan = Plan(seed)
    count, datas = rng.choice([15, 30, 60]), rng.choice([1, 1, 1, 2, 3])
    plan.intraday = rng.random() < 0.3
    for number in range(datas):
        frame = bars(rng, count, plan.intraday)
        if number and rng.random() < 0.5:
            frame = frame[np.array([rng.random() < 0.6 for _ in range(count)])]
        elif number and rng.random() < 0.3:
            frame = frame.iloc[::5]
        elif number and rng.random() < 0.3:
            frame = frame.iloc[5:]
        plan.frames.append(frame if len(frame) >= 3 else bars(rng, count, plan.intraday))
    plan.sessionend = rng.choice([dt.time(17), dt.time(15, 30), None])
    plan.broker = _settings(rng)
    if rng.random() < 0.25:
        plan.filler = rng.choice(
            [
                ("FixedSize", {"size": rng.choice([None, 2, 5])}),
                ("FixedBarPerc", {"perc": rng.choice([5.0, 50.0, 100.0])}),
                ("BarPointPerc", {"minmov": rng.choice([None, 0.1]), "perc": 50.0}),
            ]
        )
    for name in [None, *(f"d{number}" for number in range(datas))]:
        if rng.random() < (0.6 if name is None else 0.4):
            plan.schemes.append({"name": name, **_scheme(rng)})
    plan.compensate = datas > 1 and rng.random() < 0.15
    plan.sizer = rng.choice(SIZERS)
    plan.rate = rng.choice([0.15, 0.4, 0.8])
    plan.sizes = rng.choice([[1, 2, 3, 5], [1.5, 0.25, 7 / 3], [10, 50, 500]])
    plan.kinds = rng.choice(KINDS)
    return plan


def _settings(rng: random.Random) -> list[Call]:
    calls: list[Call] = []
    for name, chance in (("set_coc", 0.3), ("set_coo", 0.2)):
        if rng.random() < chance:
            calls.append((name, (True,), {}))
    for name, chance in (("set_checksubmit", 0.3), ("set_shortcash", 0.2), ("set_int2pnl", 0.2)):
        if rng.random() < chance:
            calls.append((name, (False,), {}))
    ways = {name: rng.random() < 0.6 for name in ("slip_open", "slip_limit", "slip_match")}
    ways["slip_out"] = rng.random() < 0.3
    if rng.random() < 0.35:
        calls.append(("set_slippage_perc", (rng.choice([0.001, 0.01, 0.1]),), ways))
    elif rng.random() < 0.3:
        calls.append(("set_slippage_fixed", (rng.choice([0.01, 0.5, 5.0]),), ways))
    if rng.random() < 0.3:
        calls.append(("set_cash", (rng.choice([100, 1000, 5000, 1e6, 777.77]),), {}))
    if rng.random() < 0.2:
        calls.append(("set_fundmode", (True, rng.choice([None, 50.0, 1000.0])), {}))
    return calls


def _scheme(rng: random.Random) -> dict[str, Any]:
    made: dict[str, Any] = {}
    if rng.random() < 0.7:
        made["commission"] = rng.choice([0.001, 0.01, 2.0, 1 / 3])
    if rng.random() < 0.3:
        made.update(margin=rng.choice([10.0, 100.0, 2000.0]), mult=rng.choice([1.0, 2.0, 10.0]))
    if rng.random() < 0.2:
        made.update(commtype=rng.choice([0, 1]), stocklike=rng.random() < 0.6)
    if rng.random() < 0.2:
        made["leverage"] = rng.choice([2.0, 3.0])
    if rng.random() < 0.25:
        made.update(interest=rng.choice([0.05, 0.5]), interest_long=rng.random() < 0.5)
    if rng.random() < 0.15:
        made["automargin"] = rng.choice([-1, 0.3, 0.5])
    if rng.random() < 0.1:
        made["percabs"] = False
    return made


class Trader:
    """The decisions, the same for either engine; mixed into its strategy."""

    plan: Plan

    def begin(self, order_class: Any, trade_class: Any) -> None:
        """Start a log; orders and trades are numbered from here."""
        self.log: list[Any] = []
        self.rng = random.Random(self.plan.seed * 7 + 1)
        self.mine: list[Any] = []
        self.seen: list[Any] = []
        self.order_base = next(order_class.refbasis)
        self.trade_base = next(trade_class.refbasis)
        close = self.plan.frames[0]["close"].iloc[0]
        self.rounded = close == round(close, 2)

    def prenext(self) -> None:
        """Trade from the first bar on."""
        self.act()

    def nextstart(self) -> None:
        """Trade on."""
        self.act()

    def next(self) -> None:
        """Trade on."""
        self.act()

    def price(self, data: Any, low: float = 0.97, high: float = 1.03) -> float:
        """Choose a price near the close, now and then one of the bar's own."""
        chosen = data.close[0] * self.rng.uniform(low, high)
        if self.rng.random() < 0.2:
            chosen = self.rng.choice([data.close[0], data.open[0], data.high[0], data.low[0]])
        return round(chosen, 2) if self.rounded else chosen

    def valid(self) -> Any:
        """Choose a time limit in any of its spellings, mostly none."""
        if self.rng.random() < 0.7:
            return None
        now = self.datas[0].datetime.datetime(0)
        day = dt.timedelta(days=1)
        return self.rng.choice(
            [
                self.rng.randint(1, 4) * day,
                dt.timedelta(hours=3),
                dt.timedelta(),
                now + 2 * day,
                (now + day).date(),
                self.datas[0].datetime[0] + 2.5,
            ]
        )

    def order(self, data: Any, kind: str) -> dict[str, Any]:
        """Make the arguments of an order."""
        rng = self.rng
        if kind == "any":
            kind = rng.choice(["market", "limit", "stop", "stoplimit", "trail", "traillimit", "at close"])
        if kind == "trail":
            kind = rng.choice(["trail", "traillimit"])
        made: dict[str, Any] = {}
        if rng.random() < 0.85:
            made["size"] = rng.choice(self.plan.sizes)
        if rng.random() < 0.15:
            made["tradeid"] = rng.randint(0, 2)
        if kind == "at close":
            made.update(exectype=1, valid=self.valid())
        elif kind == "limit":
            made.update(exectype=2, price=self.price(data), valid=self.valid())
        elif kind == "stop":
            made.update(exectype=3, price=self.price(data), valid=self.valid())
        elif kind == "stoplimit":
            made.update(exectype=4, price=self.price(data), plimit=self.price(data), valid=self.valid())
        elif kind in ("trail", "traillimit"):
            made.update(exectype=5 if kind == "trail" else 6, valid=self.valid())
            if kind == "traillimit" or rng.random() < 0.5:
                made["price"] = self.price(data)
            if kind == "traillimit" and rng.random() < 0.8:
                made["plimit"] = self.price(data)
            if rng.random() < 0.5:
                made["trailamount"] = data.close[0] * rng.uniform(0.005, 0.05)
            else:
                made["trailpercent"] = rng.uniform(0.005, 0.05)
        return made

    def act(self) -> None:
        """Log the account, then issue orders as the dice fall."""
        broker, rng = self.broker, self.rng
        self.log.append(
            (
                "bar",
                len(self),
                *(
                    broker.getcash(),
                    broker.getvalue(),
                    broker.fundvalue,
                    broker.fundshares,
                    broker.get_leverage(),
                ),
                *(
                    broker.get_value(mkt=True),
                    broker.get_value(lever=True),
                    broker.get_value(mkt=True, lever=True),
                ),
            )
        )
        for data in self.datas:
            if len(data) and rng.random() < 0.5:
                held = self.getposition(data)
                values = broker.getvalue([data]), broker.get_value([data], lever=True)
                self.log.append(("position", data._name, held.size, held.price, *values))
        self.log.append(("open", [order.ref - self.order_base for order in broker.get_orders_open()]))
        live = [data for data in self.datas if len(data)]
        while live and rng.random() < self.plan.rate:
            data = rng.choice(live)
            kind = rng.choice(self.plan.kinds)
            named = rng.choice([data, data._name]) if data is not self.datas[0] else rng.choice([None, data])
            self.trade(data, named, kind)

    def trade(self, data: Any, named: Any, kind: str) -> None:
        """Do one thing of *kind*."""
        rng = self.rng
        side = rng.choice([self.buy, self.sell])
        if kind == "oco":
            made = self.order(data, "any")
            alive = [order for order in self.mine if order.alive()]
            if alive and rng.random() < 0.7:
                made["oco"] = rng.choice(alive)
            self.note(side(data=named, **made))
        elif kind == "bracket":
            self.bracket(data, named)
        elif kind == "cancel":
            pool = rng.choice([self.mine, self.seen])
            if pool:
                self.cancel(rng.choice(pool[-8:]))
        elif kind == "close":
            sized = {"size": rng.choice(self.plan.sizes)} if rng.random() < 0.2 else {}
            self.note(self.close(data=named, **sized))
        elif kind == "target":
            what = rng.choice(["size", "value", "percent"])
            target: Any = {
                "size": rng.choice([0, 1, -2, 5, 3]),
                "value": rng.choice([0, 500.0, -300.0, 1234.5]),
                "percent": rng.choice([0, 0.1, 0.5, -0.2]),
            }[what]
            self.note(getattr(self, f"order_target_{what}")(data=named, target=target))
        elif kind == "cash":
            if rng.random() < 0.5:
                self.broker.add_cash(rng.choice([100.0, -50.0, 33.3]))
        else:
            made = self.order(data, "market" if kind == "tradeid" else kind)
            if kind == "tradeid":
                made["tradeid"] = rng.randint(0, 3)
            if rng.random() < 0.05:
                made["coc"] = False
            self.note(side(data=named, **made))

    def bracket(self, data: Any, named: Any) -> None:
        """Issue a bracket, sometimes with a part left out or trailing."""
        rng = self.rng
        made: dict[str, Any] = {
            "size": rng.choice(self.plan.sizes),
            "price": self.price(data),
            "stopprice": self.price(data, 0.9, 0.99),
            "limitprice": self.price(data, 1.01, 1.1),
            "valid": self.valid(),
        }
        if rng.random() < 0.3:
            made.update(exectype=0, price=None)
        if rng.random() < 0.15:
            made["stopexec"] = None
        elif rng.random() < 0.2:
            made.update(stopexec=5, stopargs={"trailamount": data.close[0] * 0.02}, stopprice=None)
        if rng.random() < 0.15:
            made["limitexec"] = None
        issue = self.buy_bracket
        if rng.random() < 0.4:
            issue = self.sell_bracket
            made["stopprice"], made["limitprice"] = made["limitprice"], made["stopprice"]
        for order in issue(data=named, **made):
            self.note(order)

    def note(self, order: Any) -> None:
        """Log a new order."""
        if order is None:
            self.log.append(("none",))
            return
        self.mine.append(order)
        made = order.created
        self.log.append(
            (
                *(
                    "new",
                    order.ref - self.order_base,
                    type(order).__name__,
                    order.size,
                    order.status,
                    order.valid,
                ),
                *(made.price, made.pricelimit, made.dt, made.pclose, order._limitoffset, order.isbuy()),
            )
        )


class Listener(Trader):
    """Logs what the hooks tell."""

    def notify_order(self, order: Any) -> None:
        """Log a notification and the position then."""
        made, done = order.created, order.executed
        self.log.append(
            (
                *("order", order.ref - self.order_base, order.getstatusname(), order.size, order.data._name),
                *(made.price, made.pricelimit, order.triggered, order.alive(), done.p1, done.p2),
                *(done.size, done.price, done.remsize, done.value, done.comm, done.pnl, done.margin, done.dt),
            )
        )
        names = (
            *("dt", "size", "price", "closed", "closedvalue", "closedcomm"),
            *("opened", "openedvalue", "openedcomm", "pnl", "value", "comm"),
        )
        for bit in done.iterpending():
            self.log.append(("bit", *(getattr(bit, name) for name in names)))
        held = self.getposition(order.data)
        self.log.append(("position", held.size, held.price))
        self.seen.append(order)

    def notify_trade(self, trade: Any) -> None:
        """Log a notification."""
        self.log.append(("trade", *_of_trade(trade, self.trade_base)))


class Quiet(Trader):
    """Does not listen; logs orders, trades and positions when all is over."""

    def stop(self) -> None:
        """Log what is left."""
        for order in self.mine:
            done = order.executed
            counts = (
                done.size,
                done.price,
                done.remsize,
                done.value,
                done.comm,
                done.pnl,
                done.margin,
                done.dt,
            )
            self.log.append(("order", order.ref - self.order_base, order.status, order.size, *counts))
        for data in self.datas:
            for key in sorted(self._trades[data]):
                for trade in self._trades[data][key]:
                    self.log.append(("trade", *_of_trade(trade, self.trade_base)))
            held = self.getposition(data)
            self.log.append(
                ("position", held.size, held.price, held.upopened, held.upclosed, held.price_orig)
            )


def _of_trade(trade: Any, base: int) -> tuple[Any, ...]:
    names = (
        *(
            "tradeid",
            "size",
            "price",
            "value",
            "commission",
            "pnl",
            "pnlcomm",
            "justopened",
            "isopen",
            "isclosed",
        ),
        *("baropen", "barclose", "barlen", "dtopen", "dtclose", "status", "long"),
    )
    return (trade.ref - base, trade.data._name, *(getattr(trade, name) for name in names))


def log_of(bt: ModuleType, seed: int, trader: type[Trader], **cerebro_options: Any) -> list[Any]:
    """Run plan number *seed* on the module *bt* and give the log; an exception is its last entry."""
    given = plan_of(seed)
    cerebro = bt.Cerebro(stdstats=False, **cerebro_options)
    datas = []
    for number, frame in enumerate(given.frames):
        options: dict[str, Any] = {"timeframe": bt.TimeFrame.Minutes} if given.intraday else {}
        if given.sessionend:
            options["sessionend"] = given.sessionend
        datas.append(bt.feeds.PandasData(dataname=frame, **options))
        cerebro.adddata(datas[-1], name=f"d{number}")
    if given.compensate:
        datas[1].compensate(datas[0])
    for scheme in given.schemes:
        cerebro.broker.setcommission(**scheme)
    for name, args, options in given.broker:
        getattr(cerebro.broker, name)(*args, **options)
    if given.filler:
        name, options = given.filler
        cerebro.broker.set_filler(getattr(bt.fillers, name)(**options))
    if given.sizer:
        name, options = given.sizer
        cerebro.addsizer(getattr(bt.sizers, name), **options)
    logs: list[list[Any]] = []

    class Run(trader, bt.Strategy):  # type: ignore[misc,valid-type,name-defined]
        plan = given

        def start(self) -> None:
            self.begin(bt.Order, bt.Trade)
            logs.append(self.log)

    cerebro.addstrategy(Run)
    try:
        cerebro.run()
    except Exception as error:  # noqa: BLE001 - whatever it is, it ends both logs alike
        logs = logs or [[]]
        logs[0].append(("error", *_builtin(error)))
    return logs[0]


def _builtin(error: Exception) -> list[str]:
    return [next(cls.__name__ for cls in type(error).__mro__ if cls.__module__ == "builtins")]


def same(expected: Any, found: Any) -> bool:
    """Tell whether two entries are equal, NaN being equal to itself."""
    if isinstance(expected, tuple | list):
        return len(expected) == len(found) and all(same(a, b) for a, b in zip(expected, found))
    return bool(expected == found or (expected != expected and found != found))


def first_difference(expected: list[Any], found: list[Any]) -> str | None:
    """Describe the first entry in which two logs differ, with what came before."""
    for at, (a, b) in enumerate(zip(expected, found)):
        if not same(a, b):
            before = "\n".join(f"    {entry}" for entry in expected[max(0, at - 6) : at])
            return f"entry {at}\n{before}\n  expected {a}\n  found    {b}"
    if len(expected) != len(found):
        return (
            f"expected {len(expected)} entries, found {len(found)}; the last: {expected[-1]} and {found[-1]}"
        )
    return None
