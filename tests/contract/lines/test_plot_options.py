"""Options of plots are answered as backtrader answers them: every line has some, in the same order."""

from __future__ import annotations

from typing import Any

import backtrader
import pytest

import backtrail

CLASSES = [
    (module, name)
    for module in ("indicators", "observers", "feeds")
    for name in dir(getattr(backtrader, module))
    if hasattr(getattr(getattr(getattr(backtrader, module), name), "plotlines", None), "_getkeys")
    and hasattr(getattr(backtrail, module), name)
]


def options(lib: Any, module: str, name: str) -> list[Any]:
    cls = getattr(getattr(lib, module), name)
    return [list(cls.plotlines._getkeys()), list(cls.plotinfo._getkeys())]


@pytest.mark.contract
def test_each_line_has_options() -> None:
    assert len(CLASSES) > 300
    for module, name in CLASSES:
        assert options(backtrail, module, name) == options(backtrader, module, name), name


@pytest.mark.contract
def test_options_of_derived_classes() -> None:
    def keys(lib: Any) -> list[Any]:
        class First(lib.Indicator):  # type: ignore[misc,name-defined]  # a class that is not known beforehand
            lines = ("x", "y")
            plotlines = {"y": {"ls": "--"}}

        class Second(First):
            lines = ("z",)
            plotlines = {"q": {"color": "red"}}

        return [list(cls.plotlines._getkeys()) for cls in (First, Second)]

    assert keys(backtrail) == keys(backtrader)
