"""Where backtrail does not do what backtrader does: every difference that is meant, with its reason and its switch.

The page of compatibility is made of this, and ``backtrail check`` points to it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal["switch", "right", "speaks", "own way"]

#: What the kinds mean, in the order in which they are shown.
KINDS: dict[Kind, str] = {
    "switch": "results differ when the switch is set; the default is backtrader's way",
    "right": "a bug of backtrader that nothing sane depends on is not repeated",
    "speaks": "what is silent in backtrader is an error or a warning here",
    "own way": "the same names, done in another way inside",
}


@dataclass(frozen=True, slots=True)
class Difference:
    """One difference: the *names* of backtrader that it concerns, what each side does, why, and the switch if any.

    *names* are written ``module:name`` or ``module:class.method``; *key* is the anchor on the page.
    """

    key: str
    kind: Kind
    names: tuple[str, ...]
    backtrader: str
    here: str
    why: str = ""
    switch: str = ""


def _switch(key: str, names: str, backtrader: str, here: str, switch: str) -> Difference:
    return Difference(key, "switch", tuple(names.split()), backtrader, here, "results change", switch)


def _right(key: str, names: str, backtrader: str, here: str) -> Difference:
    return Difference(key, "right", tuple(names.split()), backtrader, here, "a bug")


def _speaks(key: str, names: str, backtrader: str, here: str, switch: str = "") -> Difference:
    return Difference(key, "speaks", tuple(names.split()), backtrader, here, "it hides mistakes", switch)


def _own(key: str, names: str, backtrader: str, here: str, why: str) -> Difference:
    return Difference(key, "own way", tuple(names.split()), backtrader, here, why)


_BROKER = "brokers.bbroker:BackBroker"

SWITCHES: tuple[Difference, ...] = (
    _switch(
        "margin-cascade",
        f"{_BROKER}.check_submitted",
        "an order refused for margin still counts against the ones submitted after it",
        "with the switch the cash is as if it had not been submitted",
        "BackBroker(margin_cascade=False)",
    ),
    _switch(
        "same-bar-cancel",
        f"{_BROKER}.cancel strategy:Strategy.cancel",
        "cancelling an order in the bar that created it does nothing, the order stays alive",
        "with the switch it is canceled",
        "BackBroker(cancel_submitted=True)",
    ),
    _switch(
        "stale-fills",
        f"{_BROKER}.next",
        "Limit, Stop and Close orders on a slow feed are matched against a bar that is already over",
        "with the switch they meet later bars only",
        "BackBroker(stale_fills=False)",
    ),
    _switch(
        "sell-limit-floor",
        f"{_BROKER}.set_slippage_perc {_BROKER}.set_slippage_fixed",
        "slippage takes a sell limit order below the low of the bar",
        "with the switch the price stops at the low",
        "BackBroker(sell_limit_floor=True)",
    ),
    _switch(
        "trailing-stops",
        "order:Order.trailadjust",
        "trailing stops follow the close of each bar only",
        "with the switch they follow its high or low",
        "BackBroker(trail_extremes=True)",
    ),
    _switch(
        "eosbar",
        f"{_BROKER}.set_eosbar {_BROKER}.seteosbar",
        "the parameter has no effect: a bar right at the end of the session ends it in any case",
        "with the switch it does so with eosbar=True only",
        "BackBroker(honour_eosbar=True)",
    ),
    _switch(
        "division-by-zero",
        "lineroot:LineRoot indicators.rsi:RelativeStrengthIndex",
        "a line divided by zero raises ZeroDivisionError and ends the run (an RSI on a flat series, say)",
        "the same exception, which names feed and bar; with the switch the value is NaN",
        'Cerebro(zero_division="nan")',
    ),
    _switch(
        "slow-indicators",
        "indicator:Indicator",
        "next of an indicator on a slow feed runs again on each bar of a faster one, in event mode",
        "the same; with the switch it runs once per bar of its own feed",
        "Cerebro(repeat_slow_indicators=False)",
    ),
    _switch(
        "rightedge",
        "resamplerfilter:Resampler resamplerfilter:Replayer",
        "with rightedge=False bars carry the time of their last source bar",
        "with the switch bars carry the time at which they begin",
        "Cerebro(honour_rightedge=True)",
    ),
    _switch(
        "timer-days",
        "timer:Timer cerebro:Cerebro.add_timer strategy:Strategy.add_timer",
        "weekdays and monthdays that are not in ascending order lose days",
        "with the switch their order does not matter",
        "Cerebro(sort_timer_days=True)",
    ),
)

FIXED: tuple[Difference, ...] = (
    _right(
        "couplers",
        "lineiterator:LinesCoupler",
        "couplers give NaN in vectorised mode; what is computed from one waits for the bars of its source, counted on "
        "the other feed; a coupled indicator has the bars of a feed, be it that of its source",
        "their values in all modes, as soon as there are any, in the bars of who couples them",
    ),
    _right(
        "layered-indicators",
        "indicator:Indicator.once indicator:Indicator.nextstart",
        "in vectorised mode an indicator with a next of its own that is computed from one with an once of its own "
        "reads the last bar all the time, and one bar late from one with a nextstart of its own",
        "it reads the present bar, in all modes",
    ),
    _right(
        "late-functions",
        "functions:Reduce functions:MultiLogic",
        "in vectorised mode what Reduce gives, or a function whose first operand is a number, is one bar late",
        "it is of the present bar, in all modes",
    ),
    _right(
        "windows-without-values",
        "indicators.basicops:FindFirstIndex indicators.basicops:FindLastIndex "
        "indicators.basicops:FindFirstIndexHighest "
        "indicators.basicops:FindFirstIndexLowest indicators.basicops:FindLastIndexHighest "
        "indicators.basicops:FindLastIndexLowest indicators.aroon:AroonUp "
        "indicators.aroon:AroonDown studies.contrib.fractal:Fractal",
        "a window with NaN raises StopIteration or ValueError",
        "the value is NaN, a fractal sets no mark",
    ),
    _right(
        "heikin-ashi",
        "indicators.heikinashi:HeikinAshi",
        "it is computed bar by bar in vectorised mode",
        "over all bars, with the same values",
    ),
    _right(
        "cmpex",
        "functions:CmpEx indicators.pivotpoint:DemarkPivotPoint",
        "in event mode the result is -1, 0 or 1 instead of the value chosen",
        "the value chosen, in all modes",
    ),
    _right(
        "divisions-by-constants",
        "functions:DivByZero functions:DivZeroByZero",
        "numbers as operands raise",
        "numbers are operands like lines",
    ),
    _right(
        "signals",
        "cerebro:Cerebro.add_signal strategy:SignalStrategy",
        "signals beside a strategy, or run twice, raise ValueError",
        "both work",
    ),
    _right(
        "timers-of-runs",
        "strategy:Strategy.add_timer",
        "timers of one run fire in the next, for strategies that are gone",
        "timers end with their run",
    ),
    _right(
        "timer-zones",
        "timer:Timer",
        "repeat forgets the time zone",
        "repeated times are in the zone of tzdata",
    ),
    _right(
        "writers-of-runs",
        "writer:WriterFile",
        "a file writer is closed after the first run of a serial optimisation, whose second run fails",
        "it is opened for each run",
    ),
    _right(
        "writer-rows",
        "writer:WriterFile",
        "several strategies write one row each for every bar, the later ones with columns of the bar before; feeds "
        "with lines in place of the standard ones break the header; a run whose strategies are all skipped fails",
        "one row for every bar, a header for every feed, an empty run",
    ),
    _right(
        "calendar-days",
        "filters.calendardays:CalendarDays",
        "the default fill_price=None raises TypeError, and the day that closes a gap comes twice",
        "days are filled with the last close, and come once",
    ),
    _right(
        "renko-bricks",
        "filters.renko:Renko",
        "bricks that go down have their high below their low",
        "high above low",
    ),
    _right(
        "feeds-over-feeds",
        "filters.datafilter:DataFilter filters.datafiller:DataFiller",
        "raise AttributeError unless the feed below was started by somebody else",
        "start it themselves",
    ),
    _right(
        "value-of-feeds",
        f"{_BROKER}.getvalue {_BROKER}.get_value",
        "asking for the value of two feeds changes the value of the account until the next bar",
        "asking changes nothing",
    ),
    _right(
        "order-identity",
        f"order:Order {_BROKER}.orderstatus",
        "order != None raises, orders are not hashable, orderstatus raises for orders it knows",
        "all three work",
    ),
    _right(
        "valid-zero",
        "strategy:Strategy.buy strategy:Strategy.sell",
        "valid=0 never expires",
        "a day order, as documented",
    ),
    _right(
        "empty-brackets",
        "strategy:Strategy.buy_bracket strategy:Strategy.sell_bracket",
        "a bracket whose sizer gives 0 raises AttributeError",
        "no orders",
    ),
    _right(
        "refused-openings",
        "order:OrderData",
        "executed.psize after a refused opening is the size that was never reached",
        "the size of the position",
    ),
    _right(
        "executed-bits",
        "order:OrderData",
        "exbits of a copy that is notified hold what is executed after it, too",
        "what was executed until then",
    ),
    _right(
        "calendars",
        "tradingcal:TradingCalendarBase.nextday_week tradingcal:TradingCalendar",
        "nextday_week gives None, holidays given as datetimes do not count, and bars within the last day of a week or "
        "month close the resampled bar each",
        "a day, holidays of both kinds, one bar",
    ),
    _right(
        "calendar-packages",
        "tradingcal:PandasMarketCalendar",
        "raises TypeError with the pandas of today",
        "works; calendars of exchange_calendars do too",
    ),
    _right(
        "fine-timeframes",
        "analyzer:TimeFrameAnalyzerBase",
        "timeframes Ticks and MicroSeconds raise",
        "they have a period for every time",
    ),
    _right(
        "annual-return",
        "analyzers.annualreturn:AnnualReturn analyzers.sharpe:SharpeRatio",
        "without the standard observers they raise",
        "they need no observer",
    ),
    _right(
        "ruined-accounts",
        "analyzers.timereturn:TimeReturn analyzers.returns:Returns analyzers.vwr:VWR analyzers.sharpe:SharpeRatio "
        "analyzers.logreturnsrolling:LogReturnsRolling analyzers.periodstats:PeriodStats "
        "analyzers.leverage:GrossLeverage analyzers.pyfolio:PyFolio",
        "an account that is worth 0 or less ends the run with ZeroDivisionError or ValueError",
        "the figure is infinite or NaN, as divisions of floating point numbers by zero are, and the run goes on",
    ),
    _right(
        "forgotten-bars",
        "cerebro:Cerebro",
        "with exactbars=1, a read beyond the kept bars gives another one: close[-1] without a warm-up the present bar",
        "it gives the bar that is meant while that is in memory",
    ),
    _right(
        "pyfolio-positions",
        "analyzers.pyfolio:PyFolio.get_pf_items",
        "only the last feed and the cash are in the table of positions",
        "every feed is",
    ),
    _right(
        "short-rows",
        "feeds.btcsv:BacktraderCSVData",
        "a row with too few fields ends the run with StopIteration, which a loop around it takes for its end",
        "it is a ValueError and an IndexError, with file, line, column and remedy",
    ),
    _right(
        "zones",
        "feed:AbstractDataBase utils.dateintern:Localizer",
        "zoneinfo zones raise",
        "they work, as names do",
    ),
    _right(
        "rollover-end",
        "feeds.rollover:RollOver",
        "a future that ends before the one in use can keep the run from ending",
        "the run ends",
    ),
    _right(
        "fund-history", "cerebro:Cerebro.set_fund_history", "raises in vectorised mode", "works in all modes"
    ),
    _right(
        "clone-dates",
        "feed:DataClone",
        "a clone does not know the dates of the feed it reads",
        "it takes them over",
    ),
    _right(
        "csv-factories",
        "feed:CSVFeedBase feeds.vchartcsv:VChartCSV feeds.btcsv:BacktraderCSV feeds.csvgeneric:GenericCSV "
        "feeds.yahoo:YahooFinance feeds.yahoo:YahooFinanceCSV",
        "getdata raises TypeError",
        "it makes the feed",
    ),
    _right(
        "turned-files",
        "feeds.yahoo:YahooFinanceCSVData feeds.quandl:QuandlCSV",
        "with reverse=True the first two rows run into each other if the file's last line has no end",
        "they are two rows",
    ),
    _right(
        "blank-lines",
        "feed:CSVDataBase",
        "a blank line or a byte order mark ends the run",
        "both are passed over",
    ),
    _right(
        "oldsync",
        "cerebro:Cerebro",
        "with oldsync a feed that has ended goes on with bars of NaN; bars made of another feed of the run come one "
        "bar late, the last one never",
        "an ended feed keeps its last bar; bars come with the bar that completes them",
    ),
    _right(
        "copied-executions",
        "order:Order order:OrderData",
        "copies of an order share the list of its executions: the one notified as Submitted shows those of later",
        "executed.exbits has the executions up to the copy; iterpending() and executed.size are the same in both",
    ),
    _right(
        "values-that-are-no-floats",
        "linebuffer:LinesOperation lineroot:LineRoot",
        "with exactbars lines hold what was computed: True, or 1 of a CrossOver; 1.0 elsewhere",
        "floats in every mode",
    ),
    _right(
        "bound-lines",
        "lineiterator:LineIterator.bindlines lineiterator:LineIterator.bind2lines",
        "raises on Python 3.10 and later",
        "works",
    ),
    _right(
        "regressions",
        "indicators.ols:OLS_BetaN indicators.ols:OLS_TransformationN",
        "OLS_BetaN calls a function that pandas no longer has; OLS_TransformationN does not pass its period on",
        "both are computed over their period",
    ),
    _right(
        "influx-open-interest",
        "feeds.influxfeed:InfluxDB",
        "open interest is asked for and then not read; Months are asked for as minutes and Years in a unit that does "
        "not exist",
        "open interest is read; timeframes that the server cannot group by are refused",
    ),
)

LOUD: tuple[Difference, ...] = (
    _speaks(
        "opening-bars-resampled",
        "filters.daysteps:BarReplayer_Open filters.daysteps:DayStepsFilter",
        "a feed with BarReplayer_Open that is resampled or replayed delivers bars of which some are lost",
        "DataError",
    ),
    _speaks(
        "future-reads",
        "linebuffer:LineBuffer.get",
        "close[1] in next is the bar of tomorrow",
        "LookAheadError; a warning under the name backtrader",
        'Cerebro(future_reads="error" | "warn" | "allow")',
    ),
    _speaks(
        "early-reads",
        "linebuffer:LineBuffer.get",
        "close[0] in __init__ is the last bar of preloaded data",
        "the same value, with a warning",
    ),
    _speaks(
        "unknown-keywords",
        "cerebro:Cerebro.run metabase:ParamsBase",
        "run ignores keywords that it does not know",
        "a warning; constructors raise ParameterError, a TypeError, which names the nearest parameter",
    ),
    _speaks(
        "wrong-values",
        "metabase:ParamsBase",
        "parameters out of their range fail later or never",
        "ParameterValueError, a ValueError, where the object is made",
    ),
    _speaks(
        "bars",
        "feed:AbstractDataBase",
        "bars that are unsorted, doubled or without a price are traded on",
        "the same, with a warning that names feed and row",
    ),
    _speaks(
        "short-data",
        "strategy:Strategy",
        "data shorter than the warm-up never reach next",
        "the same, with a warning",
    ),
    _speaks(
        "files",
        "feed:CSVDataBase feeds.vchart:VChartData feeds.vchartfile:VChartFile",
        "a row that cannot be read raises whatever comes of it; VChartFile gives no bars if there is no file",
        "DataError with file, row, column and remedy; FileNotFoundError",
    ),
    _speaks(
        "services",
        "feeds.quandl:Quandl feeds.yahoo:YahooFinanceData",
        "a service that does not answer leaves an exception about None",
        "DataError with what it answered; the protocols are those of backtrader, which the services have given up",
    ),
    _speaks(
        "prices-of-orders",
        "strategy:Strategy.buy strategy:Strategy.sell",
        "prices that the order type does not take are ignored",
        "a warning, or OrderError where no broker could take the order",
    ),
    _speaks(
        "truth-of-lines",
        "lineroot:LineRoot",
        "the truth of a line in __init__ raises TypeError",
        "DeclarationError, a TypeError, which says what to write",
    ),
    _speaks(
        "plotting",
        "cerebro:Cerebro.plot",
        "draws with matplotlib",
        "raises NotImplementedError that says where the numbers are; plotinfo and plotlines are kept and answered",
    ),
)

OWN_WAYS: tuple[Difference, ...] = (
    _own(
        "metaclasses",
        "metabase:MetaBase metabase:MetaParams",
        "every class has a metaclass",
        "none has; those named here serve classes of yours, with the phases doprenew to dopostinit",
        "strategies that Cerebro builds go by __init__ alone",
    ),
    _own(
        "replaced-methods",
        "strategy:Strategy.notify_order strategy:Strategy.notify_trade strategy:Strategy.notify_cashvalue "
        "strategy:Strategy.notify_fund analyzer:Analyzer brokers.bbroker:BackBroker comminfo:CommInfoBase",
        "a method that is put on a class while a run goes on is called from then on",
        "from the next run on; put on a class before the run, or on an object at any time, from then on "
        "(a method put on the broker while the run goes on: from the next order on)",
        "what nobody replaced is not called on each bar",
    ),
    _own(
        "least-squares",
        "indicators.ols:OLS_Slope_InterceptN indicators.ols:OLS_TransformationN",
        "statsmodels fits each window; the last digits are those of the LAPACK that numpy was built with, and an "
        "infinite first price gives infinite values",
        "least squares by deviations from the mean: nine digits are the same; an infinite first price gives NaN",
        "the same digits on every machine, without statsmodels",
    ),
    _own(
        "owners",
        "metabase:findowner",
        "the owner of an indicator is found by walking the call stack",
        "by a stack of the objects under construction; startlevel has no meaning",
        "works in functions, lambdas and generators alike",
    ),
    _own(
        "cursors",
        "linebuffer:LineActions linebuffer:LineBuffer lineroot:LineMultiple lineiterator:MultiCoupler",
        "every line and operation has a cursor of its own, with forward, advance, rewind, home, extend",
        "lines share the cursor of their feed; operations on lines have no such methods",
        "work per bar does not grow with the number of lines",
    ),
    _own(
        "buffers",
        "linebuffer:LineBuffer.qbuffer linebuffer:LineActions.arrayize lineroot:LineRoot.qbuffer",
        "line.array is an array.array; qbuffer makes it shorter",
        "a numpy array of doubles; memory is saved by the run (exactbars), qbuffer does nothing",
        "whole arrays are computed at once",
    ),
    _own(
        "caches",
        "linebuffer:MetaLineActions indicator:MetaIndicator",
        "objcache shares equal indicators",
        "objcache has no effect: nothing is shared",
        "sharing changes nothing but memory",
    ),
    _own(
        "laguerre-state",
        "indicators.lrsi:LaguerreFilter indicators.lrsi:LaguerreRSI",
        "the state of the filter is in the attributes l0 to l3",
        "in lines of its own, which are not shown",
        "the state of every bar is needed to compute ranges of bars",
    ),
    _own(
        "broker-in-broker",
        "broker:BrokerBase.BrokerBase",
        "the method getvalue of brokers has a second name, that of its class",
        "it has one name",
        "a slip of the pen",
    ),
    _own(
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


__all__ = ["DIFFERENCES", "FIXED", "KINDS", "LOUD", "OWN_WAYS", "SWITCHES", "Difference", "Kind", "by_key"]
