"""The base of analyzers: hooks, children, results.

An analyzer is told about orders, trades, cash and value, and is stepped once per cycle after its strategy. One that
can work out its results from whole arrays implements :meth:`Analyzer.advance` beside the hooks: as long as no subclass
changes its hooks, these are never called, and ``advance`` is called at the end, or when somebody reads the results.
Both ways must leave the object in the same state, to the last bit.
"""

from __future__ import annotations

import pprint as _pprint
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, Protocol, dataclass_transform

import numpy as np
from numpy.typing import NDArray

from ..base.declare import ParamsBase, param
from ..base.outline import Outline
from ..base.owner import building
from ..base.replaced import methods_of, replaced
from ..errors import DeclarationError

Floats = NDArray[np.float64]

CYCLE_HOOKS = ("prenext", "nextstart", "next", "notify_cashvalue", "notify_fund")
EVENT_HOOKS = ("notify_order", "notify_trade")
_STEPS = ("_prenext", "_nextstart", "_next")


AFTER_ANALYZERS = 1_000_000  # the rank of the first observer


class AccountPath(Protocol):
    """What a run records of the account: one value per cycle of the strategy, index 0 for its first.

    The values are those at the end of a cycle; :meth:`told` gives those of ``notify_cashvalue`` and ``notify_fund``.
    ``cycles`` counts the cycles that are complete: in the course of a cycle it is not among them, after the last bar
    all are.
    """

    cycles: int
    datetime: Floats
    cash: Floats
    value: Floats
    fundvalue: Floats
    fundshares: Floats

    def update(self, present: bool = False) -> Any:
        """Count the cycles that are complete by now, with *present* the present one too."""
        ...

    def told(self, column: str, strategy: Any) -> Floats:
        """Give *column* (``"cash"``, ``"value"``, …) as *strategy* was told of it before its turn in each cycle."""
        ...

    def left(self, column: str, strategy: Any) -> Floats:
        """Give *column* as *strategy* left it in each cycle, when its turn was over."""
        ...

    def seen(self, data: Any, line: str) -> Floats:
        """Give what *line* of *data* showed in each cycle; NaN before the data's first bar."""
        ...

    def bars(self, data: Any) -> NDArray[np.int64] | None:
        """Give the index of the current bar of *data* per cycle (-1: none yet); None if it is the cycle's."""
        ...

    def position_value(self, data: Any) -> Floats:
        """Give the value of the position in *data* in each cycle."""
        ...


class _Results:
    """``rets`` of an analyzer that is behind: brought up to date when it is read.

    Not a data descriptor: as soon as the instance has an attribute ``rets``, that is what is read.
    """

    def __get__(self, analyzer: Analyzer | None, owner: type | None = None) -> Any:
        if analyzer is None:
            return self
        held = analyzer.__dict__.get("_held_", self)
        if held is self:
            raise AttributeError(f"{type(analyzer).__name__!r} object has no attribute 'rets'")
        analyzer._catch_up_()
        return analyzer._held_


@dataclass_transform(kw_only_default=True, field_specifiers=(param,))
class Analyzer(ParamsBase):
    """Base of analyzers.

    ``strategy``, ``data`` and ``datas`` are those of the strategy. Analyzers made in ``__init__`` become children,
    which are served before this one. Results go into ``rets``, by default an ordered dict.
    """

    csv: ClassVar[bool] = True
    # hooks which, when they are not those of the class that implements `advance`, make it step cycle by cycle
    _stepping_hooks_: ClassVar[tuple[str, ...]] = CYCLE_HOOKS
    _own_hooks_: ClassVar[dict[str, Any]] = {}
    # event hooks that need not be called as long as the analyzer is behind: it reads the strategy's log instead
    _from_log_: ClassVar[tuple[str, ...]] = ()

    if TYPE_CHECKING:  # for type checkers: no parameters
        strategy: Any = param(init=False)
        data: Any = param(init=False)
        datas: list[Any] = param(init=False)
        rets: Any = param(init=False)
        _held_: Any = param(init=False)
    else:
        rets = _Results()

    @classmethod
    def _declare_(cls) -> None:
        super()._declare_()
        if not {"advance", "_stepping_hooks_", "_from_log_"}.isdisjoint(cls.__dict__):
            home = next(base for base in cls.__mro__ if "advance" in base.__dict__)
            cls._own_hooks_ = methods_of(home, (*cls._stepping_hooks_, *cls._from_log_))
        if "_from_log_" not in cls.__dict__:
            cls._from_log_ = tuple(hook for hook in cls._from_log_ if hook not in cls.__dict__)

    def _prepare_(
        self, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> tuple[tuple[Any, ...], dict[str, Any]]:
        args, kwargs = super()._prepare_(args, kwargs)
        self._children: list[Analyzer] = []
        self._parent: Analyzer | None = None
        self._leader_: Any = None  # the observer that this analyzer works for
        self._path_: AccountPath | None = None
        self._behind_ = False
        self._done_ = 0
        self._place_ = -1  # the order in which analyzers and observers are served in a cycle
        self.strategy = self._find_owners_()
        self.datas = self.strategy.datas
        if self.datas:
            self.data = self.datas[0]
        for number, data in enumerate(self.datas):
            self.__dict__[f"data{number}"] = data
        self.create_analysis()
        return args, kwargs

    def _find_owners_(self) -> Any:
        """Register with the innermost analyzer or observer under construction; give the strategy."""
        registered = False
        for owner in reversed(building()):
            if isinstance(owner, Analyzer):
                if not registered:
                    self._parent = owner
                    owner._register(self)
                return owner.strategy
            if not registered and hasattr(owner, "_register_analyzer"):
                owner._register_analyzer(self)
                registered = True
            elif hasattr(owner, "_addanalyzer_slave"):
                return owner
        raise DeclarationError(
            f"{type(self).__name__} was made outside of a strategy; an analyzer belongs to one. Use "
            f"cerebro.addanalyzer({type(self).__name__}), or make it in the __init__ of an analyzer or observer."
        )

    def _register(self, child: Analyzer) -> None:
        self._children.append(child)

    def __len__(self) -> int:
        """Give the number of bars the strategy has seen."""
        return len(self.strategy)

    def __bool__(self) -> bool:
        return True

    def __setattr__(self, name: str, value: Any) -> None:
        object.__setattr__(self, name, value)
        if name in _HOOKS or name in self._own_hooks_:
            self._was_given_a_hook_()

    def __getattr__(self, name: str) -> Any:
        if name.startswith("data") and "strategy" in self.__dict__:
            return getattr(self.strategy, name)
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")

    # -- hooks ------------------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Run before the first bar."""

    def stop(self) -> None:
        """Run after the last bar, the children's first: the place to complete the results."""

    def prenext(self) -> None:
        """Run on each bar before the strategy's minimum period; by default as :meth:`next`."""
        self.next()

    def nextstart(self) -> None:
        """Run when the strategy's minimum period is reached; by default as :meth:`next`."""
        self.next()

    def next(self) -> None:
        """Run on each bar, after the strategy."""

    def notify_order(self, order: Any) -> None:
        """Run for each change of an order."""

    def notify_trade(self, trade: Any) -> None:
        """Run when a trade opens and when it closes."""

    def notify_cashvalue(self, cash: float, value: float) -> None:
        """Run on each bar with the broker's cash and value."""

    def notify_fund(self, cash: float, value: float, fundvalue: float, shares: float) -> None:
        """Run on each bar with cash, value, fund value and fund shares."""

    def create_analysis(self) -> None:
        """Make ``self.rets``, before ``__init__`` runs."""
        self.rets = OrderedDict()

    def get_analysis(self) -> Any:
        """Give the results; during the run, those of the complete cycles."""
        return self.rets

    def advance(self, start: int, stop: int) -> None:
        """Process the cycles [start, stop) of ``self._path_`` at once: what the hooks would do one by one."""

    # -- output -----------------------------------------------------------------------------------------------------

    def print(self, *args: Any, **kwargs: Any) -> None:
        """Print the results as a nested list; arguments as for ``WriterFile`` (``out``, ``rounding`` …)."""
        outline = Outline(*args, **kwargs)
        outline.start()
        outline.writedict({type(self).__name__: self.get_analysis()})
        outline.stop()

    def pprint(self, *args: Any, **kwargs: Any) -> None:
        """Print the results with the standard library's ``pprint``; arguments as for it."""
        _pprint.pprint(self.get_analysis(), *args, **kwargs)

    # -- called by the engine: children before parents --------------------------------------------------------------

    def _start(self) -> None:
        for child in self._children:
            child._start()
        self.start()
        if self._parent is not None:
            return
        self._place_ = next((n for n, one in enumerate(self.strategy.analyzers) if one is self), -1)
        if not _looks_back(self.strategy):
            return
        if self._must_step_():
            self._go_on_stage_()
        else:
            self._done_ = 0
            for one in self._family_():
                one._fall_behind_()

    def _stop(self) -> None:
        if self._parent is None:
            self._catch_up_()
            for one in self._family_():
                one._keep_up_()
            for name in _STEPS:
                self.__dict__.pop(name, None)
        for child in self._children:
            child._stop()
        self.stop()

    def _prenext(self) -> None:
        for child in self._children:
            child._prenext()
        self.prenext()

    def _nextstart(self) -> None:
        for child in self._children:
            child._nextstart()
        self.nextstart()

    def _next(self) -> None:
        for child in self._children:
            child._next()
        self.next()

    def _notify_cashvalue(self, cash: float, value: float) -> None:
        for child in self._children:
            child._notify_cashvalue(cash, value)
        self.notify_cashvalue(cash, value)

    def _notify_fund(self, cash: float, value: float, fundvalue: float, shares: float) -> None:
        for child in self._children:
            child._notify_fund(cash, value, fundvalue, shares)
        self.notify_fund(cash, value, fundvalue, shares)

    def _notify_order(self, order: Any) -> None:
        for child in self._children:
            child._notify_order(order)
        self.notify_order(order)

    def _notify_trade(self, trade: Any) -> None:
        for child in self._children:
            child._notify_trade(trade)
        self.notify_trade(trade)

    # -- working from whole arrays ----------------------------------------------------------------------------------

    def _must_step_(self) -> bool:
        """Tell whether the hooks need to be called in every cycle."""
        leader = self._leader_
        return self._needs_steps_() if leader is None else bool(leader._must_step_())

    def _needs_steps_(self) -> bool:
        """Tell whether this analyzer or one below it cannot do without being called in every cycle."""
        return bool(replaced(self, self._own_hooks_)) or any(child._needs_steps_() for child in self._children)

    def _listens_(self, hook: str) -> bool:
        """Tell whether this analyzer or one below it needs the event *hook* to be called."""
        return any(
            hook in replaced(one, _EVENTS) and not (one._behind_ and hook in one._from_log_)
            for one in self._family_()
        )

    def _counts_cash_(self) -> bool:
        """Tell whether this analyzer or one below it needs to be told of cash and value on each bar."""
        return any(replaced(one, _CASH) for one in self._family_())

    def _was_given_a_hook_(self) -> None:
        """Go by a hook that this object was given, from the present cycle on if the run has begun."""
        top = self
        while top._parent is not None:
            top = top._parent
        if top._leader_ is not None:
            top._leader_._was_given_a_hook_()
        elif top._place_ >= 0 and top.strategy is not None:
            if top._must_step_():
                top._step_from_now_()
            top.strategy._listen_again_()

    def _step_from_now_(self) -> None:
        """Go over from whole arrays to the hooks: process what is complete by now."""
        if self._behind_ and self._parent is None:
            self._catch_up_()
            family = self._family_()
            for one in family:
                one._keep_up_()
            cycle = self.strategy._clock_of_run_.i
            if cycle >= 0:
                path = self.strategy._account_path_().update(present=True)
                columns = (path.told(name, self.strategy) for name in ("cash", "value", "fundvalue", "fundshares"))
                told = [float(column[cycle]) for column in columns]
                for one in family:
                    one._hear_of_(cycle, *told)
                path.update()
            self._go_on_stage_()

    def _hear_of_(self, cycle: int, cash: float, value: float, fundvalue: float, shares: float) -> None:
        """Hear what was told in *cycle* so far, before :meth:`next`, as far as :meth:`advance` leaves that out."""
        cls = type(self)
        cls.notify_cashvalue(self, cash, value)
        cls.notify_fund(self, cash, value, fundvalue, shares)

    def _go_on_stage_(self) -> None:
        """Let others see while this analyzer is stepped."""
        for name in _STEPS:
            self.__dict__[name] = partial(_on_stage, self, getattr(self, name))

    def _fall_behind_(self) -> None:
        """Leave the cycles to :meth:`_catch_up`."""
        self._behind_ = True
        if type(self).advance is not Analyzer.advance and "rets" in self.__dict__:
            self._held_ = self.__dict__.pop("rets")

    def _keep_up_(self) -> None:
        """Have all results from now on."""
        self._behind_ = False
        if "_held_" in self.__dict__:
            self.rets = self.__dict__.pop("_held_")

    def _catch_up_(self) -> None:
        """Process the complete cycles that were not processed yet, in the whole family."""
        if not self._behind_:
            return
        if self._parent is not None:
            self._parent._catch_up_()
        elif self._leader_ is not None:
            self._leader_._catch_up_()
        else:
            path = account_path(self.strategy, self._place_)
            start, self._done_ = self._done_, max(path.cycles, self._done_)
            if start < self._done_:
                self._advance_(path, start, self._done_)

    def _advance_(self, path: AccountPath, start: int, stop: int) -> None:
        """Process the cycles [start, stop) of *path*, children first."""
        for child in self._children:
            child._advance_(path, start, stop)
        with self._on_(path):
            self.advance(start, stop)

    @contextmanager
    def _on_(self, path: AccountPath) -> Iterator[None]:
        """Have *path* and the results at hand."""
        self._path_ = path
        held = "_held_" in self.__dict__
        if held:
            self.rets = self._held_
        try:
            yield
        finally:
            self._path_ = None
            if held:
                self._held_ = self.__dict__.pop("rets")

    def _family_(self) -> list[Analyzer]:
        """Give the analyzers below and this one, in the order in which they are served."""
        out: list[Analyzer] = []
        for child in self._children:
            out += child._family_()
        out.append(self)
        return out

    def _detach_(self) -> None:
        """Let go of strategy and datas: what stays can travel between processes."""
        for one in self._family_():
            one.strategy = one._leader_ = None
            for name in [n for n in one.__dict__ if n.startswith("data")]:
                setattr(one, name, None)
            chosen = one.p._get("data")
            if hasattr(chosen, "_name"):
                one.p.data = chosen._name
        self._parent = None

    # -- account ----------------------------------------------------------------------------------------------------

    def _in_fund_mode_(self) -> bool:
        """Tell whether to follow the fund's value: parameter ``fund``, or the broker's mode where that is None.

        What the broker's mode is when this is first asked counts for the whole run.
        """
        own = self.__dict__
        if "_follows_fund" not in own:
            fund = self.p.fund
            own["_follows_fund"] = bool(self.strategy.broker.fundmode if fund is None else fund)
        return bool(own["_follows_fund"])

    def _worth_(self) -> float:
        """Ask the broker for the present value of the portfolio, or of a fund share in fund mode."""
        broker = self.strategy.broker
        worth: float = broker.fundvalue if self._in_fund_mode_() else broker.getvalue()
        return worth

    def _worths_(self) -> Floats:
        """Give the value of the portfolio (of a fund share in fund mode) in each cycle of the path."""
        path = self._path_
        assert path is not None
        return path.told("fundvalue" if self._in_fund_mode_() else "value", self.strategy)


def _on_stage(analyzer: Analyzer, step: Callable[[], None]) -> None:
    """Step *analyzer*, and let those behind that are served before it count the present cycle as complete."""
    strategy = analyzer.strategy
    strategy.__dict__["_stage_"] = analyzer._place_
    step()
    strategy.__dict__["_stage_"] = -1


def account_path(strategy: Any, rank: int) -> AccountPath:
    """Give the account's path as it is seen by the analyzer or observer of *rank*."""
    path: AccountPath = strategy._account_path_()
    if rank < strategy.__dict__.get("_stage_", -1):
        path.update(present=True)
    return path


def _looks_back(strategy: Any) -> bool:
    """Tell whether the run can give the account's path afterwards."""
    path_of = getattr(strategy, "_account_path_", None)
    return path_of is not None and path_of() is not None


_EVENTS = methods_of(Analyzer, EVENT_HOOKS)
_CASH = methods_of(Analyzer, ("notify_cashvalue", "notify_fund", "_notify_cashvalue", "_notify_fund"))
_HOOKS = frozenset((*CYCLE_HOOKS, *EVENT_HOOKS, *_CASH))

__all__ = ["AccountPath", "Analyzer"]
