"""Groups of lines that are computed: from datas, with a warm-up, by an owner.

An object finds its owner on the construction stack, takes its datas from its arguments (or from the owner) and runs on
the clock of its first data. It is evaluated in one go over preloaded bars (:meth:`LineIterator._fill_`) or bar by bar
(:meth:`LineIterator._step_`), by the same code.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ClassVar, dataclass_transform

import numpy as np

from ..base.declare import param
from ..base.owner import find_owner
from ..errors import ParameterError
from .align import seen_index, seen_values
from .buffer import NAN, Floats, Line
from .clock import Clock
from .dynamic import Dynamic, nothing, offer
from .expr import LineNum, unowned
from .place import Placed, place_on
from .root import LineRoot, Shown
from .series import PRICES, LineSeries, as_series
from .stepping import Program

Link = tuple[Line, Line]


def _how_computed(cls: type) -> tuple[str, str]:
    """Tell how instances of *cls* are computed: over preloaded bars, and bar by bar.

    The most derived class that defines ``compute``, ``once`` or ``next`` decides. One that defines only ``next`` is
    replayed bar by bar also over preloaded bars; one that defines only ``once`` computes nothing bar by bar. Beside
    ``next`` or ``once`` in one class, ``compute`` is a method like any other.
    """
    for base in cls.__mro__:
        body = base.__dict__
        if base.__qualname__ == "LineIterator" and base.__module__ == __name__:
            return "nothing", "nothing"
        if "once" in body:
            return "once", "next"
        if "compute" in body and "next" not in body:
            return "compute", "compute"
        if "next" in body or "nextstart" in body or "prenext" in body:
            return "next", "next"
    return "nothing", "nothing"


_ONCE = frozenset(("preonce", "oncestart", "once"))
_NEXT = frozenset(("prenext", "nextstart", "next"))
_BY_HOOKS = ("next", "each bar")


def set_and_bind(self: Any, name: str, value: Any) -> None:
    """Set an attribute; a line or expression given to the name of a line binds that line, too."""
    if isinstance(value, LineRoot) and "lines" in self.__dict__:
        target = self.lines.__dict__.get(name)
        if isinstance(target, Line) and target is not value:
            target._bind(value)
    object.__setattr__(self, name, value)


@dataclass_transform(kw_only_default=True, field_specifiers=(param,))
class LineIterator(LineSeries):
    """Base of indicators, observers and strategies."""

    _ltype: ClassVar[int] = LineRoot.IndType
    _nextforce: ClassVar[bool] = False
    _marks_back_: ClassVar[bool] = False  # whether a bar computed may set values of bars before it
    _by_: ClassVar[str] = "nothing"
    _by_bar_: ClassVar[str] = "nothing"
    _program_: ClassVar[Program | None] = None
    _stepped_: int = 0
    _owner: Any = None
    datas: list[Any]
    data: Any

    # numbers of a feed's lines: self.data.lines[self.PriceHigh]
    PriceClose, PriceLow, PriceHigh, PriceOpen, PriceVolume, PriceOpenInteres, PriceDateTime = range(7)

    @classmethod
    def _declare_(cls) -> None:
        super()._declare_()
        cls._by_, cls._by_bar_ = _how_computed(cls)
        plain = object.__setattr__
        if "__setattr__" not in cls.__dict__ and cls.__setattr__ in (plain, set_and_bind):
            # a line that hooks write must not be bound as well
            cls.__setattr__ = set_and_bind if cls._by_ == "nothing" and cls.lines._names else plain  # type: ignore[method-assign]

    # -- construction -----------------------------------------------------------------------------------------------

    def _prepare_(
        self, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> tuple[tuple[Any, ...], dict[str, Any]]:
        args, kwargs = super()._prepare_(args, kwargs)
        self._children_: list[Any] = []
        self._owner = owner = self._find_owner_()
        if owner is None and self._ltype == LineRoot.IndType:
            raise unowned(self)
        datas, args = self._take_datas_(args)
        if not datas and owner is not None:
            datas = list(owner.datas[: type(self)._mindatas])
        self._set_datas_(datas)
        own = self.__dict__
        if datas:
            own["_clock"] = datas[0]
            own["_root_"] = datas[0]._root_
            self._adopt_clock_(datas[0]._c_)
            self._start_period_(max(d._minperiod for d in datas))
        elif owner is not None:
            own["_clock"] = owner
            self._adopt_clock_(owner._c_)
        return args, kwargs

    def _find_owner_(self) -> Any:
        return find_owner(LineIterator, skip=self)

    def _take_datas_(self, args: tuple[Any, ...]) -> tuple[list[Any], tuple[Any, ...]]:
        """Split the positional arguments into datas (numbers become constant lines) and the rest."""
        datas: list[Any] = []
        wanted = type(self)._mindatas
        for at, arg in enumerate(args):
            if isinstance(arg, LineRoot):
                datas.append(as_series(arg))
            elif len(datas) < wanted and isinstance(arg, (int, float)) and not isinstance(arg, bool):
                datas.append(as_series(LineNum(arg)))
            else:
                return datas, args[at:]
        return datas, ()

    def _set_datas_(self, datas: list[Any]) -> None:
        own = self.__dict__
        own["datas"] = datas
        if datas:
            own["data"] = datas[0]
        for number, data in enumerate(datas):
            own[f"data{number}"] = data
            lines = data.lines
            spec = lines._spec
            if (number, spec._names, spec._aliases, len(lines._all)) not in _named:
                _name_lines(number, lines)

    def _adopt_clock_(self, clock: Clock) -> None:
        for one in self.lines._all:
            one._set_clock(clock)
            one._root_ = self._root_
        self._c_ = clock

    def _start_period_(self, period: int) -> None:
        self.__dict__["_minperiod"] = period
        for one in self.lines._all:
            one._minperiod = period

    def _finish_(self) -> None:
        super()._finish_()
        self._periodrecalc()
        policy = getattr(self.datas[0].lines[0], "_policy", None) if self.datas else None
        for one in self.lines._all:
            one._policy = policy
        if self._owner is not None:
            self._owner._adopt_(self)

    def _periodrecalc(self) -> None:
        """Take the longest period of the own lines and of everything evaluated below.

        What :meth:`setminperiod` and :meth:`updateminperiod` did to the object itself does not outlast ``__init__``.
        """
        periods = [one._minperiod for one in self.lines._all] or [self._minperiod]
        periods.extend(child._minperiod for child in self.getindicators())
        self._minperiod = max(periods)

    def _adopt_(self, child: Any) -> None:
        """Evaluate *child* before this object, in order of creation."""
        self._children_.append(child)

    def addindicator(self, indicator: Any) -> None:
        """Evaluate *indicator* before this object."""
        self._adopt_(indicator)

    def getindicators(self) -> list[Any]:
        """Give the indicators and computed lines evaluated below, in order of creation."""
        return [c for c in self._children_ if c._ltype == LineRoot.IndType]

    def getindicators_lines(self) -> list[Any]:
        """Give the indicators below that have lines of their own."""
        return [
            c
            for c in self.getindicators()
            if hasattr(c.lines if isinstance(c, LineSeries) else None, "getlinealiases")
        ]

    def getobservers(self) -> list[Any]:
        """Give the observers below."""
        return [c for c in self._children_ if c._ltype == LineRoot.ObsType]

    @property
    def _lineiterators(self) -> dict[int, list[Any]]:
        return {kind: [c for c in self._children_ if c._ltype == kind] for kind in (0, 1, 2)}

    def bindlines(self, owner: Any = None, own: Any = None) -> LineIterator:
        """Let the owner's lines *owner* take the values of the own lines *own* (numbers or names; default: first)."""
        for theirs, mine in zip(_listed(owner), _listed(own), strict=False):
            target = self._owner._getline(theirs)
            target._bind(self._getline(mine))
        return self

    bind2lines = bindlines
    bind2line = bindlines

    def _missing_(self, name: str) -> str:
        """Say that there is no attribute *name*; that a data is missing when it is one."""
        if name.startswith("data") and name[4:].isdigit():
            datas = len(self.datas)
            return f"{type(self).__name__} uses {name}; it was given {datas} data{'s' * (datas != 1)}. Pass one more."
        return super()._missing_(name)

    @Shown
    def dnames(self) -> Any:
        """The datas that have a name, by name."""
        from ..base.autodict import DotDict

        return DotDict((d._name, d) for d in self.datas if getattr(d, "_name", ""))

    @Shown
    def ddatas(self) -> dict[Any, None]:
        """The datas as dictionary keys."""
        return dict.fromkeys(self.datas)

    # -- evaluation -------------------------------------------------------------------------------------------------

    @Shown
    def first(self) -> int:
        """The storage index of the first bar with a defined value."""
        return self._minperiod - 1 - self._c_.dropped

    def compute(self, start: int, stop: int) -> None:
        """Fill the lines' bars [start, stop) from the datas; typed indicators implement this."""

    def next(self) -> None:
        """Compute the current bar; legacy indicators implement this."""
        i = self._c_.i
        self.compute(i, i + 1)

    def once(self, start: int, end: int) -> None:
        """Compute the bars [start, end) of a preloaded run; legacy indicators may implement this."""
        self.compute(start, end)

    def _fill_(self) -> None:
        """Compute all bars of a preloaded run."""
        clock = self._c_
        size = clock.size
        by = self._by_
        period = self._minperiod
        share = by == "nothing"
        for one in self.lines._all:
            if share and one._sources:
                one._store(_unset(size))
            else:
                one._allocate(size)
        loose, steps = self._steps_()
        for target, source in loose:
            _take(target, source, size, share)
        for child, links in steps:
            child._fill_()
            for target, source in links:
                _take(target, source, size, share)
        with Placed(lambda: f"computing {type(self).__name__} over the bars of feed {self._feed_name_()!r}"):
            if by == "compute":
                if period <= size:
                    self.compute(period - 1, size)
            elif by == "once":
                self._fill_once_(size)
            elif by == "next":
                self._replay_(size)

    def _feed_name_(self) -> str:
        return getattr(self._root_, "_name", "") or "data"

    def _steps_(self) -> tuple[list[Link], list[tuple[Any, list[Link]]]]:
        """Give the bindings to lines that no child computes, and every child with the bindings to its lines.

        A child may read an own line that is bound to an earlier child, so bindings are copied after each child.
        """
        cached: Any = self.__dict__.get("_steps_made_")
        if cached is None or len(cached[1]) != len(self._children_):
            by_child: dict[int, list[Link]] = {id(c): [] for c in self._children_}
            loose: list[Link] = []
            for target in self.lines._all:
                for source in target._sources:
                    by_child.get(id(source), by_child.get(id(source._owner), loose)).append((target, source))
            cached = self.__dict__["_steps_made_"] = (loose, [(c, by_child[id(c)]) for c in self._children_])
        return cached  # type: ignore[no-any-return]

    def _fill_once_(self, size: int) -> None:
        """Run the vectorised hooks; they find arrays of Python floats, so that a division by zero raises."""
        period = self._minperiod
        lines = [*self.lines._all]
        for group in (*self.datas, *self._children_):
            lines.extend(group.lines)
        arrays = [one.__dict__["array"] for one in lines]
        try:
            for one in lines:
                one.__dict__["array"] = one._a_
            self.preonce(0, min(period - 1, size))
            if period <= size:
                self.oncestart(period - 1, period)
                self.once(period, size)
        finally:
            for one, values in zip(lines, arrays, strict=True):
                one.__dict__["array"] = values

    def _replay_(self, size: int) -> None:
        """Run the bar-by-bar hooks over preloaded bars."""
        period = self._minperiod
        self._run_over_(0, min(period - 1, size), self.prenext)
        if period <= size:
            self._run_over_(period - 1, period, self.nextstart)
            self._run_over_(period, size, self.next)

    def _run_over_(self, start: int, stop: int, hook: Callable[[], None]) -> None:
        """Run *hook* on each of the preloaded bars [start, stop), with every clock below moved along."""
        own = self._c_
        others = list({id(c): c for c in self._clocks_below_() if c is not own}.values())
        saved = [(clock, clock.i) for clock in (own, *others)]
        bars = [
            seen_index(c, own, start, stop).tolist() if own.aligned else range(start, stop) for c in others
        ]
        moves = list(zip(others, bars, strict=True))
        try:
            with Placed(lambda: f"computing {type(self).__name__} {place_on(self._root_)}"):
                for at in range(start, stop):
                    own.i = at
                    for clock, seen in moves:
                        clock.i = seen[at - start]
                    hook()
        finally:
            for clock, i in saved:
                clock.i = i

    def _forces_next_(self) -> bool:
        """Tell whether an indicator below wants the whole run to go bar by bar."""
        return any(
            isinstance(child, LineIterator) and (child._nextforce or child._forces_next_())
            for child in self.getindicators()
        )

    def _same_in_steps_(self) -> bool:
        """Tell whether all below has the same values on a bar if computed at once and if computed bar by bar.

        What is computed by hooks may not; what sets values of bars before does not. Neither does what computes a line
        after an expression of it, as backtrader does: the expression has its value when the bar comes again.
        """
        for child in self.getindicators():
            if any(line._ahead for line in child.lines):
                return False
            if isinstance(child, LineIterator):
                if child._marks_back_ or child._by_ in ("next", "once") or not child._same_in_steps_():
                    return False
                if child._by_ == "compute" and child._reads_itself_():
                    return False
            elif child._by_hooks():
                return False
        return True

    def _reads_itself_(self) -> bool:
        """Tell whether an expression below is one of the lines of this object."""
        own = {id(line) for line in self.lines._all}
        return any(
            id(operand) in own for child in self.getindicators() for operand in getattr(child, "_operands", ())
        )

    def _find_hooks_(self) -> None:
        """Let the objects below go by hooks that they, or their classes, were given since these were made.

        As in backtrader, ``next`` then counts where bars are stepped through, ``once`` where they are computed at once.
        """
        for child in self._children_:
            if not isinstance(child, LineIterator):
                continue
            own = child.__dict__
            by, by_bar = _how_computed(type(child))
            if child._by_ != "once" and (by == "once" or not _ONCE.isdisjoint(own)):
                if child._by_ == "next":  # the bars before are left to what steps through them
                    own.setdefault("preonce", child.preonce_via_prenext)
                    own.setdefault("oncestart", child.oncestart_via_nextstart)
                own["_by_"] = "once"
            if child._by_bar_ not in _BY_HOOKS and (by_bar == "next" or not _NEXT.isdisjoint(own)):
                own["_by_bar_"] = "next"
            child._find_hooks_()

    def _run_once_per_bar_(self) -> None:
        """Run the hooks below once per bar of their own clock, however long that bar stays current.

        Growing bars of a replay change while they are current: what is computed from them runs on each tick.
        """
        for child in self._children_:
            if not isinstance(child, LineIterator):
                continue
            if child._by_bar_ == "next" and not getattr(child._root_, "_replaying_", False):
                child.__dict__["_by_bar_"] = "each bar"
            child._run_once_per_bar_()

    def _run_hook_(self, length: int) -> None:
        """Run the hook for a bar-by-bar indicator that has seen *length* bars."""
        if length > self._minperiod:
            self.next()
        elif length == self._minperiod:
            self.nextstart()
        else:
            self.prenext()

    def _clocks_below_(self) -> list[Clock]:
        clocks = [self._c_]
        clocks.extend(d._c_ for d in self.datas)
        for child in self._children_:
            clocks.extend(child._clocks_below_() if isinstance(child, LineIterator) else [child._c_])
        return clocks

    def _step_(self) -> None:
        """Compute the current bar."""
        c = self._c_
        i = c.i
        program = self._program_
        if program is None or program.size != len(self._children_):
            program = self.__dict__["_program_"] = Program(self, LineIterator)
        if i >= 0 and i >= len(program.first.array):
            program.reserve(i + 1)
        for step, links in program.entries:
            if step is not None:
                step()
            for target, source, clock, ahead in links:
                at = i if clock is None else clock.i
                if i < 0:
                    break
                target._a_[i] = source._a_[at] if at >= 0 else NAN
                if ahead and i >= ahead:
                    target._a_[i - ahead] = source._a_[at - ahead]
        if i < 0:
            return
        length = i + 1 + c.dropped
        by = self._by_bar_
        if by == "compute":
            if length >= self._minperiod:
                self.compute(i, i + 1)
        elif by == "next":
            self._run_hook_(length)
        elif by == "each bar" and length > self._stepped_:
            self._stepped_ = length
            self._run_hook_(length)

    def _go_live_(self, live: bool) -> None:
        super()._go_live_(live)
        for child in self._children_:
            child._go_live_(live)
        for data in self.datas:
            if data._live_ is not live:
                data._go_live_(live)


_blank: Floats = np.empty(0)


def _unset(size: int) -> Floats:
    """Give *size* NaN, shared by all lines that wait for the line they are bound to."""
    global _blank
    if len(_blank) != size:
        _blank = np.full(size, NAN)
        _blank.flags.writeable = False
    return _blank


def _take(target: Line, source: Line, size: int, share: bool) -> None:
    """Copy *source* to *target* over *size* preloaded bars; where nothing writes to *target* they share storage."""
    if share and source._c_ is target._c_ and len(source.array) == size:
        target._store(source.array)
        return
    if not target.array.flags.writeable:
        target._allocate(size)
    if source._c_ is not target._c_:
        target.array[:] = seen_values(source, target._c_, 0, size)
    else:
        target.array[:] = source.array


def _listed(which: Any) -> list[Any]:
    if which is None:
        return [0]
    if isinstance(which, (str, int)):
        return [which]
    return list(which)


# The datas for whose lines there are names such as ``data0_close``: number, line names, aliases and count of lines.
_named: set[tuple[int, tuple[str, ...], tuple[tuple[str, str], ...], int]] = set()


def _line_of_data(obj: LineIterator, name: str) -> Any:
    """Find ``data_close``, ``data0_close``, ``data1_0``, ``data_0`` …"""
    head, _, tail = name[4:].partition("_")
    number = int(head or 0)
    if number >= len(obj.datas):
        return Dynamic.missing
    lines = obj.datas[number].lines
    if tail.isdigit():
        return lines[int(tail)] if int(tail) < lines.fullsize() else Dynamic.missing
    found = lines.__dict__.get(tail)
    return found if isinstance(found, Line) else Dynamic.missing


def _name_lines(number: int, lines: Any) -> None:
    """Let iterators answer the names of *lines*, those of data *number*."""
    spec = lines._spec
    _named.add((number, spec._names, spec._aliases, len(lines._all)))
    tails = (*spec._names, *(alias for alias, _ in spec._aliases), *map(str, range(len(lines._all))))
    for head in ("data", "data0") if number == 0 else (f"data{number}",):
        offer(LineIterator, [f"{head}_{tail}" for tail in tails], _line_of_data)


class StrategyBase(LineIterator):
    """Base of strategies."""

    _ltype = LineRoot.StratType
    if TYPE_CHECKING:  # what type checkers take for parameters: datas, by position
        data0: Any = param(default=None, kw_only=False)
        data1: Any = param(default=None, kw_only=False)
        data2: Any = param(default=None, kw_only=False)
        data3: Any = param(default=None, kw_only=False)


class ObserverBase(LineIterator):
    """Base of observers."""

    _ltype = LineRoot.ObsType
    if TYPE_CHECKING:  # what type checkers take for parameters: datas, by position
        data0: Any = param(default=None, kw_only=False)
        data1: Any = param(default=None, kw_only=False)
        data2: Any = param(default=None, kw_only=False)
        data3: Any = param(default=None, kw_only=False)


class IndicatorBase(LineIterator):
    """Base of indicators."""

    _ltype = LineRoot.IndType

    def preonce_via_prenext(self, start: int, end: int) -> None:
        """Run ``prenext`` on each of the bars [start, end); for an own ``preonce``."""
        self._run_over_(start, end, self.prenext)

    def oncestart_via_nextstart(self, start: int, end: int) -> None:
        """Run ``nextstart`` on each of the bars [start, end); for an own ``oncestart``."""
        self._run_over_(start, end, self.nextstart)

    def once_via_next(self, start: int, end: int) -> None:
        """Run ``next`` on each of the bars [start, end); for an own ``once``."""
        self._run_over_(start, end, self.next)

    if TYPE_CHECKING:  # what type checkers take for parameters: datas, by position
        data0: Any = param(default=None, kw_only=False)
        data1: Any = param(default=None, kw_only=False)
        data2: Any = param(default=None, kw_only=False)
        data3: Any = param(default=None, kw_only=False)


# Strategies have no such names in their class: they read self.data1 on every bar, and are the quicker for it.
for _kind in (IndicatorBase, ObserverBase):
    offer(_kind, (*PRICES, *(f"data{number}" for number in range(32))), nothing)

__all__ = ["IndicatorBase", "LineIterator", "ObserverBase", "ParameterError", "StrategyBase"]
