from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from backtrail.runs import columns
from backtrail.runs.columns import CHUNK_ROWS, canonical
from backtrail.runs.encoding import UncacheableParameter, encode
from backtrail.runs.fingerprint import TableFingerprint, fingerprint, first_difference

ROWS = 50
RNG = np.random.default_rng(7)
PRICES = RNG.random((ROWS, 4)) + 100.0
NAMES = ["open", "high", "low", "close"]


def frame() -> pd.DataFrame:
    return pd.DataFrame(PRICES.copy(), columns=NAMES)


def dated() -> pd.DataFrame:
    return frame().set_axis(pd.date_range("2020-01-01", periods=ROWS, freq="D"))


def of(source: Any) -> str:
    return fingerprint(source).digest


# -- what is equal ------------------------------------------------------------------------------------------


def test_the_same_columns_are_the_same_in_every_library() -> None:
    one = frame()
    table = pa.Table.from_pandas(one)
    ways = [
        one,
        one.copy(),
        pd.DataFrame({name: one[name].to_numpy().copy() for name in NAMES}),
        pl.from_pandas(one),
        pl.concat([pl.from_pandas(one[:20]), pl.from_pandas(one[20:])], rechunk=False),
        table,
        pa.concat_tables([table[:7], table[7:30], table[30:]]),
        table.to_batches()[0],
        {name: one[name].to_numpy() for name in NAMES},
        {name: PRICES[:, at] for at, name in enumerate(NAMES)},
        {name: table.column(name) for name in NAMES},
    ]
    assert len({of(way) for way in ways}) == 1


def test_types_of_columns_are_the_same_in_every_library() -> None:
    when = [dt.datetime(2020, 1, 1, 12), dt.datetime(2020, 1, 2)]
    table = pa.table(
        {
            "i": pa.array([1, 2], pa.int64()),
            "u": pa.array([1, 2], pa.uint8()),
            "b": pa.array([True, False]),
            "s": pa.array(["a", "é"]),
            "t": pa.array(when, pa.timestamp("us")),
            "z": pa.array(when, pa.timestamp("us", tz="UTC")),
            "d": pa.array([dt.timedelta(1), dt.timedelta(2)], pa.duration("us")),
        }
    )
    polars = pl.from_arrow(table)
    assert isinstance(polars, pl.DataFrame)
    assert of(table) == of(polars) == of(table.to_pandas())


@pytest.mark.row("B2")
def test_nulls_are_the_same_whatever_lies_under_them() -> None:
    one = pa.array([1, None, 3])
    other = pa.Array.from_buffers(
        pa.int64(), 3, [one.buffers()[0], pa.py_buffer(np.array([1, 99, 3], dtype=np.int64).tobytes())]
    )
    assert other.to_pylist() == [1, None, 3]
    assert of(pa.table({"a": one})) == of(pa.table({"a": other})) == of(pl.DataFrame({"a": [1, None, 3]}))


@pytest.mark.row("B3")
def test_strings_are_the_same_in_every_layout() -> None:
    values = ["a", None, "", "long " * 50, "é"]
    kinds = [pa.string(), pa.large_string(), pa.string_view()]
    ways = [of(pa.table({"s": pa.array(values, kind)})) for kind in kinds]
    assert (
        len({*ways, of(pl.DataFrame({"s": values})), of(pd.DataFrame({"s": pd.Series(values, dtype="str")}))})
        == 1
    )


def test_slices_are_what_they_show() -> None:
    table = pa.table(
        {"n": list(range(100)), "s": [str(k) for k in range(100)], "b": [k % 3 == 0 for k in range(100)]}
    )
    fresh = pa.Table.from_pylist(table.slice(37, 21).to_pylist(), schema=table.schema)
    assert of(table.slice(37, 21)) == of(fresh)
    assert of(pl.from_arrow(table)[37:58]) == of(fresh)


def test_every_nan_is_the_same_and_zero_has_no_sign() -> None:
    quiet, negative, other = (np.frombuffer(np.uint64(bits).tobytes(), dtype=float)[0] for bits in (
        0x7FF8000000000000, 0xFFF8000000000000, 0x7FF0000000000001))  # fmt: skip
    ways = [np.array([1.0, nan, zero, -1.0]) for nan in (quiet, negative, other) for zero in (0.0, -0.0)]
    assert len({of({"a": way}) for way in ways}) == 1
    assert len({of(pa.table({"a": way})) for way in ways}) == 1
    for width in ("f2", "f4"):
        assert of({"a": np.array([0.0, np.nan], width)}) == of({"a": np.array([-0.0, -np.nan], width)})
    assert of({"a": np.array([complex(0.0, -0.0)])}) == of({"a": np.array([complex(-0.0, 0.0)])})


def test_bytes_that_were_clean_as_one_type_are_looked_through_as_another() -> None:
    negative_zero = np.array([-0.0, 1.0], dtype=np.float32)
    as_doubles = negative_zero.view(np.float64)
    assert of({"a": as_doubles}) == of({"a": as_doubles.copy()})
    assert of({"a": negative_zero}) == of({"a": np.array([0.0, 1.0], dtype=np.float32)})
    assert of({"a": as_doubles}) != of({"a": np.array([0.0, 1.0], dtype=np.float32).view(np.float64)})


def test_what_was_met_before_is_forgotten_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(columns, "_MOST_SETTLED", 3)
    odd = [of({"a": np.array([-0.0, float(at)])}) for at in range(10)]
    assert odd == [of({"a": np.array([0.0, float(at)])}) for at in range(10)]
    assert len(columns._settled[8]) <= 3


def test_canonical_numbers_are_a_copy() -> None:
    values = np.array([-0.0, np.nan, 1.0])
    made = canonical(values)
    assert not np.signbit(made[0])
    assert np.signbit(values[0])


# -- what differs -------------------------------------------------------------------------------------------


def changed(name: str, at: int, by: float) -> pd.DataFrame:
    one = dated()
    one.iloc[at, NAMES.index(name)] += by
    return one


CHANGES: dict[str, Callable[[], Any]] = {
    "nothing": dated,
    "one cell by the least amount": lambda: dated().assign(low=np.nextafter(PRICES[:, 2], np.inf)),
    "the first cell": lambda: changed("open", 0, 1e-9),
    "the last cell": lambda: changed("close", -1, 1e-9),
    "the dtype": lambda: dated().astype("float32"),
    "one dtype": lambda: dated().astype({"low": "float32"}),
    "integers": lambda: dated().astype("int64"),
    "the same bytes as integers": lambda: dated().apply(lambda one: one.to_numpy().view(np.int64)),
    "the order of columns": lambda: dated()[["high", "open", "low", "close"]],
    "the name of a column": lambda: dated().rename(columns={"low": "Low"}),
    "a column less": lambda: dated()[["open", "high", "low"]],
    "a row less": lambda: dated()[:-1],
    "the order of rows": lambda: dated()[::-1],
    "two rows exchanged": lambda: dated().iloc[[1, 0, *range(2, ROWS)]],
    "an inner index value": lambda: dated().rename({pd.Timestamp("2020-01-21"): pd.Timestamp("2020-01-21 01:00")}),
    "the name of the index": lambda: dated().rename_axis("date"),
    "no frequency": lambda: dated().set_axis(pd.DatetimeIndex(dated().index, freq=None)),
    "a time zone": lambda: dated().tz_localize("UTC"),
    "another time zone": lambda: dated().tz_localize("UTC").tz_convert("America/New_York"),
    "the unit of time": lambda: dated().set_axis(dated().index.as_unit("ns")),
    "no index": lambda: dated().reset_index(drop=True),
    "the index as a column": lambda: dated().reset_index(),
    "the name of the columns": lambda: dated().rename_axis(columns="field"),
    "column names of another type": lambda: dated().set_axis([0, 1, 2, 3], axis=1),
    "column names that look like these": lambda: dated().set_axis(["0", "1", "2", "3"], axis=1),
    "objects": lambda: dated().astype(object),
    "nullable": lambda: dated().astype("Float64"),
    "a frame without columns": lambda: dated()[[]],
    "a Series": lambda: dated()["open"],
    "a frame of one column": lambda: dated()[["open"]],
    "an array": lambda: dated().to_numpy(),
    "an array the other way": lambda: dated().to_numpy().T,
    "a flat array": lambda: dated().to_numpy().reshape(-1),
}  # fmt: skip


@pytest.mark.row("B1", "B2")
def test_everything_that_code_can_see_makes_another_fingerprint() -> None:
    """Index, dtype, order, zone, names (B1, B2): two frames that differ in any of them differ."""
    found = {name: of(make()) for name, make in CHANGES.items()}
    digests = list(found.values())
    assert [name for name, one in found.items() if digests.count(one) > 1] == []


@pytest.mark.row("B3")
def test_columns_of_objects_count_their_values() -> None:
    ways: list[list[Any]] = [
        [1, "a"],
        [1.0, "a"],
        ["1", "a"],
        [None, "a"],
        [np.nan, "a"],
        [1, "b"],
        [dt.date(2020, 1, 1), 1],
    ]
    assert len({of(pd.DataFrame({"o": pd.Series(way, dtype=object)})) for way in ways}) == len(ways)


@pytest.mark.row("B3")
def test_strings_do_not_run_into_each_other() -> None:
    ways = [["ab", "c"], ["a", "bc"], ["abc", ""], ["", "abc"], ["abc", None], [None, "abc"]]
    assert len({of(pl.DataFrame({"s": way})) for way in ways}) == len(ways)
    assert len({of(pd.DataFrame({"s": pd.Series(way, dtype="str")})) for way in ways}) == len(ways)


def test_names_that_look_alike_differ() -> None:
    ways = [pd.Series([1], name=name) for name in (None, "None", 1, "1", np.nan, "nan", ("a", 1), "('a', 1)")]
    assert len({of(way) for way in ways}) == len(ways)
    assert len({encode(way) for way in ways}) == len(ways)
    labels = [pd.Series([1, 2], index=["columns", "name"]), pd.Series([1, 2], index=["index", "dtype"])]
    assert len({of(way) for way in labels}) == len({encode(way) for way in labels}) == 2


def test_a_frame_of_a_class_of_its_own_is_a_frame() -> None:
    class Prices(pd.DataFrame):
        @property
        def _constructor(self) -> Any:
            return Prices

    assert of(Prices(frame())) == of(frame())
    assert encode(Prices(frame())) != encode(frame())


@pytest.mark.row("B4")
def test_empty_tables_keep_their_schema() -> None:
    """Empty frames used to be all alike, with the present time as their dates (B4)."""
    ways = [
        pd.DataFrame(), pd.DataFrame({"a": []}), pd.DataFrame({"b": []}), pd.DataFrame({"a": np.array([], "i8")}),
        pd.DataFrame({"a": np.array([], "i8")}, index=pd.DatetimeIndex([])), pa.table({"a": pa.array([], pa.string())}),
        pa.table({"a": pa.array([], pa.null())}), pd.DataFrame(index=[1, 2]),
    ]  # fmt: skip
    made = [fingerprint(way) for way in ways]
    assert len({one.digest for one in made}) == len(made)
    assert {(one.first, one.last) for one in made} == {(None, None)}


def test_categories_count_with_their_order() -> None:
    ways = [
        pd.Categorical(["a", "b"]), pd.Categorical(["b", "a"]), pd.Categorical(["a", "b"], categories=["b", "a"]),
        pd.Categorical(["a", "b"], ordered=True), pd.Categorical(["a", "b"], categories=["a", "b", "c"]),
        pd.Categorical(["a", None]),
    ]  # fmt: skip
    assert len({of(pd.DataFrame({"c": way})) for way in [*ways, ["a", "b"]]}) == len(ways) + 1
    enums = [
        pl.Series("c", ["a", "b"], dtype=kind)
        for kind in (pl.Enum(["a", "b"]), pl.Enum(["b", "a"]), pl.Categorical, pl.String)
    ]
    assert len({of(one) for one in enums}) == len(enums)


@pytest.mark.parametrize(
    "values",
    [
        pa.array([1, None, 3], pa.int32()), pa.array([1.5, None]), pa.array([True, None, False]),
        pa.array([None, None]), pa.array([Decimal("1.10"), None], pa.decimal128(9, 2)),
        pa.array([Decimal("1.10")], pa.decimal256(50, 2)),
        pa.array([dt.date(2020, 1, 1), None]), pa.array([dt.time(1), None]), pa.array([b"ab", None], pa.binary(2)),
        pa.array([b"a", None, b""]), pa.array([[1, 2], None, []]), pa.array([{"a": 1}, None]),
        pa.array([[1, 2], [3, 4]], pa.list_(pa.int8(), 2)), pa.array(["a", None, "b"]).dictionary_encode(),
        pa.array([dt.datetime(2020, 1, 1), None], pa.timestamp("ms", tz="Europe/Berlin")),
        pa.array([0.5], pa.float16()), pa.array([[("k", 1)]], pa.map_(pa.string(), pa.int64())),
        pa.array([(1, 2, 3)], pa.month_day_nano_interval()),
    ],
    ids=lambda one: str(one.type),
)  # fmt: skip
def test_arrow_columns_of_every_kind_count_each_value(values: pa.Array) -> None:
    whole = of(values)
    assert of(pa.chunked_array([values[:1], values[1:]])) == whole
    assert of(values[:-1]) != whole
    if len(values) > 1:
        assert of(pa.concat_arrays([values[1:], values[:1]])) != whole or values.null_count == len(values)


PANDAS_DTYPES = [
    "Int64", "Float64", "string", "category", "int64[pyarrow]", "Sparse[int64]", "M8[ns]", "m8[s]", "complex128",
    "datetime64[ns, Europe/Berlin]", "uint16", "S3", "object",
]  # fmt: skip


@pytest.mark.row("B2")
@pytest.mark.parametrize("dtype", PANDAS_DTYPES)
def test_pandas_columns_of_every_dtype_count_each_value(dtype: str) -> None:
    def make(values: list[int]) -> pd.DataFrame:
        plain = np.array(values).astype(dtype) if dtype == "S3" else values
        return pd.DataFrame({"a": pd.Series(plain).astype(dtype)})

    assert of(make([1, 2, 3])) == of(make([1, 2, 3]))
    assert len({of(make(way)) for way in ([1, 2, 3], [1, 2, 0], [1, 3, 2], [1, 2])}) == 4


def test_nullable_truths_and_periods_count_each_value() -> None:
    ways: list[Any] = [
        pd.array([True, False, None]), pd.array([True, None, False]), pd.array([True, False, False]),
        pd.PeriodIndex(["2020-01", "2020-02"], freq="M"), pd.PeriodIndex(["2020-01", "2020-03"], freq="M"),
        pd.PeriodIndex(["2020-01-01", "2020-02-01"], freq="D"), pd.interval_range(0, 2), pd.interval_range(1, 3),
    ]  # fmt: skip
    assert len({of(pd.DataFrame({"a": way})) for way in ways}) == len(ways)


def test_extension_types_of_arrow_count_their_kind() -> None:
    class Money(pa.ExtensionType):
        def __init__(self, currency: str) -> None:
            self.currency = currency
            super().__init__(pa.int64(), f"money.{currency}")

        def __arrow_ext_serialize__(self) -> bytes:
            return self.currency.encode()

        @classmethod
        def __arrow_ext_deserialize__(cls, storage: pa.DataType, written: bytes) -> pa.ExtensionType:
            return cls(written.decode())

    cents = pa.array([1, 2])
    ways = [cents, *(pa.ExtensionArray.from_storage(Money(name), cents) for name in ("usd", "eur"))]
    assert len({of(way) for way in [*ways, pa.array(pd.PeriodIndex(["2020-01"], freq="M"))]}) == 4


def test_index_levels_count_each() -> None:
    def make(*levels: list[Any]) -> str:
        return of(
            pd.DataFrame({"a": [1, 2]}, index=pd.MultiIndex.from_arrays(list(levels), names=["x", "y"]))
        )

    ways = [([1, 2], [3, 4]), ([1, 2], [3, 5]), ([1, 2], ["3", "4"]), ([3, 4], [1, 2])]
    assert len({make(*way) for way in ways}) == len(ways)


# -- what it tells ------------------------------------------------------------------------------------------


def test_a_fingerprint_tells_rows_times_and_columns() -> None:
    found = fingerprint(dated())
    assert found.rows == ROWS
    assert (found.first, found.last) == ("2020-01-01T00:00:00", "2020-02-19T00:00:00")
    assert list(found.columns) == ["index", *NAMES]
    assert fingerprint(pl.from_pandas(dated().reset_index())).first == "2020-01-01T00:00:00"
    assert fingerprint(pa.Table.from_pandas(dated().reset_index())).last == "2020-02-19T00:00:00"


def test_the_digest_of_a_column_does_not_depend_on_its_name() -> None:
    one, other = fingerprint({"a": PRICES[:, 0]}), fingerprint({"b": PRICES[:, 0]})
    assert one.columns["a"] == other.columns["b"]
    assert one.digest != other.digest


def test_columns_of_one_name_are_all_told() -> None:
    doubled = pd.DataFrame([[1, 2]], columns=["a", "a"])
    assert list(fingerprint(doubled).columns) == ["a", "a#2"]
    assert of(doubled) != of(pd.DataFrame([[1, 3]], columns=["a", "a"]))


def test_a_list_of_chunks_can_be_read_again() -> None:
    found = fingerprint(dated())
    assert TableFingerprint.from_chunk_list(found.chunk_list()) == found


@pytest.mark.parametrize(
    "wrong",
    [b"", b"[]", b"{}", b'{"columns": 3}', b'{"columns": [[1]], "digest": ""}', b"\xff", b"[" * 100_000],
)
def test_what_is_no_list_of_chunks_is_refused(wrong: bytes) -> None:
    with pytest.raises(ValueError, match="reading a list of chunks"):
        TableFingerprint.from_chunk_list(wrong)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (3, "no table"),
        ("prices.csv", "no table"),
        ({"a": [1], "b": [1, 2]}, "differ in length"),
        ({1: [1]}, "name of a column"),
        ({"a": pd.Series([1])}, "has an index"),
        ({"a": np.zeros((2, 2))}, "column is expected"),
        ({"a": 3}, "column is expected"),
        (pl.LazyFrame({"a": [1]}), r"collect\(\)"),
        (pd.DataFrame({"a": [object()]}), r"data\.a\[0\]"),
        (pl.DataFrame({"a": [object()]}), r"data\.a"),
    ],
)
def test_what_is_no_table_of_values_is_refused(wrong: Any, message: str) -> None:
    with pytest.raises(UncacheableParameter, match=message):
        fingerprint(wrong)


# -- where two differ ---------------------------------------------------------------------------------------


def test_equal_tables_have_no_difference() -> None:
    assert first_difference(dated(), dated()) is None


@pytest.mark.parametrize("kind", ["pandas", "polars", "arrow", "mapping"])
@pytest.mark.parametrize("at", [0, 17, ROWS - 1])
def test_the_first_row_that_differs_is_named(kind: str, at: int) -> None:
    def made(source: pd.DataFrame) -> Any:
        if kind == "polars":
            return pl.from_pandas(source)
        if kind == "arrow":
            return pa.Table.from_pandas(source)
        return {name: source[name].to_numpy() for name in NAMES} if kind == "mapping" else source

    other = frame()
    other.iloc[at, 2] = 7.0
    other.iloc[-1, 0] = 8.0
    found = first_difference(made(frame()), made(other))
    assert found is not None
    assert found.rows == (at, at + 1)
    assert found.column == ("low" if at < ROWS - 1 else "open")
    assert f"row {at}" in found.text
    assert ("7.0" if at < ROWS - 1 else "8.0") in found.text


def test_fingerprints_alone_name_the_chunk() -> None:
    values = np.arange(3.0 * CHUNK_ROWS)
    other = values.copy()
    other[CHUNK_ROWS + 5] = -1.0
    found = first_difference(fingerprint({"a": values}), fingerprint({"a": other}))
    assert found is not None
    assert found.rows == (CHUNK_ROWS, 2 * CHUNK_ROWS)
    exact = first_difference({"a": values}, {"a": other})
    assert exact is not None
    assert exact.rows == (CHUNK_ROWS + 5, CHUNK_ROWS + 6)


def test_added_rows_begin_where_the_shorter_table_ends() -> None:
    found = first_difference(dated()[:-3], dated())
    assert found is not None
    assert found.rows == (ROWS - 3, ROWS - 2)
    assert "no row" in found.text


def test_types_and_names_are_named_before_values() -> None:
    found = first_difference(dated(), dated().astype({"low": "float32"}))
    assert found is not None
    assert found.text == "type of low: float64 - float32"
    found = first_difference(dated(), dated().rename(columns={"low": "Low"}))
    assert found is not None
    assert "'Low'" in found.text
