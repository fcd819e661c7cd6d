"""Taking over an older cache of pickles: what it knew comes along, and a pickle can make nothing happen."""

from __future__ import annotations

import gzip
import json
import os
import pickle
import subprocess
import sys
import types
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from backtrail.cache import BacktestCache, Migrated, cached_backtest, migrate
from backtrail.cache.pickles import Refused, Unpickler
from backtrail.cache.records import result_of
from backtrail.cli.app import app
from backtrail.runs.splits import SplitMismatch
from backtrail.runs.store import Store

OLD_CACHES = Path(__file__).resolve().parents[2] / "golden" / "old_caches"
OLD = "afml_of_tests.cache.backtest_cache"


@pytest.fixture(scope="module")
def old_classes() -> Iterator[dict[str, type]]:
    """Have the classes of the older cache while pickles are written; they are gone when they are read."""
    names = ["afml_of_tests", "afml_of_tests.cache", OLD]
    made = {name: type(name, (), {"__module__": OLD}) for name in ("BacktestMetadata", "BacktestResult")}
    for name in names:
        sys.modules[name] = types.ModuleType(name)
    for name, kind in made.items():
        setattr(sys.modules[OLD], name, kind)
    yield made
    for name in names:
        del sys.modules[name]


def object_of(kind: type, **attributes: Any) -> Any:
    made = kind()
    vars(made).update(attributes)
    return made


def old_result(kinds: dict[str, type], number: int, **more: Any) -> Any:
    told = {
        "strategy_name": "sma",
        "parameters": {"fast": number, "risk": {"stop": 0.5}},
        "data_hash": "d" * 32,
    }
    told |= {"start_date": pd.Timestamp("2020-01-01"), "end_date": pd.Timestamp("2020-12-31"), "splits": None}
    told |= {"timestamp": 1.6e9 + number, "run_id": f"{number:032x}", "performance_summary": {}}
    parts: dict[str, Any] = {"metadata": object_of(kinds["BacktestMetadata"], **told)}
    index = pd.date_range("2020-01-01", periods=3, tz="Europe/Paris")
    parts |= {
        "metrics": {"sharpe_ratio": np.float64(number), "trades": 3, "worst": -np.inf, "none": np.nan},
        "trades": pd.DataFrame(
            {"pnl": [1.5, np.nan], "side": ["long", None], "at": pd.to_datetime(["2020", None])}
        ),
        "equity_curve": pd.Series([1.0, 2.0, 1.5], index=index, name="equity"),
        "positions": None,
        "diagnostics": {"notes": ["a", "b"], "weights": np.arange(3.0)},
    }
    return object_of(kinds["BacktestResult"], **parts | more)


def write(folder: Path, name: str, held: Any, protocol: int = 4) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(held if isinstance(held, bytes) else pickle.dumps(held, protocol))
    return path


def filled(root: Path, kinds: dict[str, type]) -> Path:
    """Make the folder of an older cache with three runs, a fold, and the trades of a run that is gone."""
    for at in range(3):
        write(root, f"runs/{at:032x}.pkl", old_result(kinds, at), protocol=at + 2)
    ranges = (pd.Timestamp("2020-01-01"), pd.Timestamp("2020-06-30"))
    fold = {
        "split_id": "a_fold_1",
        "fold": 2,
        "total_folds": 5,
        "train_range": ranges,
        "train_hash": "t" * 32,
    }
    write(root, "splits/a_fold_1_fold_2.pkl", fold | {"test_range": ranges[::-1], "test_hash": "e" * 32})
    (root / "trades").mkdir()
    pd.DataFrame({"pnl": [1.0, 2.0]}).to_parquet(root / "trades" / "gone_trades.parquet")
    write(root, "backtest_index.json", json.dumps({f"{at:032x}": {} for at in range(4)}).encode())
    return root


@pytest.fixture
def folder(tmp_path: Path, old_classes: dict[str, type]) -> Path:
    return filled(tmp_path / "old", old_classes)


@dataclass
class Taken:
    """A folder that was taken over, what it held before, and the store it was taken to."""

    folder: Path
    before: dict[str, bytes]
    store: Store
    done: Migrated


@pytest.fixture(scope="module")
def taken(tmp_path_factory: pytest.TempPathFactory, old_classes: dict[str, type]) -> Taken:
    """Take over a folder of which some results have their trades in a file beside them."""
    root = tmp_path_factory.mktemp("taken")
    folder = filled(root / "old", old_classes)
    for name, content in (
        ("a", b""),
        ("b", gzip.compress(b",pnl\n0,1.5\n1,2.5\n")),
        ("c", b"PAR1 and no more"),
    ):
        write(folder, f"runs/{name}.pkl", old_result(old_classes, -1, trades=None))
        if content:
            write(folder, f"trades/{name}_trades.{'csv.gz' if name == 'b' else 'parquet'}", content)
    before = snapshot(folder)
    store = Store.open(root / "store", index_folder=root / "index")
    return Taken(folder, before, store, migrate(folder, store))


def snapshot(root: Path) -> dict[str, bytes]:
    return {str(path.relative_to(root)): path.read_bytes() for path in root.rglob("*") if path.is_file()}


class Calls:
    """Pickles as a call of anything with anything."""

    def __init__(self, function: Any, *args: Any) -> None:
        self.call = (function, args)

    def __reduce__(self) -> Any:
        return self.call


@pytest.mark.row("B18")
def test_b18_what_an_older_cache_knew_comes_along(taken: Taken) -> None:
    """B18: results with their tables and times, ranked by their metrics; what the index alone knows is told."""
    done, store = taken.done, taken.store
    assert list(done.runs) == [
        *(f"runs/{at:032x}.pkl" for at in range(3)),
        *(f"runs/{name}.pkl" for name in "abc"),
    ]
    assert done.splits == ["splits/a_fold_1_fold_2.pkl"]
    assert done.trades == ["trades/gone_trades.parquet"]
    assert list(done.refused) == [f"backtest_index.json: {3:032x}"]
    cache = BacktestCache(store)
    best = cache.find_best_parameters("sma", top_n=2)
    assert best["param_fast"].tolist() == [2, 1]
    assert best["param_risk.stop"].tolist() == [0.5, 0.5]
    run = store.run(done.runs[f"runs/{1:032x}.pkl"])
    told = cache.get_run_metadata(done.runs[f"runs/{1:032x}.pkl"])
    assert told is not None
    assert told["timestamp"] == 1.6e9 + 1
    assert told["data_hash"] == "d" * 32
    assert told["start_date"] == "2020-01-01T00:00:00"
    assert run.metrics["worst"] == -np.inf
    assert run.manifest["purity"] == ["migrated"]
    trades = cache.get_cached_trades(done.runs[f"runs/{1:032x}.pkl"])
    assert trades is not None
    assert trades["side"].tolist()[0] == "long"
    assert str(trades["at"].dtype).startswith("datetime64")
    assert store.fsck().clean


@pytest.mark.row("B18", "B20")
def test_b18_pickles_of_earlier_versions_of_pandas_are_read(store: Store, tmp_path: Path) -> None:
    """B18, B20: pickles name the modules of the version that wrote them, and pytz for its zones."""
    versions = sorted(path.name for path in OLD_CACHES.iterdir())
    assert versions == ["pandas-1.5.3", "pandas-2.2.3"]
    for version in versions:
        for path in (OLD_CACHES / version).rglob("*.pkl"):
            write(tmp_path / "old", f"{path.parent.name}/{version}-{path.name}", path.read_bytes())
    done = migrate(tmp_path / "old", store)
    assert not done.refused
    assert not done.notes
    cache = BacktestCache(store)
    for version in versions:
        old, more = (cache.index.find(done.runs[f"runs/{version}-{name}.pkl"]) for name in ("old", "more"))
        assert old is not None
        assert more is not None
        result, told = result_of(old), result_of(more).diagnostics
        assert result.trades is not None
        assert result.trades["at"].tolist() == [pd.Timestamp("2020-01-02"), pd.NaT]
        assert result.trades["size"].tolist() == [1, pd.NA]
        assert result.trades["kind"].tolist() == ["a", "b"]
        assert result.trades["held"].tolist() == [pd.Timedelta(hours=1), pd.Timedelta(hours=2)]
        assert str(result.trades["zone"].dt.tz) == "UTC"
        assert result.equity_curve is not None
        assert result.equity_curve.tolist() == [1.0, 2.0, 1.5]
        assert result.equity_curve.index[0] == pd.Timestamp("2020-01-01", tz="Europe/Paris")
        assert str(result.equity_curve.index.tz) == "Europe/Paris"  # type: ignore[attr-defined]
        assert result.metadata.start_date == pd.Timestamp("2020-01-01", tz="UTC")
        assert told is not None
        assert told["mi"].index.tolist() == [(1, "a"), (2, "b")]
        assert told["fl"].index.tolist() == [1.5, 2.5]
        assert told["ii"].index.tolist() == [7, 9]
        assert told["per"].index.tolist() == [pd.Period("2020-01"), pd.Period("2020-02")]
    fold = cache.get_walk_forward_split("s", 1)
    assert fold is not None
    assert str(fold["train_range"][0]) == "2020-01-01 00:00:00+01:00"
    assert str(fold["train_range"][0].tz) == "Europe/Paris"
    assert len(done.splits) == 1  # both versions wrote the same fold


@pytest.mark.row("B18")
def test_b18_a_second_time_nothing_is_stored_and_the_folder_is_never_touched(taken: Taken) -> None:
    count = len(taken.store.runs())
    again = migrate(taken.folder, taken.store)
    assert (again.runs, again.splits, again.trades) == ({}, [], [])
    assert set(again.present) == {*taken.done.runs, *taken.done.splits, *taken.done.trades}
    assert again.present[f"runs/{0:032x}.pkl"] == taken.done.runs[f"runs/{0:032x}.pkl"]
    assert len(taken.store.runs()) == count
    assert snapshot(taken.folder) == taken.before


@pytest.mark.row("B18")
def test_b18_a_fold_keeps_its_ranges_and_vouches_for_no_data(taken: Taken, bars: pd.DataFrame) -> None:
    cache = BacktestCache(taken.store)
    fold = cache.get_walk_forward_split("a_fold_1", 2)
    assert fold is not None
    assert fold["train_range"] == (pd.Timestamp("2020-01-01"), pd.Timestamp("2020-06-30"))
    assert fold["train_hash"] == "unknown:" + "t" * 32
    assert fold["total_folds"] == 5
    assert fold["train_rows"] is None
    with pytest.raises(SplitMismatch, match="only the ranges are known"):
        cache.get_walk_forward_split("a_fold_1", 2, data=(bars, bars))


@pytest.mark.row("B18")
def test_b18_a_run_that_was_taken_over_answers_no_call(taken: Taken, bars: pd.DataFrame) -> None:
    """Its data was known by a sample and its code not at all: nothing may be served from it."""
    cache = BacktestCache(taken.store)
    assert cache.get_cached_backtest("sma", {"fast": 1, "risk": {"stop": 0.5}}, bars) is None
    calls = []

    @cached_backtest("sma", cache=cache)
    def sma(data: Any, params: dict[str, Any]) -> float:
        calls.append(params)
        return 1.0

    sma(bars, {"fast": 1, "risk": {"stop": 0.5}})
    assert len(calls) == 1


@pytest.mark.row("B18")
def test_b18_a_hostile_pickle_makes_nothing_happen(
    folder: Path, tmp_path: Path, old_classes: dict[str, type]
) -> None:
    """B18: calls, imports and attributes that a pickle names are not carried out, in no part of it."""
    target = tmp_path / "written-by-a-pickle"
    code = f"open({str(target)!r}, 'w').write('x')"
    hostile = {
        "system": Calls(os.system, f"touch {target}"),
        "eval": Calls(eval, code),
        "exec": Calls(exec, code),
        "open": Calls(open, str(target), "w"),
        "getattr": Calls(getattr, pd.DataFrame, "to_csv"),
        "process": Calls(subprocess.Popen, ["touch", str(target)]),
        "csv": Calls(pd.DataFrame.to_csv, pd.DataFrame({"a": [1]}), str(target)),
        "read": Calls(pd.read_pickle, str(target)),
        "load": Calls(np.load, str(target), None, True),
        "loads": Calls(pickle.loads, pickle.dumps(Calls(os.system, f"touch {target}"))),
        "inside": old_result(old_classes, 1, diagnostics={"x": Calls(os.system, f"touch {target}")}),
        "frame": old_result(old_classes, 2, trades=pd.DataFrame({"x": [Calls(eval, code)]}, dtype=object)),
    }
    for name, held in hostile.items():
        write(folder, f"runs/{name}.pkl", held, 5)
        write(folder, f"runs/{name}-2.pkl", held, 2)
    fold = {"split_id": Calls(eval, code)}
    write(folder, "splits/hostile.pkl", fold)
    command = ["runs", "migrate", str(folder), "--store", str(tmp_path / "store"), "--json"]
    made = CliRunner().invoke(app, command)
    assert not target.exists()
    assert made.exit_code == 1
    done = json.loads(made.stdout)
    assert set(done) == set(Migrated.__slots__)
    assert len(done["runs"]) == 3
    for name in hostile:
        reasons = [done["refused"][f"runs/{name}{more}.pkl"] for more in ("", "-2")]
        expected = "looks up an attribute" if name == "getattr" else "is not among the kinds"
        assert all(expected in reason for reason in reasons), reasons
        assert (folder / "runs" / f"{name}.pkl").exists()
    assert "builtins.eval" in done["refused"]["splits/hostile.pkl"]


@pytest.mark.row("B18")
def test_b18_what_cannot_be_read_is_named_and_left(
    folder: Path, store: Store, old_classes: dict[str, type]
) -> None:
    runs = folder / "runs"
    whole = (runs / f"{0:032x}.pkl").read_bytes()
    write(runs, "cut.pkl", whole[:-40])
    write(runs, "empty.pkl", b"")
    write(runs, "text.pkl", b"not a pickle at all")
    write(runs, "other.pkl", {"a": 1})
    write(runs, "huge.pkl", b"cbuiltins\nbytearray\n(I9000000000000\ntR.")
    write(runs, "deep.pkl", b"(" * 100_000 + b"l" * 100_000 + b".")
    write(
        runs, "nameless.pkl", old_result(old_classes, 9, metadata=object_of(old_classes["BacktestMetadata"]))
    )
    write(runs, "numberless.pkl", old_result(old_classes, 9, metrics=None))
    os.symlink("/etc/hostname", runs / "link.pkl")
    os.mkfifo(runs / "pipe.pkl")
    # A pickle that spoils what others are read with: the next one is read in another copy of the process.
    spoiling = b"cpandas\nDataFrame\n(N(dS'__init__'\nNsS'columns'\nNstb."
    write(runs, "0-spoiling.pkl", spoiling)
    done = migrate(folder, store)
    assert len(done.runs) == 3
    reasons = {name.removeprefix("runs/"): text for name, text in done.refused.items()}
    assert "no plain file" in reasons["link.pkl"]
    assert "no plain file" in reasons["pipe.pkl"]
    assert "more memory" in reasons["huge.pkl"]
    assert "dict and not the result" in reasons["other.pkl"]
    assert "of which strategy" in reasons["nameless.pkl"]
    assert "no metrics" in reasons["numberless.pkl"]
    named = {
        "cut",
        "empty",
        "text",
        "other",
        "huge",
        "deep",
        "nameless",
        "numberless",
        "link",
        "pipe",
        "0-spoiling",
    }
    assert {f"{name}.pkl" for name in named} | {f"backtest_index.json: {3:032x}"} == set(reasons)
    assert len(store.runs()) == 4


@pytest.mark.long
@pytest.mark.row("B18")
def test_b18_a_thousand_damaged_pickles_are_stored_or_refused(
    folder: Path, store: Store, old_classes: dict[str, type]
) -> None:
    """B18: bytes that were changed, cut, doubled or joined: none of them ends the migration or harms the store."""
    rng = np.random.default_rng(1)
    whole = [pickle.dumps(old_result(old_classes, 1), protocol) for protocol in range(2, 6)]
    for number in range(1000):
        data = bytearray(whole[number % 4])
        for _ in range(int(rng.integers(1, 6))):
            at, to = sorted(int(one) for one in rng.integers(0, len(data), 2))
            match int(rng.integers(0, 5)):
                case 0:
                    data[at] = int(rng.integers(0, 256))
                case 1:
                    del data[at : at + int(rng.integers(1, 9))]
                case 2:
                    data[at:at] = data[at:to][:200]
                case 3:
                    data[at:at] = whole[int(rng.integers(0, 4))][at:to][:200]
                case _:
                    data[at : at + 4] = rng.bytes(4)
        write(folder, f"runs/damaged-{number}.pkl", bytes(data))
    done = migrate(folder, store)
    named = [*done.runs, *done.present, *(name for name in done.refused if name.startswith("runs/"))]
    assert sorted(named) == sorted(
        [f"runs/damaged-{at}.pkl" for at in range(1000)] + [f"runs/{at:032x}.pkl" for at in range(3)]
    )
    assert len(done.refused) > 100
    assert store.fsck().clean


@pytest.mark.row("B18")
def test_b18_trades_beside_a_result_are_taken_with_it(taken: Taken) -> None:
    cache = BacktestCache(taken.store)
    found = {name: cache.get_cached_trades(taken.done.runs[f"runs/{name}.pkl"]) for name in "abc"}
    assert found["a"] is None
    assert found["b"] is not None
    assert found["b"]["pnl"].tolist() == [1.5, 2.5]
    assert found["c"] is None
    assert "file of trades cannot be read" in taken.done.notes["runs/c.pkl"][0]
    alone = cache.get_cached_trades("gone")
    assert alone is not None
    assert alone["pnl"].tolist() == [1.0, 2.0]


@pytest.mark.row("B18")
def test_b18_the_reading_process_may_do_nothing_else(tmp_path: Path) -> None:
    """B18: were a pickle to get hold of a function, that could still write, start and reach nothing."""
    attempts = {
        "write": "open(sys.argv[1], 'w')",
        "low": "os.open(sys.argv[1], os.O_CREAT | os.O_WRONLY)",
        "system": "os.system('touch ' + sys.argv[1])",
        "start": "subprocess.Popen(['touch', sys.argv[1]])",
        "folder": "os.mkdir(sys.argv[1])",
        "socket": "socket.socket().connect(('127.0.0.1', 9))",
        "remove": "os.remove(__file__)",
        "kill": "os.kill(os.getppid(), 9)",
        "fork": "os.fork()",
    }
    lines = [
        "import os, socket, subprocess, sys",
        "from backtrail.cache.pickles import _confine",
        "_confine()",
    ]
    for name, line in attempts.items():
        lines += ["try:", f"    {line}", f"    print('{name}')", "except PermissionError:", "    pass"]
    script = tmp_path / "script.py"
    script.write_text("\n".join([*lines, "print('end')"]))
    target = tmp_path / "target"
    done = subprocess.run(
        [sys.executable, str(script), str(target)], capture_output=True, text=True, check=False, timeout=60
    )
    assert done.stdout.split() == ["end"], done.stderr
    assert not target.exists()


@pytest.mark.row("B18")
@pytest.mark.parametrize(
    "written",
    [
        b"cpandas\nDataFrame.eval\n.",
        b"\x80\x04\x8c\x06pandas\x8c\x0eDataFrame.eval\x93.",
        b"\x80\x04\x8c\x08builtins\x8c\x0a__import__\x93.",
        b"cos\nsystem\n.",
        b"cpandas.io.pickle\nread_pickle\n.",
        b"c_codecs\nencode\n(S'x'\nS'rot13'\ntR.",
        b"cbuiltins\ngetattr\n(cpandas\nDataFrame\nS'to_csv'\ntR.",
        b"cbacktrail.cache.pickles\nserve\n.",
    ],
)
def test_b18_names_beyond_the_list_are_refused(written: bytes) -> None:
    import io

    with pytest.raises(Refused):
        Unpickler(io.BytesIO(written)).load()


def test_kinds_of_values_are_read_as_they_were_written() -> None:
    """Whatever protocol an older Python wrote it with."""
    import datetime as dt
    import decimal
    import io
    import zoneinfo

    values: list[Any] = [
        pd.Timestamp("2020", tz="Europe/Paris"), pd.Timedelta(1), dt.datetime(2020, 1, 1, tzinfo=dt.UTC), {1, 2},
        dt.date(2020, 1, 1), decimal.Decimal("1.5"), b"bytes", 1 + 2j, np.float32(1.5), np.datetime64("2020"), range(3),
        zoneinfo.ZoneInfo("Asia/Tokyo"), frozenset([1]), np.bool_(True), slice(1, 2), pd.Period("2020-01"),
    ]  # fmt: skip
    frames: list[Any] = [
        pd.DataFrame(
            {"a": pd.Categorical(["x", "y"]), "b": pd.array([1, None], dtype="Int64"), "c": ["x", None]}
        ),
        pd.Series([1.0, 2.0], index=pd.date_range("2020", periods=2, freq="B", tz="UTC")),
        pd.DataFrame({"a": [1]}, index=pd.MultiIndex.from_tuples([(1, "a")])),
        pd.Series([1, "x", None], dtype=object, index=pd.to_timedelta([1, 2, 3], unit="h")),
    ]
    for protocol in range(2, 6):
        for value in values:
            assert Unpickler(io.BytesIO(pickle.dumps(value, protocol))).load() == value
        for frame in frames:
            read = Unpickler(io.BytesIO(pickle.dumps(frame, protocol))).load()
            same = (
                pd.testing.assert_frame_equal
                if isinstance(frame, pd.DataFrame)
                else pd.testing.assert_series_equal
            )
            same(read, frame)


def test_a_folder_of_something_else_is_refused(tmp_path: Path, store: Store) -> None:
    for place in (tmp_path, tmp_path / "nowhere", Path(store.url)):
        with pytest.raises(ValueError, match="expected the folder of an older cache"):
            migrate(place, store)


@pytest.mark.row("B18")
def test_b18_the_command_lists_what_it_did(tmp_path: Path) -> None:
    root = tmp_path / "old"
    write(root, "backtest_index.json", b'{"gone": {}}')
    done = CliRunner().invoke(app, ["runs", "migrate", str(root), "--store", str(tmp_path / "store")])
    assert done.exit_code == 1
    assert "gone: not read: the file of its result is not there" in done.stdout
    assert "0 stored, 0 there already, 1 not read" in done.stdout
    assert CliRunner().invoke(app, ["runs", "migrate", str(root / "runs")]).exit_code == 1
