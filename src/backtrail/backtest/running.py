"""run_algorithm: put a backtest together and run it in one call."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ..cerebro import Cerebro
from ..errors import DeclarationError, ParameterError
from ..feeds.base import AbstractDataBase


def run_algorithm(
    strategy: Any,
    datas: Any,
    *,
    cash: float | None = None,
    commission: float | None = None,
    sizer: Any = None,
    analyzers: Any = (),
    observers: Any = (),
    settings: Mapping[str, Any] | None = None,
    strategy_params: Mapping[str, Any] | None = None,
    **params: Any,
) -> Any:
    """Run *strategy* on *datas* and give what :meth:`backtrail.Cerebro.run` gives: the list of strategies that ran.

    ::

        strategies = bt.run_algorithm(
            SmaCross, data, cash=10_000, commission=0.001, analyzers=[bt.analyzers.SharpeRatio], fast=10, slow=30
        )

    *strategy* is a Strategy class and *params* its parameters; those whose name is one of the arguments here go into
    *strategy_params*. *datas* is a feed, a pandas DataFrame with open, high, low and close, a dict of names to these,
    or an iterable of these. *cash* is the money to begin with and *commission* what is taken of each trade's value
    (default of both: the broker's, 10,000 and nothing). *sizer*, and each of *analyzers* and *observers*, is a class or
    a pair of a class and its keywords; a dict names the analyzers. *settings* are keywords of
    :class:`backtrail.Cerebro` (``{"stdstats": False}``).

    Raises TypeError for what is no strategy or no data, and whatever the run raises.
    """
    if not (isinstance(strategy, type) and hasattr(strategy, "next")):
        raise DeclarationError(
            f"run_algorithm: strategy - expected a Strategy class - found {strategy!r:.80} - pass the class itself and "
            "its parameters as keywords"
        )
    cerebro = Cerebro(**(settings or {}))
    for name, data in _named(datas):
        cerebro.adddata(_feed(data), name=name)
    if cash is not None:
        cerebro.broker.setcash(cash)
    if commission is not None:
        cerebro.broker.setcommission(commission=commission)
    if sizer is not None:
        cls, keywords = _with_keywords("sizer", sizer)
        cerebro.addsizer(cls, **keywords)
    for name, one in _named(analyzers, "analyzers"):
        cls, keywords = _with_keywords("analyzers", one)
        cerebro.addanalyzer(cls, **({"_name": name} if name else {}), **keywords)
    for _, one in _named(observers, "observers"):
        cls, keywords = _with_keywords("observers", one)
        cerebro.addobserver(cls, **keywords)
    twice = sorted(set(params) & set(strategy_params or {}))
    if twice:
        raise ParameterError(
            f"run_algorithm: the parameters {twice} are given as keywords and in strategy_params"
        )
    cerebro.addstrategy(strategy, **{**(strategy_params or {}), **params})
    return cerebro.run()


def _named(given: Any, what: str = "datas") -> list[tuple[str | None, Any]]:
    """Give pairs of name (or None) and thing."""
    if isinstance(given, Mapping):
        return [(str(name), one) for name, one in given.items()]
    if isinstance(given, AbstractDataBase | type) or hasattr(given, "columns") or _is_pair(given):
        return [(None, given)]
    if isinstance(given, str) or not isinstance(given, Iterable):
        raise DeclarationError(
            f"run_algorithm: {what} - expected one, a list or a dict of names - found {type(given).__name__}"
        )
    return [(None, one) for one in given]


def _is_pair(given: Any) -> bool:
    return (
        isinstance(given, tuple)
        and len(given) == 2
        and isinstance(given[0], type)
        and isinstance(given[1], Mapping)
    )


def _with_keywords(what: str, given: Any) -> tuple[type, dict[str, Any]]:
    if isinstance(given, type):
        return given, {}
    if _is_pair(given):
        return given[0], dict(given[1])
    raise DeclarationError(
        f"run_algorithm: {what} - expected a class, or a pair of a class and a dict of keywords - found {given!r:.80}"
    )


def _feed(data: Any) -> Any:
    if isinstance(data, AbstractDataBase):
        return data
    if hasattr(data, "columns") and hasattr(data, "iloc"):
        from ..feeds import PandasData

        return PandasData(dataname=data)
    raise DeclarationError(
        f"run_algorithm: datas - expected a feed or a pandas DataFrame - found {type(data).__name__} - make a feed of "
        "it, for example backtrail.feeds.GenericCSVData(dataname=path)"
    )


__all__ = ["run_algorithm"]
