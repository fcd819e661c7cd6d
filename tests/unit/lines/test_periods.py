"""How many bars something needs before it has a value."""

from __future__ import annotations

from typing import Any

import pytest
from tests.unit.lines.stage import Host, Plain, bars, declaring

from backtrail.errors import DeclarationError
from backtrail.lines.expr import LineNum
from backtrail.lines.iterator import IndicatorBase
from backtrail.lines.root import LineRoot
from backtrail.lines.series import LineSeriesStub

CLOSE = [1.0] * 10


class Slow(IndicatorBase):
    lines = ("a", "b")
    params = (("period", 5),)

    def __init__(self) -> None:
        self.addminperiod(self.p.period)


def period(build: Any) -> int:
    """Give the minimum period of an indicator that *build* sets up."""

    class Built(IndicatorBase):
        lines = ("a", "b")

        def __init__(self) -> None:
            build(self)

    with declaring(bars(CLOSE)):
        return Built()._minperiod


def test_it_grows_from_that_of_the_datas() -> None:
    with declaring(bars(CLOSE)):
        first = Slow()
        second = Slow(first)
        both = Slow(first, second, period=2)
    assert first._minperiod == 5
    assert second._minperiod == 9
    assert both._minperiod == 10
    assert [one._minperiod for one in both.lines] == [10, 10]


def test_addminperiod_counts_the_current_bar_and_incminperiod_does_not() -> None:
    assert period(lambda self: self.addminperiod(4)) == 4
    assert period(lambda self: self.incminperiod(4)) == 5
    assert period(lambda self: self.lines.b.addminperiod(6)) == 6
    assert period(lambda self: (self.addminperiod(3), self.lines.a.incminperiod(2))) == 5


def test_lines_have_periods_of_their_own() -> None:
    assert period(lambda self: self.lines.a.updateminperiod(7)) == 7
    assert period(lambda self: self.lines.a.setminperiod(3)) == 3


def test_a_period_set_on_the_object_alone_does_not_last() -> None:
    assert period(lambda self: self.setminperiod(4)) == 1
    assert period(lambda self: self.updateminperiod(4)) == 1


def test_everything_that_is_built_inside_counts() -> None:
    assert period(lambda self: Slow(self.data, period=7)) == 7
    assert period(lambda self: self.data(-2)) == 3
    assert period(lambda self: Slow(self.data)(-2) - self.data) == 7


def test_an_object_without_lines_keeps_its_own_period() -> None:
    class Bare(LineRoot):
        pass

    bare = Bare()
    bare.addminperiod(3)
    bare.incminperiod(2)
    bare.updateminperiod(4)
    assert bare._minperiod == 5
    bare.updateminperiod(9)
    bare.setminperiod(6)
    assert bare._minperiod == 6


def test_hooks_of_a_root_do_nothing() -> None:
    bare = LineRoot()
    bare.prenext()
    bare.nextstart()
    bare.preonce(0, 1)
    bare.oncestart(1, 2)


# -- datas ---------------------------------------------------------------------------------------------------------


def test_without_datas_those_of_the_owner_are_taken() -> None:
    class Pair(Plain):
        _mindatas = 2

    first, second, third = (bars(CLOSE) for _ in range(3))
    with declaring(first, second, third):
        assert Plain().datas == [first]
        assert Pair().datas == [first, second]
        assert Pair(third).datas == [third]


def test_numbers_stand_for_constant_lines_up_to_the_datas_that_are_needed() -> None:
    class Pair(Plain):
        _mindatas = 2

        def __init__(self, *rest: Any) -> None:
            self.rest = rest

    with declaring(bars(CLOSE)) as host:
        made = Pair(host.data, 5, 6)
        first = Pair(1.5, host.data, 7)
        flag = Pair(host.data, True)
    assert isinstance(made.data1, LineSeriesStub)
    assert isinstance(made.data1.line, LineNum)
    assert made.rest == (6,)
    assert (first.data1, first.rest) == (host.data, (7,))
    assert (len(flag.datas), flag.rest) == (1, (True,))


def test_everything_knows_owner_clock_and_root() -> None:
    data = bars(CLOSE)
    with declaring(data) as host:
        outer = Plain(data)
        inner = Slow(outer)
    assert (outer._owner, outer._clock, outer._root_, outer._c_) == (host, data, data, data._c_)
    assert (inner._clock, inner._root_) == (outer, data)
    assert outer.value._owner is outer
    assert host.getindicators() == host.getindicators_lines() == [outer, inner]
    assert host.getobservers() == []
    assert host._lineiterators[LineRoot.IndType] == [outer, inner]


def test_expressions_are_indicators_without_lines_of_their_own() -> None:
    with declaring(bars(CLOSE)) as host:
        node = host.data.close - 1
        made = Plain(node)
    assert host.getindicators()[0] is node
    assert host.getindicators_lines() == [made]


def test_an_indicator_can_be_handed_over() -> None:
    with declaring(bars(CLOSE)) as host:
        made = Plain()
    other = Host(bars(CLOSE))
    other.addindicator(made)
    assert other.getindicators() == host.getindicators() == [made]


def test_a_single_line_has_no_second_data() -> None:
    class Using(Plain):
        def __init__(self) -> None:
            self.data1.close

    message = r"Using uses data1; it was given 1 data\. Pass one"
    with declaring(bars(CLOSE)), pytest.raises(AttributeError, match=message):
        Using()


def test_an_indicator_without_owner_is_refused() -> None:
    with pytest.raises(DeclarationError, match="Plain was built outside of the __init__ of a strategy"):
        Plain(bars(CLOSE))


def test_an_owner_without_datas_lends_its_clock() -> None:
    host = Host()
    from backtrail.base.owner import inside

    with inside(host):
        made = Plain()
    assert made._clock is host
    assert made._c_ is host._c_
