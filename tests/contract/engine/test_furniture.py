"""What comes with strategies: indicators, sizers, analyzers, observers, zones, histories, notifications."""

from __future__ import annotations

import io
from datetime import timedelta, tzinfo
from types import ModuleType
from typing import Any

import pytest

from .traces import MODES, feed, rows, same


def run(lib: ModuleType, *strategies: Any, bars: Any = 8, setup: Any = None, **options: Any) -> list[Any]:
    cerebro = lib.Cerebro(**options)
    cerebro.adddata(feed(lib, bars), name="first")
    cerebro.adddata(feed(lib, rows(6, 2)), name="second")
    for strategy in strategies or (lib.Strategy,):
        cerebro.addstrategy(strategy)
    if setup is not None:
        setup(cerebro)
    found: list[Any] = cerebro.run()
    return found


class West(tzinfo):
    """Five hours behind, with what zones of pytz have."""

    def utcoffset(self, moment: Any) -> timedelta:
        return timedelta(hours=-5)

    def dst(self, moment: Any) -> timedelta:
        return timedelta()

    def localize(self, moment: Any, is_dst: bool = False) -> Any:
        return moment.replace(tzinfo=self)


@pytest.mark.parametrize("mode", ["vectorised", "stepped", "delivered"])
def test_added_indicators_delay_every_strategy(mode: str) -> None:
    def scenario(lib: ModuleType) -> list[Any]:
        log: list[Any] = []

        class Counting(lib.Strategy):
            def prenext(self) -> None:
                log.append(("prenext", len(self)))

            def next(self) -> None:
                log.append(("next", len(self)))

        found = run(
            lib,
            Counting,
            stdstats=False,
            setup=lambda c: c.addindicator(lib.ind.SMA, period=4),
            **MODES[mode],
        )
        log.append([type(i).__name__ for i in found[0].getindicators()])
        return log

    same(scenario)


def test_sizers_by_number_and_for_all_others() -> None:
    def scenario(lib: ModuleType) -> list[Any]:
        class Buyer(lib.Strategy):
            def next(self) -> None:
                if len(self) == 1:
                    self.order = self.buy()

        def setup(cerebro: Any) -> None:
            cerebro.addsizer(lib.sizers.FixedSize, stake=5)
            cerebro.addsizer_byidx(1, lib.sizers.FixedSize, stake=7)

        found = run(lib, Buyer, Buyer, Buyer, setup=setup)
        return [(s.order.size, type(s.getsizer()).__name__, s.sizer is s.getsizer()) for s in found]

    assert [entry[0] for entry in same(scenario)] == [5, 7, 5]


def test_without_a_sizer_strategies_trade_one_unit_and_can_set_their_own() -> None:
    def scenario(lib: ModuleType) -> list[Any]:
        class Own(lib.Strategy):
            def start(self) -> None:
                self.sizes = [self.getsizing()]
                self.setsizer(lib.sizers.FixedSize(stake=4))
                self.sizes.append(self.getsizing(isbuy=False))

        return [s.sizes for s in run(lib, Own)]

    assert same(scenario) == [[1, 4]]


def test_names_of_analyzers_and_observers() -> None:
    def scenario(lib: ModuleType) -> list[Any]:
        def setup(cerebro: Any) -> None:
            cerebro.addanalyzer(lib.analyzers.TimeReturn)
            cerebro.addanalyzer(lib.analyzers.TimeReturn)
            cerebro.addanalyzer(lib.analyzers.TimeReturn, _name="mine")
            cerebro.addanalyzer(lib.analyzers.DrawDown, _name="mine")
            cerebro.addobserver(lib.observers.DrawDown)
            cerebro.addobservermulti(lib.observers.BuySell, barplot=False)

        (found,) = run(lib, setup=setup)
        return [
            list(found.analyzers.getnames()),
            [type(o).__name__ for o in found.observers],
            list(found.stats.getnames()),
            type(found.stats.drawdown).__name__,
            found.stats is found.observers,
            len(found.stats.buysell),
        ]

    same(scenario)


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"stdstats": False},
        {"oldtrades": True},
        {"oldbuysell": True},
        {"stdstats": False, "oldtrades": True},
    ],
    ids=str,
)
def test_default_observers(options: dict[str, Any]) -> None:
    def scenario(lib: ModuleType) -> list[Any]:
        (found,) = run(lib, **options)
        log: list[Any] = [type(o).__name__ for o in found.observers]
        multi = getattr(found.stats, "buysell", None)
        if isinstance(multi, list):
            log.append([o.p.barplot for o in multi])
        return log

    same(scenario)


def test_one_feed_has_the_trades_observer() -> None:
    def scenario(lib: ModuleType) -> list[Any]:
        cerebro = lib.Cerebro()
        cerebro.adddata(feed(lib, 5))
        return [type(o).__name__ for o in cerebro.run()[0].observers]

    same(scenario)


def test_datas_by_name_and_by_number() -> None:
    def scenario(lib: ModuleType) -> list[Any]:
        (found,) = run(lib)
        cerebro = found.env
        return [
            found.getdatabyname("second") is found.data1 is found.datas[1],
            list(found.getdatanames()),
            list(cerebro.datasbyname),
            [d._id for d in cerebro.datas],
            found.cerebro is cerebro,
            sorted(found.dnames),
            cerebro.datas[0].getenvironment() is cerebro,
        ]

    same(scenario)


def test_numbers_of_strategies() -> None:
    def scenario(lib: ModuleType) -> list[Any]:
        cerebro = lib.Cerebro()
        cerebro.adddata(feed(lib, 4))
        numbers = [cerebro.addstrategy(lib.Strategy) for _ in range(3)]
        return [numbers, [s._id for s in cerebro.run()]]

    same(scenario)


@pytest.mark.parametrize("mode", MODES)
def test_the_zone_of_cerebro_is_that_of_the_strategy(mode: str) -> None:
    zone = West()

    def scenario(lib: ModuleType) -> list[Any]:
        log: list[Any] = []

        class Clock(lib.Strategy):
            def next(self) -> None:
                line = self.datetime
                log.append(
                    (line.datetime(), line.date(), line.time(), line[0], self.data.datetime.datetime())
                )

        cerebro = lib.Cerebro(**MODES[mode])
        cerebro.adddata(feed(lib, 4))
        cerebro.addtz(zone)
        cerebro.addstrategy(Clock)
        cerebro.run()
        return log

    same(scenario)


@pytest.mark.parametrize("mode", MODES)
def test_the_time_of_the_strategy_with_several_feeds(mode: str) -> None:
    def scenario(lib: ModuleType) -> list[Any]:
        log: list[Any] = []

        class Clock(lib.Strategy):
            def prenext(self) -> None:
                self.next()

            def next(self) -> None:
                log.append((len(self), self.datetime[0], [len(d) for d in self.datas]))

        cerebro = lib.Cerebro(**(MODES[mode] if mode != "saving" else {"exactbars": -1}))
        for bars in (rows(9, 1, holes=0.4), rows(7, 2, holes=0.2), rows(3, 3)):
            cerebro.adddata(feed(lib, bars))
        cerebro.addstrategy(Clock)
        cerebro.run()
        return log

    same(scenario)


@pytest.mark.parametrize("how", ["cerebro", "strategy"])
def test_histories_of_trades_are_kept_on_demand(how: str) -> None:
    def scenario(lib: ModuleType) -> list[Any]:
        class Trader(lib.Strategy):
            def __init__(self) -> None:
                self.seen: list[Any] = []
                if how == "strategy":
                    self.set_tradehistory()

            def next(self) -> None:
                self.close() if self.position else self.buy(size=len(self))

            def notify_trade(self, trade: Any) -> None:
                self.seen.append([(h.status.size, h.status.price, h.event.size) for h in trade.history])

        found = run(lib, Trader, tradehistory=how == "cerebro")
        return found[0].seen

    assert any(same(scenario))


@pytest.mark.parametrize("mode", ["vectorised", "stepped", "delivered"])
def test_orders_of_the_past_belong_to_the_first_strategy(mode: str) -> None:
    def scenario(lib: ModuleType) -> list[Any]:
        log: list[Any] = []

        class Told(lib.Strategy):
            def notify_order(self, order: Any) -> None:
                log.append((self._id, order.status, order.executed.price, len(self)))

            def notify_trade(self, trade: Any) -> None:
                log.append((self._id, "trade", trade.size, trade.pnl))

        bars = rows(8)
        history = [[bars[1][0], 3, 99.5], [bars[3][0], -3, 101.5, "first"], [bars[4][0], 1, 50.0, "second"]]

        def setup(cerebro: Any) -> None:
            cerebro.add_order_history(history, notify=True)

        found = run(lib, Told, Told, bars=bars, setup=setup, **MODES[mode])
        log.append((found[0].broker.getcash(), found[0].broker.getvalue()))
        return log

    same(scenario)


@pytest.mark.parametrize(
    "mode", ["stepped", "delivered"]
)  # backtrader's vectorised mode raises AttributeError
def test_the_fund_of_the_past(mode: str) -> None:
    def scenario(lib: ModuleType) -> list[Any]:
        log: list[Any] = []

        class Told(lib.Strategy):
            def next(self) -> None:
                if len(self) == 2:
                    self.buy(size=3)

            def notify_fund(self, *values: Any) -> None:
                log.append(values)

        bars = rows(8)
        cerebro = lib.Cerebro(**MODES[mode])
        cerebro.adddata(feed(lib, bars))
        cerebro.set_fund_history([[bars[0][0], 10.0, 5000.0], [bars[4][0], 12.5, 6000.0]])
        cerebro.addstrategy(Told)
        cerebro.run()
        return log

    same(scenario)


# -- notifications of stores and datas --------------------------------------------------------------------------------


def talking_store(lib: ModuleType) -> Any:
    class Talking(lib.Store):
        def __init__(self) -> None:
            self.turn = 0

        def start(self, data: Any = None, broker: Any = None) -> None:
            self.turn = 0
            self.started = True

        def stop(self) -> None:
            self.started = False

        def get_notifications(self) -> list[Any]:
            self.turn += 1
            return [(f"message {self.turn}", (1,), {"key": "word"})] if self.turn in (1, 3, 4) else []

    return Talking()


MESSAGES = {**MODES, "oldsync": {"oldsync": True}, "oldsync stepped": {"oldsync": True, "runonce": False}}


@pytest.mark.parametrize("mode", MESSAGES)
def test_messages_of_stores_reach_callbacks_then_cerebro_then_strategies(mode: str) -> None:
    def scenario(lib: ModuleType) -> list[Any]:
        log: list[Any] = []

        class Told(lib.Cerebro):
            def notify_store(self, msg: Any, *args: Any, **kwargs: Any) -> None:
                log.append(("cerebro", msg, args, kwargs))

        class Listener(lib.Strategy):
            def notify_store(self, msg: Any, *args: Any, **kwargs: Any) -> None:
                log.append(("strategy", self._id, len(self), msg, args, kwargs))

        cerebro = Told(**MESSAGES[mode])
        cerebro.adddata(feed(lib, 5))
        store = talking_store(lib)
        cerebro.addstore(store)
        cerebro.addstore(store)
        cerebro.addstorecb(lambda msg, *args, **kwargs: log.append(("callback", msg, args, kwargs)))
        cerebro.addstrategy(Listener)
        if mode != "saving":  # several strategies are too many for backtrader's memory saving
            cerebro.addstrategy(Listener)
        cerebro.run()
        log.append((len(cerebro.stores), store.started))
        return log

    same(scenario)


@pytest.mark.parametrize("mode", MESSAGES)
def test_changes_of_a_datas_status_reach_callbacks_then_cerebro_then_strategies(mode: str) -> None:
    def scenario(lib: ModuleType) -> list[Any]:
        log: list[Any] = []
        plain = type(feed(lib, 1))

        class Live(plain):  # type: ignore[misc,valid-type]
            def _load(self) -> Any:
                if self.at == 2:
                    self.put_notification(self.DELAYED, "late")
                    self.put_notification(self.LIVE, why="now")
                    self.put_notification(self.LIVE, why="said already")
                loaded = super()._load()
                if not loaded:
                    self.put_notification(self.DISCONNECTED)
                return loaded

        class Told(lib.Cerebro):
            def notify_data(self, data: Any, status: int, *args: Any, **kwargs: Any) -> None:
                log.append(("cerebro", data._getstatusname(status), args, kwargs))

        class Listener(lib.Strategy):
            def notify_data(self, data: Any, status: int, *args: Any, **kwargs: Any) -> None:
                log.append(("strategy", len(self), data is self.data, status, args, kwargs))

        cerebro = Told(**MESSAGES[mode])
        cerebro.adddata(Live(rows=tuple(rows(5))))
        cerebro.adddatacb(
            lambda data, status, *args, **kwargs: log.append(("callback", status, args, kwargs))
        )
        cerebro.addstrategy(Listener)
        cerebro.run()
        return log

    same(scenario)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("hook", ["notify_store", "notify_data"])
def test_runstop_asked_for_by_messages(hook: str, mode: str) -> None:
    def scenario(lib: ModuleType) -> list[Any]:
        log: list[Any] = []
        plain = type(feed(lib, 1))

        class Live(plain):  # type: ignore[misc,valid-type]
            def _load(self) -> Any:
                if self.at == 3:
                    self.put_notification(self.LIVE)
                return super()._load()

        class Listener(lib.Strategy):
            def next(self) -> None:
                log.append(("next", len(self)))

            def stop(self) -> None:
                log.append(("stop", len(self)))

        def stop(self: Any, *args: Any, **kwargs: Any) -> None:
            log.append((hook, len(self)))
            if len(self) or hook == "notify_data":
                self.env.runstop()

        cerebro = lib.Cerebro(**MODES[mode])
        cerebro.adddata(Live(rows=tuple(rows(8))))
        cerebro.addstore(talking_store(lib))
        cerebro.addstrategy(type("Stopping", (Listener,), {hook: stop}))
        cerebro.run()
        return log

    same(scenario)


# -- writers -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", ["vectorised", "stepped", "delivered"])
def test_rows_of_a_writer(mode: str) -> None:
    def scenario(lib: ModuleType) -> str:
        text = io.StringIO()

        class Trader(lib.Strategy):
            def __init__(self) -> None:
                lib.ind.SMA(period=3).csv = True

            def next(self) -> None:
                self.close() if self.position else self.buy()

        cerebro = lib.Cerebro(**MODES[mode])
        cerebro.adddata(feed(lib, 6), name="bars")
        cerebro.addstrategy(Trader)
        cerebro.addanalyzer(lib.analyzers.SQN)
        cerebro.addwriter(lib.WriterFile, out=text, csv=True)
        cerebro.run()
        text.seek(0)
        return text.read()

    same(lambda lib: scenario(lib).splitlines())


def test_a_run_that_is_stopped_writes_no_row_for_its_last_bar() -> None:
    def scenario(lib: ModuleType) -> list[str]:
        class Stopper(lib.Strategy):
            def next(self) -> None:
                if len(self) == 3:
                    self.env.runstop()

        cerebro = lib.Cerebro(stdstats=False)
        cerebro.adddata(feed(lib, 6), name="bars")
        cerebro.addstrategy(Stopper)
        cerebro.addwriter(lib.WriterStringIO, csv=True)
        cerebro.run()
        return list(cerebro.runwriters[0].out)

    same(scenario)
