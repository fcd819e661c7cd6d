"""Groups of lines: names, aliases, extra lines, plot options, and moving bar by bar."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pytest
from tests.unit.lines.stage import Bars, Plain, bars, declaring, values

from backtrail.errors import DeclarationError
from backtrail.lines.buffer import Line
from backtrail.lines.iterator import IndicatorBase
from backtrail.lines.place import Placed
from backtrail.lines.series import LineSeries, LineSeriesStub, as_series, line

CLOSE = [1.0, 2.0, 3.0]


# -- declarations --------------------------------------------------------------------------------------------------


class AX(IndicatorBase):
    lines = ("a", "x")


class BX(IndicatorBase):
    lines = ("b", "x")


def test_lines_of_all_bases_come_first_and_duplicates_stay() -> None:
    class Both(AX, BX):
        lines = ("c",)

    class Again(Both):
        lines = ("a", "d")

    assert Both.lines._getlines() == Both.lines.getlinealiases() == ("a", "x", "b", "x", "c")
    assert Again.lines._getlines() == ("a", "x", "b", "x", "c", "a", "d")
    assert Again.lines._getlinesbase() == ("a", "x", "b", "x", "c")
    assert list(Both.lines) == ["a", "x", "b", "x", "c"]
    assert len(Both.lines) == 5


def test_a_common_base_contributes_once_per_path() -> None:
    class Top(IndicatorBase):
        lines = ("z",)

    class Left(Top):
        lines = ("a",)

    class Right(Top):
        lines = ("b",)

    class Bottom(Left, Right):
        lines = ("c",)

    assert Bottom.lines._getlines() == ("z", "a", "z", "b", "c")


def test_of_lines_with_one_name_the_first_has_it() -> None:
    class Both(AX, BX):
        pass

    with declaring(bars(CLOSE)):
        made = Both()
    assert made.x is made.lines[1]
    assert made.lines.x is made.lines[1]


def test_lines_are_declared_as_attributes_too() -> None:
    class Typed(IndicatorBase):
        mid = line()
        top: Any = line()

    class More(Typed):
        lines = ("own",)
        bottom = line()

    assert Typed.lines._getlines() == ("mid", "top")
    assert More.lines._getlines() == ("mid", "top", "own", "bottom")
    with declaring(bars(CLOSE)):
        assert isinstance(More().bottom, Line)
    assert not hasattr(Typed, "mid")


def test_one_line_may_be_a_plain_string() -> None:
    class One(IndicatorBase):
        lines = "abc"

    assert One.lines._getlines() == ("abc",)


def test_lines_can_be_declared_anew() -> None:
    class Anew(AX):
        linesoverride = True
        lines = ("z",)

    class After(Anew):
        lines = ("q",)

    assert Anew.lines._getlines() == ("z",)
    assert After.lines._getlines() == ("z", "q")


def test_the_class_knows_numbers_and_names_of_its_lines() -> None:
    assert (AX.lines.a, AX.lines.x) == (0, 1)
    assert AX.lines._getlinealias(1) == "x"
    with pytest.raises(AttributeError, match=r"there is no line 'y'; there are \['a', 'x'\]"):
        AX.lines.y


def test_extra_lines_come_last_and_have_no_name() -> None:
    class Extra(IndicatorBase):
        lines = ("a",)
        extralines = 2

    class More(Extra):
        lines = ("b",)
        extralines = 1

    assert More.lines._getlinesextra() == 3
    assert More.lines._getlinesextrabase() == 2
    with declaring(bars(CLOSE)):
        made = More()
    lines = made.lines
    assert (lines.size(), lines.fullsize(), lines.extrasize(), lines._getlinesextra()) == (2, 5, 3, 3)
    assert [one._name for one in lines.itersize()] == ["a", "b"]
    assert len(list(lines)) == 5
    assert (lines._getlinealias(0), lines._getlinealias(3)) == ("a", "")
    assert lines._getlines() == lines.getlinealiases() == ("a", "b")
    assert made.size() == 2


def test_a_line_can_have_other_names() -> None:
    class Named(IndicatorBase):
        lines = ("abc", "k")
        linealias = (("abc", "ab"), ("k", ("kk", "kkk")))

    class Derived(Named):
        lines = ("d",)
        linealias = {"d": "last"}

    with declaring(bars(CLOSE)):
        made = Derived()
    assert made.ab is made.lines.ab is made.abc
    assert made.kk is made.kkk is made.k
    assert made.last is made.d
    assert Derived.lines._getlines() == ("abc", "k", "d")


def test_plot_options_are_merged_over_the_bases() -> None:
    class Base(IndicatorBase):
        lines = ("a", "b")
        plotinfo = dict(subplot=False, extra=3)
        plotlines = dict(a=dict(ls="--", _name="x"))

    class Derived(Base):
        plotinfo = (("plotname", "shown"),)
        plotlines = dict(a=dict(color="red"), b=dict(width=1))

    assert Derived.plotinfo._get("subplot") is False
    assert Derived.plotinfo.plotname == "shown"
    assert Derived.plotlines.a._getkeys() == ["ls", "_name", "color"]
    with declaring(bars(CLOSE)):
        made = Derived(plotname="mine", subplot=True)
        other = Derived()
    made.plotlines.a.color = "blue"
    assert (made.plotinfo.plotname, made.plotinfo.subplot, made.plotinfo.extra) == ("mine", True, 3)
    assert (other.plotinfo.plotname, other.plotlines.a.color) == ("shown", "red")
    assert made.plotlabel() == "mine"


def test_a_parameter_of_the_same_name_wins_over_a_plot_option() -> None:
    class Own(IndicatorBase):
        lines = ("a",)
        params = (("plot", 5),)

    with declaring(bars(CLOSE)):
        made = Own(plot=7)
    assert made.p.plot == 7
    assert made.plotinfo.plot is True


def test_the_label_shows_parameters() -> None:
    class Labelled(IndicatorBase):
        lines = ("a",)
        params = (("period", 3), ("kind", AX))

    with declaring(bars(CLOSE)):
        assert Labelled(period=4).plotlabel() == "Labelled (4, AX)"
    assert Bars().plotlabel() == "Bars"


# -- names of objects ----------------------------------------------------------------------------------------------


def test_lines_are_found_by_name_and_by_number() -> None:
    with declaring(bars(CLOSE)):
        made = AX()
    assert made.l is made.lines
    assert made.line is made.line0 is made.line_0 is made.a is made.lines.a is made.lines[0] is made.lines(0)
    assert made.line1 is made.line_1 is made.x is made.lines[1] is made.lines[-1]
    for missing in ("line2", "line_2", "line_a", "lineb", "y"):
        assert not hasattr(made, missing)


def test_methods_of_the_lines_are_answered_by_the_group() -> None:
    data = bars(CLOSE)
    assert data.getlinealiases() == ("close", "high", "low", "datetime")
    assert data.fullsize() == 4
    with pytest.raises(AttributeError):
        data.nothing
    with pytest.raises(AttributeError):
        data.__missing__


def test_lines_of_datas_have_names_of_their_own() -> None:
    first, second = bars(CLOSE), bars(CLOSE)
    with declaring(first, second) as host:
        made = Plain(first, second)
    for one in (host, made):
        assert one.data is one.data0 is first
        assert one.data1 is second
        assert one.data_close is one.data0_close is first.close
        assert one.data1_high is second.high
        assert (one.data_0, one.data1_1) == (first.lines[0], second.lines[1])
        for missing in ("data2", "data2_close", "data1_open", "data_9", "datafoo_close", "datas_x"):
            assert not hasattr(one, missing)
    assert list(host.ddatas) == [first, second]
    assert dict(host.dnames) == {"bars": second}


def test_a_missing_line_is_named_with_those_that_are_there() -> None:
    data = bars(CLOSE)
    with pytest.raises(AttributeError) as raised, Placed(lambda: "reading"):
        data.lines.open
    assert raised.value.__notes__[0] == "Bars has no line 'open'; it has ['close', 'high', 'low', 'datetime']."
    with pytest.raises(DeclarationError, match=r"Bars has no line 'open'.*Declare it in lines"):
        data.lines.open = data.close
    with pytest.raises(AttributeError):
        data.lines.__missing__


class Nothing(IndicatorBase):
    def next(self) -> None:
        pass


def test_a_group_without_lines_can_be_built() -> None:
    with declaring(bars(CLOSE)):
        made = Nothing()
    assert made.lines.fullsize() == 0
    assert made._minperiod == 1
    assert len(pickle.loads(pickle.dumps(made))) == 0


def test_a_line_that_only_feeds_have_is_explained() -> None:
    class Typical(IndicatorBase):
        lines = ("typical",)

        def __init__(self) -> None:
            self.lines.typical = self.data.open + 1

    with declaring(bars(CLOSE)) as host, pytest.raises(AttributeError, match="Whatever reads 'open' needs"):
        Typical(host.data.close)


# -- stubs ---------------------------------------------------------------------------------------------------------


def test_a_line_given_as_a_data_is_seen_as_a_group() -> None:
    data = bars(CLOSE)
    with declaring(data):
        made = Plain(data.high)
        other = Plain(data.high)
    stub = made.data
    assert isinstance(stub, LineSeriesStub)
    assert stub is other.data is as_series(data.high)
    assert stub.lines[0] is stub.line is data.high
    assert as_series(data) is data
    data._c_.i = 1
    assert (stub[0], len(stub)) == (2.0, 2)
    data.high._store(np.zeros(3))
    assert stub[0] == 0.0
    stub._go_live_(True)
    assert stub > -1.0
    assert (stub._owner, stub._clock, stub._root_, stub._name) == (data, data, data, "high")
    free = Line()
    assert as_series(free)._clock is free


# -- moving bar by bar ---------------------------------------------------------------------------------------------


class Free(LineSeries):
    lines = ("a", "b")


def test_forward_adds_bars_and_backwards_takes_them_away() -> None:
    made = Free()
    made.forward()
    assert len(made) == 1
    assert np.isnan(made.a[0])
    made.forward(value=5.0, size=2)
    assert (len(made), made.a[0], made.b[-1]) == (3, 5.0, 5.0)
    made.backwards()
    assert len(made) == 2
    made.forward()
    assert np.isnan(made.a[0])


def test_rewind_advance_and_home_move_over_stored_bars() -> None:
    made = Free()
    for value in (1.0, 2.0, 3.0):
        made.forward()
        made.a[0] = value
    made.rewind(2)
    assert made[0] == 1.0
    made.advance()
    assert made[0] == 2.0
    made.home()
    assert len(made) == 0
    made.advance(3)
    assert made[0] == 3.0


def test_reset_forgets_everything() -> None:
    made = Free()
    made.forward(1.0, 5)
    made.reset()
    assert (len(made), made.buflen(), len(made.a.array)) == (0, 0, 0)


def test_extend_adds_room_without_moving() -> None:
    made = Free()
    made.forward(1.0)
    made.lines.extend(size=1000)
    made.extend(size=0)
    assert len(made) == 1
    assert len(made.b.array) >= 1001


def test_values_of_a_group_are_its_lines() -> None:
    assert values(bars(CLOSE)) == CLOSE
