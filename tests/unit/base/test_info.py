"""The values of a class or an object, by the names of the helpers that backtrader's have."""

from __future__ import annotations

import pickle
from collections import OrderedDict

import pytest

from backtrail.base.collection import ItemCollection
from backtrail.base.declare import ParamsBase
from backtrail.base.info import Info, PlotLines, explain_missing, pairs_of


class Thing(ParamsBase):
    params = (("p", 1), ("q", [1, 2]), ("_r", 3))


def test_the_class_shows_defaults() -> None:
    info = Thing.params
    assert info._getpairs() == info._getpairsbase() == OrderedDict([("p", 1), ("q", [1, 2]), ("_r", 3)])
    assert info._gettuple() == (("p", 1), ("q", [1, 2]), ("_r", 3))
    assert info._getkeys() == list(info) == ["p", "q", "_r"]
    assert info._getdefaults() == [1, [1, 2], 3]
    assert info._getkwargsdefault() == info._getpairs()
    assert info.p == 1


def test_the_object_shows_values() -> None:
    info = Thing(p=5).params
    assert info._getvalues() == [5, [1, 2], 3]
    assert info._getkwargs() == OrderedDict([("p", 5), ("q", [1, 2]), ("_r", 3)])
    assert info._getkwargs(skip_=True) == {"p": 5, "q": [1, 2]}
    assert info._get("p") == 5
    assert info._get("missing", 7) == 7


def test_items_and_tuples_of_an_object_show_defaults_as_backtraders_do() -> None:
    info = Thing(p=5).params
    assert list(info._getitems()) == [("p", 1), ("q", [1, 2]), ("_r", 3)]
    assert info._gettuple()[0] == ("p", 1)


def test_a_value_is_compared_with_its_default() -> None:
    info = Thing(p=5).params
    assert info.notdefault("p")
    assert info.isdefault("q")


def test_values_may_be_set_and_added() -> None:
    info = Thing().params
    info.p = 8
    info.more = 9
    assert (info.p, info.more) == (8, 9)
    assert Thing.params.p == 1


def test_a_missing_value_names_those_that_are_there() -> None:
    with pytest.raises(AttributeError, match="has no attribute 'perod'") as caught:
        Info({"period": 3}).perod
    assert "no value 'perod'; it has ['period']. Did you mean 'period'?" in explain_missing(caught.value)
    assert explain_missing(AttributeError("other")) == ""
    assert not hasattr(Info({}), "__len__")


def test_defaults_are_derived_from_several_sources() -> None:
    derived = Info({"a": 1, "b": 2})._derive("Name", (("b", 3),), otherbases=[Info({"b": 9, "c": 4})])
    assert derived._getpairs() == {"a": 1, "b": 3, "c": 4}


def test_called_it_gives_a_copy_of_its_own() -> None:
    defaults = Info({"a": 1})
    copy = defaults(a=2)
    assert (copy.a, defaults.a, copy._getdefaults()) == (2, 1, [1])


def test_values_survive_pickling() -> None:
    copy = pickle.loads(pickle.dumps(Thing(p=5).params))
    assert copy._getvalues() == [5, [1, 2], 3]
    assert copy._getdefaults() == [1, [1, 2], 3]


def test_plot_options_of_a_line_appear_when_asked_for() -> None:
    options = PlotLines({"mid": Info({"ls": "--"})})
    assert options.mid.ls == "--"
    options.top.color = "red"
    assert options.top.color == "red"
    assert options._get("top").color == "red"
    with pytest.raises(AttributeError):
        options.__missing__
    copy = pickle.loads(pickle.dumps(options))
    assert (type(copy), copy.top.color) == (PlotLines, "red")


@pytest.mark.parametrize(
    ("declared", "expected"),
    [
        (None, {}),
        ((), {}),
        ({"a": 1}, {"a": 1}),
        ((("a", 1), ("b", 2)), {"a": 1, "b": 2}),
        (("a",), {"a": None}),
        (Info({"a": 1}), {"a": 1}),
    ],
)
def test_declarations_are_read_in_every_spelling(declared: object, expected: dict[str, object]) -> None:
    assert pairs_of(declared) == expected


def test_a_collection_finds_items_by_number_and_name() -> None:
    items = ItemCollection()
    items.append("first", "one")
    items.append("second")
    assert (len(items), items[0], items[-1], list(items)) == (2, "first", "second", ["first", "second"])
    assert items.one == items.getbyname("one") == "first"
    assert items.getnames() == ["one", ""]
    assert items.getitems() == [("one", "first"), ("", "second")]
