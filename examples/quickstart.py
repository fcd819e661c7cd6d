"""A first strategy: hold a share while its fast mean is above the slow one, with a stop against large losses.

Run it with ``python examples/quickstart.py [FILE]``; FILE is a CSV file of daily bars with the columns Date, Open,
High, Low, Close, Volume, OpenInterest (default: the bars of ``backtrail quickstart``).
"""

import sys
from pathlib import Path

import backtrail as bt

SAMPLE = Path(__file__).resolve().parent.parent / "src" / "backtrail" / "cli" / "data" / "sample-daily.csv"


class SmaCross(bt.Strategy):
    params = dict(fast=20, slow=50, stop_loss=0.08, invested=0.95)

    def __init__(self):
        fast = bt.ind.SMA(period=self.p.fast)
        slow = bt.ind.SMA(period=self.p.slow)
        self.cross = bt.ind.CrossOver(fast, slow)
        self.stop_order = None

    def next(self):
        if not self.position:
            if self.cross[0] > 0:
                self.buy(size=int(self.broker.getvalue() * self.p.invested / self.data.close[0]))
        elif self.cross[0] < 0:
            if self.stop_order is not None:
                self.cancel(self.stop_order)
            self.close()

    def notify_order(self, order):
        if order.status != order.Completed:
            return
        self.stop_order = None
        if order.isbuy():
            price = order.executed.price * (1.0 - self.p.stop_loss)
            self.stop_order = self.sell(size=order.executed.size, exectype=bt.Order.Stop, price=price)


def main(path):
    cerebro = bt.Cerebro()
    cerebro.adddata(bt.feeds.BacktraderCSVData(dataname=str(path)))
    cerebro.addstrategy(SmaCross)
    cerebro.broker.setcash(100_000.0)
    cerebro.broker.setcommission(commission=0.001)
    cerebro.addanalyzer(bt.analyzers.TradeAnalyzer, _name="trades")
    cerebro.addanalyzer(bt.analyzers.DrawDown, _name="drawdown")

    strategy = cerebro.run()[0]

    trades = strategy.analyzers.trades.get_analysis()
    drawdown = strategy.analyzers.drawdown.get_analysis()
    print(f"Final value:  {cerebro.broker.getvalue():,.2f}")
    print(f"Trades:       {trades.total.closed}, of which {trades.won.total} won")
    print(f"Max drawdown: {drawdown.max.drawdown:.2f} %")


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else SAMPLE)
