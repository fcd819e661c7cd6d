"""Where backtrail does not do what backtrader does: every difference that is meant, with its reason and its switch.

The page of compatibility is made of this, and ``backtrail check`` points to it.
"""

from __future__ import annotations

from .difference import BROKER, KINDS, Difference, own_way, speaks, switched
from .fixed import FIXED

SWITCHES: tuple[Difference, ...] = (
    switched(
        "margin-cascade",
        f"{BROKER}.check_submitted",
        "an order refused for margin still counts against the ones submitted after it",
        "with the switch the cash is as if it had not been submitted",
        "BackBroker(margin_cascade=False)",
    ),
    switched(
        "same-bar-cancel",
        f"{BROKER}.cancel strategy:Strategy.cancel",
        "cancelling an order in the bar that created it does nothing, the order stays alive",
        "with the switch it is canceled",
        "BackBroker(cancel_submitted=True)",
    ),
    switched(
        "stale-fills",
        f"{BROKER}.next",
        "Limit, Stop and Close orders on a slow feed are matched against a bar that is already over",
        "with the switch they meet later bars only",
        "BackBroker(stale_fills=False)",
    ),
    switched(
        "sell-limit-floor",
        f"{BROKER}.set_slippage_perc {BROKER}.set_slippage_fixed",
        "slippage takes a sell limit order below the low of the bar",
        "with the switch the price stops at the low",
        "BackBroker(sell_limit_floor=True)",
    ),
    switched(
        "trailing-stops",
        "order:Order.trailadjust",
        "trailing stops follow the close of each bar only",
        "with the switch they follow its high or low",
        "BackBroker(trail_extremes=True)",
    ),
    switched(
        "eosbar",
        f"{BROKER}.set_eosbar {BROKER}.seteosbar",
        "the parameter has no effect: a bar right at the end of the session ends it in any case",
        "with the switch it does so with eosbar=True only",
        "BackBroker(honour_eosbar=True)",
    ),
    switched(
        "division-by-zero",
        "lineroot:LineRoot indicators.rsi:RelativeStrengthIndex",
        "a line divided by zero raises ZeroDivisionError and ends the run (an RSI on a flat series, say)",
        "the same exception, which names feed and bar; with the switch the value is NaN",
        'Cerebro(zero_division="nan")',
    ),
    switched(
        "slow-indicators",
        "indicator:Indicator",
        "next of an indicator on a slow feed runs again on each bar of a faster one, in event mode",
        "the same; with the switch it runs once per bar of its own feed",
        "Cerebro(repeat_slow_indicators=False)",
    ),
    switched(
        "rightedge",
        "resamplerfilter:Resampler resamplerfilter:Replayer",
        "with rightedge=False bars carry the time of their last source bar",
        "with the switch bars carry the time at which they begin",
        "Cerebro(honour_rightedge=True)",
    ),
    switched(
        "timer-days",
        "timer:Timer cerebro:Cerebro.add_timer strategy:Strategy.add_timer",
        "weekdays and monthdays that are not in ascending order lose days",
        "with the switch their order does not matter",
        "Cerebro(sort_timer_days=True)",
    ),
)

LOUD: tuple[Difference, ...] = (
    speaks(
        "late-indicators",
        "indicator:Indicator",
        "an indicator that is made in next() is computed from then on bar by bar; vectorised, reading it raises "
        "IndexError",
        "DeclarationError: make it in __init__ and keep it",
    ),
    speaks(
        "inside-the-broker",
        "brokers.bbroker:BackBroker",
        "a derived broker may replace private methods: _execute, _slip_up, _try_exec_limit and their like",
        "they are not called; defining one warns",
    ),
    speaks(
        "opening-bars-resampled",
        "filters.daysteps:BarReplayer_Open filters.daysteps:DayStepsFilter",
        "a feed with BarReplayer_Open that is resampled or replayed delivers bars of which some are lost",
        "DataError",
    ),
    speaks(
        "future-reads",
        "linebuffer:LineBuffer.get",
        "close[1] in next is the bar of tomorrow",
        "LookAheadError; a warning under the name backtrader",
        'Cerebro(future_reads="error" | "warn" | "allow")',
    ),
    speaks(
        "early-reads",
        "linebuffer:LineBuffer.get",
        "close[0] in __init__ is the last bar of preloaded data",
        "the same value, with a warning",
    ),
    speaks(
        "unknown-keywords",
        "cerebro:Cerebro.run metabase:ParamsBase",
        "run, and constructors of classes without an __init__ of their own, ignore keywords that they do not know",
        "run warns; constructors raise ParameterError, a TypeError, which names the nearest parameter",
    ),
    speaks(
        "wrong-values",
        "metabase:ParamsBase",
        "parameters out of their range or of another kind fail later or never",
        "ParameterValueError, a ValueError (a TypeError too for another kind), where the object is made; a warning for "
        "values that work and are hardly meant (a negative slippage, runonce='no')",
    ),
    speaks(
        "bars",
        "feed:AbstractDataBase",
        "bars that are unsorted, doubled or without a price are traded on",
        "the same, with a warning that names feed and row",
    ),
    speaks(
        "short-data",
        "strategy:Strategy",
        "data shorter than the warm-up never reach next",
        "the same, with a warning",
    ),
    speaks(
        "files",
        "feed:CSVDataBase feeds.vchart:VChartData feeds.vchartfile:VChartFile",
        "a row that cannot be read raises whatever comes of it; VChartFile gives no bars if there is no file",
        "DataError with file, row, column and remedy; FileNotFoundError",
    ),
    speaks(
        "services",
        "feeds.quandl:Quandl feeds.yahoo:YahooFinanceData",
        "a service that does not answer leaves an exception about None",
        "DataError with what it answered; the protocols are those of backtrader, which the services have given up",
    ),
    speaks(
        "prices-of-orders",
        "strategy:Strategy.buy strategy:Strategy.sell",
        "prices that the order type does not take are ignored",
        "a warning, or OrderError where no broker could take the order",
    ),
    speaks(
        "truth-of-lines",
        "lineroot:LineRoot",
        "the truth of a line in __init__ raises TypeError",
        "DeclarationError, a TypeError, which says what to write",
    ),
    speaks(
        "plotting",
        "cerebro:Cerebro.plot",
        "draws with matplotlib",
        "raises NotImplementedError that says where the numbers are; plotinfo and plotlines are kept and answered",
    ),
)

OWN_WAYS: tuple[Difference, ...] = (
    own_way(
        "metaclasses",
        "metabase:MetaBase metabase:MetaParams",
        "every class has a metaclass",
        "none has; those named here serve classes of yours, with the phases doprenew to dopostinit",
        "strategies that Cerebro builds go by __init__ alone",
    ),
    own_way(
        "replaced-methods",
        "strategy:Strategy.notify_order strategy:Strategy.notify_trade strategy:Strategy.notify_cashvalue "
        "strategy:Strategy.notify_fund analyzer:Analyzer brokers.bbroker:BackBroker comminfo:CommInfoBase",
        "a method that is put on a class while a run goes on is called from then on",
        "from the next run on; put on a class before the run, or on an object at any time, from then on "
        "(a method put on the broker while the run goes on: from the next order on)",
        "what nobody replaced is not called on each bar",
    ),
    own_way(
        "least-squares",
        "indicators.ols:OLS_Slope_InterceptN indicators.ols:OLS_TransformationN",
        "statsmodels fits each window; the last digits are those of the LAPACK that numpy was built with, and an "
        "infinite first price gives infinite values",
        "least squares by deviations from the mean: nine digits are the same; an infinite first price gives NaN",
        "the same digits on every machine, without statsmodels",
    ),
    own_way(
        "owners",
        "metabase:findowner",
        "the owner of an indicator is found by walking the call stack",
        "by a stack of the objects under construction; startlevel has no meaning",
        "works in functions, lambdas and generators alike",
    ),
    own_way(
        "cursors",
        "linebuffer:LineActions linebuffer:LineBuffer lineroot:LineMultiple lineiterator:MultiCoupler",
        "every line and operation has a cursor of its own, with forward, advance, rewind, home, extend",
        "lines share the cursor of their feed; operations on lines have no such methods",
        "work per bar does not grow with the number of lines",
    ),
    own_way(
        "buffers",
        "linebuffer:LineBuffer.qbuffer linebuffer:LineActions.arrayize lineroot:LineRoot.qbuffer",
        "line.array is an array.array; qbuffer makes it shorter; mode, useislice and bindings are its state",
        "a numpy array of doubles, without preload longer than the bars that have come (NaN beyond: line.get(size=n) "
        "ends with the present one); memory is saved by the run (exactbars), qbuffer does nothing; no such state",
        "whole arrays are computed at once",
    ),
    own_way(
        "caches",
        "linebuffer:MetaLineActions indicator:MetaIndicator",
        "objcache shares equal indicators",
        "objcache has no effect: nothing is shared",
        "sharing changes nothing but memory",
    ),
    own_way(
        "laguerre-state",
        "indicators.lrsi:LaguerreFilter indicators.lrsi:LaguerreRSI",
        "the state of the filter is in the attributes l0 to l3",
        "in lines of its own, which are not shown",
        "the state of every bar is needed to compute ranges of bars",
    ),
    own_way(
        "broker-in-broker",
        "broker:BrokerBase.BrokerBase",
        "the method getvalue of brokers has a second name, that of its class",
        "it has one name",
        "a slip of the pen",
    ),
    own_way(
        "python2",
        "utils.py3",
        "names that differ between Python 2 and 3",
        "Python 3's own",
        "there is no Python 2 here",
    ),
)

DIFFERENCES: tuple[Difference, ...] = (*SWITCHES, *FIXED, *LOUD, *OWN_WAYS)


def by_key(key: str) -> Difference:
    """Give the difference called *key*; KeyError if there is none."""
    for found in DIFFERENCES:
        if found.key == key:
            return found
    raise KeyError(key)


__all__ = ["DIFFERENCES", "FIXED", "KINDS", "LOUD", "OWN_WAYS", "SWITCHES", "Difference", "by_key"]
