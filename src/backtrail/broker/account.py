"""The account: cash, positions, their value, and what an execution does to them."""

from __future__ import annotations

import datetime as _dt
import functools
import operator
from collections import defaultdict, deque
from collections.abc import Iterable
from typing import Any, ClassVar

from ..base.declare import param
from ..base.parameter import FINITE
from ..base.time import num2date
from ..market.commission import CommInfoBase, has_interest, let_watch
from ..market.position import Position
from .checks import SLIPPAGE, check_cash, check_settings
from .history import PastFund
from .journal import Journal, no_run
from .protocol import BrokerBase

_NOWHERE = -2
# The parameters of schemes and brokers by which an account is valued.
_VALUING = frozenset((
    "mult", "margin", "leverage", "automargin", "stocklike", "interest", "interest_long", "shortcash",
))  # fmt: skip


class Book:
    """What the broker knows about one data: its scheme, and the data and position that its executions count for.

    A data that compensates another one opens and closes the other's position; openings pay the other's
    commission. ``plain``: a stock that is priced without calls. ``daily``: the account moves on every bar that a
    position is held. ``terms`` has the parameters of the scheme by name.
    """

    __slots__ = ("comminfo", "daily", "data", "opening", "percent", "plain", "position", "scheme", "target", "terms")

    def __init__(self, data: Any, target: Any, comminfo: Any, opening: Any, compensated: bool) -> None:
        self.data = data
        self.target = target
        self.comminfo = comminfo
        self.opening = opening
        self.position: Position | None = None
        self.scheme: Any = comminfo.p
        self.terms: dict[str, Any] = comminfo.p.__dict__  # the same, read in half the time
        self.daily: bool = compensated or not (opening._standard_ and opening._stocklike) or has_interest(opening)
        self.plain: bool = (
            target is data and not self.daily and comminfo._standard_ and comminfo._stocklike and not data._replaying_
        )
        self.percent: bool = self.plain and comminfo._commtype == comminfo.COMM_PERC

    def __getstate__(self) -> dict[str, Any]:
        """Leave out the terms: the scheme has them, beside whom to tell when one is set."""
        return {name: getattr(self, name) for name in self.__slots__ if name != "terms"}

    def __setstate__(self, state: dict[str, Any]) -> None:
        for name, value in state.items():
            setattr(self, name, value)
        self.terms = self.scheme.__dict__


class Account(BrokerBase):
    """Cash, positions and fund of a simulated broker, valued as backtrader values them.

    The value is that of the end of the last :meth:`next`. While ``lazy_value`` is set and nothing but prices
    moved, it is computed from the current closes when somebody asks.
    """

    params: ClassVar[Any] = (
        ("cash", param(default=10000.0, kind=FINITE)),
        ("checksubmit", True),
        ("eosbar", False),
        ("filler", None),
        ("slip_perc", SLIPPAGE),
        ("slip_fixed", SLIPPAGE),
        ("slip_open", False),
        ("slip_match", True),
        ("slip_limit", True),
        ("slip_out", False),
        ("coc", False),
        ("coo", False),
        ("int2pnl", True),
        ("shortcash", True),
        ("fundstartval", 100.0),
        ("fundmode", False),
    )

    def __init__(self) -> None:
        self._fundhist: list[PastFund] = []
        super().__init__()
        self.p._let_hear(self)

    def init(self) -> None:
        """Start over: cash as set, no positions."""
        super().init()
        p = self.p
        check_settings(p)
        self.startingcash = self.cash = p.cash
        self._value = self.cash
        self._valuemkt = 0.0
        self._valuelever = 0.0
        self._valuemktlever = 0.0
        self._leverage = 1.0
        self._unrealized = 0.0
        self.positions: defaultdict[Any, Position] = defaultdict(Position)
        self.d_credit: defaultdict[Any, float] = defaultdict(float)
        self._fundval = p.fundstartval
        self._fundshares: float = p.cash / self._fundval
        self._cash_addition: deque[float] = deque()
        self._books_: dict[Any, Book] = {}
        self._daily_: list[Book] = []
        self._own_values_ = False  # whether a scheme has a way of its own, which may give nothing a value
        self._valued_ = _NOWHERE
        self._to_hold_: list[Any] = []
        self._read_every_bar_ = False
        # The cycle before which no pending order can do anything.
        self._sleeps_until_ = -1
        self.journal = Journal(self.cash, self._fundshares)
        self.active = True

    # -- settings ----------------------------------------------------------------------------------------------

    def addcommissioninfo(self, comminfo: CommInfoBase, name: str | None = None) -> None:
        """Use *comminfo* for the data called *name*, or as the default."""
        self._close_books_()
        super().addcommissioninfo(comminfo, name)
        self._reopen_books_()

    def _before_setting_(self, name: str) -> None:
        """Hear that a parameter is going to be set: of a scheme, or of this broker."""
        if name in _VALUING:
            self._close_books_()

    def _after_setting_(self, name: str) -> None:
        """Go by a parameter that was set, of a scheme or of this broker."""
        if name in self.p._defaults:
            self._configure_()
            self._sleeps_until_ = -1
        if name in _VALUING:
            self._reopen_books_()

    def _close_books_(self) -> None:
        """Take note of what the account is worth up to now: terms are going to change in the course of a run."""
        if self.journal.settle is no_run:
            return
        if self.lazy_value and self._valued_ != self._cycle_():
            self._revalue_()
        self.journal.settle()

    def _reopen_books_(self) -> None:
        """Look schemes up again: one of them changed."""
        self._books_ = {}
        self._daily_ = []
        self._find_own_values_()
        for data, position in self.positions.items():
            if position.size:
                self._watch_(self._book_(data))
                position.adjbase = data.close[0]
                position.datetime = data.datetime.datetime()
        self.active = True
        self._sleeps_until_ = -1

    def _find_own_values_(self) -> None:
        """Find out whether a scheme has a way of its own: it is asked on every bar, also about positions of size 0."""
        for one in self.comminfo.values():
            let_watch(self, one)
        self._own_values_ = any(not one._standard_ for one in self.comminfo.values())

    def set_fundmode(self, fundmode: bool, fundstartval: float | None = None) -> None:
        """Report as a fund does: analyzers and observers then follow the value of a share."""
        self.p.fundmode = fundmode
        if fundstartval is not None:
            self.set_fundstartval(fundstartval)

    def get_fundmode(self) -> bool:
        """Tell whether the broker reports as a fund does."""
        return bool(self.p.fundmode)

    def set_fundstartval(self, fundstartval: float) -> None:
        """Set what a fund share is worth at the start."""
        self.p.fundstartval = fundstartval

    def set_int2pnl(self, int2pnl: bool) -> None:
        """Count interest in the commission of the execution that closes (a part of) the position."""
        self.p.int2pnl = int2pnl
        self._configure_()

    def set_shortcash(self, shortcash: bool) -> None:
        """Let short sales of stocks add cash (True) or bind it (False)."""
        self.p.shortcash = shortcash
        self._configure_()

    def _configure_(self) -> None:
        """Take the settings over into what the bars are worked with."""

    # -- cash --------------------------------------------------------------------------------------------------

    def get_cash(self) -> float:
        """Give the cash."""
        return self.cash  # type: ignore[no-any-return]  # cash is whatever number the user set

    getcash = get_cash

    def set_cash(self, cash: float) -> None:
        """Set the cash, at the start or now."""
        check_cash("set_cash", cash)
        self.get_fundvalue()
        self._note_late_()
        self.startingcash = self.cash = self.p.cash = cash
        self._value = cash
        self._valued_ = self._cycle_()
        self._note_cash_()
        self._record_()
        self.active = True
        self._sleeps_until_ = -1

    setcash = set_cash

    def add_cash(self, cash: float) -> None:
        """Add *cash* (negative: take away) at the end of the next cycle; it buys fund shares at their present value."""
        check_cash("add_cash", cash)
        self.get_fundvalue()
        self._cash_addition.append(cash)
        self.active = True

    def _cycle_(self) -> int:
        clock = self._clock_
        return _NOWHERE if clock is None else clock.i + clock.dropped

    def _record_(self, back: int = 0) -> None:
        """Record cash and value of this cycle as they are: they cannot be computed from positions and prices.

        *back* is 1 for the cycle before.
        """
        cycle = self._cycle_() - back
        if cycle >= 0:
            self.journal.dense.append((cycle, self.cash, self._value, self._fundval))

    def _close_bar_(self) -> None:
        """Bring added cash in that the reading of positions would have brought in at the end of the last bar."""
        if self._read_every_bar_ and self._cash_addition:
            self._note_late_(back=1)
            self._add_pending_cash_()
            self._record_(back=1)

    def _note_late_(self, back: int = 0) -> None:
        """Enter what the account is into the journal, before it is changed while strategies are at work."""
        cycle = self._cycle_() - back
        if cycle >= 0 and self.journal.kept:
            clock = self._clock_
            turns = sum(strategy._c_.i >= clock.i - back for strategy in self.journal.strategies)
            self.journal.late.append(
                (cycle, turns, self.cash, self._value, self._fundval, self._fundshares)
            )

    def _note_cash_(self) -> None:
        """Enter a change of cash or fund shares into the journal."""
        self.journal.moves.append((self._cycle_(), None, 0, 0.0, self.cash, self._fundshares))

    # -- positions ---------------------------------------------------------------------------------------------

    def getposition(self, data: Any) -> Position:
        """Give the position in *data*."""
        return self.positions[data]

    def hold_positions(self, datas: Iterable[Any]) -> None:
        """Have positions in *datas* from the end of the first cycle on: what reads them on every bar brings them up.

        The account sums up positions in the order in which they came up. Reading their values on every bar also brings
        added cash in at the end of the bar instead of with the next one.
        """
        self._to_hold_ = list(datas)
        self._read_every_bar_ = True
        self.active = True

    def _book_(self, data: Any) -> Book:
        book = self._books_.get(data)
        if book is None:
            target = data._compensate
            if target is None:
                target = data
            schemes = self.getcommissioninfo
            for one in {schemes(data), schemes(target)}:
                let_watch(self, one)
            # What a compensating future settles against moves with every bar.
            compensated = any(other._compensate is data for other in self._datas_())
            book = self._books_[data] = Book(data, target, schemes(data), schemes(target), compensated)
            self._own_values_ = self._own_values_ or not book.comminfo._standard_
        return book

    def _watch_(self, book: Book) -> None:
        """Charge and adjust the position of *book* on every bar from now on, if its scheme asks for it."""
        target = book if book.target is book.data else self._book_(book.target)
        if target.daily and target not in self._daily_:
            self._daily_.append(target)

    # -- value -------------------------------------------------------------------------------------------------

    def get_value(self, datas: Iterable[Any] | None = None, mkt: bool = False, lever: bool = False) -> float:
        """Give the value of the account, or that of the positions in *datas*.

        For the account, *mkt* leaves the cash out and *lever* counts positions in full instead of what they
        bind. For *datas* it is the other way round, as in backtrader: positions count in full unless *lever*.
        """
        if datas:
            return self._positions_value_(datas, lever)
        if self.lazy_value and self._valued_ != self._cycle_():
            self._revalue_()
        if mkt:
            return self._valuemktlever if lever else self._valuemkt
        return self._valuelever if lever else self._value

    getvalue = get_value

    def get_value_lever(self, datas: Iterable[Any] | None = None, mkt: bool = False) -> float:
        """Give the value with positions counted in full."""
        return self.get_value(datas=datas, mkt=mkt, lever=True)

    def get_leverage(self) -> float:
        """Give the ratio of the positions' full value to what they bind."""
        if self.lazy_value and self._valued_ != self._cycle_():
            self._revalue_()
        leverage: float = self._leverage
        return leverage

    def get_fundshares(self) -> float:
        """Give the number of fund shares."""
        return self._fundshares

    fundshares = property(get_fundshares)

    def get_fundvalue(self) -> float:
        """Give the value of one fund share."""
        if self.lazy_value and self._valued_ != self._cycle_():
            self._revalue_()
        value: float = self._fundval
        return value

    fundvalue = property(get_fundvalue)

    def _position_value_(self, data: Any) -> tuple[float, float]:
        """Give the value of the position in *data* at the current close and its unrealised profit."""
        book = self._books_.get(data) or self._book_(data)
        comminfo = book.comminfo
        position = self.positions[data]
        if position.size or data._c_.i >= 0:
            close = data.close[0]
        elif not data._c_.size:
            return 0.0, 0.0  # nothing was delivered yet, and nothing is held
        else:
            close = float(data.close.array[-1])  # what backtrader reads before the first bar
        if book.plain and self.p.shortcash:
            size = position.size
            return size * close, size * (close - position.price) * book.scheme.mult
        if self.p.shortcash:
            value = comminfo.getvaluesize(position.size, close)
        else:
            value = comminfo.getvalue(position, close)
        return value, comminfo.profitandloss(position.size, position.price, close)

    def _positions_value_(self, datas: Iterable[Any], lever: bool) -> float:
        """Give the value of the positions in *datas*; with *lever* what the cash bound for long ones is worth."""
        if self._cash_addition:
            # The cash is there at once, the value of the account follows with the next bar.
            self._note_late_()
            self._add_pending_cash_()
            self._record_()
        values = []
        for data in datas:
            value, unrealized = self._position_value_(data)
            if lever and value > 0:
                value = (value - unrealized) / self._book_(data).comminfo.get_leverage() + unrealized
            values.append(value)
        return functools.reduce(operator.add, values)  # sum() compensates from Python 3.12 on

    def _add_pending_cash_(self) -> None:
        """Bring the cash in that was added since the last cycle."""
        additions = self._cash_addition
        while additions:
            cash = additions.popleft()
            self._fundshares += cash / self._fundval
            self.cash += cash
        self._note_cash_()

    def _revalue_(self) -> None:
        """Compute the value of the account at the current closes."""
        if self._cash_addition:
            self._add_pending_cash_()
        full = bound = profit = 0.0
        shortcash = self.p.shortcash
        books = self._books_
        for data, position in self.positions.items():
            size = position.size
            if not size and not self._own_values_:
                continue
            book = books.get(data) or self._book_(data)
            if not size and book.comminfo._standard_:
                continue
            if book.plain and shortcash:
                close = data.close._a_[data._c_.i]
                scheme = book.scheme
                leverage = scheme.leverage
                value = size * close
                unrealized = size * (close - position.price) * scheme.mult
            else:
                value, unrealized = self._position_value_(data)
                if not shortcash:
                    value = abs(value)
                leverage = book.comminfo.get_leverage() if value > 0 else 1.0
            full += value
            profit += unrealized
            if value > 0:
                bound += (value - unrealized) / leverage
                bound += unrealized
            else:
                bound += value
        self._leverage = full / (bound or 1.0)
        self._unrealized = profit
        self._valued_ = self._cycle_()
        if self._fundhist:
            share, worth = self._fundhist[-1].at(self._now_())
            self._fundval = share
            self._fundshares = worth / share
            self.cash = worth - bound
            self._value = bound = worth
            full = worth * self._leverage
        else:
            self._value = self.cash + bound
            try:
                self._fundval = self._value / self._fundshares
            except ZeroDivisionError:
                raise ZeroDivisionError(
                    "The broker began with a cash of 0, for which there are no fund shares to give a value to. "
                    "Begin with cash: cerebro.broker.setcash(10000.0)."
                ) from None
        self._valuemkt = bound
        self._valuelever = self.cash + full
        self._valuemktlever = full

    def _datas_(self) -> list[Any]:
        return [] if self.cerebro is None else list(self.cerebro.datas)

    def _now_(self) -> _dt.datetime:
        """Give the time of the newest bar of all datas."""
        return num2date(max((data.datetime[0] for data in self._datas_() if len(data)), default=1.0))
