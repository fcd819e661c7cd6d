from __future__ import annotations

import pytest

from backtrail.base.timeframe import TimeFrame


def test_timeframes_are_numbered_from_ticks_to_none() -> None:
    names = ["Ticks", "MicroSeconds", "Seconds", "Minutes", "Days", "Weeks", "Months", "Years", "NoTimeFrame"]
    assert [getattr(TimeFrame, name) for name in names] == list(range(1, 10))
    assert TimeFrame.Names == TimeFrame.names == ["", *names]


@pytest.mark.parametrize(
    ("tframe", "compression", "name"),
    [
        (5, 1, "Day"),
        (5, 0, "Day"),
        (4, 5, "Minutes"),
        (9, 1, "NoTimeFrame"),
        (9, 2, "NoTimeFrame"),
        (6, None, "Weeks"),
    ],
)
def test_a_name_is_singular_for_one_unit(tframe: int, compression: int | None, name: str) -> None:
    assert TimeFrame.getname(tframe, compression) == name


def test_names_and_numbers_translate_both_ways() -> None:
    assert TimeFrame.TFrame("Weeks") == 6
    assert TimeFrame.TName(6) == "Weeks"


@pytest.mark.parametrize("name", ["", "weeks", "Names", "Fortnights"])
def test_an_unknown_name_is_refused_with_the_known_ones(name: str) -> None:
    with pytest.raises(AttributeError, match=r"there are .*Ticks.*NoTimeFrame"):
        TimeFrame.TFrame(name)
