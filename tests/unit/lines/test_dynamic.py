"""Names that depend on what an object holds, answered without ``__getattr__``."""

from __future__ import annotations

import inspect
from typing import Any

import pytest
from tests.unit.lines.stage import Bars, bars, declaring

import backtrail as bt

CLOSE = [1.0, 2.0, 3.0]


class Later:
    """Comes after the lines in the method resolution order, and defines names that these answer as well."""

    volume = 7
    line1 = "mine"

    def size(self) -> str:
        return "mine too"

    @property
    def data_close(self) -> str:
        return "computed"


class WithLater(bt.Indicator, Later):  # type: ignore[misc]
    lines = ("out",)


def test_no_class_of_lines_has_the_hook_that_slows_every_attribute_down() -> None:
    for cls in (bt.Strategy, bt.Indicator, bt.Observer, bt.feeds.PandasData, type(bars(CLOSE))):
        assert inspect.getattr_static(cls, "__getattr__", None) is None


def test_a_class_that_comes_later_answers_before_the_lines_do() -> None:
    with declaring(bars(CLOSE)):
        made: Any = WithLater()
    assert (made.volume, made.line1, made.size(), made.data_close) == (7, "mine", "mine too", "computed")
    assert (WithLater.volume, WithLater.line1) == (7, "mine")


def test_lines_are_answered_by_number_and_kept() -> None:
    data: Any = bars(CLOSE)
    assert data.line0 is data.lines[0]
    assert data.line_1 is data.lines[1]
    assert "line_1" in data.__dict__
    with pytest.raises(AttributeError, match="has no attribute 'line7'"):
        data.line7


def test_lines_of_datas_are_answered_by_name_and_number() -> None:
    data: Any = bars(CLOSE)
    with declaring(data):
        made: Any = bt.indicators.SMA(data, period=2)
    assert made.data_close is made.data0_close is data.lines.close
    assert made.data_0 is made.data0_0 is data.lines[0]
    for missing in ("data1_close", "data_nothing", "data_99"):
        assert not hasattr(made, missing)


def test_many_lines_and_many_datas_have_their_numbers() -> None:
    class Many(bt.Indicator):  # type: ignore[misc]
        lines = tuple(f"one{n}" for n in range(12))

    datas = [bars(CLOSE) for _ in range(40)]
    with declaring(*datas) as host:
        made: Any = Many(datas[0])
        several: Any = Many(*datas)
    assert made.line11 is made.lines.one11
    assert several.data39_close is datas[39].lines.close
    assert host.data39 is datas[39]


def test_methods_of_lines_are_there_and_names_are_not_on_the_class() -> None:
    data: Any = bars(CLOSE)
    assert data.fullsize() == data.lines.fullsize()
    assert not hasattr(Bars, "line0")
    assert not hasattr(bt.Strategy, "volume")
    with pytest.raises(AttributeError, match="has no attribute 'data_close'"):
        bt.Strategy.data_close


def test_a_missing_attribute_can_be_told_from_its_error() -> None:
    data: Any = bars(CLOSE)
    with declaring(data):
        made: Any = bt.indicators.SMA(data.close, period=2)
    with pytest.raises(AttributeError) as caught:
        made.open
    assert (caught.value.name, caught.value.obj) == ("open", made)
