"""Encodings of values of any shape: equal where the values are, and nowhere else."""

from __future__ import annotations

import datetime as dt
import math
import struct
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backtrail.runs.columns import canonical, fixed_chunks, is_odd
from backtrail.runs.digests import digest, framed
from backtrail.runs.encoding import UncacheableParameter, encode
from backtrail.runs.fingerprint import fingerprint

LEAVES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=5),
    st.binary(max_size=5),
    st.decimals(),
    st.dates(),
    st.datetimes(timezones=st.none() | st.just(dt.UTC)),
    st.timedeltas(),
)
HASHABLE = st.one_of(
    st.none(), st.booleans(), st.integers(-3, 3), st.floats(), st.text(max_size=2), st.binary(max_size=2)
)
VALUES = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.lists(inner, max_size=3).map(tuple),
        st.dictionaries(HASHABLE, inner, max_size=4),
        st.sets(HASHABLE, max_size=4),
        st.frozensets(HASHABLE, max_size=4),
    ),
    max_leaves=8,
)


def told(value: Any) -> Any:
    """Give what an encoding is to tell of a value, in a form that `==` compares by type and bits."""
    if isinstance(value, float):
        return ("float", "nan" if math.isnan(value) else struct.pack("<d", value))
    if isinstance(value, (list, tuple)):
        return ("list", tuple(told(one) for one in value))
    if isinstance(value, (set, frozenset)):
        return ("set", frozenset(told(one) for one in value))
    if isinstance(value, dict):
        return ("dict", frozenset((told(key), told(one)) for key, one in value.items()))
    if isinstance(value, dt.datetime):
        return ("datetime", value.isoformat(), value.fold)
    return (type(value).__name__, str(value))


def shuffled(value: Any) -> Any:
    """Give an equal value that was put together the other way round."""
    if isinstance(value, list):
        return tuple(shuffled(one) for one in value)
    if isinstance(value, tuple):
        return [shuffled(one) for one in value]
    if isinstance(value, dict):
        return {key: shuffled(value[key]) for key in reversed(list(value))}
    if isinstance(value, set):
        return frozenset(reversed(list(value)))
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return value
    if isinstance(value, float):
        return np.float64(value)
    return np.int64(value) if -(2**63) <= value < 2**63 else value


@given(VALUES, VALUES)
def test_encodings_are_equal_where_values_are(one: Any, other: Any) -> None:
    assert (encode(one) == encode(other)) == (told(one) == told(other))


@pytest.mark.row("B6")
@given(VALUES)
def test_order_and_container_do_not_matter_where_they_say_nothing(value: Any) -> None:
    assert encode(shuffled(value)) == encode(value)


@given(st.lists(VALUES, max_size=4), st.lists(VALUES, max_size=4))
def test_elements_cannot_move_from_one_list_to_the_next(one: list[Any], other: list[Any]) -> None:
    if one:
        assert encode([one, other]) != encode([one[:-1], [one[-1], *other]])


@given(VALUES)
def test_a_refused_part_refuses_the_whole(value: Any) -> None:
    for holder in ([value, object()], {"a": value, "b": object()}, ({"x": [object()]}, value)):
        with pytest.raises(UncacheableParameter) as caught:
            encode(holder)
        assert caught.value.where.startswith(("params[1]", "params.b", "params[0].x[0]"))


@pytest.mark.row("B37")
@given(st.lists(st.binary(max_size=6), max_size=4), st.lists(st.binary(max_size=6), max_size=4))
def test_framed_parts_are_equal_only_part_by_part(one: list[bytes], other: list[bytes]) -> None:
    assert (framed(*one) == framed(*other)) == (one == other)
    assert (digest("x", *one) == digest("x", *other)) == (one == other)


BITS = st.lists(
    st.integers(0, 2**64 - 1) | st.sampled_from([0, 1 << 63, 0x7FF0 << 48, 0xFFF0 << 48, 0x7FF8 << 48]),
    min_size=1,
)


@given(BITS)
def test_any_bits_of_numbers_are_told_canonically(bits: list[int]) -> None:
    values = np.array(bits, dtype=np.uint64).view(np.float64)
    clean = canonical(values)
    assert not is_odd(clean) or bool(np.isnan(clean).any())
    assert is_odd(values) == bool((np.isnan(values) | ((values == 0.0) & np.signbit(values))).any())
    assert fixed_chunks(values) == fixed_chunks(clean)
    same = [(a == b) or (a != a and b != b) for a, b in zip(values.tolist(), clean.tolist())]
    assert all(same)


@given(BITS, BITS)
def test_columns_of_numbers_are_equal_where_their_values_are(one: list[int], other: list[int]) -> None:
    a, b = np.array(one, dtype=np.uint64).view(np.float64), np.array(other, dtype=np.uint64).view(np.float64)
    equal = len(a) == len(b) and bool(np.array_equal(a, b, equal_nan=True))
    assert (fingerprint({"a": a}).digest == fingerprint({"a": b}).digest) == equal


COLUMNS = st.dictionaries(
    st.text(max_size=3),
    st.lists(st.text(max_size=3) | st.none(), min_size=2, max_size=2),
    min_size=1,
    max_size=3,
)


@given(COLUMNS, COLUMNS)
def test_tables_of_strings_are_equal_where_their_columns_are(one: Any, other: Any) -> None:
    assert (fingerprint(one).digest == fingerprint(other).digest) == (
        list(one.items()) == list(other.items())
    )
