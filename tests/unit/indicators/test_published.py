"""Indicators that no library in the tests computes give the values of published tables.

The bars are those of SPY that Stock Indicators (D. Skender, https://dotnet.stockindicators.dev) publishes as
``Default.csv``, with the values of its calculation spreadsheets: the choppiness of 2017-01-24, 2017-12-28 and
2018-12-31, and the money flow index of that last day. The other table of the money flow index is the example of
StockCharts' ChartSchool (typical prices and volumes in thousands), as the tests of *technicalindicators* (A. Aravindan)
hold it.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from tests.contract.indicators.over_arrays import values
from tests.contract.indicators.runs import make_bars

# high, low, close, volume of 15 days
JANUARY_2017 = """
213.35 211.52 212.8 96708880; 214.22 213.15 214.06 83348752; 214.06 213.02 213.89 82961968
215.17 213.42 214.66 75744152; 214.53 213.91 213.95 49684316; 214.89 213.52 213.95 67500792
214.55 213.13 214.55 79014928; 214.22 212.53 214.02 76329760; 214.84 214.17 214.51 66385084
214.25 213.33 213.75 64821664; 214.27 213.42 214.22 57997156; 214.46 212.96 213.43 70503512
214.75 213.49 214.21 136721344; 214.28 212.83 213.66 79450624; 215.48 213.77 215.03 101142584
"""
DECEMBER_2017 = """
253.38 251.96 253.04 80584848; 254.43 253.0 254.42 79901608; 255.25 254.39 255.19 86699232
256.15 255.22 255.64 88909792; 256.38 255.51 255.61 107391488; 256.06 254.51 254.56 105055176
257.19 255.6 256.68 150146832; 258.7 258.1 258.31 86856320; 258.63 257.24 257.32 85536976
258.44 256.86 257.18 79690000; 258.49 257.44 257.71 69598728; 257.77 257.06 257.65 81734768
257.58 257.04 257.34 46976656; 257.86 257.16 257.46 59962032; 258.04 257.59 257.99 46843448
"""
DECEMBER_2018 = """
258.72 252.34 257.66 155214672; 261.37 256.11 257.72 124528112; 262.47 258.93 259.01 100414888
260.99 257.71 258.93 99068200; 257.62 253.54 254.15 119871688; 254.32 247.37 249.16 169610592
251.69 247.13 248.89 137862544; 253.1 243.3 245.16 220342928; 245.51 238.71 241.17 258325808
245.07 235.52 236.23 260180208; 236.36 229.92 229.99 150100704; 241.61 229.42 241.61 222622048
243.68 234.52 243.46 189794032; 246.73 241.87 243.15 155998912; 245.54 242.87 245.28 147031456
"""

# typical price and volume of 21 days, and the index of the last six
CHARTSCHOOL = """
24.63 18730; 24.69 12272; 24.99 24691; 25.36 18358; 25.19 22964; 25.17 15919; 25.01 16067; 24.96 16568; 25.08 16019
25.25 9774; 25.21 22573; 25.37 12987; 25.61 10907; 25.58 5799; 25.46 7395; 25.33 5818; 25.09 7165; 25.03 5673
24.91 5625; 24.89 5023; 25.13 7457
"""
PUBLISHED_MFI = [45.11, 36.27, 28.4, 31.53, 33.87, 41.3]


def rows(text: str) -> Any:
    return np.array([[float(x) for x in row.split()] for row in text.strip().replace("\n", ";").split(";")])


def bars(table: Any) -> dict[str, Any]:
    high, low, close, volume = table.T
    made: dict[str, Any] = make_bars("walk", len(table), 1)
    made.update(open=close.copy(), high=high.copy(), low=low.copy(), close=close.copy(), volume=volume.copy())
    return made


def last(name: str, table: Any) -> Any:
    return values(lambda i, s: getattr(i, name)(s.data, period=14), bars(table)).popitem()[1]


@pytest.mark.parametrize(
    ("table", "published"), [(JANUARY_2017, 69.9967), (DECEMBER_2017, 41.8499), (DECEMBER_2018, 38.6526)]
)
def test_choppiness_is_that_of_the_published_spreadsheet(table: str, published: float) -> None:
    assert round(float(last("ChoppinessIndex", rows(table))[-1]), 4) == published


def test_money_flow_index_is_that_of_the_published_spreadsheet() -> None:
    assert round(float(last("MoneyFlowIndex", rows(DECEMBER_2018))[-1]), 4) == 39.9494


def test_money_flow_index_is_that_of_the_table_of_chartschool() -> None:
    price, volume = rows(CHARTSCHOOL).T
    found = last("MoneyFlowIndex", np.column_stack((price, price, price, volume)))
    # the table shows prices rounded to cents
    assert found[15:].tolist() == pytest.approx(PUBLISHED_MFI, abs=0.02)
