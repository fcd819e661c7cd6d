"""The indicators have backtrader's names, lines, parameters, defaults, aliases and plot options."""

from __future__ import annotations

from typing import Any

import backtrader
import pytest

from backtrail import indicators

CLASSES = sorted(
    name
    for name, made in vars(backtrader.indicators).items()
    if isinstance(made, type) and issubclass(made, backtrader.Indicator) and made.__name__ == name
)

# backtrader loses the labels +DI and -DI where the lines are declared anew
RELABELLED = {"plusDI", "minusDI"}


def plain(value: Any) -> Any:
    """Give what two libraries can share of a default: classes by name, functions as such."""
    if isinstance(value, type):
        return value.__name__
    return "a function" if callable(value) else value


def options(info: Any) -> dict[str, Any]:
    return {name: plain(value) for name, value in info._getitems()}


def defaults(made: Any) -> list[tuple[str, Any]]:
    return [(name, plain(value)) for name, value in made.params._getpairs().items()]


def line_options(made: Any) -> dict[str, Any]:
    found = {
        name: dict(line if isinstance(line, dict) else line._getitems())
        for name, line in made.plotlines._getitems()
    }
    return {name: given for name, given in found.items() if given and name not in RELABELLED}


@pytest.mark.contract
@pytest.mark.parametrize("name", CLASSES)
def test_a_class_declares_what_backtrader_declares(name: str) -> None:
    theirs, ours = getattr(backtrader.indicators, name), getattr(indicators, name)
    assert ours.__name__ == name
    assert ours.lines._getlines() == theirs.lines._getlines()
    assert defaults(ours) == defaults(theirs)
    assert ours._mindatas == theirs._mindatas
    wanted = options(theirs.plotinfo)
    assert {k: v for k, v in options(ours.plotinfo).items() if k in wanted} == wanted
    assert line_options(ours) == line_options(theirs)


def family(made: type, package: str) -> list[str]:
    return [c.__name__ for c in made.__mro__ if package in c.__module__ and not c.__name__.startswith("_")]


@pytest.mark.contract
@pytest.mark.parametrize("name", CLASSES)
def test_a_class_derives_from_what_it_derives_from_in_backtrader(name: str) -> None:
    theirs, ours = getattr(backtrader.indicators, name), getattr(indicators, name)
    assert family(ours, "backtrail.indicators") == family(theirs, "backtrader.indicator")


@pytest.mark.contract
def test_the_registry_of_averages_has_the_same_names() -> None:
    theirs = {k: v for k, v in vars(backtrader.indicators.MovingAverage).items() if isinstance(v, type)}
    for name, made in theirs.items():
        if made.__module__.startswith("backtrader.indicators"):
            assert getattr(indicators.MovAv, name).__name__ == made.__name__


def test_a_users_average_is_registered() -> None:
    class BorrowedMovingAverage(indicators.MovingAverageBase):
        lines = ("borrowed",)

    assert indicators.MovAv.BorrowedMovingAverage is indicators.MovAv.Borrowed is BorrowedMovingAverage


def test_every_name_of_the_package_resolves() -> None:
    for name in indicators.__all__:
        assert getattr(indicators, name).__name__ in (name, "Indicator")
    assert set(indicators.__all__) <= set(dir(indicators))


def test_functions_of_lines_are_shown_too() -> None:
    assert [indicators.Any.__name__, indicators.And.__name__] == ["Any_", "And"]


def test_an_unknown_indicator_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="has no attribute 'SMAX'"):
        indicators.SMAX
