"""Cerebro: collect datas, strategies and everything around them, then run."""

from __future__ import annotations

import collections.abc
import datetime
import itertools
import warnings
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager, nullcontext
from typing import Any, ClassVar

from .base.declare import Param, ParamsBase, param
from .base.info import Info
from .base.legacy import answering
from .base.owner import inside
from .base.parameter import FUNCTION, WHOLE, warn_of_text
from .engine.realism import settle
from .engine.returned import OptReturn, ResultOfLastRun, opt_return
from .engine.run import Run
from .engine.spec import EXACTBARS, EXECUTOR, Build, RunSpec, Settings, check_class, part
from .errors import CompatWarning, DataError, DataWarning, ParameterValueError, unknown_name
from .runs.configured import is_configured


class Cerebro(ParamsBase):
    """The place where a backtest is put together and run.

    Add datas (:meth:`adddata`), strategies (:meth:`addstrategy`), analyzers, observers, sizers, writers and timers; set
    cash and commission on :attr:`broker`; then :meth:`run`, which gives the list of strategies.

    ``realism="strict"`` does without backtrader's unexpected ways, on the broker and here. Here they are, one by one
    (None: as ``realism`` says):

    ``zero_division``            ``"error"``, or ``"nan"`` for the value of a line divided by zero
    ``repeat_slow_indicators``   whether ``next`` of an indicator on a slow feed runs again on each fast bar
    ``honour_rightedge``         whether bars resampled with ``rightedge=False`` carry the time at which they begin
    ``sort_timer_days``          whether ``weekdays`` and ``monthdays`` of timers count in any order

    ``store`` says where runs are recorded (a folder, a URL, a ``Store``; True: where the user's records are; False:
    nowhere); by default they are if ``BACKTRAIL_STORE`` is set or a folder ``.backtrail`` lies above the current one.
    ``cache="use"`` takes the result of an identical run from the store, ``"always"`` also if it may rest on something
    that the record does not know. ``run_id`` names the record of the last run, None if there is none, ``run_ids``
    those of all combinations of an optimisation.
    """

    params: ClassVar[Any] = (
        ("preload", True), ("runonce", True), ("maxcpus", None), ("stdstats", True), ("oldbuysell", False),
        ("oldtrades", False), ("lookahead", 0), ("exactbars", EXACTBARS), ("optdatas", True), ("optreturn", True),
        ("objcache", False), ("live", False), ("writer", False), ("tradehistory", False), ("oldsync", False),
        ("tz", None), ("cheat_on_open", False), ("broker_coo", True), ("quicknotify", False),
        ("future_reads", None), ("realism", "backtrader"), ("seed", param(kind=WHOLE)), ("progress", False),
        ("broker_factory", param(kind=FUNCTION)), ("executor", param(kind=EXECUTOR)),
        ("zero_division", None), ("repeat_slow_indicators", None),
        ("honour_rightedge", None), ("sort_timer_days", None), ("store", None), ("cache", None),
    )  # fmt: skip

    _default_future_reads = "error"
    result = ResultOfLastRun()

    def __init__(  # parameters are taken before this runs: their names are here for readers and type checkers
        self,
        *,
        preload: bool = True,
        runonce: bool = True,
        maxcpus: int | None = None,
        stdstats: bool = True,
        oldbuysell: bool = False,
        oldtrades: bool = False,
        lookahead: int = 0,
        exactbars: int = False,
        optdatas: bool = True,
        optreturn: bool = True,
        objcache: bool = False,
        live: bool = False,
        writer: bool = False,
        tradehistory: bool = False,
        oldsync: bool = False,
        tz: Any = None,
        cheat_on_open: bool = False,
        broker_coo: bool = True,
        quicknotify: bool = False,
        future_reads: str | None = None,
        realism: str = "backtrader",
        seed: int | None = None,
        progress: bool = False,
        broker_factory: Callable[[], Any] | None = None,
        executor: Any = None,
        zero_division: str | None = None,
        repeat_slow_indicators: bool | None = None,
        honour_rightedge: bool | None = None,
        sort_timer_days: bool | None = None,
        store: Any = None,
        cache: str | None = None,
    ) -> None:
        self._dolive = False
        self._doreplay = False
        self._dooptimize = False
        self.stores: list[Any] = []
        self.feeds: list[Any] = []
        self.datas: list[Any] = []
        self.datasbyname: collections.OrderedDict[str, Any] = collections.OrderedDict()
        self.strats: list[Iterable[Build]] = []
        self.optcbs: list[Callable[[Any], None]] = []
        self.observers: list[tuple[bool, Build]] = []
        self.analyzers: list[Build] = []
        self.indicators: list[Build] = []
        self.sizers: dict[int | None, Build] = {}
        self.writers: list[Build] = []
        self.storecbs: list[Callable[..., None]] = []
        self.datacbs: list[Callable[..., None]] = []
        self.signals: list[tuple[Any, ...]] = []
        self._signal_strat: Build | None = None
        self._signal_concurrent = False
        self._signal_accumulate = False
        self._pretimers: list[Any] = []
        self._ohistory: list[tuple[Any, bool]] = []
        self._fhistory: Any = None
        self._tradingcal: Any = None
        self._dataid = 0
        self._event_mode = False
        self.runstrats: list[Any] = []
        self.runwriters: list[Any] = []
        self._run_: Run | None = None
        self._last_run: Run | None = None
        self.run_id: str | None = None
        self.run_ids: list[str | None] = []
        factory = self.p.broker_factory
        if factory is None:
            from .broker.simulated import BackBroker

            factory = BackBroker
        self.broker = factory()

    # -- broker -----------------------------------------------------------------------------------------------------

    @property
    def broker(self) -> Any:
        """The broker; assign another one to replace it."""
        return self._broker

    @broker.setter
    def broker(self, broker: Any) -> None:
        broker.cerebro = self
        self._broker = broker

    def setbroker(self, broker: Any) -> Any:
        """Replace the broker."""
        self.broker = broker
        return broker

    def getbroker(self) -> Any:
        """Give the broker."""
        return self._broker

    # -- datas ------------------------------------------------------------------------------------------------------

    def adddata(self, data: Any, name: str | None = None) -> Any:
        """Add a feed; *name* replaces its name. Give the feed."""
        if not hasattr(data, "setenvironment"):
            raise DataError(
                f"Cerebro.adddata() - expected a feed - found {type(data).__name__} - wrap what is read in a feed: "
                "bt.feeds.PandasData(dataname=frame), bt.feeds.GenericCSVData(dataname='bars.csv') ..."
            )
        if name is not None:
            data._name = name
        self._dataid += 1
        data._id = self._dataid
        data.setenvironment(self)
        self.datas.append(data)
        self.datasbyname[data._name] = data
        feed = data.getfeed()
        if feed and feed not in self.feeds:
            self.feeds.append(feed)
        if data.islive():
            self._dolive = True
        return data

    def chaindata(self, *args: Any, **kwargs: Any) -> Any:
        """Add several feeds one after the other as one."""
        from .feeds.chain import Chainer, name_of_joined

        dname = name_of_joined(args, kwargs.pop("name", None))
        chained = Chainer(*args, dataname=dname)
        self.adddata(chained, name=dname)
        return chained

    def rolloverdata(self, *args: Any, **kwargs: Any) -> Any:
        """Add several futures as one, rolling over by the conditions given."""
        from .feeds.chain import name_of_joined
        from .feeds.rollover import RollOver

        dname = name_of_joined(args, kwargs.pop("name", None))
        rolled = RollOver(*args, dataname=dname, **kwargs)
        self.adddata(rolled, name=dname)
        return rolled

    def _cloned(self, dataname: Any) -> Any:
        if any(dataname is one for one in self.datas):
            return dataname.clone()
        return dataname

    def replaydata(self, dataname: Any, name: str | None = None, **kwargs: Any) -> Any:
        """Add a feed whose bars grow, tick by tick, to a larger timeframe."""
        data = self._cloned(dataname)
        data.replay(**kwargs)
        self.adddata(data, name=name)
        self._doreplay = True
        return data

    def resampledata(self, dataname: Any, name: str | None = None, **kwargs: Any) -> Any:
        """Add a feed turned into bars of a larger timeframe."""
        data = self._cloned(dataname)
        data.resample(**kwargs)
        self.adddata(data, name=name)
        self._event_mode = True
        return data

    def addcalendar(self, cal: Any) -> None:
        """Set the trading calendar: an instance, a class, a pandas_market_calendars calendar or its name."""
        from .market.calendar import as_calendar

        self._tradingcal = as_calendar(cal)

    def addtz(self, tz: Any) -> None:
        """Set the time zone in which strategies see times."""
        self.p.tz = tz

    # -- strategies and what goes with them -------------------------------------------------------------------------

    def addstrategy(self, strategy: Any, *args: Any, **kwargs: Any) -> int:
        """Add a strategy class with its arguments; give its number."""
        check_class("addstrategy", strategy)
        self.strats.append([Build(strategy, args, kwargs)])
        return len(self.strats) - 1

    def optstrategy(self, strategy: Any, *args: Any, **kwargs: Any) -> None:
        """Add a strategy class once per combination of the given values.

        Each is an iterable of choices; a single value or a string is the only choice.
        """
        check_class("optstrategy", strategy)
        self._dooptimize = True
        choices = list(itertools.product(*self.iterize(args)))
        names = list(kwargs)
        combos = list(itertools.product(*self.iterize(kwargs.values())))
        self.strats.append(
            [Build(strategy, a, dict(zip(names, values, strict=True))) for a in choices for values in combos]
        )

    @staticmethod
    def iterize(iterable: Iterable[Any]) -> list[Any]:
        """Wrap what is not iterable, and strings, into tuples."""
        out: list[Any] = []
        for elem in iterable:
            if isinstance(elem, str) or not isinstance(elem, collections.abc.Iterable):
                elem = (elem,)
            out.append(elem)
        return out

    def optcallback(self, cb: Callable[[Any], None]) -> None:
        """Call *cb* with each combination's result during an optimisation."""
        self.optcbs.append(cb)

    def addsizer(self, sizercls: Any, *args: Any, **kwargs: Any) -> None:
        """Set the sizer of all strategies that have none of their own."""
        self.sizers[None] = part("addsizer", "sizers", sizercls, args, kwargs)

    def addsizer_byidx(self, idx: int, sizercls: Any, *args: Any, **kwargs: Any) -> None:
        """Set the sizer of strategy number *idx*."""
        self.sizers[idx] = part("addsizer_byidx", "sizers", sizercls, args, kwargs)

    def addindicator(self, indcls: Any, *args: Any, **kwargs: Any) -> None:
        """Add an indicator to each strategy."""
        self.indicators.append(part("addindicator", "indicators", indcls, args, kwargs))

    def addanalyzer(self, ancls: Any, *args: Any, **kwargs: Any) -> None:
        """Add an analyzer to each strategy (``_name=`` names it)."""
        self.analyzers.append(part("addanalyzer", "analyzers", ancls, args, kwargs))

    def addobserver(self, obscls: Any, *args: Any, **kwargs: Any) -> None:
        """Add an observer to each strategy."""
        self.observers.append((False, part("addobserver", "observers", obscls, args, kwargs)))

    def addobservermulti(self, obscls: Any, *args: Any, **kwargs: Any) -> None:
        """Add an observer to each strategy, once per data."""
        self.observers.append((True, part("addobservermulti", "observers", obscls, args, kwargs)))

    def addwriter(self, wrtcls: Any, *args: Any, **kwargs: Any) -> None:
        """Add a writer."""
        self.writers.append(part("addwriter", "writers", wrtcls, args, kwargs))

    # -- signals ----------------------------------------------------------------------------------------------------

    def add_signal(self, sigtype: int, sigcls: Any, *sigargs: Any, **sigkwargs: Any) -> None:
        """Add a signal: a SignalStrategy trades on all of them."""
        self.signals.append((sigtype, sigcls, sigargs, sigkwargs))

    def signal_strategy(self, stratcls: Any, *args: Any, **kwargs: Any) -> None:
        """Set the SignalStrategy subclass that trades on the signals."""
        self._signal_strat = Build(stratcls, args, kwargs)

    def signal_concurrent(self, onoff: bool) -> None:
        """Let signals act while an order is pending."""
        self._signal_concurrent = onoff

    def signal_accumulate(self, onoff: bool) -> None:
        """Let signals add to an open position."""
        self._signal_accumulate = onoff

    def _with_signals(self, strats: list[Iterable[Build]]) -> list[Iterable[Build]]:
        """Let a strategy trade on the signals: the one set, else a SignalStrategy that was added, else one more."""
        from .strategy.signals import SignalStrategy

        if self._signal_strat is None:
            for at, builds in enumerate(strats):
                classes = [build.cls for build in builds]
                if classes and all(
                    isinstance(cls, type) and issubclass(cls, SignalStrategy) for cls in classes
                ):
                    return [*strats[:at], [self._on_signals(build) for build in builds], *strats[at + 1 :]]
        return [*strats, [self._on_signals(self._signal_strat or Build(SignalStrategy))]]

    def _on_signals(self, build: Build) -> Build:
        settings = {"_accumulate": self._signal_accumulate, "_concurrent": self._signal_concurrent}
        signals = [*self.signals, *build.kwargs.get("signals", ())]
        return Build(build.cls, build.args, {**settings, **build.kwargs, "signals": signals})

    # -- timers, stores, notifications ------------------------------------------------------------------------------

    def add_timer(
        self,
        when: Any,
        offset: datetime.timedelta = datetime.timedelta(),
        repeat: datetime.timedelta = datetime.timedelta(),
        weekdays: Iterable[int] = (),
        weekcarry: bool = False,
        monthdays: Iterable[int] = (),
        monthcarry: bool = True,
        allow: Any = None,
        tzdata: Any = None,
        strats: bool = False,
        cheat: bool = False,
        *args: Any,
        **kwargs: Any,
    ) -> Any:
        """Schedule a timer; :meth:`notify_timer` (and the strategies' with *strats*) is called when it is due."""
        from .strategy.timers import Timer, days_of

        timer = Timer(
            tid=len(self._pretimers), owner=self, strats=strats, when=when, offset=offset, repeat=repeat,
            weekdays=days_of("weekdays", weekdays), weekcarry=weekcarry, monthdays=days_of("monthdays", monthdays),
            monthcarry=monthcarry, allow=allow, tzdata=tzdata, cheat=cheat,
        )  # fmt: skip
        timer.args = args
        timer.kwargs = kwargs
        self._pretimers.append(timer)
        return timer

    def notify_timer(self, timer: Any, when: Any, *args: Any, **kwargs: Any) -> None:
        """Run when a timer is due; for subclasses."""

    def addstore(self, store: Any) -> None:
        """Add a store."""
        if not any(store is one for one in self.stores):
            self.stores.append(store)

    def addstorecb(self, callback: Callable[..., None]) -> None:
        """Call *callback* for each message of a store."""
        self.storecbs.append(callback)

    def adddatacb(self, callback: Callable[..., None]) -> None:
        """Call *callback* for each change of status of a data."""
        self.datacbs.append(callback)

    def notify_store(self, msg: Any, *args: Any, **kwargs: Any) -> None:
        """Run for each message of a store; for subclasses."""

    def notify_data(self, data: Any, status: int, *args: Any, **kwargs: Any) -> None:
        """Run for each change of status of a data; for subclasses."""

    def set_fund_history(self, fund: Any) -> None:
        """Replace the fund's shares and value as dates pass: ``(datetime, share value, net asset value)`` rows."""
        self._fhistory = fund

    def add_order_history(self, orders: Any, notify: bool = True) -> None:
        """Let the broker carry out past orders: ``[datetime, size, price(, data)]`` rows."""
        self._ohistory.append((orders, notify))

    # -- running ----------------------------------------------------------------------------------------------------

    def __call__(self, iterstrat: Any) -> Any:
        """Run one set of strategies; used by workers."""
        return self.runstrategies(iterstrat)

    def runstop(self) -> None:
        """Stop after the current step (strategies and analyzers still get their ``stop``)."""
        if self._run_ is not None:
            self._run_.stop_requested = self._run_.changed = True

    def run(self, **kwargs: Any) -> list[Any]:
        """Run; give the strategies, or with :meth:`optstrategy` a list with the results of each combination.

        Keyword arguments replace parameters of this Cerebro for good; an unknown one is named in a warning.
        """
        if not self.datas:
            warnings.warn(
                "Cerebro.run() has no datas and gives no strategies. Add a feed with adddata() first.",
                DataWarning,
                stacklevel=2,
            )
            return []
        known = self.params._getkeys()
        for name, value in kwargs.items():
            if name in known:
                self._checks_.get(name, Param(None)).check("Cerebro.run", name, value)
                setattr(self.params, name, value)
            else:
                warnings.warn(
                    unknown_name("parameter", "Cerebro.run", name, known), CompatWarning, stacklevel=2
                )
        warn_of_text("Cerebro.run", self._switches_, kwargs, 3)
        self._check_settings()
        strats: list[Iterable[Build]] = list(self.strats)
        if self.signals:
            strats = self._with_signals(strats)
        if not strats:
            from .strategy.strategy import Strategy

            strats.append([Build(Strategy)])
        self.runstrats = []
        self.runwriters, self.run_ids = [], []
        sets = itertools.product(*strats)
        with self._shown_progress():
            if not self._dooptimize or (self.p.maxcpus == 1 and self.p.executor is None):
                preloaded = self._dooptimize and self.preload_for_workers()
                for iterstrat in sets:
                    result = self.runstrategies(iterstrat, preloaded)
                    self.runstrats.append(result)
                    self.run_ids.append(self.run_id)
                    if self._dooptimize:
                        for cb in self.optcbs:
                            cb(result)
            else:
                from .optimize.executors import run_sets

                run_sets(self, list(sets), self.p.executor)
        return self.runstrats if self._dooptimize else self.runstrats[0]

    def _shown_progress(self) -> AbstractContextManager[None]:
        """Give the progress bar to show while running, if one is wanted."""
        if not self.p.progress:
            return nullcontext()
        from .report.progress import progress

        return progress(self)

    def _check_settings(self) -> None:
        choices = ("error", "warn", "allow", None)
        if self.p.future_reads not in choices:
            raise ParameterValueError(
                f"Cerebro: future_reads must be one of {list(choices)}; got {self.p.future_reads!r}."
            )
        settle(self.params._getkwargs())
        if self.p.cache not in (None, "use", "always"):
            raise ParameterValueError(
                f"Cerebro: cache must be 'use', 'always' or None; got {self.p.cache!r}."
            )
        for name, least in (("exactbars", -2), ("lookahead", 0), ("maxcpus", 1)):
            value = getattr(self.p, name)
            if (value is None and name == "maxcpus") or (isinstance(value, int) and value >= least):
                continue
            raise ParameterValueError(f"Cerebro: {name} must be a whole number >= {least}; got {value!r}.")

    def spec(self, iterstrat: Iterable[Build]) -> RunSpec:
        """Give the run that the present settings describe, with the given strategies."""
        values = self.params._getkwargs()
        own = {name: value for name, value in values.items() if name not in Cerebro.params._getkeys()}
        values["future_reads"] = values["future_reads"] or self._default_future_reads
        values["exactbars"] = int(values["exactbars"])
        settle(values)
        return RunSpec(
            settings=Settings.of(values), made_by=type(self), own=own,
            datas=tuple(self.datas), strategies=tuple(iterstrat), broker=self._broker,
            observers=tuple(self.observers), analyzers=tuple(self.analyzers), indicators=tuple(self.indicators),
            sizers=dict(self.sizers), writers=self._writer_builds(), stores=tuple(self.stores),
            timers=tuple(self._pretimers), fund_history=self._fhistory, order_history=tuple(self._ohistory),
            event_mode=self._event_mode or self._doreplay, store_callbacks=tuple(self.storecbs),
            data_callbacks=tuple(self.datacbs),
        )  # fmt: skip

    def _writer_builds(self) -> tuple[Build, ...]:
        writers = tuple(self.writers)
        if self.p.writer is True:
            from .report.writer import WriterFile

            writers = (Build(WriterFile), *writers)
        return writers

    def runstrategies(self, iterstrat: Any, predata: bool = False) -> list[Any]:
        """Run one set of strategies and give them."""
        run = Run(self.spec(iterstrat), self)
        self._run_ = run
        run.preloaded = predata
        self.run_id = None
        recording = self._recording(run)
        if recording is not None:
            served = recording.found()
            if served is not None:
                return self._served(run, served, recording.record)
            recording.start()
        try:
            with inside(self):
                strats = run.execute()
            self.stop_writers(strats)
        except BaseException as error:
            if recording is not None:
                self.run_id = recording.failed(error)
            raise
        finally:
            self._run_ = None
            self._last_run = None if self._dooptimize else run
            self.runwriters = run.writers
            if run.writers_open:
                for writer in run.writers:
                    writer.stop()
        if recording is not None:
            self.run_id = recording.finished(strats)
        if self._dooptimize and self.p.optreturn:
            return [opt_return(strat, self.run_id) for strat in strats]
        return strats

    def _recording(self, run: Run) -> Any:
        """Give what records *run*; None if nobody asked for records."""
        store, cache = self.p.store, self.p.cache
        if store is False or (store is None and cache is None and not is_configured()):
            return None
        from .runs.record import begin

        return begin(self, run, store, cache)

    def _served(self, run: Run, strats: list[Any], record: str) -> list[Any]:
        """Give the strategies that stand for the recorded run *record* instead of *run*."""
        self._run_ = None
        self._last_run = None if self._dooptimize else run
        self.run_id = record
        if self._dooptimize and self.p.optreturn:
            return [opt_return(strat, self.run_id) for strat in strats]
        return strats

    def preload_for_workers(self) -> bool:
        """Load the datas once, before work is sent out, if the settings allow; tell whether it was done."""
        if not self.p.optdatas:
            return False
        run = Run(self.spec(()), self)
        run.choose_mode()
        if run.mode != "vectorised" or self._event_mode:
            return False
        run.prepare_feeds()
        for data in self.datas:
            data.reset()
            data._start()
            data.preload()
        return True

    def stop_writers(self, runstrats: list[Any]) -> None:
        """Let the writers of the last run write their closing report."""
        run = self._run_
        if run is None or not run.writers_open:
            return
        from .report.writer import run_info

        info = run_info(self.datas, runstrats)
        for writer in run.writers:
            writer.writedict({"Cerebro": info})
            writer.stop()
        run.writers_open = False

    def plot(self, *args: Any, **kwargs: Any) -> Any:
        """Say that drawing is not part of this version."""
        raise NotImplementedError(
            "Cerebro.plot(): drawing is not available in this version of backtrail. The numbers behind a plot are "
            "in the strategies that run() returns: strategy.observers, strategy.analyzers, every line's array."
        )

    def __getstate__(self) -> dict[str, Any]:
        state = dict(self.__dict__)
        state["runstrats"] = []
        state["runwriters"] = []
        state["_run_"] = state["_last_run"] = None
        state["optcbs"] = []
        params = state["params"] = Info(self.params._defaults, {**self.params.__dict__, "executor": None})
        state["p"] = params
        return state


__getattr__ = answering(__name__)

__all__ = ["Cerebro", "OptReturn"]
