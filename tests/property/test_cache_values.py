"""Whatever a backtest returns comes back of the same types and values, or is refused; what is stored is only read."""

from __future__ import annotations

import contextlib
import json
from typing import Any

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backtrail.cache.values import Writer, read_node
from backtrail.runs.encoding import encode
from backtrail.runs.plain import UnstorableValue

SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=8), st.binary(max_size=8),
    st.complex_numbers(), st.datetimes(), st.dates(), st.timedeltas(), st.decimals(allow_nan=False),
)  # fmt: skip
COLUMNS = st.one_of(
    st.lists(st.floats(), max_size=6),
    st.lists(st.integers(-(2**60), 2**60), max_size=6),
    st.lists(st.one_of(st.none(), st.text(max_size=4)), max_size=6),
    st.lists(st.datetimes(pd.Timestamp("1700-01-01"), pd.Timestamp("2200-01-01")), max_size=6),
)
FRAMES = COLUMNS.map(lambda values: pd.DataFrame({"a": values}))
SERIES = st.tuples(COLUMNS, st.one_of(st.none(), st.text(max_size=3), st.integers(0, 5))).map(
    lambda drawn: pd.Series(drawn[0], name=drawn[1], dtype=object if not drawn[0] else None)
)
VALUES = st.recursive(
    st.one_of(SCALARS, FRAMES, SERIES),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.lists(inner, max_size=4).map(tuple),
        st.dictionaries(st.one_of(st.text(max_size=4), st.integers()), inner, max_size=4),
    ),
    max_leaves=8,
)
JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), st.text(max_size=6)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.dictionaries(
            st.sampled_from(
                [
                    "k",
                    "v",
                    "n",
                    "t",
                    "told",
                    "~~stamp",
                    "~~enum",
                    "~~span",
                    "~dict",
                    "~data",
                    "~float",
                    "of",
                    "x",
                ]
            ),
            st.one_of(
                inner,
                st.sampled_from(
                    ["leaf", "table", "tuple", "dict", "fields", "list", "os:system", "pandas.DataFrame"]
                ),
            ),
            max_size=4,
        ),
    ),
    max_leaves=12,
)


@given(VALUES)
def test_a_result_comes_back_as_it_was(value: Any) -> None:
    writer = Writer()
    node = json.loads(json.dumps(writer.node(value, "result")))
    back = read_node(node, writer.tables.__getitem__)
    assert type(back) is type(value)
    assert encode(back) == encode(value)


@given(st.sampled_from([object(), len, lambda: 0, iter([]), type("Own", (), {})]))
def test_what_has_no_stored_form_is_refused(value: Any) -> None:
    with pytest.raises(UnstorableValue, match=r"result\.a\[0\]"):
        Writer().node({"a": [value]}, "result")


@given(JSON)
def test_any_node_is_read_or_refused(node: Any) -> None:
    with contextlib.suppress(ValueError):
        read_node(node, {}.__getitem__)
