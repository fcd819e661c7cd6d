"""Metaclasses in user code: parameters and the phases of construction."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import backtrail as bt
from backtrail.compat.metabase import MetaBase, MetaSingleton, findbases


class Plain(bt.with_metaclass(bt.MetaParams, object)):  # type: ignore[misc]
    params = (("size", 1), ("name", "x"))


class Derived(Plain):
    params = dict(extra=5)

    def __init__(self, *args: Any) -> None:
        self.args = args


def test_a_class_made_with_metaparams_has_parameters() -> None:
    assert Plain.params._getpairs() == {"size": 1, "name": "x"}
    assert Plain(size=3).p.size == 3
    assert Plain().params.name == "x"


def test_parameters_are_inherited_and_positional_arguments_reach_init() -> None:
    made = Derived(7, size=2)
    assert made.args == (7,)
    assert made.p._getkwargs() == {"size": 2, "name": "x", "extra": 5}


def test_an_unknown_keyword_is_a_type_error() -> None:
    with pytest.raises(TypeError):
        Plain(colour="red")


def test_phases_run_in_order_and_may_change_the_arguments() -> None:
    seen: list[tuple[str, Any]] = []

    class Phases(bt.MetaParams):  # type: ignore[misc]
        def doprenew(cls, *args: Any, **kwargs: Any) -> Any:
            seen.append(("doprenew", dict(kwargs)))
            return super().doprenew(*args, **kwargs)

        def donew(cls, *args: Any, **kwargs: Any) -> Any:
            obj, args, kwargs = super().donew(*args, **kwargs)
            seen.append(("donew", (obj.p.size, dict(kwargs))))
            kwargs.pop("more")
            return obj, args, kwargs

        def dopreinit(cls, obj: Any, *args: Any, **kwargs: Any) -> Any:
            seen.append(("dopreinit", dict(kwargs)))
            return super().dopreinit(obj, *args, **kwargs)

        def doinit(cls, obj: Any, *args: Any, **kwargs: Any) -> Any:
            obj, args, kwargs = super().doinit(obj, *args, **kwargs)
            seen.append(("doinit", obj.ready))
            return obj, args, kwargs

        def dopostinit(cls, obj: Any, *args: Any, **kwargs: Any) -> Any:
            seen.append(("dopostinit", args))
            return super().dopostinit(obj, *args, **kwargs)

    class Thing(bt.with_metaclass(Phases, Plain)):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.ready = self.p.size

    Thing(size=4, more=True)
    assert seen == [
        ("doprenew", {"size": 4, "more": True}),
        ("donew", (4, {"more": True})),
        ("dopreinit", {}),
        ("doinit", 4),
        ("dopostinit", ()),
    ]


def test_phases_serve_classes_without_parameters_too() -> None:
    class Bare(metaclass=MetaBase):
        def __init__(self, value: int) -> None:
            self.value = value

    assert Bare(3).value == 3


def test_a_metaclass_derived_from_the_metaclass_of_a_feed_is_told_of_new_classes() -> None:
    made: list[str] = []

    class Registering(bt.feed.DataBase.__class__):  # type: ignore[misc]
        def __init__(cls, name: str, bases: Any, namespace: Any) -> None:
            super().__init__(name, bases, namespace)
            made.append(name)

    class MyFeed(bt.with_metaclass(Registering, bt.feed.DataBase)):  # type: ignore[misc]
        pass

    assert made == ["MyFeed"]


@pytest.mark.filterwarnings("ignore::backtrail.errors.DataWarning")
def test_a_metaclass_on_an_indicator_runs_its_phases(tmp_path: Path) -> None:
    class Counting(bt.MetaIndicator):  # type: ignore[misc]
        def dopostinit(cls, obj: Any, *args: Any, **kwargs: Any) -> Any:
            obj, args, kwargs = super().dopostinit(obj, *args, **kwargs)
            obj.period_at_the_end = obj._minperiod
            return obj, args, kwargs

    class Five(bt.with_metaclass(Counting, bt.Indicator)):  # type: ignore[misc]
        lines = ("five",)

        def __init__(self) -> None:
            self.addminperiod(5)

    class Owner(bt.Strategy):
        def __init__(self) -> None:
            self.five = Five(self.data)

    source = tmp_path / "bars.csv"
    source.write_text("Date,Open,High,Low,Close,Volume,OpenInterest\n2024-01-02,1,3,1,2,0,0\n")
    cerebro = bt.Cerebro()
    cerebro.adddata(bt.feeds.BacktraderCSVData(dataname=str(source)))
    cerebro.addstrategy(Owner)
    assert cerebro.run()[0].five.period_at_the_end == 5


def test_setup_runs_once() -> None:
    class Typed(bt.with_metaclass(bt.MetaParams, object)):  # type: ignore[misc]
        def setup(self) -> None:
            self.ran = getattr(self, "ran", 0) + 1

    assert Typed().ran == 1


def test_a_singleton_is_made_once() -> None:
    class Only(metaclass=MetaSingleton):
        params = (("a", 1),)

    assert Only(a=2) is Only()
    assert Only().p.a == 2


def test_findbases_lists_the_most_general_first() -> None:
    assert findbases(Derived, Plain) == [Plain]


def test_findowner_gives_the_object_under_construction() -> None:
    found: list[Any] = []

    class Inner(bt.metabase.ParamsBase):  # type: ignore[misc, name-defined]
        def __init__(self) -> None:
            found.append(bt.findowner(self, Outer))

    class Outer(bt.metabase.ParamsBase):  # type: ignore[misc, name-defined]
        def __init__(self) -> None:
            self.inner = Inner()

    outer = Outer()
    assert found == [outer]
    Inner()
    assert found[1] is None
