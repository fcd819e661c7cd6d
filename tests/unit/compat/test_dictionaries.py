"""The dictionaries that analyzers report in, beside backtrader's."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import pytest

from backtrail.base.autodict import (
    AutoDict,
    AutoDictList,
    AutoOrderedDict,
    DotDict,
    OrderedDefaultdict,
    Tree,
)


def test_reading_creates_and_counting_starts_from_zero() -> None:
    found = AutoOrderedDict()
    found.total.open += 1
    found.total.pnl -= 2.5
    found.text += "a"
    found.product *= 3
    found.share /= 4.0
    assert found == {"total": {"open": 1, "pnl": -2.5}, "text": "a", "product": 0, "share": 0.0}


def test_a_closed_one_raises_key_error_even_through_hasattr() -> None:
    found = AutoOrderedDict()
    found.a.b = 1
    found._close()
    for read in (
        lambda: found.missing,
        lambda: found["missing"],
        lambda: found.a.missing,
        lambda: hasattr(found, "x"),
    ):
        with pytest.raises(KeyError):
            read()
    found._open()
    assert found.missing == {}


def test_private_names_are_attributes() -> None:
    with pytest.raises(AttributeError):
        AutoOrderedDict()._private


@pytest.mark.parametrize("through", [copy.copy, copy.deepcopy, lambda d: pickle.loads(pickle.dumps(d))])
def test_copies_keep_order_and_stay_closed(through: Any) -> None:
    found = AutoOrderedDict([("z", 1)])
    found.a = 2
    found._close()
    twin = through(found)
    assert list(twin.items()) == [("z", 1), ("a", 2)]
    with pytest.raises(KeyError):
        twin.missing


def test_lvalues_is_a_list() -> None:
    assert AutoOrderedDict(a=1).lvalues() == [1]


def test_autodict_closes_with_its_items() -> None:
    found = AutoDict()
    found.x.y = 1
    found._close()
    assert found == {"x": {"y": 1}}
    with pytest.raises(KeyError):
        found.x.z
    with pytest.raises(AttributeError):
        found.__wrapped__
    found._open()
    assert found.z == {}


def test_small_ones() -> None:
    listed = AutoDictList()
    listed["a"].append(1)
    assert listed == {"a": [1]}
    dotted = DotDict(a=1)
    assert dotted.a == 1
    with pytest.raises(KeyError):
        dotted.b
    with pytest.raises(AttributeError):
        dotted.__b
    made = OrderedDefaultdict(list, [("z", [0])])
    made["a"].append(1)
    assert list(pickle.loads(pickle.dumps(made)).items()) == [("z", [0]), ("a", [1])]
    with pytest.raises(KeyError):
        OrderedDefaultdict()["a"]
    with pytest.raises(TypeError):
        OrderedDefaultdict(3)  # type: ignore[arg-type]
    assert Tree()["a"]["b"] == {}
