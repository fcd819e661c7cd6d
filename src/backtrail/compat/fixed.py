"""Bugs of backtrader that are not repeated."""

from __future__ import annotations

from .difference import BROKER, Difference, right

FIXED: tuple[Difference, ...] = (
    right(
        "couplers",
        "lineiterator:LinesCoupler",
        "couplers give NaN in vectorised mode; what is computed from one waits for the bars of its source, counted on "
        "the other feed; a coupled indicator has the bars of a feed, be it that of its source; over a replayed feed a "
        "coupled line stays at the first tick of each bar",
        "their values in all modes, from the first bar of the source on, in the bars of who couples them; over a "
        "replayed feed the value of the present tick",
    ),
    right(
        "lines-of-strategies",
        "strategy:Strategy",
        "in vectorised mode a line that a strategy declares and binds to another is NaN, and what is computed from it "
        "one bar late",
        "it has the values it is bound to, in all modes",
    ),
    right(
        "line-plotters",
        "indicator:LinePlotterIndicator",
        "without runonce its values raise IndexError",
        "it has the values of its line, in all modes",
    ),
    right(
        "layered-indicators",
        "indicator:Indicator.once indicator:Indicator.nextstart",
        "in vectorised mode an indicator with a next of its own that is computed from one with an once of its own "
        "reads the last bar all the time, and one bar late from one with a nextstart of its own",
        "it reads the present bar, in all modes",
    ),
    right(
        "late-functions",
        "functions:Reduce functions:MultiLogic",
        "in vectorised mode what Reduce gives, or a function whose first operand is a number, is one bar late",
        "it is of the present bar, in all modes",
    ),
    right(
        "windows-without-values",
        "indicators.basicops:FindFirstIndex indicators.basicops:FindLastIndex "
        "indicators.basicops:FindFirstIndexHighest "
        "indicators.basicops:FindFirstIndexLowest indicators.basicops:FindLastIndexHighest "
        "indicators.basicops:FindLastIndexLowest indicators.aroon:AroonUp "
        "indicators.aroon:AroonDown studies.contrib.fractal:Fractal",
        "a window with NaN raises StopIteration or ValueError",
        "the value is NaN, a fractal sets no mark",
    ),
    right(
        "replayed-times",
        "resamplerfilter:Replayer",
        "some feeds replayed with adjbartime=True end the run: AttributeError, Replayer has no attribute '_lastdteos'",
        "they are replayed to their end",
    ),
    right(
        "slow-laguerre",
        "indicators.lrsi:LaguerreFilter indicators.lrsi:LaguerreRSI",
        "bar by bar, on a slow feed beside a faster one, the state moves on with every bar of the faster one",
        "it moves on with the bars of its own feed, in all modes",
    ),
    right(
        "heikin-ashi",
        "indicators.heikinashi:HeikinAshi",
        "it is computed bar by bar in vectorised mode",
        "over all bars, with the same values",
    ),
    right(
        "cmpex",
        "functions:CmpEx indicators.pivotpoint:DemarkPivotPoint",
        "in event mode the result is -1, 0 or 1 instead of the value chosen",
        "the value chosen, in all modes",
    ),
    right(
        "divisions-by-constants",
        "functions:DivByZero functions:DivZeroByZero",
        "numbers as operands raise",
        "numbers are operands like lines",
    ),
    right(
        "signals",
        "cerebro:Cerebro.add_signal strategy:SignalStrategy",
        "signals beside a strategy, or run twice, raise ValueError",
        "both work",
    ),
    right(
        "timers-of-runs",
        "strategy:Strategy.add_timer",
        "timers of one run fire in the next, for strategies that are gone",
        "timers end with their run",
    ),
    right(
        "timer-zones",
        "timer:Timer",
        "repeat forgets the time zone",
        "repeated times are in the zone of tzdata",
    ),
    right(
        "writers-of-runs",
        "writer:WriterFile",
        "a file writer is closed after the first run of a serial optimisation, whose second run fails",
        "it is opened for each run",
    ),
    right(
        "writer-rows",
        "writer:WriterFile",
        "several strategies write one row each for every bar, the later ones with columns of the bar before; feeds "
        "with lines in place of the standard ones break the header; a run whose strategies are all skipped fails",
        "one row for every bar, a header for every feed, an empty run",
    ),
    right(
        "calendar-days",
        "filters.calendardays:CalendarDays",
        "the default fill_price=None raises TypeError, and the day that closes a gap comes twice",
        "days are filled with the last close, and come once",
    ),
    right(
        "renko-bricks",
        "filters.renko:Renko",
        "bricks that go down have their high below their low",
        "high above low",
    ),
    right(
        "feeds-over-feeds",
        "filters.datafilter:DataFilter filters.datafiller:DataFiller",
        "raise AttributeError unless the feed below was started by somebody else",
        "start it themselves",
    ),
    right(
        "value-of-feeds",
        f"{BROKER}.getvalue {BROKER}.get_value",
        "asking for the value of two feeds changes the value of the account until the next bar",
        "asking changes nothing",
    ),
    right(
        "order-identity",
        f"order:Order {BROKER}.orderstatus",
        "order != None raises, orders are not hashable, orderstatus raises for orders it knows",
        "all three work",
    ),
    right(
        "valid-zero",
        "strategy:Strategy.buy strategy:Strategy.sell",
        "valid=0 never expires",
        "a day order, as documented",
    ),
    right(
        "empty-brackets",
        "strategy:Strategy.buy_bracket strategy:Strategy.sell_bracket",
        "a bracket whose sizer gives 0 raises AttributeError",
        "no orders",
    ),
    right(
        "refused-openings",
        "order:OrderData",
        "executed.psize after a refused opening is the size that was never reached",
        "the size of the position",
    ),
    right(
        "executed-bits",
        "order:OrderData",
        "exbits of a copy that is notified hold what is executed after it, too",
        "what was executed until then",
    ),
    right(
        "calendars",
        "tradingcal:TradingCalendarBase.nextday_week tradingcal:TradingCalendar",
        "nextday_week gives None, holidays given as datetimes do not count, and bars within the last day of a week or "
        "month close the resampled bar each",
        "a day, holidays of both kinds, one bar",
    ),
    right(
        "calendar-packages",
        "tradingcal:PandasMarketCalendar",
        "raises TypeError with the pandas of today",
        "works; calendars of exchange_calendars do too",
    ),
    right(
        "fine-timeframes",
        "analyzer:TimeFrameAnalyzerBase",
        "timeframes Ticks and MicroSeconds raise",
        "they have a period for every time",
    ),
    right(
        "annual-return",
        "analyzers.annualreturn:AnnualReturn analyzers.sharpe:SharpeRatio",
        "without the standard observers they raise",
        "they need no observer",
    ),
    right(
        "ruined-accounts",
        "analyzers.timereturn:TimeReturn analyzers.returns:Returns analyzers.vwr:VWR analyzers.sharpe:SharpeRatio "
        "analyzers.logreturnsrolling:LogReturnsRolling analyzers.periodstats:PeriodStats "
        "analyzers.leverage:GrossLeverage analyzers.pyfolio:PyFolio",
        "an account that is worth 0 or less ends the run with ZeroDivisionError or ValueError",
        "the figure is infinite or NaN, as divisions of floating point numbers by zero are, and the run goes on",
    ),
    right(
        "session-filler",
        "filters.session:SessionFiller",
        "bars that fill a session up to its end come after the first bar of the next one, and a bar after the end of a "
        "session before those that fill it",
        "bars come in the order of their times",
    ),
    right(
        "log-returns-base",
        "analyzers.timereturn:TimeReturn analyzers.logreturnsrolling:LogReturnsRolling "
        "observers.logreturns:LogReturns observers.logreturns:LogReturns2",
        "over a feed that begins later than another, the first return is taken from the open of its last bar",
        "from its first bar",
    ),
    right(
        "ends-of-forward-lines",
        "linebuffer:LineDelay indicators.ichimoku:Ichimoku",
        "a line that looks ahead (close(1), chikou_span) has the value of another bar where there is no later one",
        "it is NaN there",
    ),
    right(
        "ticks-of-the-last-bar",
        "feed:AbstractDataBase",
        "tick_close and its like are None on the last bar of preloaded feeds",
        "they are those of the bar",
    ),
    right(
        "feeds-not-begun",
        "linebuffer:LinesOperation lineseries:LineSeries",
        "an expression or indicator over a feed that begins later than another reads that feed's last bar (bar by bar) "
        "or raises IndexError (vectorised); shorter data than a warm-up raise IndexError in some indicators",
        "NaN until the feed begins; what is computed from the expression begins then (without preload, what goes on "
        "from its own last value stays NaN); NaN and a warning for short data",
    ),
    right(
        "forgotten-bars",
        "cerebro:Cerebro",
        "with exactbars=1, a read beyond the kept bars gives another one: close[-1] without a warm-up the present bar; "
        "beside a faster feed a slower one goes back over its bars",
        "it gives the bar that is meant while that is in memory; each feed goes on",
    ),
    right(
        "pyfolio-positions",
        "analyzers.pyfolio:PyFolio.get_pf_items",
        "only the last feed and the cash are in the table of positions",
        "every feed is",
    ),
    right(
        "short-rows",
        "feeds.btcsv:BacktraderCSVData",
        "a row with too few fields ends the run with StopIteration, which a loop around it takes for its end",
        "it is a ValueError and an IndexError, with file, line, column and remedy",
    ),
    right(
        "zones",
        "feed:AbstractDataBase utils.dateintern:Localizer",
        "zoneinfo zones raise",
        "they work, as names do",
    ),
    right(
        "rollover-end",
        "feeds.rollover:RollOver",
        "a future that ends before the one in use can keep the run from ending, or end it with IndexError",
        "the run ends",
    ),
    right(
        "ends-of-filters",
        "feed:AbstractDataBase.addfilter",
        "with preload, but without runonce, last() of filters is called a second time at the end of the run",
        "it is called once, in all modes",
    ),
    right(
        "bars-between-filters",
        "feed:AbstractDataBase.addfilter",
        "without preload, an indicator passes over a bar that one filter added and another one let through",
        "indicators have every bar of their feed, in all modes",
    ),
    right(
        "fund-history", "cerebro:Cerebro.set_fund_history", "raises in vectorised mode", "works in all modes"
    ),
    right(
        "clone-dates",
        "feed:DataClone",
        "a clone does not know the dates of the feed it reads",
        "it takes them over",
    ),
    right(
        "csv-factories",
        "feed:CSVFeedBase feeds.vchartcsv:VChartCSV feeds.btcsv:BacktraderCSV feeds.csvgeneric:GenericCSV "
        "feeds.yahoo:YahooFinance feeds.yahoo:YahooFinanceCSV",
        "getdata raises TypeError",
        "it makes the feed",
    ),
    right(
        "turned-files",
        "feeds.yahoo:YahooFinanceCSVData feeds.quandl:QuandlCSV",
        "with reverse=True the first two rows run into each other if the file's last line has no end",
        "they are two rows",
    ),
    right(
        "blank-lines",
        "feed:CSVDataBase",
        "a blank line or a byte order mark ends the run",
        "both are passed over",
    ),
    right(
        "oldsync",
        "cerebro:Cerebro",
        "with oldsync a feed that has ended goes on with bars of NaN; bars made of another feed of the run come one "
        "bar late, the last one never",
        "an ended feed keeps its last bar; bars come with the bar that completes them",
    ),
    right(
        "copied-executions",
        "order:Order order:OrderData",
        "copies of an order share the list of its executions: the one notified as Submitted shows those of later",
        "executed.exbits has the executions up to the copy; iterpending() and executed.size are the same in both",
    ),
    right(
        "values-that-are-no-floats",
        "linebuffer:LinesOperation lineroot:LineRoot",
        "with exactbars lines hold what was computed: True, or 1 of a CrossOver; 1.0 elsewhere",
        "floats in every mode",
    ),
    right(
        "bound-lines",
        "lineiterator:LineIterator.bindlines lineiterator:LineIterator.bind2lines",
        "raises on Python 3.10 and later",
        "works",
    ),
    right(
        "regressions",
        "indicators.ols:OLS_BetaN indicators.ols:OLS_TransformationN",
        "OLS_BetaN calls a function that pandas no longer has; OLS_TransformationN does not pass its period on",
        "both are computed over their period",
    ),
    right(
        "influx-open-interest",
        "feeds.influxfeed:InfluxDB",
        "open interest is asked for and then not read; Months are asked for as minutes and Years in a unit that does "
        "not exist",
        "open interest is read; timeframes that the server cannot group by are refused",
    ),
)

__all__ = ["FIXED"]
