"""One run: build everything a :class:`RunSpec` names, step through the bars, stop.

Three ways of stepping, with the same results:

``vectorised``  all datas are preloaded and every indicator is computed over whole arrays first;
``stepped``     all datas are preloaded, indicators are computed bar by bar;
``delivered``   bars arrive one by one (live feeds, replay, feeds without preload).
"""

from __future__ import annotations

import random
from typing import Any

from ..base.owner import inside
from ..broker.journal import Nowhere, no_run
from ..errors import ParameterValueError, ResultError, StrategySkipError
from ..lines.buffer import ReadPolicy
from ..lines.clock import Clock
from ..lines.place import Placed, place_on
from . import loop
from .collector import rare_collections
from .ending import Ending
from .oldsync import build_old_timeline
from .realism import prepare_broker, prepare_feeds
from .renewed import only_in_the_last_cycle, renewed
from .spec import RunSpec
from .timeline import Timeline, build_timeline


class Run:
    """The state of one run."""

    def __init__(self, spec: RunSpec, cerebro: Any) -> None:
        self.spec = spec
        self.settings = spec.settings
        self.cerebro = cerebro
        self.broker = spec.broker
        self.datas: list[Any] = list(spec.datas)
        self.strats: list[Any] = []
        self.writers: list[Any] = []
        self.writers_open = False
        self.timers: list[Any] = []
        self.cheat_timers: list[Any] = []
        self.timers_started = False
        self.hands_out = False  # whether the broker hands out its notifications itself
        self.clock = Clock()
        self.timeline: Timeline | None = None
        self.delivery: Any = None
        self.policy = ReadPolicy(spec.settings.future_reads, spec.settings.zero_division == "nan")
        self.stop_requested = False
        # by strategy, what is computed at once and again in the last cycle
        self.renewed: list[tuple[Any, list[Any]]] = []
        self.behind: Any = None  # keeps indicators where they were while hooks run before the strategies are stepped
        self.changed = False  # whether something is to be considered after the present cycle
        self.finished = False
        self._path_: Any = None
        self._settled = 0
        self._by_hooks = False  # whether analyzers and observers are stepped, all of them
        # time, cash, value and fund value of each cycle, where they cannot be worked out afterwards
        self.noted: Any = None
        self.ending: Any = None
        self._result: Any = None
        self.preloaded = False
        self.mode = "vectorised"
        self.random = random.Random(spec.settings.seed)

    # -- mode -------------------------------------------------------------------------------------------------------

    def choose_mode(self) -> None:
        """Decide how bars are stepped through (reference: run set-up)."""
        s = self.settings
        exact = s.exactbars
        live = s.live or any(d.islive() for d in self.datas)
        replaying = any(d.replaying for d in self.datas)
        preload = ((s.preload and exact < 1) or s.oldsync) and not replaying and not live
        runonce = s.runonce and s.preload and exact == 0
        if not preload:
            self.mode = "delivered"
        elif runonce:
            self.mode = "vectorised"
        else:
            self.mode = "stepped"

    # -- life ------------------------------------------------------------------------------------------------------

    def execute(self) -> list[Any]:
        """Run from start to stop and give the strategies."""
        self.choose_mode()
        try:
            self.start_market()
            self.build_strategies()
            if not self.strats:
                return []
            self.start_strategies()
            self.loop()
            self.stop_strategies()
        finally:
            self.stop_market()
            self.ending = Ending(self)
        broken = self.policy.broken
        if broken is not None:
            broken.add_note(
                "It was caught where it was raised first, and so is raised again at the end of the run."
            )
            raise broken
        return self.strats

    def start_market(self) -> None:
        """Start stores, broker and feeds; load what can be loaded beforehand."""
        spec, broker, s = self.spec, self.broker, self.settings
        for build in spec.writers:
            self.writers.append(build())
        for store in spec.stores:
            store.start()
        prepare_broker(broker, s.realism)
        if s.cheat_on_open and s.broker_coo:
            broker.set_coo(True)
        if spec.fund_history is not None:
            broker.set_fund_history(spec.fund_history)
        for orders, notify in spec.order_history:
            broker.add_order_history(orders, notify)
        broker._clock_ = self.clock
        broker.start()
        if hasattr(broker, "journal"):
            broker.journal.settle = self.settle_account
            broker.journal.strategies = self.strats
        if not self.preloaded:
            self.prepare_feeds()
        for data in self.datas:
            data._go_live_(False)  # a run that failed may have left it so
            if not self.preloaded:
                data.reset()
                data._start()
                if self.mode != "delivered":
                    data.preload()
        if self.mode != "delivered":
            if s.oldsync:
                self.timeline = build_old_timeline(self.datas)
            else:
                self.timeline = build_timeline(
                    self.datas, event_mode=spec.event_mode, stepped=self.mode == "stepped"
                )
            if self.timeline is None:
                self.restart_delivered()
        if self.timeline is None:
            from .delivery import Delivery

            self.delivery = Delivery(self)
        else:
            self.timeline.bind(self.clock)
        for data in self.datas:
            for line in data.lines:
                line._policy = self.policy
                line._padding = 0 if s.exactbars >= 1 else s.lookahead

    def prepare_feeds(self) -> None:
        """Take the settings over into the feeds."""
        prepare_feeds(self.datas, self.settings.honour_rightedge)

    def restart_delivered(self) -> None:
        """Let the feeds deliver bar by bar: their times cannot be laid out beforehand."""
        self.mode = "delivered"
        for data in self.datas:
            data.stop()
            data.reset()
            data._start()

    def build_strategies(self) -> None:
        """Create the strategies with everything that belongs to them."""
        spec, s = self.spec, self.settings
        for number, build in enumerate(spec.strategies):
            cls = build.cls
            strat = cls.__new__(cls)
            own = strat.__dict__
            own["env"] = own["cerebro"] = self.cerebro
            own["broker"] = self.broker
            own["_id"] = number
            own["_run_"] = self
            own["_clock_of_run_"] = self.clock
            own["random"] = self.random
            try:
                with self.before_bars("creating", strat):
                    strat.__init__(*self.datas, *build.args, **build.kwargs)
            except StrategySkipError:
                continue
            if s.oldsync:
                strat._oldsync = True
            if s.tradehistory:
                strat.set_tradehistory()
            self.strats.append(strat)
        for number, strat in enumerate(self.strats):
            with inside(strat), self.before_bars("furnishing", strat):
                self.furnish(strat, number)

    def before_bars(self, doing: str, strat: Any) -> Placed:
        """Add what was being done to an exception that leaves user code before the first bar."""
        return Placed(lambda: f"{doing} {type(strat).__name__} {place_on(self.datas[0])}")

    def furnish(self, strat: Any, number: int) -> None:
        """Give a strategy its observers, indicators, analyzers and sizer."""
        spec, s = self.spec, self.settings
        if s.stdstats:
            from ..observers import Broker, BuySell, DataTrades, Trades

            strat._addobserver(False, Broker)
            strat._addobserver(True, BuySell, **({} if s.oldbuysell else {"barplot": True}))
            if s.oldtrades or len(self.datas) == 1:
                strat._addobserver(False, Trades)
            else:
                strat._addobserver(False, DataTrades)
        for multi, build in spec.observers:
            strat._addobserver(multi, build.cls, *build.args, **build.kwargs)
        for build in spec.indicators:
            strat._addindicator(build.cls, *build.args, **build.kwargs)
        for build in spec.analyzers:
            strat._addanalyzer(build.cls, *build.args, **build.kwargs)
        sizer = spec.sizers.get(number, spec.sizers.get(None))
        if sizer is not None:
            strat._addsizer(sizer.cls, *sizer.args, **sizer.kwargs)
        strat._settz(self.zone())

    def zone(self) -> Any:
        """Give the time zone of the strategies: that of a feed if its number is set."""
        tz = self.settings.tz
        if not isinstance(tz, int):
            return tz
        if not -len(self.datas) <= tz < len(self.datas):
            raise ParameterValueError(
                f"Cerebro(tz={tz}) - expected a time zone, or the number of a feed whose zone is taken - there are "
                f"{len(self.datas)} feeds - pass for example tz=0 or tz='America/New_York'"
            )
        return self.datas[tz]._tz

    def start_strategies(self) -> None:
        """Find the warm-ups, start analyzers, observers and strategies."""
        if not self.settings.repeat_slow_indicators:
            for strat in self.strats:
                strat._run_once_per_bar_()
        if self.mode == "vectorised" and self._has_to_step():
            self.mode = "stepped"
        self._by_hooks = loop.meet_broker(self)
        for strat in self.strats:
            strat._find_hooks_()
        for strat in self.strats:
            loop.prepare(self, strat)
            with inside(strat), self.before_bars("starting", strat):
                loop.start(self, strat)
        self.drop_unread_records()
        for writer in self.writers:
            if writer.p.csv:
                for data in self.datas:
                    if data.csv:
                        writer.addheaders(data.getwriterheaders())
                for strat in self.strats:
                    writer.addheaders(strat.getwriterheaders())
        for writer in self.writers:
            writer.start()
        self.writers_open = True
        self.start_timers()

    def _has_to_step(self) -> bool:
        """Tell whether indicators must be computed bar by bar, though they could be computed at once."""
        by_bar = self.spec.event_mode
        forced = not by_bar and any(strat._forces_next_() for strat in self.strats)
        if not (by_bar or forced):
            return False
        several = self.timeline is not None and len(self.timeline.groups) > 1
        if (forced and several) or not all(strat._same_in_steps_() for strat in self.strats):
            return True
        self.renewed = [(strat, renewed(strat)) for strat in self.strats]
        return not all(only_in_the_last_cycle(child) for _, children in self.renewed for child in children)

    def drop_unread_records(self) -> None:
        """Keep no record of the account and of closed trades that no analyzer or observer is going to read."""
        if any(len(s.analyzers) or s._slave_analyzers or s._every_observer_ for s in self.strats):
            return
        for strat in self.strats:
            strat._trades_closed_ = Nowhere()
        if hasattr(self.broker, "journal"):
            self.broker.journal.discard()

    def rests_between_bars(self) -> bool:
        """Tell whether nobody can look at the account between a bar and the broker's work on the next one."""
        timers = (*self.spec.timers, *(t for strat in self.strats for t in strat._timers_))
        settings = self.settings
        looks = settings.cheat_on_open or settings.quicknotify or self.hands_out or self._by_hooks
        looks = looks or getattr(self.broker, "every_bar", False)
        return not (looks or any(timer.p.cheat for timer in timers))

    def listen_again(self, strat: Any) -> None:
        """Take note that *strat*, or what belongs to it, was given a method in the course of the run."""
        loop.listen_again(self, strat)

    def start_timers(self) -> None:
        """Start the timers of this run: those of Cerebro and those that the strategies made."""
        self.timers_started = True
        if self.settings.oldsync:
            return
        pending = [*self.spec.timers, *(t for strat in self.strats for t in strat._timers_)]
        first = self.datas[0]
        for timer in pending:
            timer.start(first, self.settings.sort_timer_days)
            (self.cheat_timers if timer.p.cheat else self.timers).append(timer)

    def loop(self) -> None:
        """Step through all bars."""
        if loop.meet_broker(self) and not self._by_hooks:
            self.step_everything()
        if self.mode == "delivered":
            loop.run_delivered(self)
        else:
            with rare_collections():
                loop.run_timeline(self)

    def step_everything(self) -> None:
        """Have analyzers and observers stepped on each bar, also those that had meant to work from whole arrays."""
        for strat in self.strats:
            for one in (*strat.analyzers, *strat._slave_analyzers, *strat._every_observer_):
                one._step_from_now_()
        self._by_hooks = True
        for strat in self.strats:
            loop.listen_again(self, strat)

    def keep_ticks(self) -> None:
        """Let orders in the feeds whose last bar was left over meet the bar before, as in backtrader."""
        timeline = self.timeline
        for data in timeline.flushed if timeline is not None else ():
            bars = data._c_.bars_at
            at = data._c_.size - 1 if bars is None else int(bars[-1])
            if at > 0:
                row = [float(one.array[at - 1]) for one in data.lines._all[:6]]
                data._ticks_ = [*row, row[0]]
        if hasattr(self.broker, "wake"):
            self.broker.wake()

    def account_path(self) -> Any:
        """Give cash and value of the complete cycles; None when bars are delivered one by one."""
        if self.timeline is None or not hasattr(self.broker, "journal") or not self.broker.journal.kept:
            return None
        return None if self._by_hooks else self._account_path_().update()

    def _account_path_(self) -> Any:
        if self._path_ is None:
            from .path import AccountPath

            self._path_ = AccountPath(self)
        return self._path_

    def settle_account(self) -> None:
        """Enter cash and value of the cycles up to now into the journal: they cannot be computed later any more.

        Whoever had meant to compute from whole arrays goes by its hooks from now on.
        """
        if not self.strats or self.timeline is None or not self.broker.journal.kept:
            return
        if not self._by_hooks and "_bar_analyzers_" in self.strats[-1].__dict__:
            self.step_everything()
        path = self._account_path_()
        begin, end = self._settled, path.update(present=True).cycles
        self._settled = end
        rows = (range(begin, end), path.cash[begin:], path.value[begin:], path.fundvalue[begin:])
        self.broker.journal.dense.extend(zip(rows[0], *(values.tolist() for values in rows[1:]), strict=True))
        path.update()

    def stop_strategies(self) -> None:
        """Let strategies and analyzers stop."""
        for strat in self.strats:
            # a run that is stopped within a cycle leaves it incomplete for some
            self.finished = strat._c_.i == self.clock.i
            with inside(strat):
                loop.stop(self, strat)
        for strat in self.strats:
            strat._go_live_(False)
        for data in self.datas:
            data._go_live_(False)

    def result(self) -> Any:
        """Give the tables of this run, once it has ended."""
        if self._result is None:
            if self.ending is None:
                raise ResultError(
                    "The result of a run was asked for while it goes on; read it after Cerebro.run() has returned."
                )
            from .result import RunResult

            self._result = RunResult(self.ending)
        return self._result

    def serve(self, result: Any) -> None:
        """Take *result* from a record instead of executing."""
        self._result = result

    def result_of(self, strat: Any) -> Any:
        """Give the tables of one strategy of this run."""
        own = strat.__dict__.get("_own_result")
        if own is None:
            own = strat.__dict__["_own_result"] = self.result().of_strategy(strat._id)
        return own

    def stop_market(self) -> None:
        """Stop broker, feeds and stores."""
        self.broker.stop()
        if hasattr(self.broker, "journal"):
            self.broker.journal.settle = no_run
        for data in self.datas:
            data.stop()
        for store in self.spec.stores:
            store.stop()

    # -- writers ----------------------------------------------------------------------------------------------------

    def next_writers(self, strat: Any) -> None:
        """Write the csv row of this cycle."""
        for writer in self.writers:
            if not writer.p.csv:
                continue
            for data in self.datas:
                if data.csv:
                    writer.addvalues(data.getwritervalues())
            for one in self.strats:
                writer.addvalues(one.getwritervalues())
            writer.next()


__all__ = ["Run"]
