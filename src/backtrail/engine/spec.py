"""What one run consists of, as plain data."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from ..base.parameter import Kind, Param
from ..errors import ParameterValueError

EXECUTOR = Kind("a concurrent.futures.Executor", lambda value: callable(getattr(value, "submit", None)))
EXACTBARS = Param(False, usual=Param(0, le=1), unusual="no number of bars: it counts as 1, the fewest that will do")


@dataclass(frozen=True, slots=True)
class Build:
    """A class (or callable) to call with arguments when the run is built."""

    cls: Any
    args: tuple[Any, ...] = ()
    kwargs: dict[str, Any] = field(default_factory=dict)

    def __call__(self, *more: Any) -> Any:
        return self.cls(*more, *self.args, **self.kwargs)


def check_class(asker: str, cls: Any) -> None:
    """Raise :class:`ParameterValueError` unless *cls* is a class of strategies."""
    if not isinstance(cls, type):
        raise ParameterValueError(
            f"Cerebro.{asker}() - expected a class of strategies - found {cls!r} - pass the class, and its parameters "
            f"as keywords: cerebro.{asker}(MyStrategy, period=10)."
        )


def part(asker: str, kind: str, made: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Build:
    """Give how a part of a run is made; None stands for the usual sizer.

    Raise :class:`ParameterValueError` unless *made* is a class of *kind*, or a function that makes one.
    """
    if not callable(made) and not (made is None and kind == "sizers"):
        raise ParameterValueError(
            f"Cerebro.{asker}() - expected a class of {kind} - found {made!r} - pass the class, and its parameters as "
            f"keywords: cerebro.{asker}(TheClass, name=value)."
        )
    return Build(made, args, kwargs)


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings of a run: backtrader's Cerebro parameters and backtrail's own."""

    preload: bool = True
    runonce: bool = True
    maxcpus: int | None = None
    stdstats: bool = True
    oldbuysell: bool = False
    oldtrades: bool = False
    lookahead: int = 0
    exactbars: int = 0
    optdatas: bool = True
    optreturn: bool = True
    objcache: bool = False
    live: bool = False
    writer: Any = False
    tradehistory: bool = False
    oldsync: bool = False
    tz: Any = None
    cheat_on_open: bool = False
    broker_coo: bool = True
    quicknotify: bool = False
    future_reads: str = "error"
    realism: str = "backtrader"
    zero_division: str = "error"
    repeat_slow_indicators: bool = True
    honour_rightedge: bool = False
    sort_timer_days: bool = False
    seed: int | None = None
    progress: bool = False

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> Settings:
        """Give the settings that are among *values*."""
        return cls(**{one.name: values[one.name] for one in fields(cls)})


@dataclass(frozen=True, slots=True)
class RunSpec:
    """One run: what is traded on, by whom, and under which settings.

    ``observers`` are ``(multi, Build)`` pairs, ``analyzers`` are ``Build`` objects; ``sizers`` maps a strategy
    number (None: all others) to a ``Build``. ``made_by`` is the class of the Cerebro, ``own`` the parameters that a
    class of the user's has besides backtrail's.
    """

    settings: Settings
    datas: tuple[Any, ...]
    strategies: tuple[Build, ...]
    broker: Any
    observers: tuple[tuple[bool, Build], ...] = ()
    analyzers: tuple[Build, ...] = ()
    indicators: tuple[Build, ...] = ()
    sizers: dict[int | None, Build] = field(default_factory=dict)
    writers: tuple[Build, ...] = ()
    stores: tuple[Any, ...] = ()
    timers: tuple[Any, ...] = ()
    fund_history: Any = None
    order_history: tuple[tuple[Any, bool], ...] = ()
    event_mode: bool = False
    store_callbacks: tuple[Callable[..., None], ...] = ()
    data_callbacks: tuple[Callable[..., None], ...] = ()
    made_by: type | None = None
    own: dict[str, Any] = field(default_factory=dict)
