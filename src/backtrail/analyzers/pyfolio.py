"""What the pyfolio package asks for."""

from __future__ import annotations

from typing import Any

from ..base.timeframe import TimeFrame
from .base import Analyzer
from .leverage import GrossLeverage
from .positions import PositionsValue
from .timereturn import TimeReturn
from .transactions import Transactions


class PyFolio(Analyzer):
    """Collect returns, positions, transactions and gross leverage for pyfolio.

    Results: ``returns`` (:class:`TimeReturn` of ``timeframe`` and ``compression``), ``positions``
    (:class:`PositionsValue` with headers and cash), ``transactions`` (:class:`Transactions` with headers) and
    ``gross_lev`` (:class:`GrossLeverage`).
    """

    timeframe: int = TimeFrame.Days
    compression: int = 1

    def setup(self) -> None:
        """Follow everything."""
        self._returns = TimeReturn(timeframe=self.p.timeframe, compression=self.p.compression)
        self._positions = PositionsValue(headers=True, cash=True)
        self._transactions = Transactions(headers=True)
        self._gross_lev = GrossLeverage()

    def stop(self) -> None:
        """Report."""
        super().stop()
        self.rets["returns"] = self._returns.get_analysis()
        self.rets["positions"] = self._positions.get_analysis()
        self.rets["transactions"] = self._transactions.get_analysis()
        self.rets["gross_lev"] = self._gross_lev.get_analysis()

    def get_pf_items(self) -> tuple[Any, Any, Any, Any]:
        """Give the results as pandas objects with times in UTC: returns, positions, transactions, gross leverage.

        Positions have one column per data and one for cash. Needs pandas.
        """
        import pandas

        rets = self.rets
        returns = _series(pandas, rets["returns"], "return")
        leverage = _series(pandas, rets["gross_lev"], "gross_lev")

        rows = list(rets["positions"].items())
        positions = pandas.DataFrame([row for _, row in rows[1:]], columns=rows[0][1])
        positions.index = _utc(pandas, [moment for moment, _ in rows[1:]], rows[0][0])

        rows = list(rets["transactions"].items())
        flat = [(moment, row) for moment, several in rows[1:] for row in several]
        transactions = pandas.DataFrame([row for _, row in flat], columns=rows[0][1][0])
        transactions.index = _utc(pandas, [moment for moment, _ in flat], rows[0][0])
        return returns, positions, transactions, leverage


def _utc(pandas: Any, moments: list[Any], name: str) -> Any:
    return pandas.DatetimeIndex(pandas.to_datetime(moments), name=name).tz_localize("UTC")


def _series(pandas: Any, results: dict[Any, float], name: str) -> Any:
    return pandas.Series(
        list(results.values()), index=_utc(pandas, list(results), "index"), name=name, dtype=float
    )


__all__ = ["PyFolio"]
