"""The compiled reader of large files: the same values as reading row by row, or nothing."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backtrail.feeds import BacktraderCSVData, GenericCSVData, VChartCSVData, YahooFinanceCSVData, csvscan
from backtrail.feeds.csvscan import pays, read_clocks, read_days, scan, scanned
from backtrail.feeds.csvtext import Kind, Table, forms
from backtrail.kernels.jit import CompilePolicy, Kernel

from .reading import file, read


def interpreted(kernel: Kernel) -> Callable[..., Any]:
    """Give a function that does what the compiled kernel does, as Python."""

    def run(*given: Any) -> Any:
        return kernel.python(*[as_python(one) for one in given])

    return run


def as_python(given: Any) -> Any:
    if not isinstance(given, np.ndarray):
        return given
    return memoryview(given) if given.flags.aligned else given.tolist()


@pytest.fixture(autouse=True)
def without_compiling(monkeypatch: pytest.MonkeyPatch) -> None:
    for kernel in (scan, read_clocks, read_days):
        monkeypatch.setattr(kernel, "_compiled", interpreted(kernel))
    monkeypatch.setattr("backtrail.feeds.csvtext.LARGE", -1)
    monkeypatch.setattr("backtrail.feeds.csvtext.LARGE_WHEN_LOADED", -1)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("scanned")


def tables(
    folder: Path, text: str | bytes, kinds: dict[int, Kind], null: str | None = None, skip: int = 0
) -> list[Table | None]:
    raw = text.encode("utf-8", "surrogateescape") if isinstance(text, str) else text
    (folder / "x.csv").write_bytes(raw)
    first = raw.decode("utf-8-sig", "surrogateescape").split("\n")[skip].rstrip("\r").split(",")
    form = forms(kinds, first)[0]
    found = []
    for table in scanned(str(folder / "x.csv"), skip, first, ",", form, null):
        # what a table holds is good until the next one is asked for
        found.append(
            table
            and Table(
                table.count,
                table.lines,
                *({at: one.copy() for at, one in held.items()} for held in (table.numbers, table.integers)),
                {at: None if one is None else one.copy() for at, one in table.codes.items()},
                *({at: one.copy() for at, one in held.items()} for held in (table.days, table.seconds)),
                nulls=table.nulls,
            )
        )
    return found


PLAIN = st.one_of(
    st.decimals("-1e9", "1e9", allow_nan=False, places=4).map(str),
    st.decimals("0", "5000", allow_nan=False, places=2).map(str),
    st.integers(-(10**16), 10**16).map(str),
    st.tuples(st.text("0123456789", max_size=12), st.text("0123456789", max_size=12)).map(".".join),
)
NUMBER = PLAIN | st.one_of(
    st.floats(allow_nan=False).map(repr),
    st.text("0123456789+-.eE_ naifINAF", max_size=12),
    st.sampled_from(["nan", "inf", "-inf", "1e400", "٣", "0x1p3", "1_000", ".5", "5.", ".", "-", "-.", " 1", "", "-0"]),
)  # fmt: skip


def as_float(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


@given(st.lists(NUMBER, min_size=1, max_size=6))
def test_a_number_reads_as_float_reads_it(folder: Path, texts: list[str]) -> None:
    expected = [as_float(text) for text in texts]
    (table,) = tables(folder, "".join(f"x,{one}\n" for one in texts), {1: "number"})
    if None in expected:
        assert table is None
    else:
        assert table is not None
        assert table.numbers[1].tobytes() == np.array(expected, dtype=float).tobytes()


@given(st.lists(PLAIN, min_size=1, max_size=6), st.sampled_from(["\n", "\r\n"]), st.booleans())
def test_numbers_at_the_end_of_a_line(folder: Path, texts: list[str], end: str, ended: bool) -> None:
    text = "title" + end + end.join(f"{one},{one}" for one in texts) + (end if ended else "")
    (table,) = tables(folder, text, {0: "number", 1: "number"}, skip=1)
    expected = [as_float(one) for one in texts]
    if None in expected:
        assert table is None
    else:
        assert table is not None
        assert table.numbers[0].tolist() == table.numbers[1].tolist() == expected
        assert list(table.lines) == list(range(2, 2 + len(texts)))


def test_columns_of_every_kind(tmp_path: Path) -> None:
    kinds: dict[int, Kind] = {0: "iso date", 1: "iso time", 2: "time", 3: "integer", 4: "number"}
    (table,) = tables(
        tmp_path, "2020-02-29,23:59:58,ab,-7,,é\n1970-01-02,00:00:00,cd,8,1.5,\n", kinds, null=""
    )
    assert table is not None
    assert (table.days[0].tolist(), table.seconds[1].tolist()) == ([18321, 1], [86398, 0])
    assert bytes(table.codes[2][1]) == b"cd"  # type: ignore[index]  # one of those that were asked for
    assert table.integers[3].tolist() == [-7, 8]
    assert np.isnan(table.numbers[4][0])
    assert table.nulls[4].tolist() == [True, False]


@pytest.mark.parametrize(
    "row",
    [
        "2020-01-02,09:30:00,ab,1,1,x,y", "2020-01-02,09:30:00,ab,1,1", "2020-01-02,09:30:00,ab,1.0,1,x",
        "2020-01-02,09:30:00,abc,1,1,x", "2020-01-02,09:30:00,a,1,1,x", "2020-1-2,09:30:00,ab,1,1,x",
        "2020-02-30,09:30:00,ab,1,1,x", "0000-01-02,09:30:00,ab,1,1,x", "2020-13-02,09:30:00,ab,1,1,x",
        "2020-01-02,24:30:00,ab,1,1,x", "2020-01-02,09:60:00,ab,1,1,x", "2020-01-02,09:30:60,ab,1,1,x",
        "2020-01-02,09:30:00.5,ab,1,1,x", "2020-01-02,09:30:00,ab,1,one,x", "2020-01-02,09:30:00,ab,1,,x",
        "", "2020", "2020-01-02,09:30:00,ab,1,1,x\ry", "2020-01-02,09:30:00,ab,99999999999999999999,1,x",
        '2020-01-02,09:30:00,ab,1,"1",x',
    ],
)  # fmt: skip
def test_what_is_not_regular_is_refused_as_a_whole(tmp_path: Path, row: str) -> None:
    kinds: dict[int, Kind] = {0: "iso date", 1: "iso time", 2: "time", 3: "integer", 4: "number"}
    good = "2020-01-02,09:30:00,ab,1,1,x\n"
    assert None not in tables(tmp_path, good * 2, kinds)
    assert tables(tmp_path, good + row + "\n", kinds) == [None]


def test_a_file_in_many_blocks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(csvscan, "_BLOCK", 64)
    text = "\ufefftitle,title\n" + "".join(f"{at},{at / 8}\n" for at in range(100))
    found = [table for table in tables(tmp_path, text, {0: "integer", 1: "number"}, skip=1) if table]
    assert len(found) > 5
    assert [one for table in found for one in table.integers[0].tolist()] == list(range(100))
    assert [one for table in found for one in table.numbers[1].tolist()] == [at / 8 for at in range(100)]
    assert [one for table in found for one in table.lines] == list(range(2, 102))
    # a line that is longer than a block is not for this reader
    assert tables(tmp_path, "t" * 99 + "\n1,2\n", {0: "integer"}, skip=1) == [None]
    assert tables(tmp_path, "1,2\n1," + "2" * 99 + "\n", {0: "integer"})[-1] is None
    assert tables(tmp_path, "a\rb\n1,2\n", {0: "integer"}, skip=1)[-1] is None


def test_a_block_of_many_odd_numbers_is_left_to_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(csvscan, "_MOST_ODD", 3)
    assert None not in tables(tmp_path, "1e3,2\n" * 3, {0: "number"})
    assert tables(tmp_path, "1e3,2\n" * 4, {0: "number"}) == [None]


@pytest.mark.parametrize("separator", [", ", "\n", "\r", "é"])
def test_other_separators_are_left_to_others(tmp_path: Path, separator: str) -> None:
    assert list(scanned(file(tmp_path, "1"), 0, ["1"], separator, {0: "number"}, None)) == [None]


DAY = "1999-12-20,10.5,11,9.25,10,100,0\n"
FEEDS: list[tuple[Callable[..., Any], str, dict[str, Any]]] = [
    (BacktraderCSVData, DAY, {}),
    (BacktraderCSVData, DAY.replace(",10.5", ",09:31:05,10.5"), {}),
    (BacktraderCSVData, DAY.replace("-", "/"), {}),
    (GenericCSVData, DAY, {"dtformat": "%Y-%m-%d"}),
    (GenericCSVData, DAY.replace(",0\n", ",\n"), {"dtformat": "%Y-%m-%d", "nullvalue": 0.0}),
    (GenericCSVData, DAY.replace("1999-12-20", "945682265"), {"dtformat": 1, "timeframe": 4}),
    (YahooFinanceCSVData, DAY, {"round": False}),
    (YahooFinanceCSVData, DAY + "1999-12-21,null,null,null,null,null,null\n" + DAY, {"reverse": True}),
    (VChartCSVData, "SYM,I,19991220,093105,10.5,11,9.25,10,100,0\n", {}),
]


@pytest.mark.parametrize(("feed", "rows", "options"), FEEDS)
@pytest.mark.filterwarnings("ignore::backtrail.errors.DataWarning")
def test_a_file_reads_as_a_small_one_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, feed: Any, rows: str, options: dict[str, Any]
) -> None:
    name = file(tmp_path, "title\n" + rows * 3)
    found = read(feed(dataname=name, **options))
    monkeypatch.setattr("backtrail.feeds.csvtext.LARGE", 10**9)
    monkeypatch.setattr("backtrail.feeds.csvtext.LARGE_WHEN_LOADED", 10**9)
    expected = read(feed(dataname=name, **options))
    assert {key: one.tobytes() for key, one in found.lines().items()} == {
        key: one.tobytes() for key, one in expected.lines().items()
    }
    assert [found.row(at) for at in range(len(found))] == [expected.row(at) for at in range(len(expected))]


def test_a_wrong_row_is_named_with_file_line_and_column(tmp_path: Path) -> None:
    name = file(tmp_path, "title\n" + DAY * 3 + DAY.replace("9.25", "9,25"))
    with pytest.raises(ValueError, match=r"bars\.csv, line 5, column 0|bars\.csv, line 5, column 1"):
        read(BacktraderCSVData(dataname=name))
    name = file(tmp_path, "title\n" + DAY * 3 + DAY.replace("9.25", "?"))
    with pytest.raises(ValueError, match=r"bars\.csv, line 5, column 3 \(low\)"):
        read(BacktraderCSVData(dataname=name))


def test_compiling_waits_until_it_pays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scan, "_compiled", None)
    monkeypatch.setattr(scan, "spent_ns", 0)
    monkeypatch.setattr(csvscan, "policy", CompilePolicy("off"))
    assert not pays(10**12)
    monkeypatch.setattr(csvscan, "policy", CompilePolicy("auto"))
    assert not pays(1000)
    assert pays(10**9)


@pytest.mark.skipif("NUMBA_DISABLE_JIT" in os.environ, reason="nothing is compiled")
def test_the_compiled_reader_does_what_python_does(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = "2020-01-02,09:30:00,ab,-7,10.25,x\n2020-01-02,09:31:00,cd,8,-1e3,y\n2020-01-03,09:31:00,cd,8,,y"
    kinds: dict[int, Kind] = {0: "iso date", 1: "iso time", 2: "time", 3: "integer", 4: "number"}
    (expected,) = tables(tmp_path, text, kinds, null="")
    for kernel in (scan, read_clocks, read_days):
        monkeypatch.setattr(kernel, "_compiled", None)
        assert kernel.compile() is not None
    (found,) = tables(tmp_path, text, kinds, null="")
    assert repr(found) == repr(expected)
    for row in ("2020-1-02,09:30:00,ab,1,1,x", "1,2", "2020-01-02,09:30:00,ab,1,?,x", ""):
        assert tables(tmp_path, text + "\n" + row + "\n", kinds, null="") == [None]
