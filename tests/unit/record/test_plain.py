"""Values come back from their stored form as they were, of the same types, or are refused."""

from __future__ import annotations

import datetime as dt
import enum
import json
import math
from collections import Counter, OrderedDict, defaultdict
from decimal import Decimal
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import backtrail as bt
from backtrail.base.autodict import AutoDict, AutoOrderedDict, DotDict
from backtrail.runs.plain import UnstorableValue, from_plain, name_of, to_plain
from backtrail.runs.store.values import to_json


def again(value: Any, resolve: Any = None) -> Any:
    """Store *value* as a manifest does, and read it."""
    return from_plain(json.loads(json.dumps(to_json(to_plain(value)))), resolve)


def auto() -> AutoOrderedDict:
    made = AutoOrderedDict()
    made.total.open = 1
    made.pnl.net.average = -0.5
    made._close()
    return made


class Colour(enum.Enum):
    RED = 1


VALUES = [
    None, True, 0, -7, 2**80, 0.1, -0.0, 1e300, math.inf, "", "ä\ud800"[:1], b"\0\xff", Decimal("1.50"), 1 + 2j,
    dt.datetime(2020, 1, 2, 3, 4, 5, 6), dt.datetime(2020, 1, 2, tzinfo=dt.UTC), dt.date(2020, 1, 2), dt.time(9, 30),
    dt.timedelta(1, 2, 3), (), (1, (2.0, "x")), [], [1, [2]], {1, 2}, frozenset("ab"), {}, {"a": {"b": 1}},
    {1: "a", "1": "b"}, {"$dict": 1}, {"~dict": [1, 2, 3]}, {"~tuple": []}, OrderedDict(b=1, a=2),
    defaultdict(list, {"a": [1]}), Counter("aab"), DotDict(a=1), AutoDict(a=1), auto(), np.float64(0.5), np.int32(7),
    {dt.datetime(2020, 1, 1): 0.5, dt.date(2020, 1, 1): 1},
]  # fmt: skip


@pytest.mark.parametrize("value", VALUES)
def test_a_value_comes_back_as_it_was(value: Any) -> None:
    found = again(value)
    assert found == value
    assert type(found) is type(value)
    if isinstance(value, dict):
        assert list(found) == list(value)
    if isinstance(value, float):
        assert math.copysign(1, found) == math.copysign(1, value)


def test_nan_and_arrays_come_back() -> None:
    assert math.isnan(again(math.nan))
    values = np.array([[1.5, np.nan], [0.0, -0.0]])
    assert again(values).tobytes() == values.tobytes()


def test_a_closed_dict_stays_closed() -> None:
    with pytest.raises(KeyError):
        again(auto()).nothing
    assert AutoOrderedDict() == again(AutoOrderedDict()).nothing


nested = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.tuples(inner, inner)
        | st.dictionaries(st.text(max_size=5) | st.integers(), inner, max_size=4)
    ),
    max_leaves=12,
)


@given(nested)
def test_nested_values_come_back(value: Any) -> None:
    assert again(value) == value


@pytest.mark.parametrize("value", [object(), lambda: 1, (x for x in ()), np.array([object()])])
def test_what_has_no_stored_form_is_refused(value: Any) -> None:
    with pytest.raises(UnstorableValue, match=r"storing value\.a\[0\] - expected .* found"):
        to_plain({"a": [value]})


def test_nesting_without_end_is_refused() -> None:
    value: list[Any] = []
    value.append(value)
    with pytest.raises(UnstorableValue, match="at most 100 levels"):
        to_plain(value)


def test_code_comes_back_only_where_names_are_resolved() -> None:
    for value in (Colour.RED, Colour, bt.CommInfoBase(commission=0.5)):
        with pytest.raises(ValueError, match="which names code"):
            again(value)
    known = {name_of(one): one for one in (Colour, bt.CommInfoBase)}
    assert again(Colour.RED, known.__getitem__) is Colour.RED
    scheme = again(bt.CommInfoBase(commission=0.5, percabs=True), known.__getitem__)
    assert type(scheme) is bt.CommInfoBase
    assert scheme.p.commission == 0.5


@pytest.mark.parametrize(
    "told",
    [{"~dict": 1}, {"~dict": ["none", None, []]}, {"~datetime": ["x", 0]}, {"~nothing": 1}, {"~numpy": ["O", 1]},
     {"~array": ["|O", [1], "AA=="]}, {"~float": "1"}, {"~bytes": "*"}, {"~timedelta": [1e400]}],
)  # fmt: skip
def test_a_strangers_value_is_refused(told: Any) -> None:
    with pytest.raises(ValueError):
        from_plain(told)
