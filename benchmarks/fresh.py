"""One backtest in a fresh process: `python fresh.py MODULE CSV`. Prints final value, cash and number of orders.

The script a user would write: daily bars from a CSV file, three analyzers, default observers. The whole life of the
process is what the benchmark times.
"""

from __future__ import annotations

import importlib
import sys


def main() -> None:
    bt = importlib.import_module(sys.argv[1])

    class SmaCross(bt.Strategy):
        params = (("fast", 10), ("slow", 30))

        def __init__(self):
            fast = bt.indicators.SMA(self.data.close, period=self.p.fast)
            slow = bt.indicators.SMA(self.data.close, period=self.p.slow)
            self.crossover = bt.indicators.CrossOver(fast, slow)
            self.order_count = 0

        def next(self):
            if not self.position:
                if self.crossover > 0:
                    self.buy()
                    self.order_count += 1
            elif self.crossover < 0:
                self.close()
                self.order_count += 1

    cerebro = bt.Cerebro()
    cerebro.adddata(bt.feeds.GenericCSVData(dataname=sys.argv[2], dtformat="%Y-%m-%d"))
    cerebro.broker.setcommission(commission=0.001)
    cerebro.addstrategy(SmaCross)
    cerebro.addanalyzer(bt.analyzers.SharpeRatio)
    cerebro.addanalyzer(bt.analyzers.DrawDown)
    cerebro.addanalyzer(bt.analyzers.TradeAnalyzer)
    strategy = cerebro.run()[0]
    for analyzer in strategy.analyzers:
        analyzer.get_analysis()
    print(repr(cerebro.broker.getvalue()), repr(cerebro.broker.getcash()), strategy.order_count)


if __name__ == "__main__":
    main()
