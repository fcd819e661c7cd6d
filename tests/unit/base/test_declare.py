"""Parameters: how classes declare them, how objects take them, and what is said when they do not fit."""

from __future__ import annotations

import pickle
import sys
from typing import Any, ClassVar

import pytest

from backtrail.base.declare import Declared, ParamsBase, param
from backtrail.errors import ParameterError, ParameterValueError


class Pairs(ParamsBase):
    params = (("period", 30), ("name", "x"))


class Dict(ParamsBase):
    params = dict(size=1, name="y")


class Typed(ParamsBase):
    period: int = param(default=30, ge=1)
    label: str = "mean"
    limit: ClassVar[int] = 7
    _hidden: int = 3
    unset: int


class Shy(ParamsBase):
    _signals: list[Any] = param(default=None)


# -- declarations ------------------------------------------------------------------------------------------------


def test_pairs_dicts_and_annotations_declare_the_same() -> None:
    assert dict(Pairs.params._getpairs()) == {"period": 30, "name": "x"}
    assert dict(Dict.params._getpairs()) == {"size": 1, "name": "y"}
    assert dict(Typed.params._getpairs()) == {"period": 30, "label": "mean"}


def test_a_parameter_with_an_underscore_is_declared_by_param() -> None:
    assert Shy.params._getkeys() == ["_signals"]
    assert Shy(_signals=[1])._signals == [1]


def test_a_subclass_adds_parameters_and_changes_defaults() -> None:
    class Derived(Pairs):
        params = (("period", 5), ("extra", None))

    assert Derived.params._gettuple() == (("period", 5), ("name", "x"), ("extra", None))
    assert Pairs.params.period == 30


def test_of_several_bases_the_right_hand_one_decides() -> None:
    class Left(ParamsBase):
        params = (("p", 1), ("q", 2), ("r", 0))

    class Right(ParamsBase):
        params = dict(q=3, s=4)

    class Both(Left, Right):
        params = (("r", 9),)

    class Swapped(Right, Left):
        params = (("t", 9),)

    assert Both.params._gettuple() == (("p", 1), ("q", 3), ("r", 9), ("s", 4))
    assert Swapped.params._gettuple() == (("q", 2), ("s", 4), ("p", 1), ("r", 0), ("t", 9))


def test_in_a_diamond_the_right_hand_base_brings_back_the_common_default() -> None:
    class Top(ParamsBase):
        params = (("p", 1), ("k", 0))

    class Left(Top):
        params = (("p", 2),)

    class Right(Top):
        params = (("b", 2),)

    class LeftFirst(Left, Right):
        pass

    class RightFirst(Right, Left):
        pass

    assert LeftFirst.params.p == 1
    assert RightFirst.params.p == 2


def test_a_value_alone_changes_the_default_of_an_annotated_parameter() -> None:
    class Shorter(Typed):
        period = 5

    assert Shorter.params.period == 5
    assert Shorter().period == 5
    assert Shorter.period == 5


def test_params_change_the_default_of_an_annotated_parameter() -> None:
    class Shorter(Typed):
        params = (("period", 5),)

    assert Shorter().period == Shorter().p.period == 5


def test_a_class_with_params_keeps_its_annotated_attributes_to_itself() -> None:
    class Mixed(ParamsBase):
        params = (("a", 1),)
        note: str = "not a parameter"

    assert Mixed.params._getkeys() == ["a"]


def test_a_bare_name_is_a_parameter_without_default() -> None:
    class Bare(ParamsBase):
        params = ("a", ("b", 2))

    assert Bare.params._gettuple() == (("a", None), ("b", 2))


# -- objects -----------------------------------------------------------------------------------------------------


def test_an_object_takes_its_parameters_by_keyword() -> None:
    made = Pairs(period=10)
    assert made.p is made.params
    assert (made.p.period, made.p.name) == (10, "x")
    assert Pairs.params.period == 30


def test_annotated_parameters_are_attributes_too() -> None:
    made = Typed(period=10)
    assert (made.period, made.label, made.limit) == (10, "mean", 7)


def test_mutable_defaults_are_shared() -> None:
    class Keeping(ParamsBase):
        params = dict(items=[])

    Keeping().p.items.append(1)
    assert Keeping().p.items == [1]


def test_setup_runs_where_there_is_no_init() -> None:
    class Built(Typed):
        def setup(self) -> None:
            self.twice = self.period * 2

    assert Built(period=4).twice == 8


def test_setup_of_a_base_runs_when_a_subclass_calls_its_init() -> None:
    class Built(Typed):
        def setup(self) -> None:
            self.twice = self.period * 2

    class Below(Built):
        def __init__(self) -> None:
            super().__init__()
            self.thrice = self.twice + self.period

    assert Below(period=4).thrice == 12


def test_setup_beside_or_below_an_init_is_a_method_like_any_other() -> None:
    class Beside(Pairs):
        def __init__(self) -> None:
            super().__init__()
            self.setup(3)

        def setup(self, times: int) -> None:  # type: ignore[override]
            self.times = times

    class Template(Pairs):
        def __init__(self) -> None:
            super().__init__()
            self.times = 0
            self.setup()

    class Below(Template):
        def setup(self) -> None:
            self.times += 1

    assert Beside().times == 3
    assert Below().times == 1


def test_super_init_may_stand_anywhere_or_be_missing() -> None:
    order: list[str] = []

    class Base(ParamsBase):
        params = (("a", 1),)

        def __init__(self) -> None:
            order.append(f"base {self.p.a}")

    class First(Base):
        def __init__(self) -> None:
            super().__init__()
            order.append("first")

    class Last(Base):
        def __init__(self) -> None:
            order.append("last")
            super().__init__()

    class Never(Base):
        def __init__(self) -> None:
            order.append(f"never {self.p.a}")

    First(a=2)
    Last(a=3)
    Never(a=4)
    assert order == ["base 2", "first", "last", "base 3", "never 4"]


def test_preparing_and_finishing_happen_once_per_object() -> None:
    seen: list[str] = []

    class Base(Declared):
        params = (("a", 1),)

        def _prepare_(self, args: Any, kwargs: Any) -> Any:
            seen.append("prepare")
            return super()._prepare_(args, kwargs)

        def _finish_(self) -> None:
            seen.append("finish")

        def __init__(self) -> None:
            seen.append("base")

    class Derived(Base):
        def __init__(self) -> None:
            super().__init__()
            seen.append("derived")

    Derived(a=1)
    assert seen == ["prepare", "base", "derived", "finish"]


def test_what_is_no_parameter_reaches_init() -> None:
    class Taking(Pairs):
        def __init__(self, first: int, second: int = 2, *more: int, flag: bool = False, **rest: int) -> None:
            self.taken = (first, second, more, flag, rest)

    assert Taking(1, period=3).taken == (1, 2, (), False, {})
    assert Taking(1, 5, 6, flag=True, other=7).taken == (1, 5, (6,), True, {"other": 7})
    assert Taking(1, period=3).p.period == 3


def test_args_and_kwargs_can_be_passed_on() -> None:
    class Passing(Pairs):
        def __init__(self, *args: Any, **kwargs: Any) -> None:
            super().__init__(*args, **kwargs)

    assert Passing(period=4).p.period == 4


def test_init_of_a_finished_object_starts_over() -> None:
    made = Pairs(period=4)
    made.__init__(period=5)  # type: ignore[misc]
    assert made.p.period == 5


def test_an_init_from_elsewhere_is_not_questioned_about_its_keywords() -> None:
    class Callable:
        def __call__(self, **kwargs: Any) -> None:
            raise AssertionError

    from backtrail.base.declare import _accepts

    assert _accepts(Callable(), "anything")


# -- mistakes ----------------------------------------------------------------------------------------------------


def test_an_unknown_parameter_is_named_with_the_nearest_known() -> None:
    with pytest.raises(ParameterError, match=r"Pairs has no parameter 'perod'.*Did you mean 'period'\?"):
        Pairs(perod=3)
    assert issubclass(ParameterError, TypeError)


def test_an_unknown_parameter_is_found_where_init_takes_none() -> None:
    class Own(Pairs):
        def __init__(self) -> None:
            raise AssertionError

    with pytest.raises(ParameterError, match="Own has no parameter 'perod'"):
        Own(perod=3)


def test_an_unknown_parameter_is_found_where_init_passes_everything_on() -> None:
    class Passing(Pairs):
        def __init__(self, **kwargs: Any) -> None:
            super().__init__(**kwargs)

    with pytest.raises(ParameterError, match="Passing has no parameter 'perod'"):
        Passing(perod=3)


def test_a_positional_parameter_is_refused() -> None:
    with pytest.raises(ParameterError, match="takes its parameters by keyword; got the positional value 20"):
        Pairs(20)


def test_too_many_positional_arguments_are_a_type_error() -> None:
    class Own(Pairs):
        def __init__(self, one: int) -> None:
            self.one = one

    with pytest.raises(TypeError, match="positional"):
        Own(1, 2)


@pytest.mark.parametrize(
    ("bounds", "bad", "said"),
    [
        (dict(ge=1), 0, ">= 1"),
        (dict(gt=0), 0, "> 0"),
        (dict(le=9), 10, "<= 9"),
        (dict(lt=9), 9, "< 9"),
        (dict(ge=1, le=6), 7, "<= 6"),
        (dict(choices=("a", 5)), "c", r"one of \['a', 5\]"),
        (dict(ge=1), "ten", "a number"),
    ],
)
def test_values_outside_the_range_are_refused(bounds: dict[str, Any], bad: Any, said: str) -> None:
    class Ranged(ParamsBase):
        size: Any = param(default=5, **bounds)

    assert Ranged().size == 5
    with pytest.raises(ParameterValueError, match=f"Ranged: parameter 'size' must be {said}; got {bad!r}"):
        Ranged(size=bad)


def test_a_default_outside_of_its_own_range_is_refused() -> None:
    with pytest.raises(ParameterValueError, match="must be >= 1; got 0"):

        class Wrong(ParamsBase):
            size: int = param(default=0, ge=1)


def test_none_as_default_is_outside_of_every_range() -> None:
    class Optional(ParamsBase):
        size: Any = param(default=None, ge=1)

    assert Optional().size is None


def test_a_range_is_inherited_with_a_new_default() -> None:
    class Shorter(Typed):
        params = (("period", 5),)

    class Wider(Typed):
        period: int = param(default=0, ge=0)

    with pytest.raises(ParameterValueError):
        Shorter(period=0)
    assert Wider(period=0).period == 0


# -- aliases -----------------------------------------------------------------------------------------------------


class Named(ParamsBase):
    """What it is."""

    alias = ("OneName", ("OtherName", "shown name"), ("Lonely",))
    params = (("a", 1),)


class Single(ParamsBase):
    alias = "SingleName"


def test_aliases_are_subclasses_in_the_module_of_the_class() -> None:
    module: Any = sys.modules[__name__]
    for name in ("OneName", "OtherName", "Lonely"):
        made = getattr(module, name)
        assert made.__bases__ == (Named,)
        assert (made.__name__, made.__module__, made.__doc__) == (name, __name__, "What it is.")
        assert made.aliased == "Named"
        assert made.alias == ()
        assert made(a=2).p.a == 2
    assert Named.aliased == ""


def test_one_alias_may_be_a_plain_string() -> None:
    assert issubclass(sys.modules[__name__].SingleName, Single)


def test_objects_with_parameters_can_be_pickled() -> None:
    copy = pickle.loads(pickle.dumps(Pairs(period=9)))
    assert copy.p.period == 9
    assert copy.p.isdefault("name")
    assert not copy.p.isdefault("period")
