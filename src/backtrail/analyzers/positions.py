"""Value of the positions, bar by bar."""

from __future__ import annotations

from typing import Any

from ..base.timeframe import TimeFrame
from .base import Analyzer
from .periods import as_datetimes, local_micros


class PositionsValue(Analyzer):
    """Report the value of the position in each data, bar by bar: ``{moment: [value, value, …]}``.

    The moment is a date if all datas are daily or longer, else a datetime. ``cash`` adds the cash at the end of each
    row; ``headers`` puts a row of names in front, under the key ``"Datetime"``.
    """

    headers: bool = False
    cash: bool = False

    def start(self) -> None:
        """Write the header row, and have positions in order of the datas, which is then the order of valuing them."""
        if self.strategy._account_path_() is not None:
            self.strategy.broker.hold_positions(self.datas)
        if self.p.headers:
            names = [data._name or f"Data{number}" for number, data in enumerate(self.datas)]
            self.rets["Datetime"] = names + ["cash"] * bool(self.p.cash)
        self._usedate = min(data._timeframe for data in self.datas) >= TimeFrame.Days

    def _needs_steps_(self) -> bool:
        # reading a position brings added cash in, which others could see before the bar is over
        run = self.strategy._run_
        return super()._needs_steps_() or len(run.strats) > 1 or not run.rests_between_bars()

    def next(self) -> None:
        """Write the row of this bar."""
        broker = self.strategy.broker
        row: list[float] = [broker.getvalue([data]) for data in self.datas]
        if self.p.cash:
            row.append(broker.getcash())
        now = self.strategy.datetime
        self.rets[now.date() if self._usedate else now.datetime()] = row

    def advance(self, start: int, stop: int) -> None:
        """Write the rows of many bars."""
        path = self._path_
        if path is None or start >= stop:
            return
        columns = [path.position_value(data)[start:stop].tolist() for data in self.datas]
        if self.p.cash:
            columns.append(path.left("cash", self.strategy)[start:stop].tolist())
        moments: list[Any] = as_datetimes(
            local_micros(path.datetime[start:stop], self.strategy.lines.datetime._tz)
        )
        if self._usedate:
            moments = [moment.date() for moment in moments]
        self.rets.update(zip(moments, map(list, zip(*columns))))


__all__ = ["PositionsValue"]
