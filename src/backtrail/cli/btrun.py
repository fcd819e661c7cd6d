"""``backtrail btrun``: a backtest put together by options, as by backtrader's command of that name."""

from __future__ import annotations

import io
import sys
from argparse import Namespace
from collections.abc import Sequence
from typing import Any

import backtrail as bt

from ..analyzers.base import Analyzer
from ..compat import alias_backtrader
from ..errors import BacktrailError
from ..indicators.base import Indicator
from ..observers.base import Observer
from ..strategy.strategy import Strategy
from .btrun_options import FORMATS, TIMEFRAMES, parser
from .btrun_specs import RunOptionError, keywords, named_class, named_function, split
from .script import FAILED, MISUSED


def run_btrun(arguments: Sequence[str]) -> int:
    """Put the backtest together, run it, print what is asked for; give the exit status."""
    chosen = parser().parse_args(arguments)
    if chosen.flush and isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(line_buffering=True)
    with alias_backtrader():
        try:
            cerebro = build(chosen)
        except RunOptionError as error:
            print(f"backtrail btrun: {error}", file=sys.stderr)
            return MISUSED
        try:
            strategies = cerebro.run()
        except (BacktrailError, OSError) as error:
            print(f"backtrail btrun: {error}", file=sys.stderr)
            return FAILED
    if strategies and (chosen.pranalyzer or chosen.ppranalyzer):
        print_analyzers(strategies[0], pretty=chosen.ppranalyzer)
    if chosen.plot is not None:
        print(
            "backtrail btrun: the run is done, but drawing (--plot) is not part of backtrail.",
            file=sys.stderr,
        )
        return FAILED
    return 0


def build(chosen: Namespace) -> Any:
    """Make the Cerebro that the options describe."""
    options = keywords(chosen.cerebro)
    if chosen.nostdstats:
        options.setdefault("stdstats", False)
    cerebro = _with_keywords(bt.Cerebro, options)
    for data in _feeds(chosen):
        if chosen.resample is not None:
            cerebro.resampledata(data, timeframe=chosen.resample[0], compression=chosen.resample[1])
        elif chosen.replay is not None:
            cerebro.replaydata(data, timeframe=chosen.replay[0], compression=chosen.replay[1])
        else:
            cerebro.adddata(data)
    for text in chosen.signal:
        _add_signal(cerebro, text)
    for texts, add, base, built_in in (
        (chosen.strategy, cerebro.addstrategy, Strategy, "strategies"),
        (chosen.indicator, cerebro.addindicator, Indicator, "indicators"),
        (chosen.observer, cerebro.addobserver, Observer, "observers"),
        (chosen.analyzer, cerebro.addanalyzer, Analyzer, "analyzers"),
    ):
        for text in texts:
            where, name, words = split(text)
            add(named_class(where, name, base, built_in), **keywords(words))
    _set_broker(cerebro, chosen)
    for text in chosen.writer:
        cerebro.addwriter(bt.WriterFile, **keywords(text))
    for text in chosen.hook:
        where, name, words = split(text)
        function = named_function(where, name, cerebro)
        function(cerebro, **keywords(words))
    return cerebro


def _with_keywords(made: Any, options: dict[str, Any]) -> Any:
    try:
        return made(**options)
    except BacktrailError as error:
        raise RunOptionError(str(error)) from None


def _feeds(chosen: Namespace) -> list[Any]:
    kind = getattr(bt.feeds, FORMATS[chosen.format])
    options: dict[str, Any] = {}
    if chosen.timeframe is not None:
        options["timeframe"] = TIMEFRAMES[chosen.timeframe]
    for name in ("compression", "fromdate", "todate"):
        if getattr(chosen, name) is not None:
            options[name] = getattr(chosen, name)
    return [kind(dataname=path, **options) for path in chosen.data]


def _add_signal(cerebro: Any, text: str) -> None:
    kind, plus, rest = text.partition("+")
    if not plus:
        kind, rest = "longshort", text
    signal = getattr(bt, f"SIGNAL_{kind.upper()}", None)
    if signal is None:
        known = sorted(name.removeprefix("SIGNAL_").lower() for name in dir(bt) if name.startswith("SIGNAL_"))
        raise RunOptionError(
            f"reading the signal {text!r} - expected one of {known} before '+' - found {kind!r}"
        )
    where, name, words = split(rest)
    # any indicator gives a signal; one that is there to be a signal comes first
    base = bt.Signal if where and not name else Indicator
    cerebro.add_signal(signal, named_class(where, name, base, "indicators"), **keywords(words))


def _set_broker(cerebro: Any, chosen: Namespace) -> None:
    broker = cerebro.broker
    if chosen.cash is not None:
        broker.setcash(chosen.cash)
    terms = {name: getattr(chosen, name) for name in ("commission", "margin", "mult", "interest")}
    given: dict[str, Any] = {name: value for name, value in terms.items() if value is not None}
    if chosen.interest_long:
        given["interest_long"] = True
    if given:
        broker.setcommission(**given)
    slipping = {
        "slip_open": chosen.slip_open,
        "slip_match": not chosen.no_slip_match,
        "slip_out": chosen.slip_out,
    }
    if chosen.slip_perc is not None:
        broker.set_slippage_perc(chosen.slip_perc, **slipping)
    elif chosen.slip_fixed is not None:
        broker.set_slippage_fixed(chosen.slip_fixed, **slipping)


def print_analyzers(strategy: Any, pretty: bool) -> None:
    """Print every analyzer of *strategy*: as a report, or *pretty* as Python shows it."""
    print("=" * 20)
    print("== Analyzers")
    print("=" * 20)
    for name, analyzer in strategy.analyzers.getitems():
        if pretty:
            print("#" * 10)
            print(name)
            print("#" * 10)
            analyzer.pprint()
        else:
            analyzer.print()


__all__ = ["build", "print_analyzers", "run_btrun"]
