"""The base of observers: lines that follow a strategy and its account.

An observer is stepped once per cycle, after the strategy and its analyzers; during ``next`` of the strategy it is one
bar behind. One that can work out its lines from whole arrays implements :meth:`Observer.observe` beside ``next``: as
long as no subclass changes its hooks, these are never called, and ``observe`` fills the lines at the end, or when
somebody reads them during the run.
"""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from ..analyzers.base import AFTER_ANALYZERS, Analyzer, account_path
from ..base.declare import param
from ..base.replaced import methods_of, replaced
from ..lines.buffer import NAN, Line
from ..lines.clock import Clock
from ..lines.iterator import ObserverBase, set_and_bind

Floats = NDArray[np.float64]

_HOOKS = ("next", "nextstart", "prenext")


class _Lagging(Clock):
    """The clock of an observer that is behind: looking at it brings the observer up to date."""

    __slots__ = ("observer",)

    def __init__(self, observer: Observer) -> None:
        self.observer = observer
        super().__init__()

    @property
    def i(self) -> int:
        """The index of the bar of the last complete cycle."""
        return self.observer._catch_up_()

    @i.setter
    def i(self, index: int) -> None:
        """Ignore the start value: the observer knows."""


class _ObservedLine(Line):
    """A line of an observer. Before its first bar there is nothing: NaN."""

    def _outside_(self, ago: int) -> float:
        return NAN if ago <= 0 else super()._outside_(ago)

    if not TYPE_CHECKING:

        @property
        def array(self) -> Floats:
            """The storage, up to date."""
            self._c_.i  # noqa: B018  # a lagging clock catches up when it is read
            return self.__dict__["array"]

        @array.setter
        def array(self, values: Floats) -> None:
            self.__dict__["array"] = values


class Observer(ObserverBase):
    """Base of observers.

    ``_owner`` is the strategy. With ``_stclock`` the observer has a bar in each cycle of the strategy; without, in
    event mode, one per bar of its data. Analyzers made in ``__init__`` (``self._owner._addanalyzer_slave(…)``) are
    private: they are served just before the observer.
    """

    csv: ClassVar[bool] = True
    _stclock: ClassVar[bool] = False
    _own_hooks_: ClassVar[dict[str, Any]] = {}  # those of the class that implements `observe`
    plotinfo: ClassVar[Any] = {
        "plot": False,
        "plotmaster": None,
        "legendloc": None,
        "subplot": True,
        "plotname": "",
        "plotskip": False,
        "plotabove": False,
        "plotlinelabels": False,
        "plotlinevalues": True,
        "plotvaluetags": True,
        "plotymargin": 0.0,
        "plotyhlines": [],
        "plotyticks": [],
        "plothlines": [],
        "plotforce": False,
    }

    if TYPE_CHECKING:  # for type checkers: no parameter
        _owner: Any = param(init=False)

    @classmethod
    def _declare_(cls) -> None:
        super()._declare_()
        if "observe" in cls.__dict__:
            cls._own_hooks_ = methods_of(cls, _HOOKS)

    def _prepare_(
        self, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> tuple[tuple[Any, ...], dict[str, Any]]:
        args, kwargs = super()._prepare_(args, kwargs)
        own = self.__dict__
        own["_analyzers"] = []
        own["_path_"] = None
        own["_done_"] = 0
        own["_behind_"] = False
        own["_filled_"] = False
        if type(self)._stclock:
            own["_clock"] = self._owner
        self._own_lines_()
        return args, kwargs

    def _own_lines_(self) -> None:
        """Put the lines on a clock of their own."""
        for one in self.lines._all:
            one.__class__ = _ObservedLine
        self._adopt_clock_(Clock())
        self._start_period_(1)

    def __setattr__(self, name: str, value: Any) -> None:
        if self._by_ == "nothing":
            set_and_bind(self, name, value)
        else:
            object.__setattr__(self, name, value)
        if name in _HOOKS:
            self._was_given_a_hook_()

    def _was_given_a_hook_(self) -> None:
        """Go by a hook that this object, or an analyzer of it, was given: from the present cycle on if there is one."""
        if self._behind_ and self._must_step_():
            self._step_from_now_()
            self._owner._listen_again_()

    def _step_from_now_(self) -> None:
        """Go over from whole arrays to the hooks: process what is complete by now."""
        if self._behind_:
            own = self.__dict__
            own["_length_"] = self._keep_up_() + 1
            own["_follows_"] = self._clock_followed_(self._owner._c_)
            for analyzer in self._analyzers:
                analyzer._step_from_now_()

    def _register_analyzer(self, analyzer: Analyzer) -> None:
        """Let *analyzer* work for this observer."""
        analyzer._leader_ = self
        self._analyzers.append(analyzer)

    # -- hooks ------------------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Run before the first bar."""

    def prenext(self) -> None:
        """Run on each bar before the strategy's minimum period; by default as :meth:`next`."""
        self.next()

    def observe(self, start: int, stop: int) -> None:
        """Fill the lines in the cycles [start, stop) of ``self._path_``: what ``next`` would do one by one."""

    # -- called by the engine ---------------------------------------------------------------------------------------

    def _on_clock_(self, clock: Clock) -> None:
        """Take note of the strategy's *clock*."""
        own = self.__dict__
        own["_follows_"] = self._clock_followed_(clock)
        own["_length_"] = 0
        place = next(n for n, one in enumerate(self._owner._observers_flat_()) if one is self)
        own["_place_"] = AFTER_ANALYZERS + place

    def _clock_followed_(self, clock: Clock) -> Clock:
        """Give the clock whose bars are this observer's: the strategy's *clock*, or that of the first data."""
        followed: Clock = clock if self._in_step_() else self.datas[0]._c_
        return followed

    def _in_step_(self) -> bool:
        """Tell whether the observer has a bar in each cycle."""
        run = self._owner._run_
        by_bar = run.mode != "vectorised" or run.spec.event_mode
        return type(self)._stclock or not by_bar or not self.datas

    def _must_step_(self) -> bool:
        """Tell whether the hooks need to be called in every cycle."""
        run = self._owner._run_
        return (
            bool(replaced(self, self._own_hooks_))
            or any(analyzer._needs_steps_() for analyzer in self._analyzers)
            or any(writer.p.csv for writer in run.writers)
        )

    def _start(self) -> None:
        path_of = self._owner._account_path_
        self.__dict__["_done_"] = 0
        if not self._must_step_() and path_of() is not None:
            self.__dict__["_behind_"] = True
            self._adopt_clock_(_Lagging(self))
        self.start()

    def _bar_(self, status: int) -> None:
        """Step: the strategy's *status* is positive before its minimum period, 0 when it is reached, then negative."""
        own, clock = self.__dict__, self._c_
        length = len(self._follows_)
        if length > self._length_:
            own["_length_"] = length
            clock.i += 1
            for one in self.lines._all:
                one._reserve(clock.i + 1)
        if clock.i < 0:
            return
        if self._children_:
            self._step_children_()
        stage = self._owner.__dict__
        stage["_stage_"] = self._place_
        if self._owner._run_.mode == "vectorised":
            (self.next if status < 0 else self.nextstart if status == 0 else self.prenext)()
        elif clock.i + clock.dropped:
            self.next()
        else:
            self.nextstart()
        stage["_stage_"] = -1

    def _step_children_(self) -> None:
        """Compute the indicators of this observer for the current bar."""
        if self._owner._run_.mode == "vectorised":
            if not self._filled_:
                self.__dict__["_filled_"] = True
                for child in self._children_:
                    child._fill_()
        else:
            for child in self._children_:
                child._step_()
        at = self._c_.i
        for one in self.lines._all:
            for source in one._sources:
                one._a_[at] = source._a_[source._c_.i] if source._c_.i >= 0 else NAN

    def _catch_up_(self) -> int:
        """Process the complete cycles that were not processed yet; give the index of the present bar."""
        own = self.__dict__
        path = account_path(self._owner, self._place_)
        start, stop = self._done_, max(path.cycles, self._done_)
        if start < stop:
            own["_done_"] = stop
            own["_path_"] = path
            with ExitStack() as stack:
                for analyzer in self._analyzers:
                    stack.enter_context(analyzer._on_(path))
                self.observe(start, stop)
            own["_path_"] = None
            for one in self.lines._all:
                self._room_(one)
        return self._index_(stop - 1)

    def _room_(self, line: Line) -> Floats:
        """Give the storage of *line*, which has room for all bars of the run."""
        array: Floats = line.__dict__["array"]
        if not len(array):
            size = self._owner._run_.timeline.cycles if self._in_step_() else self.datas[0]._c_.size
            line._allocate(size)
            array = line.__dict__["array"]
        return array

    def _fill_line_(self, line: Line, values: Floats, start: int, stop: int) -> None:
        """Take *values* of the cycles [start, stop) into *line*; all at once they need not be copied."""
        if start == 0 and stop == self._owner._run_.timeline.cycles:
            line._store(values)
        else:
            self._room_(line)[start:stop] = values

    def _index_(self, cycle: int) -> int:
        """Give the index of the bar that is current in *cycle*."""
        bars = None if self._in_step_() else self.datas[0]._c_.bars_at
        return cycle if bars is None or cycle < 0 else int(bars[cycle])

    def _keep_up_(self) -> int:
        """Have all bars from now on; give the index of the present one."""
        self.__dict__["_behind_"] = False
        index = self._catch_up_()
        clock = Clock()
        clock.i = index
        self._adopt_clock_(clock)
        return index

    def _complete_(self) -> None:
        """Have all bars from now on."""
        if self._behind_:
            self._keep_up_()
        size = self._c_.i + 1
        self._c_.size = size
        for one in self.lines._all:
            one._trim(size)


__all__ = ["Observer"]
