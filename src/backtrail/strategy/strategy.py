"""The base of strategies: hooks, position shortcuts, analyzers and observers of one strategy."""

from __future__ import annotations

import datetime as _dt
from typing import TYPE_CHECKING, Any, ClassVar

from ..base.collection import ItemCollection
from ..base.declare import param
from ..base.replaced import methods_of, replaced, watched
from ..base.timezone import tzparse
from ..errors import ResultError
from ..lines.expr import LineActions
from ..lines.iterator import StrategyBase, _take
from .orders import OrderMixin
from .timers import TimerMixin
from .written import WriterMixin

_RENAMED = {"notify": "notify_order", "notify_operation": "notify_trade"}


class _BrokerPosition:
    """``strategy.position``: the first data's position, an attribute of the strategy from its first reading on.

    Reading it is what makes the broker hold a position of that data, and positions are valued in that order.
    """

    def __get__(self, strategy: Any, owner: type | None = None) -> Any:
        if strategy is None:
            return self
        made = strategy.__dict__["position"] = strategy.getposition()
        return made


class _ResultOfRun:
    """``strategy.result``: the tables of the strategy after the run, unless it has an attribute of that name itself."""

    def __get__(self, strategy: Any, owner: type | None = None) -> Any:
        if strategy is None:
            return self
        run = strategy.__dict__.get("_run_")
        if run is None:
            raise ResultError("The result of a run was asked for; this strategy is not part of a run.")
        return run.result_of(strategy)


class Strategy(OrderMixin, TimerMixin, WriterMixin, StrategyBase):
    """Base of strategies: define ``next`` and whatever hooks are of interest."""

    lines: ClassVar[Any] = ("datetime",)
    csv: ClassVar[bool] = True
    _oldsync: ClassVar[bool] = False
    plotinfo: ClassVar[Any] = {
        "plot": True, "plotmaster": None, "legendloc": None, "subplot": True, "plotname": "", "plotskip": False,
        "plotabove": False, "plotlinelabels": False, "plotlinevalues": True, "plotvaluetags": True, "plotymargin": 0.0,
        "plotyhlines": [], "plotyticks": [], "plothlines": [], "plotforce": False,
    }  # fmt: skip

    if TYPE_CHECKING:  # for type checkers: no parameters
        env: Any = param(init=False)
        cerebro: Any = param(init=False)
        broker: Any = param(init=False)
        position: Any = param(init=False)
        result: Any = param(init=False)
    else:
        position = _BrokerPosition()
        result = _ResultOfRun()

    @classmethod
    def _declare_(cls) -> None:
        for old, new in _RENAMED.items():
            if old in cls.__dict__ and new not in cls.__dict__:
                setattr(cls, new, cls.__dict__[old])
                delattr(cls, old)
        super()._declare_()

    # -- construction -----------------------------------------------------------------------------------------------

    def _prepare_(
        self, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> tuple[tuple[Any, ...], dict[str, Any]]:
        args, kwargs = super()._prepare_(args, kwargs)
        own = self.__dict__
        own["observers"] = own["stats"] = ItemCollection()
        own["analyzers"] = ItemCollection()
        own["writers"] = []
        self._alnames: dict[str, int] = {}
        self._slave_analyzers: list[Any] = []
        self._every_observer_: list[Any] = []
        self._tradehistoryon = False
        self._init_orders_()
        self._init_timers_()
        return args, kwargs

    def _find_owner_(self) -> Any:
        return None

    def _finish_(self) -> None:
        super()._finish_()
        self._periodset()
        self.setsizer(self._sizer)

    def _periodset(self) -> None:
        """Find how many bars each data needs before ``next`` (``_minperiods``, in order of the datas)."""
        needed: dict[int, int] = {}
        for child in self.getindicators():
            data = self._counted_on_(child)
            if data is not None:
                needed[id(data)] = max(needed.get(id(data), 0), child._minperiod)
        self._minperiods = [max(needed.get(id(d), d._minperiod), 1) for d in self.datas]

    def _counted_on_(self, child: Any) -> Any:
        """Give the data in whose bars the minimum period of *child* is counted.

        What an indicator is given leads there: from line to owner, from indicator to its first data. An expression made
        by the strategy is its line, so indicators over one count in the bars of the first data, as in backtrader.
        """
        if isinstance(child, LineActions):
            return child._root_
        datas = {id(data) for data in self.datas}
        one = child
        while one is not None and id(one) not in datas:
            one = getattr(one, "_clock", None)
        return child._root_ if one is None else one

    def _fill_children_(self, cycles: int) -> None:
        """Compute every indicator over preloaded bars, and the lines bound to them."""
        loose, steps = self._steps_()
        for target, source in loose:
            _take(target, source, cycles, False)
        for child, links in steps:
            if child._ltype == self.IndType:
                child._fill_()
            for target, source in links:
                _take(target, source, cycles, False)

    # -- run-time services of the engine ----------------------------------------------------------------------------

    def _addanalyzer(self, ancls: Any, *args: Any, **kwargs: Any) -> None:
        name = kwargs.pop("_name", "") or ancls.__name__.lower()
        count = self._alnames.get(name, 0)
        self._alnames[name] = count + 1
        analyzer = ancls(*args, **kwargs)
        self.analyzers.append(analyzer, f"{name}{count}" if count else name)

    def _addanalyzer_slave(self, ancls: Any, *args: Any, **kwargs: Any) -> Any:
        """Create an analyzer that belongs to an observer."""
        analyzer = ancls(*args, **kwargs)
        self._slave_analyzers.append(analyzer)
        return analyzer

    _getanalyzer_slave = _addanalyzer_slave

    def _addindicator(self, indcls: Any, *args: Any, **kwargs: Any) -> None:
        indcls(*args, **kwargs)

    def _addobserver(self, multi: bool, obscls: Any, *args: Any, **kwargs: Any) -> None:
        obsname = kwargs.pop("obsname", "") or obscls.__name__.lower()
        if not multi:
            observer = obscls(*self.datas, *args, **kwargs)
            self.stats.append(observer, obsname)
            self._every_observer_.append(observer)
            return
        made = [obscls(data, *args, **kwargs) for data in self.datas]
        setattr(self.stats, obsname, made)
        self._every_observer_.extend(made)

    # -- who listens -------------------------------------------------------------------------------------------------

    def _listen_(self) -> None:
        """Find out who hears of bars, orders, trades and cash, and so what has to be kept for whom."""
        hooks = replaced(self, _HOOKS)
        every = (*self.analyzers, *self._slave_analyzers)
        self._bar_analyzers_ = [one for one in every if not one._behind_]
        self._bar_observers_ = [one for one in self._every_observer_ if not one._behind_]
        self._order_analyzers_ = [one for one in every if one._listens_("notify_order")]
        self._trade_analyzers_ = [one for one in every if one._listens_("notify_trade")]
        watched_bars = bool(self._bar_observers_)
        self._wants_orders_ = "notify_order" in hooks or bool(self._order_analyzers_) or watched_bars
        # a hook for orders may be the one that asks to hear of trades, and then hears of those of this bar
        heard = not hooks.isdisjoint(("notify_order", "notify_trade"))
        self._wants_trades_ = heard or bool(self._trade_analyzers_) or watched_bars
        # Trades are numbered in the order in which they open: those of one strategy can be counted afterwards.
        quiet = not (self._wants_orders_ or self._wants_trades_)
        self._counts_later_ = quiet and len(self._run_.strats) == 1
        self._cash_analyzers_ = [one for one in self._bar_analyzers_ if one._counts_cash_()]
        self._tells_cash_ = bool(self._cash_analyzers_) or not hooks.isdisjoint(_OF_CASH)
        self._extras_ = self._tells_cash_ or watched_bars or bool(self._bar_analyzers_)

    def _was_given_(self, name: str) -> None:
        """Take note that this strategy was given a method of its own, in the course of a run perhaps."""
        if name == "getsizing":
            self._fixed_size_ = None
        else:
            self._listen_again_()

    def _listen_again_(self) -> None:
        """Have the run find out again who hears of what, if it has begun."""
        if "_bar_analyzers_" in self.__dict__:
            self._run_.listen_again(self)

    def _owns_(self, order: Any) -> bool:
        """Tell whether *order* is notified to this strategy: its own, or one of the past in the first strategy."""
        owner = order.owner
        return owner is self or (owner is None and self._run_.strats[0] is self)

    def _account_path_(self) -> Any:
        """Give cash and value per cycle so far; None if this run cannot."""
        return self._run_.account_path()

    def _observers_flat_(self) -> list[Any]:
        """Give the observers one by one."""
        return self._every_observer_

    def _settz(self, tz: Any) -> None:
        self.lines.datetime._tz = tzparse(tz)

    def set_tradehistory(self, onoff: bool = True) -> None:
        """Keep the history of each trade."""
        if self._uncounted_:
            self._count_all_()
        self._tradehistoryon = onoff

    # -- hooks ------------------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Run before the first bar."""

    def stop(self) -> None:
        """Run after the last bar."""

    def prenext_open(self) -> None:
        """Run at the open of each bar before the minimum period (cheat-on-open only)."""

    def nextstart_open(self) -> None:
        """Run at the open after the minimum period was reached (cheat-on-open only)."""
        self.next_open()

    def next_open(self) -> None:
        """Run at the open of each bar after that (cheat-on-open only)."""

    @watched
    def notify_order(self, order: Any) -> None:
        """Run for each change of an order of this strategy."""

    @watched
    def notify_trade(self, trade: Any) -> None:
        """Run when a trade opens and when it closes."""

    @watched
    def notify_cashvalue(self, cash: float, value: float) -> None:
        """Run on each bar with the broker's cash and value."""

    @watched
    def notify_fund(self, cash: float, value: float, fundvalue: float, shares: float) -> None:
        """Run on each bar with cash, value, fund value and fund shares."""

    def notify_store(self, msg: Any, *args: Any, **kwargs: Any) -> None:
        """Run for each message of a store."""

    def notify_data(self, data: Any, status: int, *args: Any, **kwargs: Any) -> None:
        """Run for each change of status of a data."""

    def clear(self) -> None:
        """Forget the orders and trades that were notified in this cycle."""
        self._orders.extend(self._orderspending)
        self._orderspending = []
        self._tradespending = []

    # -- datas ------------------------------------------------------------------------------------------------------

    def getdatanames(self) -> list[str]:
        """Give the names of the datas."""
        return list(self.env.datasbyname)

    def getdatabyname(self, name: str) -> Any:
        """Give the data called *name*."""
        return self.env.datasbyname[name]

    def _now_(self) -> _dt.datetime:
        now: _dt.datetime = self.lines.datetime.datetime()
        return now


_OF_CASH = ("notify_cashvalue", "notify_fund")
_HOOKS = methods_of(Strategy, ("notify_order", "notify_trade", *_OF_CASH))

__all__ = ["Strategy"]
