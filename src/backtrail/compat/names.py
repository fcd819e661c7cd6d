"""Where backtrader's names live in backtrail: the top-level names, and what each module path shows.

A *source* is a module of backtrail (relative to the package) or, with a leading ``=``, one of the standard
library. The top-level names that backtrader leaks from its own imports (``bt.date``, ``bt.math`` …) are answered
too: scripts use them.
"""

from __future__ import annotations

from difflib import get_close_matches
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from ..errors import NotAvailableError

#: backtrader's module paths below the package, and the sources that answer for them, first found first used.
MODULES: dict[str, tuple[str, ...]] = {
    "analyzer": ("analyzers.base", "analyzers", "compat.metabase"),
    "analyzers": ("analyzers", "compat.mathsupport", "base.autodict"),
    "broker": ("broker.protocol", "broker", "compat.metabase"),
    "brokers": ("broker.simulated", "broker"),
    "cerebro": ("cerebro",),
    "comminfo": ("market.commission", "market.schemes"),
    "commissions": ("market.schemes", "market.commission"),
    "dataseries": ("feeds.series", "base.timeframe"),
    "errors": ("errors",),
    "feed": ("feeds.base", "feeds.csv", "feeds", "compat.metabase"),
    "feeds": ("feeds", "compat.metabase"),
    "fillers": ("broker.fillers",),
    "filters": ("feeds.filters", "feeds"),
    "flt": ("feeds.filters", "compat.filters", "compat.metabase"),
    "functions": ("lines.functions",),
    "indicator": ("indicators.base", "compat.lines", "compat.metabase"),
    "indicators": ("indicators", "compat.metabase", "compat.mathsupport"),
    "linebuffer": ("lines.buffer", "lines.expr", "compat.lines", "compat.metabase"),
    "lineiterator": ("lines.iterator", "lines.coupler", "compat.metabase"),
    "lineroot": ("lines.root", "compat.metabase"),
    "lineseries": ("lines.series", "compat.lines", "compat.metabase"),
    "mathsupport": ("compat.mathsupport",),
    "metabase": ("compat.metabase", "base.packages"),
    "observer": ("observers.base", "observers", "compat.metabase"),
    "observers": ("observers", "compat.metabase"),
    "order": ("market.order",),
    "position": ("market.position",),
    "resamplerfilter": ("feeds.resample", "feeds"),
    "signal": ("strategy.signals",),
    "signals": ("strategy.signals",),
    "sizer": ("sizers.base", "sizers"),
    "sizers": ("sizers",),
    "store": ("compat.store", "compat.metabase"),
    "stores": ("compat.vchartfile",),
    "strategies": ("compat.strategies",),
    "strategy": ("strategy.strategy", "strategy.signals", "strategy", "compat.metabase"),
    "studies": ("indicators",),
    "talib": ("compat.talib",),
    "timer": ("strategy.timers",),
    "trade": ("market.trade",),
    "tradingcal": ("market.calendar", "market.exchanges"),
    "utils": ("base.autodict", "base.time", "base.timezone", "compat.py3"),
    "utils.autodict": ("base.autodict", "compat.py3"),
    "utils.date": ("base.time", "base.timezone"),
    "utils.dateintern": ("base.time", "base.timezone", "compat.dateintern"),
    "utils.flushfile": ("compat.flushfile",),
    "utils.ordereddefaultdict": ("base.autodict",),
    "utils.py3": ("compat.py3",),
    "version": ("compat.version",),
    "writer": ("report.writer",),
}

#: The modules below backtrader's packages: each shows what its package shows.
SUBMODULES: dict[str, str] = {
    "analyzers": (
        "annualreturn calmar drawdown leverage logreturnsrolling periodstats positions pyfolio returns "
        "sharpe sqn timereturn tradeanalyzer transactions vwr"
    ),
    "brokers": "bbroker",
    "feeds": (
        "blaze btcsv chainer csvgeneric influxfeed mt4csv pandafeed quandl rollover sierrachart vchart "
        "vchartcsv vchartfile yahoo"
    ),
    "filters": "bsplitter calendardays datafiller datafilter daysteps heikinashi renko session",
    "indicators": (
        "accdecoscillator aroon atr awesomeoscillator basicops bollinger cci contrib contrib.vortex "
        "crossover dema deviation directionalmove dma dpo dv2 ema envelope hadelta heikinashi hma hurst "
        "ichimoku kama kst lrsi mabase macd momentum ols oscillator percentchange percentrank pivotpoint "
        "prettygoodoscillator priceoscillator psar rmi rsi sma smma stochastic trix tsi ultimateoscillator "
        "vortex williams wma zlema zlind"
    ),
    "observers": "benchmark broker buysell drawdown logreturns timereturn trades",
    "sizers": "fixedsize percents_sizer",
    "stores": "vchartfile",
    "strategies": "sma_crossover",
    "studies": "contrib contrib.fractal",
}

#: backtrader's top-level names by the module that shows them.
TOP: dict[str, str] = {
    "analyzer": "Analyzer TimeFrameAnalyzerBase",
    "broker": "BrokerBase",
    "brokers": "BackBroker",
    "cerebro": "Cerebro OptReturn",
    "comminfo": "CommInfoBase CommissionInfo",
    "dataseries": "DataSeries OHLC OHLCDateTime SimpleFilterWrapper TimeFrame",
    "errors": "BacktraderError StrategySkipError",
    "feed": "AbstractDataBase CSVDataBase CSVFeedBase DataBase DataClone FeedBase",
    "flt": "Filter",
    "functions": (
        "All And Any Cmp CmpEx DivByZero DivZeroByZero If List Logic Max Min MultiLogic MultiLogicReduce Or "
        "Reduce Sum"
    ),
    "indicator": "Indicator LinePlotterIndicator",
    "linebuffer": "LineActions LineBuffer LineDelay LineNum LineOwnOperation LinesOperation NAN PseudoArray",
    "lineiterator": (
        "DataAccessor IndicatorBase LineCoupler LineIterator LinesCoupler MultiCoupler ObserverBase "
        "SingleCoupler StrategyBase"
    ),
    "lineroot": "LineMultiple LineRoot LineSingle",
    "lineseries": (
        "LineAlias LineSeries LineSeriesMaker LineSeriesStub Lines Lines_LineSeries "
        "Lines_LineSeries_LineSeriesStub"
    ),
    "metabase": (
        "AutoInfoClass ItemCollection MetaAbstractDataBase MetaAnalyzer MetaBroker MetaCSVDataBase "
        "MetaIndicator MetaLineActions MetaLineIterator MetaLineSeries MetaObserver MetaParams "
        "MetaSigStrategy MetaStrategy MetaTimeFrameAnalyzerBase MtLinePlotterIndicator findowner"
    ),
    "observer": "Observer",
    "order": (
        "BuyOrder Order OrderBase OrderData OrderExecutionBit SellOrder StopBuyOrder StopLimitBuyOrder "
        "StopLimitSellOrder StopSellOrder"
    ),
    "position": "Position",
    "resamplerfilter": (
        "DTFaker Replayer ReplayerDaily ReplayerMinutes ReplayerMonthly ReplayerSeconds ReplayerTicks "
        "ReplayerWeekly Resampler ResamplerDaily ResamplerMinutes ResamplerMonthly ResamplerSeconds "
        "ResamplerTicks ResamplerWeekly ResamplerYearly"
    ),
    "signal": (
        "SIGNAL_LONG SIGNAL_LONGEXIT SIGNAL_LONGEXIT_ANY SIGNAL_LONGEXIT_INV SIGNAL_LONGSHORT "
        "SIGNAL_LONG_ANY SIGNAL_LONG_INV SIGNAL_NONE SIGNAL_SHORT SIGNAL_SHORTEXIT SIGNAL_SHORTEXIT_ANY "
        "SIGNAL_SHORTEXIT_INV SIGNAL_SHORT_ANY SIGNAL_SHORT_INV Signal SignalTypes"
    ),
    "sizer": "Sizer SizerBase",
    "sizers": "SizerFix",
    "store": "Store",
    "strategy": "SignalStrategy Strategy",
    "timer": "SESSION_END SESSION_START SESSION_TIME Timer",
    "trade": "Trade TradeHistory",
    "tradingcal": "PandasMarketCalendar TradingCalendar TradingCalendarBase",
    "utils": "AutoDictList AutoOrderedDict DotDict date2num num2date num2time time2num tzparse",
    "utils.py3": (
        "MAXINT cmp filter integer_types iteritems itervalues keys map range string_types with_metaclass zip"
    ),
    "writer": "WriterBase WriterFile WriterStringIO",
    "=__future__": "absolute_import division print_function unicode_literals",
    "=collections": "OrderedDict",
    "=datetime": "date timedelta",
    "=itertools": "islice",
}

#: Top-level names that are modules: of backtrader under another name, or of the standard library.
TOP_MODULES: dict[str, str] = {
    "comms": "commissions",
    "filler": "fillers",
    "ind": "indicators",
    "obs": "observers",
    "strats": "strategies",
    "collectionsAbc": "=collections.abc",
    "pp": "=pprint",
}
_STANDARD = (
    "array calendar collections copy datetime functools inspect io itertools math multiprocessing "
    "operator os sys"
)
TOP_MODULES.update({name: f"={name}" for name in _STANDARD.split()})

#: Names that are called differently at their source.
RENAMED: dict[str, str] = {
    "DataAccessor": "LineIterator",
    "LineBuffer": "Line",
    "LineSeriesMaker": "as_series",
    "LinesCoupler": "couple",
    "Lines_LineSeries": "Lines",
    "Lines_LineSeries_LineSeriesStub": "Lines",
    "MultiCoupler": "LinesCoupler",
    "SingleCoupler": "LineCoupler",
}

#: Origin in the specs of stand-ins.
STAND_IN = "stand-in for backtrader"

_HOME: dict[str, str] = {name: module for module, names in TOP.items() for name in names.split()}
_PACKAGE = __package__.rpartition(".")[0]


def module_paths() -> list[str]:
    """Give every module path below the package that is answered."""
    below = [f"{package}.{name}" for package, names in SUBMODULES.items() for name in names.split()]
    return sorted([*MODULES, *below])


def top_names() -> list[str]:
    """Give every name that backtrader's package shows."""
    modules = [path for path in MODULES if "." not in path]
    return sorted({*_HOME, *TOP_MODULES, *modules, "backtrader", "bt"})


def is_module(name: str) -> bool:
    """Tell whether *name* is a module in backtrader's package: its other modules import many and show them too."""
    return name in TOP_MODULES or name in MODULES or name in ("backtrader", "bt")


def sources_of(path: str) -> tuple[str, ...]:
    """Give the sources that answer for the module *path*."""
    while path not in MODULES:
        path = path.rpartition(".")[0]
    return MODULES[path]


def names_in(path: str) -> list[str]:
    """Give every name that the module *path* shows, what it imports left out."""
    found: set[str] = set()
    for source in sources_of(path):
        if exists(source):
            module = import_module(f"{_PACKAGE}.{source}")
            found.update(
                getattr(module, "__all__", None) or (n for n in dir(module) if not n.startswith("_"))
            )
    return sorted(found)


def exists(source: str) -> bool:
    """Tell whether *source* is a module of backtrail itself, no stand-in."""
    name = f"{_PACKAGE}.{source}"
    parent = name.rpartition(".")[0]
    if parent != _PACKAGE and not exists(parent[len(_PACKAGE) + 1 :]):
        return False
    spec = find_spec(name)
    return spec is not None and spec.origin != STAND_IN


def attribute(path: str, name: str) -> Any:
    """Give what *name* means in backtrader's module *path*; :class:`NotAvailableError` if that is nothing here."""
    for source in sources_of(path):
        if not exists(source):
            continue
        module = import_module(f"{_PACKAGE}.{source}")
        for spelling in (name, RENAMED.get(name)):
            if spelling is None:
                continue
            value = getattr(module, spelling, module)
            if value is not module:
                return value
    if name in _HOME and _HOME[name] != path:
        return top_attribute(name)
    raise NotAvailableError(_missing(path, name))


def top_attribute(name: str) -> Any:
    """Give what *name*, which is not a module of backtrader, means in backtrader's package."""
    if name in TOP_MODULES and TOP_MODULES[name].startswith("="):
        return import_module(TOP_MODULES[name][1:])
    home = _HOME.get(name)
    if home is None:
        near = get_close_matches(name, top_names(), n=1)
        hint = f"Did you mean {near[0]!r}?" if near else "Check the spelling."
        raise NotAvailableError(f"backtrader has no name {name!r}, and neither has backtrail. {hint}")
    if home.startswith("="):
        return getattr(import_module(home[1:]), name)
    return attribute(home, name)


#: What the names of backtrader's online services begin with.
_SERVICES = {"IB": "Interactive Brokers", "Oanda": "Oanda", "VC": "Visual Chart's live data"}


def _missing(path: str, name: str) -> str:
    for begin, service in _SERVICES.items():
        service_of = name.startswith(begin) and not name.startswith("VChart")  # whose files are read
        if service_of and path.partition(".")[0] in ("stores", "brokers", "feeds"):
            return (
                f"backtrader.{path}.{name}: {service} is not part of backtrail. Read bars from files or frames; "
                "docs/migration.md lists what is not there."
            )
    if name in _HOME:
        return (
            f"backtrader.{path} has {name!r}, but backtrail does not. "
            "docs/reference/compatibility.md lists what is answered."
        )
    near = get_close_matches(name, names_in(path), n=1)
    hint = f"Did you mean {near[0]!r}?" if near else "Check the spelling."
    return (
        f"backtrader.{path} has no {name!r} here. {hint} docs/reference/compatibility.md lists the names that are "
        "answered, docs/migration.md what is not there."
    )
