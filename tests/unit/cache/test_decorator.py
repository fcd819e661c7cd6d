"""Promises B8 to B14, B33 and B34: functions whose results are kept."""

from __future__ import annotations

import asyncio
import importlib.util
import multiprocessing
import random
import sys
import time
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import pytest

from backtrail.cache import (
    BacktestCache,
    CacheWarning,
    InputMutated,
    NonDeterministicResult,
    cached_backtest,
    configure,
)
from backtrail.runs.store import Store

Load = Callable[[str], Any]


class Report(NamedTuple):
    metrics: dict[str, float]
    trades: pd.DataFrame | None
    note: str


@dataclass
class Outcome:
    metrics: dict[str, float]
    trades: pd.DataFrame | None
    count: int = 0

    def __post_init__(self) -> None:
        self.count += 1


@pytest.fixture(autouse=True)
def configured(cache: BacktestCache) -> Iterator[BacktestCache]:
    with configure(cache) as inner:
        yield inner


@pytest.fixture
def load(tmp_path: Path) -> Iterator[Load]:
    """Write and import a strategy module in a project of its own, each time as it is then."""
    project = tmp_path / "project"
    project.mkdir()
    (project / "pyproject.toml").write_text("")
    names = ("my_rules", "my_strategy")

    def load_module(text: str, rules: str = "LEVEL = 1\n") -> Any:
        for name, content in zip(names, (rules, text), strict=True):
            sys.modules.pop(name, None)
            (project / f"{name}.py").write_text(content)
        importlib.invalidate_caches()
        sys.path.insert(0, str(project))
        sys.dont_write_bytecode, before = True, sys.dont_write_bytecode
        try:
            spec = importlib.util.spec_from_file_location("my_strategy", project / "my_strategy.py")
            assert spec is not None
            assert spec.loader is not None
            module = importlib.util.module_from_spec(spec)
            sys.modules["my_strategy"] = module
            spec.loader.exec_module(module)
            return module
        finally:
            sys.dont_write_bytecode = before
            sys.path.remove(str(project))

    yield load_module
    for name in names:
        sys.modules.pop(name, None)


STRATEGY = """
from backtrail.cache import cached_backtest
from my_rules import LEVEL

ran = []

@cached_backtest("momentum")
def run(data, params):
    ran.append(1)
    return {"sharpe_ratio": float(data.sum()) * params["fast"] * LEVEL}
"""


@pytest.mark.row("B8")
def test_b08_edited_code_is_another_key(load: Load) -> None:
    data = np.arange(5.0)
    module = load(STRATEGY)
    first = module.run(data, {"fast": 2})
    assert module.run(data, {"fast": 2}) == first
    assert module.ran == [1]
    edited = load(STRATEGY.replace("* LEVEL", "* LEVEL * 3"))
    assert edited.run(data, {"fast": 2}) == {"sharpe_ratio": 60.0}
    assert edited.ran == [1]
    again = load(STRATEGY)
    assert again.run(data, {"fast": 2}) == first
    assert again.ran == []


@pytest.mark.row("B8")
def test_b08_an_edited_module_that_it_imports_is_another_key(load: Load) -> None:
    load(STRATEGY).run(np.arange(5.0), {"fast": 2})
    edited = load(STRATEGY, rules="LEVEL = 10\n")
    assert edited.run(np.arange(5.0), {"fast": 2}) == {"sharpe_ratio": 200.0}
    assert edited.ran == [1]


@pytest.mark.row("B8")
def test_b08_comments_and_layout_are_the_same_key(load: Load) -> None:
    load(STRATEGY).run(np.arange(5.0), {"fast": 2})
    commented = STRATEGY.replace(
        "    ran.append(1)", '    """Say more."""\n    # and more\n\n    ran.append(1)'
    )
    same = load("# a comment\n" + commented, rules="# why\nLEVEL  =  1\n")
    same.run(np.arange(5.0), {"fast": 2})
    assert same.ran == []


@pytest.mark.row("B8")
def test_b08_a_module_that_was_edited_after_it_was_loaded_is_not_taken_for_what_runs(
    load: Load, tmp_path: Path
) -> None:
    text = STRATEGY.replace("import LEVEL", "import level").replace("* LEVEL", "* level()")
    module = load(text, rules="def level():\n    return 1\n")
    (tmp_path / "project" / "my_rules.py").write_text("def level():\n    return 10\n")
    with pytest.warns(CacheWarning, match="changed after it was loaded"):
        assert module.run(np.arange(5.0), {"fast": 2}) == {"sharpe_ratio": 20.0}
    fresh = load(text, rules="def level():\n    return 10\n")
    assert fresh.run(np.arange(5.0), {"fast": 2}) == {"sharpe_ratio": 200.0}


@pytest.mark.row("B8")
def test_b08_the_sources_are_kept_with_the_run(load: Load, cache: BacktestCache) -> None:
    load(STRATEGY).run(np.arange(5.0), {"fast": 2})
    run = cache.store.run("latest")
    assert "def run" in run.code["my_strategy.py"]
    assert run.code["my_rules.py"] == "LEVEL = 1\n"
    assert run.params == {"fast": 2}
    assert run.metrics == {"sharpe_ratio": 20.0}


@pytest.mark.row("B8")
def test_b08_values_that_a_function_has_closed_over_are_in_the_key(bars: pd.DataFrame) -> None:
    def make(fee: float) -> Any:
        @cached_backtest("closed")
        def run(data: Any) -> dict[str, float]:
            return {"fee": fee}

        return run

    assert [make(fee)(bars)["fee"] for fee in (0.1, 0.2, 0.1)] == [0.1, 0.2, 0.1]


@pytest.mark.row("B8")
def test_b08_what_is_only_written_to_is_not_in_the_key(bars: pd.DataFrame) -> None:
    calls: list[int] = []
    counts = {"n": 0}
    number = 0

    @cached_backtest("counting")
    def run(data: Any) -> dict[str, float]:
        nonlocal number
        number += 1
        counts["n"] += 1
        calls.append(1)
        return {"x": 1.0}

    @cached_backtest("reading")
    def reads(data: Any) -> dict[str, float]:
        calls.append(1)
        return {"x": float(len(calls))}

    for _ in range(3):
        run(bars)
    assert (len(calls), counts["n"], number) == (1, 1, 1)
    assert reads(bars) == {"x": 2.0}
    assert reads(bars) == {"x": 3.0}


@pytest.mark.row("B10")
def test_b10_every_argument_is_in_the_key(bars: pd.DataFrame) -> None:
    ran = []

    @cached_backtest("fees")
    def run(
        data: Any, params: dict[str, int], fee: float = 0.001, *more: int, side: str = "long", **rest: Any
    ) -> Any:
        ran.append(1)
        return {"fee": fee, "more": len(more), "side": side, "rest": sorted(rest)}

    assert run(bars, {"fast": 1})["fee"] == 0.001
    assert run(data=bars, params={"fast": 1}, fee=0.001)["fee"] == 0.001
    assert len(ran) == 1
    assert run(bars, {"fast": 1}, fee=0.5)["fee"] == 0.5
    assert run(bars, {"fast": 1}, 0.5, 7)["more"] == 1
    assert run(bars, {"fast": 1}, side="short")["side"] == "short"
    assert run(bars, {"fast": 1}, x=1)["rest"] == ["x"]
    assert run(bars, {"fast": 1.0})["fee"] == 0.001
    assert len(ran) == 6
    with pytest.raises(TypeError, match="missing"):
        run(bars)


@pytest.mark.row("B10")
def test_b10_arguments_may_be_ignored_by_name(bars: pd.DataFrame) -> None:
    ran = []

    @cached_backtest("quiet", ignore=["verbose", "log"])
    def run(data: Any, verbose: bool = False, log: Any = None) -> dict[str, float]:
        ran.append(1)
        return {"x": 1.0}

    run(bars)
    run(bars, verbose=True, log=object())
    assert len(ran) == 1
    with pytest.raises(TypeError, match="verbos"):
        cached_backtest("typo", ignore=["verbos"])(lambda data, verbose: None)


@pytest.mark.row("B11")
def test_b11_a_function_that_changes_its_data_hits_and_is_told(bars: pd.DataFrame) -> None:
    ran = []

    @cached_backtest("mutating")
    def run(data: pd.DataFrame, params: dict[str, int]) -> dict[str, float]:
        ran.append(1)
        data["sma"] = data["close"].rolling(params["n"]).mean()
        return {"last": float(data["sma"].iloc[-1])}

    with pytest.warns(InputMutated, match="data"):
        first = run(bars.copy(), {"n": 5})
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert run(bars.copy(), {"n": 5}) == first
    assert len(ran) == 1

    @cached_backtest("popping")
    def pops(data: pd.DataFrame, params: dict[str, int]) -> dict[str, float]:
        return {"n": float(params.pop("n"))}

    with pytest.warns(InputMutated, match="params"):
        pops(bars, {"n": 5})


FRAME = pd.DataFrame({"pnl": [1.0, 2.0]})
CURVE = pd.Series([1.0, 2.0, 3.0], name="equity")
SHAPES: dict[str, Any] = {
    "dict": {"sharpe_ratio": 1.0, "nested": {"a": 1}},
    "pair": ({"sharpe_ratio": 1.0}, FRAME),
    "triple": ({"sharpe_ratio": 1.0}, FRAME, CURVE),
    "quadruple": ({"sharpe_ratio": 1.0}, FRAME, CURVE, {"note": [1, (2, 3)], "deep": [FRAME]}),
    "single": ({"sharpe_ratio": 1.0},),
    "list": [1.0, 2.0, {"a": FRAME}],
    "named": Report({"sharpe_ratio": 1.0}, FRAME, "note"),
    "dataclass": Outcome({"sharpe_ratio": 1.0}, FRAME),
    "number": 1.5,
    "numpy": np.float64(1.5),
    "none": None,
    "frame": FRAME,
    "array": np.arange(6, dtype=np.int16).reshape(2, 3),
    "stamp": {
        "at": pd.Timestamp("2020-01-01 10:00:00.123456789", tz="Asia/Tokyo"),
        "span": pd.Timedelta("1h"),
        "na": pd.NaT,
    },
}


def same(one: Any, two: Any) -> bool:
    assert type(one) is type(two), (one, two)
    if isinstance(one, pd.DataFrame):
        pd.testing.assert_frame_equal(one, two)
    elif isinstance(one, pd.Series):
        pd.testing.assert_series_equal(one, two)
    elif isinstance(one, np.ndarray):
        np.testing.assert_array_equal(one, two, strict=True)
    elif isinstance(one, dict):
        assert list(one) == list(two)
        assert all(same(one[name], two[name]) for name in one)
    elif isinstance(one, list | tuple):
        assert len(one) == len(two)
        assert all(map(same, one, two))
    elif isinstance(one, Outcome):
        assert same(vars(one), vars(two))
    else:
        assert one is two or one == two
    return True


@pytest.mark.row("B12")
@pytest.mark.parametrize("shape", SHAPES)
def test_b12_a_hit_has_the_shape_of_the_miss(bars: pd.DataFrame, shape: str) -> None:
    ran = []

    @cached_backtest("shapes")
    def run(data: Any, kind: str) -> Any:
        ran.append(1)
        return SHAPES[kind]

    miss, hit = run(bars, shape), run(bars, shape)
    assert same(miss, SHAPES[shape])
    assert same(hit, miss)
    assert len(ran) == 1


@pytest.mark.row("B12")
@pytest.mark.parametrize("shape", ["pair", "triple", "quadruple", "named", "dataclass"])
def test_b12_without_trades_their_place_is_empty_both_times(bars: pd.DataFrame, shape: str) -> None:
    @cached_backtest("lean", save_trades=False)
    def run(data: Any, kind: str) -> Any:
        return SHAPES[kind]

    miss, hit = run(bars, shape), run(bars, shape)
    for found in (miss, hit):
        assert (found.trades if shape in ("named", "dataclass") else found[1]) is None
    assert same(hit, miss)
    assert same(run.uncached(bars, shape), SHAPES[shape])
    assert SHAPES["dataclass"].trades is FRAME


@pytest.mark.row("B12")
def test_b12_keeping_trades_and_not_keeping_them_are_different_keys(bars: pd.DataFrame) -> None:
    def run(data: Any) -> Any:
        return {"x": 1.0}, FRAME

    assert cached_backtest("t", save_trades=False)(run)(bars)[1] is None
    assert cached_backtest("t", save_trades=True)(run)(bars)[1] is not None


@pytest.mark.row("B13")
def test_b13_a_result_that_cannot_be_stored_is_returned(bars: pd.DataFrame) -> None:
    ran = []

    @cached_backtest("odd")
    def run(data: Any) -> Any:
        ran.append(1)
        return {"sharpe_ratio": 2.0, "model": object()}

    with pytest.warns(CacheWarning, match="computed again each time"):
        assert type(run(bars)["model"]) is object
    assert run(bars)["sharpe_ratio"] == 2.0
    assert len(ran) == 2
    assert "model" in run.explain(bars).details[0]


@pytest.mark.row("B13")
def test_b13_a_store_that_fails_loses_nothing(
    cache: BacktestCache, bars: pd.DataFrame, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    @cached_backtest("faulty")
    def run(data: Any, at: int) -> dict[str, float]:
        return {"at": at}

    def refuse(*args: Any, **kwargs: Any) -> Any:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(cache.store.files.disk, "write", refuse)  # type: ignore[attr-defined]
        with pytest.warns(CacheWarning):
            assert run(bars, 1) == {"at": 1}
    with configure(None):
        (tmp_path / "file").write_text("")
        monkeypatch.setenv("BACKTRAIL_STORE", str(tmp_path / "file" / "store"))
        with pytest.warns(CacheWarning, match="so it is run"):
            assert run(bars, 2) == {"at": 2}


class Desk:
    """A plain object with a cached method."""

    def __init__(self, fee: float) -> None:
        self.fee = fee
        self.ran: list[int] = []

    @cached_backtest("desk")
    def run(self, data: Any, fast: int = 1) -> dict[str, float]:
        return {"fee": self.fee, "fast": fast}

    @classmethod
    @cached_backtest("desk-class")
    def of_class(cls, data: Any) -> dict[str, str]:
        return {"name": cls.__name__}

    @staticmethod
    @cached_backtest("desk-static")
    def apart(data: Any) -> dict[str, float]:
        return {"rows": len(data)}


@pytest.mark.row("B14")
def test_b14_methods_count_by_their_object(bars: pd.DataFrame, cache: BacktestCache) -> None:
    assert Desk(0.1).run(bars) == {"fee": 0.1, "fast": 1}
    assert Desk(0.2).run(bars, fast=2) == {"fee": 0.2, "fast": 2}
    assert Desk(0.1).run(data=bars) == {"fee": 0.1, "fast": 1}
    assert len(cache.index) == 2
    assert Desk.of_class(bars) == Desk(1.0).of_class(bars) == {"name": "Desk"}
    assert Desk.apart(bars) == Desk(1.0).apart(bars) == {"rows": 300}
    assert len(cache.index) == 4
    assert Desk.run.uncached(Desk(0.3), bars) == {"fee": 0.3, "fast": 1}


@pytest.mark.row("B14")
def test_b14_frames_in_dicts_and_keywords_are_data(bars: pd.DataFrame, cache: BacktestCache) -> None:
    ran = []

    @cached_backtest("universe")
    def run(*, universe: dict[str, pd.DataFrame], weights: Any = None) -> dict[str, float]:
        ran.append(1)
        return {"rows": float(sum(map(len, universe.values())))}

    pair = {"a": bars, "b": bars.iloc[:100]}
    assert run(universe=pair) == {"rows": 400.0}
    assert run(universe=dict(pair)) == {"rows": 400.0}
    assert len(ran) == 1
    assert run(universe={"a": bars, "c": bars.iloc[:100]}) == {"rows": 400.0}
    assert len(ran) == 2
    entries = cache.store.run("latest").manifest["data"]
    assert [one["name"] for one in entries] == ["universe.a", "universe.c"]


@pytest.mark.row("B14")
def test_b14_asynchronous_functions_are_awaited(bars: pd.DataFrame) -> None:
    ran = []

    @cached_backtest("async")
    async def run(data: Any, n: int) -> dict[str, float]:
        await asyncio.sleep(0)
        ran.append(1)
        return {"n": n}

    async def both() -> list[Any]:
        return [await run(bars, 1), await run(bars, 1)]

    assert asyncio.iscoroutinefunction(run)
    assert asyncio.run(both()) == [{"n": 1}, {"n": 1}]
    assert len(ran) == 1


@pytest.mark.row("B14")
def test_b14_generators_are_refused_clearly(bars: pd.DataFrame) -> None:
    def gives(data: Any) -> Any:
        yield 1

    async def gives_later(data: Any) -> Any:
        yield 1

    for function in (gives, gives_later):
        with pytest.raises(TypeError, match="return a list"):
            cached_backtest("g")(function)

    @cached_backtest("hidden")
    def hidden(data: Any) -> Any:
        return (one for one in range(3))

    with pytest.raises(TypeError, match="found a generator"):
        hidden(bars)
    for wrong in (classmethod(gives), int, 5):
        with pytest.raises(TypeError, match="expected a function"):
            cached_backtest("g")(wrong)  # type: ignore[type-var]
    with pytest.raises(TypeError, match="its name"):
        cached_backtest(gives)  # type: ignore[arg-type]


@pytest.mark.row("B7")
def test_b07_what_cannot_be_keyed_runs_uncached_with_one_warning(
    bars: pd.DataFrame, cache: BacktestCache
) -> None:
    ran = []

    @cached_backtest("model")
    def run(data: Any, model: Any) -> dict[str, float]:
        ran.append(1)
        return {"x": 1.0}

    with pytest.warns(CacheWarning, match="runs uncached"):
        run(bars, object())
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert run(bars, object()) == run(bars, object()) == {"x": 1.0}
    assert len(ran) == 3
    assert len(cache.index) == 0


random.DRAWS = iter([1.0, 2.0])  # type: ignore[attr-defined]  # out of sight, in a library's module


@cached_backtest("random", wait_s=0.0)
def random_result(data: Any) -> dict[str, float]:
    """Give another result each time; the first call makes the second, which is stored before it."""
    draw = next(random.DRAWS)  # type: ignore[attr-defined]
    if draw == 1.0:
        random_result(data)
    return {"x": draw}


@pytest.mark.row("B22")
def test_b22_a_random_result_is_told(bars: pd.DataFrame) -> None:
    with pytest.warns(NonDeterministicResult, match=r"x: 2\.0 - 1\.0"):
        assert random_result(bars) == {"x": 1.0}
    assert random_result(bars) == {"x": 2.0}


@pytest.mark.row("B33")
def test_b33_a_failure_is_recorded_and_raised(cache: BacktestCache, bars: pd.DataFrame) -> None:
    @cached_backtest("failing")
    def run(data: Any) -> Any:
        raise ZeroDivisionError("no trades")

    with pytest.raises(ZeroDivisionError):
        run(bars)
    [failed] = cache.store.runs(status="failed")
    assert failed.strategy == "failing"
    assert failed.manifest["exit"]["type"] == "ZeroDivisionError"
    assert "no trades" in (failed.traceback or "")
    assert len(cache.index) == 0
    with pytest.raises(ZeroDivisionError):
        run(bars)


def _slow_run(folder: str, index: str, mark: str) -> None:
    cache = BacktestCache(Store.open(folder, index_folder=index))
    cached_backtest("slow", cache=cache)(_slow)(np.arange(10.0), mark)


def _slow(data: Any, mark: str) -> dict[str, float]:
    with open(mark, "a") as opened:
        opened.write("x")
    time.sleep(0.3)
    return {"x": 1.0}


@pytest.mark.row("B34")
def test_b34_processes_that_need_the_same_result_compute_it_once(tmp_path: Path) -> None:
    context = multiprocessing.get_context("fork")
    folder, index, mark = (str(tmp_path / name) for name in ("shared", "shared-index", "mark"))
    Store.open(folder, index_folder=index)
    workers = [context.Process(target=_slow_run, args=(folder, index, mark)) for _ in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
        assert worker.exitcode == 0
    assert Path(mark).read_text() == "x"


@pytest.mark.row("B35")
def test_b35_a_call_explains_itself(bars: pd.DataFrame) -> None:
    @cached_backtest("why")
    def run(data: Any, params: dict[str, int], fee: float = 0.0) -> dict[str, float]:
        return {"x": 1.0}

    run(bars, {"fast": 1})
    assert run.explain(bars, {"fast": 1}).hit
    found = run.explain(bars, {"fast": 2}, fee=1.0)
    assert found.differs == ("params",)
    assert found.details == (
        "parameter fast: 1 - 2",
        "parameter fee: 0.0 - 1.0",
    )
    assert run.explain(bars[:-1], {"fast": 1}).differs == ("data",)
    assert run.explain(bars, {"fast": object()}).run_id is None


def test_the_name_may_be_given_by_keyword(bars: pd.DataFrame, cache: BacktestCache) -> None:
    for more in (
        {"strategy_name": "by-keyword"},
        {"name": "by-keyword"},
        {"strategy_name": "x", "name": "x"},
    ):
        cached_backtest(**more)(lambda data: {"x": 1.0})(bars)
    assert set(cache.get_cache_stats()["strategies"]) == {"by-keyword", "x"}
    for wrong in ({}, {"strategy_name": "a", "name": "b"}, {"strategy_name": 5}):
        with pytest.raises(TypeError, match="its name"):
            cached_backtest(**wrong)  # type: ignore[arg-type]


def test_the_wrapper_looks_like_the_function() -> None:
    @cached_backtest("plain")
    def run(data: Any, n: int = 1) -> dict[str, float]:
        """Say what it does."""
        return {}

    assert run.__name__ == "run"
    assert run.__doc__ == "Say what it does."
    assert run.uncached is run.__wrapped__
