"""Groups of lines with names: what feeds, indicators, observers and strategies are made of."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, ClassVar

from ..base.declare import Declared, merged_pairs, param
from ..base.info import Info, PlotLines, hold_plainly, pairs_of
from ..base.owner import find_owner
from ..errors import DeclarationError
from .buffer import _NO_BARS, NAN, Line
from .clock import Clock
from .dynamic import Dynamic, nothing, offer
from .root import LineMultiple, LineRoot, Shown


class LineMark:
    """A line declared as a class attribute: ``sma = line()``."""

    __slots__ = ()


def line() -> Any:
    """Declare a line: ``sma = line()`` in the class body."""
    return LineMark()


class LinesSpec:
    """The line names of a class: those of its bases, left to right, then its own.

    *extra* lines at the end have no name; *inherited* tells how many names and extra lines come from the bases.
    """

    def __init__(
        self,
        names: tuple[str, ...] = (),
        extra: int = 0,
        aliases: tuple[tuple[str, str], ...] = (),
        inherited: tuple[int, int] = (0, 0),
    ) -> None:
        self._names = names
        self._extra = extra
        self._aliases = aliases
        self._inherited = inherited

    def _getlines(self) -> tuple[str, ...]:
        """Give the names in order."""
        return self._names

    def getlinealiases(self) -> tuple[str, ...]:
        """Give the names in order."""
        return self._names

    def _getlinesbase(self) -> tuple[str, ...]:
        """Give the names that come from the bases."""
        return self._names[: self._inherited[0]]

    def _getlinesextra(self) -> int:
        """Give the number of unnamed lines at the end."""
        return self._extra

    def _getlinesextrabase(self) -> int:
        """Give the number of unnamed lines that come from the bases."""
        return self._inherited[1]

    def _getlinealias(self, index: int) -> str:
        """Give the name of line *index* (empty for unnamed ones)."""
        return self._names[index] if index < len(self._names) else ""

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)

    def __getattr__(self, name: str) -> int:
        if name.startswith("_"):  # also asked by pickle, when there are no names yet
            raise AttributeError(name)
        if name in self._names:
            return self._names.index(name)
        raise AttributeError(f"there is no line {name!r}; there are {list(self._names)}")


class Lines:
    """The lines of one object, by name and by number.

    Assigning a line or an expression to a name makes that line take its values (a *binding*).
    """

    _spec: LinesSpec
    _all: list[Line]
    _owner: Any
    lines: list[Line]

    def __init__(self, spec: LinesSpec, clock: Clock, owner: Any) -> None:
        own: dict[str, Any] = {}
        hold_plainly(self, own)
        names = spec._names
        made: list[Line] = []
        for name in (*names, *("" for _ in range(spec._extra))):
            one = Line(clock)
            one._name = name
            one._owner = owner
            made.append(one)
        own["_spec"] = spec
        own["_all"] = made
        own["_owner"] = owner
        own["lines"] = made
        for at in range(len(names) - 1, -1, -1):
            own[names[at]] = made[at]
        for alias, name in spec._aliases:
            own[alias] = own[name]

    def __getitem__(self, index: int) -> Line:
        return self._all[index]

    def __iter__(self) -> Iterator[Line]:
        return iter(self._all)

    def __len__(self) -> int:
        return len(self._all[0])

    def __setitem__(self, index: int, source: Any) -> None:
        self._all[index]._bind(source)

    def __setattr__(self, name: str, source: Any) -> None:
        target = self.__dict__.get(name)
        if isinstance(target, Line):
            if source is not target:
                target._bind(source)
            return
        raise DeclarationError(f"{self._missing_(name)} Declare it in lines = (...).")

    if TYPE_CHECKING:  # a class that has it pays for it with every reading

        def __getattr__(self, name: str) -> Any:
            """Give the line called *name*."""

    def _missing_(self, name: str) -> str:
        """Say that there is no line *name*."""
        return f"{type(self._owner).__name__} has no line {name!r}; it has {list(self._spec._names)}."

    def __call__(self, index: int = 0) -> Line:
        return self[index]

    def size(self) -> int:
        """Give the number of named lines."""
        return len(self._all) - self._spec._extra

    def fullsize(self) -> int:
        """Give the number of lines, unnamed ones included."""
        return len(self._all)

    def extrasize(self) -> int:
        """Give the number of unnamed lines."""
        return self._spec._extra

    def itersize(self) -> Iterator[Line]:
        """Iterate over the named lines."""
        return iter(self._all[: self.size()])

    def getlinealiases(self) -> tuple[str, ...]:
        """Give the names in order."""
        return self._spec.getlinealiases()

    def _getlines(self) -> tuple[str, ...]:
        return self._spec._getlines()

    def _getlinesextra(self) -> int:
        return self._spec._getlinesextra()

    def _getlinealias(self, index: int) -> str:
        return self._spec._getlinealias(index)

    def buflen(self, line: int = 0) -> int:
        """Give the number of stored bars of line number *line*."""
        return self._all[line].buflen()

    def get(self, ago: int = 0, size: int = 1, line: int = 0) -> Any:
        """Give *size* values of line number *line*, ending at *ago*."""
        return self._all[line].get(ago, size)

    # -- moving the cursor bar by bar --------------------------------------------------------------------------------

    def forward(self, value: float = NAN, size: int = 1) -> None:
        """Move on by *size* bars, each holding *value*."""
        clock = self._all[0]._c_
        end = clock.i + 1 + size
        for one in self._all:
            one._reserve(end)
            one.array[end - size : end] = value
        clock.i = end - 1

    def backwards(self, size: int = 1, force: bool = False) -> None:
        """Forget the last *size* bars."""
        clock = self._all[0]._c_
        end = clock.i + 1
        for one in self._all:
            one.array[max(end - size, 0) : end] = NAN
        clock.i -= size

    def rewind(self, size: int = 1) -> None:
        """Move the cursor back by *size* bars; the bars stay."""
        self._all[0]._c_.i -= size

    def advance(self, size: int = 1) -> None:
        """Move the cursor on by *size* bars that are stored already."""
        self._all[0]._c_.i += size

    def home(self) -> None:
        """Move the cursor before the first bar."""
        self._all[0]._c_.i = -1

    def reset(self) -> None:
        """Forget all bars."""
        clock = self._all[0]._c_
        clock.i = -1
        clock.size = clock.dropped = 0
        for one in self._all:
            one._allocate(0)

    def extend(self, value: float = NAN, size: int = 0) -> None:
        """Add room for *size* bars beyond the last one."""
        for one in self._all:
            one._reserve(len(one.array) + size)


def _own_names(declared: Any) -> tuple[str, ...]:
    if isinstance(declared, str):
        return (declared,)
    return tuple(declared)


def _merged_plotlines(cls: type, own: Any) -> PlotLines:
    merged: dict[str, Any] = {}
    for source in (*(getattr(b, "plotlines", None) for b in cls.__bases__), own):
        for name, options in pairs_of(source).items():
            have = merged[name]._defaults if name in merged else {}
            merged[name] = Info({**have, **pairs_of(options)})
    for name in cls.lines._names:  # type: ignore[attr-defined]  # a class with lines
        merged.setdefault(name, Info({}))
    return PlotLines(merged)


class LineSeries(Declared, LineMultiple):
    """A group of named lines; reads and operators on the group mean its first line."""

    lines: ClassVar[Any] = LinesSpec()
    plotinfo: ClassVar[Any] = Info({"plot": True, "plotmaster": None, "legendloc": None})
    plotlines: ClassVar[Any] = PlotLines({})
    csv: ClassVar[bool] = True
    linealias: ClassVar[Any] = ()
    extralines: ClassVar[int] = 0
    linesoverride: ClassVar[bool] = False
    _mindatas: ClassVar[int] = 1
    if TYPE_CHECKING:
        _clock: Any = param(init=False)
    else:
        _clock = None

    @classmethod
    def _declare_(cls) -> None:
        names: list[str] = []
        aliases: list[tuple[str, str]] = []
        extra = 0
        own = cls.__dict__
        declared = _own_names(own.get("lines", ()))
        marks = tuple(n for n, v in own.items() if isinstance(v, LineMark))
        for name in marks:
            delattr(cls, name)
        if not own.get("linesoverride", False):
            for base in cls.__bases__:
                spec = getattr(base, "lines", None)
                if isinstance(spec, LinesSpec):
                    names.extend(spec._names)
                    extra += spec._extra
                    aliases.extend(spec._aliases)
        inherited = (len(names), extra)
        names.extend(declared)
        names.extend(marks)
        extra += own.get("extralines", 0)
        own_aliases = own.get("linealias", ())
        for name, short in own_aliases.items() if isinstance(own_aliases, dict) else own_aliases:
            for one in (short,) if isinstance(short, str) else short:
                aliases.append((one, name))
        super()._declare_()
        cls.lines = LinesSpec(tuple(names), extra, tuple(aliases), inherited)
        cls.plotinfo = Info(merged_pairs(cls, "plotinfo", own.get("plotinfo")))
        cls.plotlines = _merged_plotlines(cls, own.get("plotlines"))

    # -- construction -----------------------------------------------------------------------------------------------

    def _prepare_(
        self, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> tuple[tuple[Any, ...], dict[str, Any]]:
        cls = type(self)
        own = self.__dict__
        plotinfo = cls.plotinfo._defaults
        taken = (
            {n: kwargs.pop(n) for n in list(kwargs) if n in plotinfo and n not in cls.params._defaults}
            if kwargs
            else {}
        )
        args, kwargs = super()._prepare_(args, kwargs)
        own["plotinfo"] = Info(plotinfo, taken)
        own["plotlines"] = PlotLines(
            cls.plotlines._defaults,
            {n: Info(v._defaults, v.__dict__) for n, v in cls.plotlines._defaults.items()},
        )
        self._make_lines_(Clock())
        return args, kwargs

    def _make_lines_(self, clock: Clock, spec: LinesSpec | None = None) -> None:
        """Create the lines with *clock*: those of the class, or others."""
        own = self.__dict__
        lines = Lines(type(self).lines if spec is None else spec, clock, self)
        own["lines"] = own["l"] = lines
        self._a_, self._c_, self._live_ = _NO_BARS, clock, False
        own["_root_"] = self
        for one in lines._all:
            one._root_ = self
        for name, value in lines.__dict__.items():
            if isinstance(value, Line) and name not in ("p", "params"):
                own[name] = value
        if len(lines._all) > _numbered:
            _number_lines(len(lines._all))
        if lines._all:
            own["line"] = lines._all[0]
            lines._all[0]._mirror(self)

    if TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any:
            """Lines, lines by number and the methods of ``lines``: see :mod:`backtrail.lines.dynamic`."""

    def _missing_(self, name: str) -> str:
        """Say that there is no attribute *name*, and what to do when it is a price."""
        text = super()._missing_(name)
        if name in PRICES and "lines" in self.__dict__:
            lines = [one._label_() for one in self.lines._all]
            text += (
                f": it has the lines {lines}. "
                f"Whatever reads {name!r} needs the data feed itself, for example self.data instead of self.data.close."
            )
        return text

    # -- reading ----------------------------------------------------------------------------------------------------

    def _outside_(self, ago: int) -> float:
        return self.lines._all[0]._outside_(ago)  # type: ignore[no-any-return]

    def __setitem__(self, index: int, source: Any) -> None:
        self.lines[index] = source

    def __call__(self, ago: Any = None, line: Any = -1) -> Any:
        """Give a line of this group delayed (``data(-1)``) or coupled to another clock (``data()``)."""
        from .coupler import couple
        from .expr import LineDelay

        if ago is None or isinstance(ago, LineRoot):
            return couple(self if line == -1 else self._getline(line), ago)
        return LineDelay(self._getline(line), ago)

    def _getline(self, line: Any, minusall: bool = False) -> Line:
        if isinstance(line, str):
            found: Line = getattr(self.lines, line)
        else:
            found = self.lines[0 if line == -1 else line]
        return found

    @Shown
    def array(self) -> Any:
        """The storage of the first line."""
        return self.lines._all[0].array

    def plotlabel(self) -> str:
        """Give the label that a plot shows: the plot name or the class name, with the label values in brackets."""
        label = self.plotinfo._get("plotname") or type(self).__name__
        values = self._plotlabel()
        if values:
            label += f" ({', '.join(str(v.__name__ if isinstance(v, type) else v) for v in values)})"
        return label

    def _plotlabel(self) -> list[Any]:
        return self.params._getvalues()  # type: ignore[no-any-return]

    def forward(self, value: float = NAN, size: int = 1) -> None:
        """Move on by *size* bars, each holding *value*."""
        self.lines.forward(value, size)

    def backwards(self, size: int = 1, force: bool = False) -> None:
        """Forget the last *size* bars."""
        self.lines.backwards(size, force)

    def rewind(self, size: int = 1) -> None:
        """Move the cursor back by *size* bars."""
        self.lines.rewind(size)

    def extend(self, value: float = NAN, size: int = 0) -> None:
        """Add room for *size* bars beyond the last one."""
        self.lines.extend(value, size)

    def reset(self) -> None:
        """Forget all bars."""
        self.lines.reset()

    def home(self) -> None:
        """Move the cursor before the first bar."""
        self.lines.home()

    def advance(self, size: int = 1) -> None:
        """Move the cursor on by *size* stored bars."""
        self.lines.advance(size)

    def _go_live_(self, live: bool) -> None:
        self._live_ = live
        for one in self.lines._all:
            one._live_ = live

    def __getstate__(self) -> dict[str, Any]:
        """Leave out the view of the first line, which that line makes anew."""
        return {**self.__dict__, "_c_": self._c_, "_live_": self._live_}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self._c_, self._live_ = state.pop("_c_"), state.pop("_live_")
        hold_plainly(self, state)
        lines = self.lines.__dict__.get("_all")  # None: it is being restored itself, its lines come later
        if lines is not None and not hasattr(self, "_a_"):
            self._a_ = getattr(lines[0], "_a_", _NO_BARS) if lines else _NO_BARS


PRICES = ("open", "high", "low", "close", "volume", "openinterest")


def _line_by_number(obj: LineSeries, name: str) -> Any:
    """Find ``line0`` or ``line_0``."""
    number = int(name[4:].removeprefix("_"))
    return obj.lines[number] if number < obj.lines.fullsize() else Dynamic.missing


def _number_lines(count: int) -> None:
    """Let groups answer ``line0`` to ``line<count - 1>``, also with an underscore."""
    global _numbered
    for number in range(_numbered, count):
        offer(LineSeries, (f"line{number}", f"line_{number}"), _line_by_number)
    _numbered = max(_numbered, count)


_numbered = 0
_number_lines(8)
offer(
    LineSeries,
    [name for name in dir(Lines) if not name.startswith("__")],
    lambda obj, name: getattr(obj.lines, name),
    keep=False,
)


class LineSeriesStub(LineSeries):
    """A single line seen as a group, as indicators see a line that they are given as data."""

    def __init__(self, source: Line) -> None:  # the stub adopts the line instead of making its own
        own = self.__dict__
        own["params"] = own["p"] = type(self).params
        lines = Lines(LinesSpec(), source._c_, self)
        lines.__dict__["_all"] = lines.__dict__["lines"] = [source]
        own["lines"] = own["l"] = lines
        own["line"] = source
        own["_owner"] = source._owner
        own["_clock"] = source._owner if source._owner is not None else source
        own["_root_"] = source._root_
        self._live_ = source._live_
        own["_minperiod"] = source._minperiod
        own["plotinfo"] = Info({})
        own["_name"] = source._name
        source._mirror(self)

    def _go_live_(self, live: bool) -> None:
        self._live_ = live


LineSeriesStub.__init__ = LineSeriesStub.__dict__["__init__"].__wrapped__  # type: ignore[method-assign]
offer(LineSeriesStub, PRICES, nothing)


def as_series(obj: Any) -> Any:
    """Give *obj* as a group of lines: itself, or a (cached) stub around a single line."""
    if isinstance(obj, Line):
        if obj._stub is None:
            obj._stub = LineSeriesStub(obj)
        return obj._stub
    return obj


__all__ = [
    "LineMark",
    "LineSeries",
    "LineSeriesStub",
    "Lines",
    "LinesSpec",
    "as_series",
    "find_owner",
    "line",
]
