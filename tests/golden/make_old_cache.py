"""Write a folder as the older cache wrote it: ``python tests/golden/make_old_cache.py FOLDER``.

The folders in ``old_caches`` beside this file were made with the version of pandas in their names (1.5.3 with numpy
1.26.4, 2.2.3 with numpy 2.1.3): pickles name modules as that version has them. They are never made again.
"""

from __future__ import annotations

import pickle
import sys
import types
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

MODULE = "afml_of_tests.cache.backtest_cache"


def classes() -> dict[str, type]:
    """Make the two classes of the older cache importable, as its pickles name them."""
    for name in ("afml_of_tests", "afml_of_tests.cache", MODULE):
        sys.modules[name] = types.ModuleType(name)
    made = {name: type(name, (), {"__module__": MODULE}) for name in ("BacktestMetadata", "BacktestResult")}
    for name, kind in made.items():
        setattr(sys.modules[MODULE], name, kind)
    return made


def made_of(kind: type, **attributes: Any) -> Any:
    """Make an object with attributes."""
    made = kind()
    vars(made).update(attributes)
    return made


def make(folder: Path) -> None:
    """Write two results and a fold."""
    kinds = classes()
    (folder / "runs").mkdir(parents=True)
    (folder / "splits").mkdir()
    index = pd.date_range("2020-01-01", periods=3, tz="Europe/Paris")
    metadata = made_of(
        kinds["BacktestMetadata"], strategy_name="sma", parameters={"fast": 5, "kind": "x"}, data_hash="d" * 32,
        start_date=pd.Timestamp("2020-01-01", tz="UTC"), end_date=pd.Timestamp("2020-12-31", tz="UTC"), timestamp=1.6e9,
        run_id="0" * 32, splits=None, performance_summary={"sharpe_ratio": 1.5},
    )  # fmt: skip
    trades = pd.DataFrame(
        {
            "pnl": [1.5, np.nan],
            "side": ["long", None],
            "at": pd.to_datetime(["2020-01-02", None]),
            "size": pd.array([1, None], dtype="Int64"),
            "kind": pd.Categorical(["a", "b"]),
            "held": pd.to_timedelta([1, 2], unit="h"),
            "open": [True, False],
            "zone": pd.to_datetime(["2020-01-02", "2020-01-03"]).tz_localize("UTC"),
        }
    )
    result = made_of(
        kinds["BacktestResult"], metadata=metadata, trades=trades,
        metrics={"sharpe_ratio": np.float64(1.5), "trades": np.int64(3)},
        equity_curve=pd.Series([1.0, 2.0, 1.5], index=index, name="equity"),
        positions=pd.DataFrame({"x": [1, 2, 3]}, index=pd.date_range("2020", periods=3, freq="D")).T.T,
        diagnostics={"n": np.arange(3), "t": pd.Timestamp("2020")},
    )  # fmt: skip
    (folder / "runs" / "old.pkl").write_bytes(pickle.dumps(result))
    result.diagnostics = {
        "mi": pd.DataFrame({"a": [1, 2]}, index=pd.MultiIndex.from_tuples([(1, "a"), (2, "b")])),
        "fl": pd.Series([1, 2], index=[1.5, 2.5]),
        "ii": pd.Series([1, 2], index=[7, 9]),
        "per": pd.Series([1, 2], index=pd.period_range("2020", periods=2, freq="M")),
    }
    (folder / "runs" / "more.pkl").write_bytes(pickle.dumps(result))
    fold = {"split_id": "s", "fold": 1, "total_folds": 3, "train_hash": "a", "test_hash": "b"}
    fold |= {"train_range": (index[0], index[1]), "test_range": (index[1], index[2])}
    (folder / "splits" / "s_fold_1.pkl").write_bytes(pickle.dumps(fold))


if __name__ == "__main__":
    make(Path(sys.argv[1]))
