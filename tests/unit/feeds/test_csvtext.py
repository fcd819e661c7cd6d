from __future__ import annotations

import math
import sys
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backtrail.feeds import csvtext
from backtrail.feeds.csvtext import (
    Kind,
    Pile,
    Table,
    blocks,
    doubles,
    forms,
    int64s,
    is_large,
    read_text,
    split_lines,
)

KINDS: dict[int, Kind] = {0: "time", 1: "number", 2: "integer"}
NUMBER = st.one_of(
    st.floats(allow_nan=False).map(repr),
    st.decimals(allow_nan=False, allow_infinity=False, places=4).map(str),
    st.integers().map(str),
    st.text("0123456789+-.eE_ naifINAF", max_size=12),
    st.sampled_from(
        ["nan", "NaN", "inf", "-inf", "infinity", "1e400", "1e-400", "٣", "0x1p3", "1_000", ".5", "5.", " 1 "]
    ),
)


def large(text: str, kinds: dict[int, Kind], null: str | None = None, skip: int = 0) -> Table | None:
    first = text.split("\n")[skip].split(",")
    if max(kinds) >= len(first):
        return None
    for form in forms(kinds, first):
        tables = list(blocks(text.encode(), skip, first, ",", form, null))
        if None not in tables:
            (table,) = tables
            return table
    return None


def small(text: str, kinds: dict[int, Kind], null: str | None = None) -> csvtext.Table | None:
    lines, numbers = split_lines(text, 1)
    return read_text(lines, numbers, ",", kinds, null)


@given(st.lists(NUMBER, min_size=1, max_size=4))
def test_a_number_reads_as_float_reads_it(texts: list[str]) -> None:
    text = "".join(f"x,{one}\n" for one in texts)
    for table in (large(text, {1: "number"}), small(text, {1: "number"})):
        if table is not None:
            assert table.numbers[1].tolist() == pytest.approx(
                [float(one) for one in texts], rel=0, abs=0, nan_ok=True
            )


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1, max_size=20))
def test_large_and_small_texts_read_the_same(values: list[float]) -> None:
    text = "".join(f"x,{value!r}\n" for value in values)
    big, little = large(text, {1: "number"}), small(text, {1: "number"})
    assert little is not None
    assert little.numbers[1].tolist() == values
    assert big is not None
    assert big.numbers[1].tolist() == values


@pytest.mark.parametrize("read", [large, small])
def test_columns_of_every_kind(read: object) -> None:
    table = read("2006-01-02,1.5,7\n2006-01-03,,8\n", KINDS, "")  # type: ignore[operator]
    assert table.count == 2
    assert list(table.lines) == [1, 2]
    assert bytes(table.codes[0][1]) == b"2006-01-03"
    assert math.isnan(table.numbers[1][1])
    assert table.nulls[1].tolist() == [False, True]
    assert table.integers[2].tolist() == [7, 8]
    assert table.numbers[1].flags.writeable


@pytest.mark.parametrize("read", [large, small])
@pytest.mark.parametrize(
    "text",
    ["a,1,2\nb,1\n", "a,x,2\n", "a,1,2.5\n", "a,1\n", 'a,"1",2\n', "a,1,99999999999999999999\n", "a,,2\n"],
)
def test_what_is_not_regular_is_left_to_row_by_row_reading(read: object, text: str) -> None:
    assert read(text, KINDS) is None  # type: ignore[operator]


@pytest.mark.parametrize("text", ["2006,1,2\n06,1,2\n", ",1,2\n", "2006,1,2\n\n", "2006,1,2\n,1,2\n"])
def test_pyarrow_reads_only_times_of_one_width_and_no_blank_lines(text: str) -> None:
    assert large(text, KINDS, "") is None


def test_a_separator_of_several_characters_is_not_for_pyarrow() -> None:
    assert list(blocks(b"a, 1\n", 0, ["a", "1"], ", ", {1: "number"}, None)) == [None]


def test_lines_are_skipped_at_the_start() -> None:
    table = large("title,x\na,1\n", {1: "number"}, skip=1)
    assert table is not None
    assert table.numbers[1].tolist() == [1.0]
    assert list(table.lines) == [2]


def test_every_row_can_be_asked_for_the_same_width() -> None:
    lines, numbers = split_lines("a,1,2\nb,3,4,5\n", 1)
    assert read_text(lines, numbers, ",", {1: "number"}, None) is not None
    assert read_text(lines, numbers, ",", {1: "number"}, None, width=3) is None


def test_blank_lines_are_left_out_and_counted() -> None:
    assert split_lines("a\n\nb\n  \nc\n", 5) == (["a", "b", "c"], [5, 7, 9])
    lines, numbers = split_lines("a\nb\n", 2)
    assert (lines, list(numbers)) == (["a", "b"], [2, 3])
    assert split_lines("", 1)[0] == []


def test_pyarrow_is_asked_sooner_when_it_is_there_already(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "pyarrow.csv", raising=False)
    assert not is_large(500_000)
    assert is_large(2_000_000)
    monkeypatch.setitem(sys.modules, "pyarrow.csv", csvtext)
    assert is_large(500_000)


def test_arrow_columns_in_pieces() -> None:
    import pyarrow as pa

    pieces = pa.chunked_array(
        [pa.array([1.0, None]), pa.array([2.0, 3.0, None])[1:], pa.array([], pa.float64())]
    )
    values, nulls = doubles(pieces)
    assert nulls is not None
    assert nulls.tolist() == [False, True, False, True]
    assert values[[0, 2]].tolist() == [1.0, 3.0]
    assert np.isnan(values[[1, 3]]).all()
    assert int64s(pa.chunked_array([], pa.int64())).tolist() == []
    values, nulls = doubles(pa.chunked_array([pa.array([1.0, 2.0])[1:], pa.array([3.0])]))
    assert (values.tolist(), nulls) == ([2.0, 3.0], None)


ISO: dict[int, Kind] = {0: "iso date", 1: "iso time", 2: "number"}


def iso(text: str) -> object:
    return large(text, ISO)


def test_dates_and_times_in_their_usual_form_are_read_as_numbers() -> None:
    table: Any = iso("1970-01-02,00:00:01,1\n2020-02-29,23:59:59,2\n0001-01-01,00:00:00,3\n")
    assert table.days[0].tolist() == [1, 18321, -719162]
    assert table.seconds[1].tolist() == [1, 86399, 0]
    assert not table.codes


@pytest.mark.parametrize(
    "row", ["2020/01/02,09:30:00,1\n", "2020-01-02,09:30:00.0,1\n", "2020-01-02x,09:30:00,1\n"]
)
def test_other_forms_are_left_to_be_read_as_texts(row: str) -> None:
    table: Any = iso(row * 3)
    assert set(table.codes) == {0, 1}
    assert not table.days


def test_a_form_that_changes_below_is_read_as_text_throughout() -> None:
    table: Any = iso("2020-01-02,09:30:00,1\n2020-01-02,09x30x00,1\n")
    assert set(table.codes) == {0, 1}
    assert iso("2020-01-02,09:30:00,1\n2020-01-02,9:30,1\n") is None
    assert iso("2020-01-02,09:30:00,1\n2020-01-02,09:30:00,x\n") is None


def test_days_before_the_first_year_are_not_dates() -> None:
    table: Any = iso("0000-12-31,09:30:00,1\n")
    assert not table.days


def test_lines_in_pieces_are_put_one_below_the_other() -> None:
    pile = Pile(2)
    pile.add({"datetime": np.array([1.0, 2.0])}, range(2, 4))
    pile.add({"datetime": np.array([3.0, 4.0, 5.0])}, range(4, 7))
    assert list(pile.rows()) == [2, 3, 4, 5, 6]
    pile.add({"datetime": np.array([6.0])}, [8])
    assert pile.lines()["datetime"].tolist() == [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]
    assert pile.rows() == [2, 3, 4, 5, 6, 8]
    assert list(Pile(2).rows()) == []


def test_lines_in_pieces_are_put_one_above_the_other() -> None:
    pile = Pile(4, upwards=True)
    pile.add({"datetime": np.array([6.0, 5.0])}, range(2, 4))
    pile.add({"datetime": np.array([4.0])}, range(4, 5))
    assert list(pile.rows()) == [4, 3, 2]
    pile.add({"datetime": np.array([3.0, 2.0, 1.0])}, range(5, 8))
    assert pile.lines()["datetime"].tolist() == [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]
    assert list(pile.rows()) == [7, 6, 5, 4, 3, 2]
    pile.add({"datetime": np.array([0.0])}, [9])
    assert pile.lines()["datetime"].tolist() == [0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0]
    assert pile.rows() == [9, 7, 6, 5, 4, 3, 2]
