"""The key is right: whatever decides a result changes it, whatever does not leaves it alone."""

from __future__ import annotations

import datetime as dt
import importlib
import os
import shutil
import textwrap
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from tests.unit.record.conftest import Cross, Project, cerebro_of, frame, key_of

import backtrail as bt
from backtrail.engine.run import Run
from backtrail.runs.describe import describe
from backtrail.runs.record import Recording, RecordWarning
from backtrail.runs.store import Store


def pandas_feed(changed: Callable[[pd.DataFrame], pd.DataFrame] = lambda f: f, **kwargs: Any) -> Any:
    return bt.feeds.PandasData(dataname=changed(frame()), **kwargs)


def edited(row: int, column: str, value: float) -> Callable[[pd.DataFrame], pd.DataFrame]:
    def change(one: pd.DataFrame) -> pd.DataFrame:
        one.iloc[row, one.columns.get_loc(column)] = value
        return one

    return change


# -- bars ------------------------------------------------------------------------------------------------------------


def test_the_same_run_has_the_same_key(store: Store) -> None:
    cerebro = cerebro_of(store)
    cerebro.run()
    assert store.run(cerebro.run_id).key == key_of(store) == key_of(store)


@pytest.mark.row("B1")
def test_one_changed_value_makes_another_key(store: Store) -> None:
    columns = ("open", "high", "low", "close", "volume", "openinterest")
    changes = [(row, column) for row in (0, 31, 59) for column in columns]
    keys = {key_of(store, data=pandas_feed(edited(row, column, 123.25))) for row, column in changes}
    assert len(keys | {key_of(store)}) == len(changes) + 1


def moved(one: pd.DataFrame) -> pd.DataFrame:
    index = one.index.to_list()
    index[30] += pd.Timedelta(hours=1)
    one.index = pd.DatetimeIndex(index)
    return one


@pytest.mark.row("B1")
def test_a_changed_time_makes_another_key(store: Store) -> None:
    assert key_of(store, data=pandas_feed(moved)) != key_of(store)


def test_a_missing_bar_makes_another_key(store: Store) -> None:
    assert key_of(store, data=pandas_feed(lambda f: f.drop(f.index[40]))) != key_of(store)


@pytest.mark.row("B2")
def test_a_time_zone_makes_another_key(store: Store) -> None:
    assert key_of(store, data=pandas_feed(lambda f: f.tz_localize("America/New_York"))) != key_of(store)
    assert key_of(store, data=pandas_feed(tz="America/New_York")) != key_of(store)


@pytest.mark.row("B2")
def test_values_of_another_precision_make_another_key(store: Store) -> None:
    assert key_of(store, data=pandas_feed(lambda f: (f * 1.001).astype("float32"))) != key_of(
        store, data=pandas_feed(lambda f: f * 1.001)
    )


def test_a_further_line_makes_another_key(store: Store) -> None:
    class WithSignal(bt.feeds.PandasData):
        lines = ("signal",)
        params = (("signal", -1),)

    plain = WithSignal(dataname=frame().assign(signal=1.0))
    other = WithSignal(dataname=frame().assign(signal=2.0))
    assert key_of(store, data=plain) != key_of(store, data=other)


@pytest.mark.parametrize(
    "changed",
    [{"name": "other"}, {"timeframe": bt.TimeFrame.Weeks}, {"compression": 2}, {"sessionend": dt.time(17)},
     {"fromdate": dt.datetime(2020, 1, 10)}],
    ids=str,
)  # fmt: skip
def test_what_a_feed_is_told_makes_another_key(store: Store, changed: dict[str, Any]) -> None:
    assert key_of(store, data=pandas_feed(**changed)) != key_of(store)


def test_the_order_of_feeds_makes_another_key(store: Store) -> None:
    def both(first: int, second: int) -> str:
        def add(cerebro: bt.Cerebro) -> None:
            cerebro.adddata(bt.feeds.PandasData(dataname=frame(seed=second)))

        return key_of(store, data=bt.feeds.PandasData(dataname=frame(seed=first)), setup=add)

    assert both(1, 2) != both(2, 1)


def test_text_frames_and_arrow_tables_of_the_same_bars_have_one_key(store: Store, tmp_path: Path) -> None:
    minutes = bt.TimeFrame.Minutes  # days from a text file are stamped with the end of the session
    table = frame().reset_index().rename(columns={"index": "datetime"})
    text = table.assign(datetime=table["datetime"].dt.strftime("%Y-%m-%d %H:%M:%S"))
    text.to_csv(tmp_path / "bars.csv", index=False)
    from_text = key_of(
        store, data=bt.feeds.GenericCSVData(dataname=str(tmp_path / "bars.csv"), timeframe=minutes)
    )
    from_frame = key_of(store, data=pandas_feed(timeframe=minutes))
    arrow = pa.Table.from_pandas(table, preserve_index=False)
    again = arrow.to_pandas().set_index("datetime")
    assert (
        from_text == from_frame == key_of(store, data=bt.feeds.PandasData(dataname=again, timeframe=minutes))
    )


def test_a_file_that_was_rewritten_is_read_again(store: Store, tmp_path: Path) -> None:
    path = tmp_path / "bars.csv"

    def written(factor: float) -> None:
        table = (frame() * factor).reset_index().rename(columns={"index": "datetime"})
        table["datetime"] = table["datetime"].dt.strftime("%Y-%m-%d %H:%M:%S")
        table.to_csv(path, index=False)

    written(1.0)
    cerebro = cerebro_of(store, data=bt.feeds.GenericCSVData(dataname=str(path)), cache="use")
    cerebro.run()
    before = cerebro.run_id
    written(2.0)
    cerebro.run()
    assert cerebro.run_id != before
    assert store.run(cerebro.run_id).key != store.run(before).key


# -- parameters ------------------------------------------------------------------------------------------------------


@pytest.mark.row("B7")
def test_a_parameter_of_another_value_or_type_makes_another_key(store: Store) -> None:
    keys = [key_of(store, args={"fast": fast}) for fast in (3, 4, np.int64(3))]
    assert keys[0] == keys[2] != keys[1]

    class Loose(bt.Strategy):
        params = (("x", 1),)

    kinds = [key_of(store, Loose, args={"x": x}) for x in (1, 1.0, True, "1", None, [1], {1: 1}, {"1": 1})]
    assert len(set(kinds)) == len(kinds)


@pytest.mark.row("B10")
def test_a_default_given_by_hand_is_the_default(store: Store) -> None:
    assert key_of(store, args={"fast": 3, "slow": 8}) == key_of(store)


@pytest.mark.row("B5", "B6")
def test_arrays_and_sets_count_by_content(store: Store) -> None:
    class Loose(bt.Strategy):
        params = (("x", None),)

    values = np.arange(5000.0)
    other = values.copy()
    other[2500] += 1
    assert key_of(store, Loose, args={"x": values}) == key_of(store, Loose, args={"x": values.copy()})
    assert key_of(store, Loose, args={"x": values}) != key_of(store, Loose, args={"x": other})
    assert key_of(store, Loose, args={"x": {"b", "a"}}) == key_of(store, Loose, args={"x": {"a", "b"}})


# -- settings --------------------------------------------------------------------------------------------------------


class Fees(bt.CommInfoBase):
    params = (("extra", 0.0),)

    def _getcommission(self, size, price, pseudoexec):
        return self.p.extra


SETTINGS: dict[str, Callable[[bt.Cerebro], Any]] = {
    "cash": lambda c: c.broker.setcash(5000.0),
    "commission": lambda c: c.broker.setcommission(commission=0.001),
    "commission per data": lambda c: c.broker.setcommission(commission=0.001, name="x"),
    "leverage": lambda c: c.broker.setcommission(leverage=2.0),
    "own scheme": lambda c: c.broker.addcommissioninfo(Fees(extra=1.0)),
    "own scheme, other fee": lambda c: c.broker.addcommissioninfo(Fees(extra=2.0)),
    "slippage": lambda c: c.broker.set_slippage_perc(0.01),
    "slippage without the open": lambda c: c.broker.set_slippage_perc(0.01, slip_open=False),
    "filler": lambda c: c.broker.set_filler(bt.fillers.FixedSize(size=1)),
    "filler, other size": lambda c: c.broker.set_filler(bt.fillers.FixedSize(size=2)),
    "cheat on close": lambda c: c.broker.set_coc(True),
    "no check": lambda c: c.broker.set_checksubmit(False),
    "fund": lambda c: c.broker.set_fundmode(True, 100.0),
    "broker switch": lambda c: c.setbroker(bt.brokers.BackBroker(stale_fills=False)),
    "sizer": lambda c: c.addsizer(bt.sizers.FixedSize, stake=2),
    "sizer, other stake": lambda c: c.addsizer(bt.sizers.FixedSize, stake=3),
    "sizer of one strategy": lambda c: c.addsizer_byidx(0, bt.sizers.FixedSize, stake=2),
    "analyzer": lambda c: c.addanalyzer(bt.analyzers.SharpeRatio),
    "analyzer, other rate": lambda c: c.addanalyzer(bt.analyzers.SharpeRatio, riskfreerate=0.02),
    "analyzer, other name": lambda c: c.addanalyzer(bt.analyzers.SharpeRatio, _name="other"),
    "observer": lambda c: c.addobserver(bt.observers.DrawDown),
    "indicator": lambda c: c.addindicator(bt.ind.SMA, period=5),
    "timer": lambda c: c.add_timer(dt.time(12)),
    "timer, other time": lambda c: c.add_timer(dt.time(13)),
    "another strategy": lambda c: c.addstrategy(Cross, fast=4),
    "cheat on open": lambda c: setattr(c.p, "cheat_on_open", True),
    "time zone": lambda c: c.addtz("Europe/Berlin"),
    "bar by bar": lambda c: setattr(c.p, "preload", False),
    "strict": lambda c: setattr(c.p, "realism", "strict"),
    "future": lambda c: setattr(c.p, "future_reads", "allow"),
    "seed": lambda c: setattr(c.p, "seed", 7),
    "order history": lambda c: c.add_order_history([["2020-01-05", 1, 100.0]], notify=True),
    "signal": lambda c: c.add_signal(bt.SIGNAL_LONG, bt.ind.SMA, period=5),
}


@pytest.mark.row("B9")
def test_every_setting_makes_another_key(store: Store) -> None:
    keys = {"none": key_of(store)}
    keys.update({name: key_of(store, setup=setup) for name, setup in SETTINGS.items()})
    alike = [(a, b) for a in keys for b in keys if a < b and keys[a] == keys[b]]
    assert alike == []


def test_settings_that_change_no_result_change_no_key(store: Store) -> None:
    assert key_of(store) == key_of(store, maxcpus=1, optdatas=False)


def test_a_second_run_of_one_cerebro_has_the_key_of_the_first(store: Store) -> None:
    for options in ({}, {"realism": "strict"}, {"cheat_on_open": True}):
        cerebro = cerebro_of(store, **options)
        cerebro.run()
        first = store.run(cerebro.run_id).key
        cerebro.run()
        assert store.run(cerebro.run_id).key == first


@pytest.mark.row("B8")
def test_values_that_a_class_has_closed_over_make_another_key(store: Store) -> None:
    def made(step: int) -> type:
        class Closing(bt.Strategy):
            def next(self):
                if len(self) % step == 0:
                    self.buy()

        return Closing

    assert key_of(store, made(5)) != key_of(store, made(6))
    assert key_of(store, made(5)) == key_of(store, made(5))


def test_an_attribute_of_a_class_makes_another_key(store: Store) -> None:
    class Stepping(bt.Strategy):
        step = 5

    before = key_of(store, Stepping)
    Stepping.step = 6
    assert key_of(store, Stepping) != before


@pytest.mark.row("B7")
def test_what_cannot_be_keyed_runs_uncached_and_says_so(store: Store) -> None:
    class Loose(bt.Strategy):
        params = (("x", None),)

    cerebro = cerebro_of(store, Loose, args={"x": object()}, cache="use")
    with pytest.warns(RecordWarning, match=r"The run has no key.*params\[0\]\.params\.x.*object"):
        cerebro.run()
    with warnings.catch_warnings():
        warnings.simplefilter("error", RecordWarning)
        cerebro.run()  # said once
    run = store.run(cerebro.run_id)
    assert run.key is None
    assert "params[0].params.x" in run.manifest["uncacheable"]


# -- code ------------------------------------------------------------------------------------------------------------


@pytest.mark.row("B8")
def test_code_that_means_the_same_has_the_same_key_and_other_code_another(project: Project) -> None:
    first = project.run()
    project.replace("strategy.py", "class Cross", "# a comment\nclass Cross")
    project.replace("strategy.py", "Buy when the fast average", "Buys as soon as the fast average")
    project.replace("strategy.py", '("fast", 3), (', '("fast", 3),\n        (')
    project.write("unrelated.py", "X = 1\n")
    elsewhere = project.folder.parent / "another" / "place"
    shutil.copytree(project.folder, elsewhere)
    project.folder = elsewhere
    assert project.run() == first
    project.write("helper.py", "SIZE = 3\n")
    other = project.run()
    assert other["key"] != first["key"]
    assert other["value"] != first["value"]


WITHIN = """
    def size():
        from config.sizes import SIZE

        return SIZE
"""
ASKED = "import os\n\nSIZE = int(os.environ.get('SIZE_OF_TESTS', 2))\n"


@pytest.mark.row("B8")
@pytest.mark.parametrize("lead", ["", "import config.sizes\n"], ids=["first loaded by the run", "loaded before"])
def test_what_a_module_made_of_its_environment_is_never_stale(
    project: Project, lead: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    project.write("helper.py", lead + textwrap.dedent(WITHIN))
    project.write("config/sizes.py", ASKED)
    project.replace("strategy.py", "from helper import SIZE", "from helper import size")
    project.replace("strategy.py", "size=SIZE", "size=size()")
    first = project.run()
    monkeypatch.setenv("SIZE_OF_TESTS", "3")
    other = project.run()
    assert other["run"] != first["run"]
    assert other["value"] != first["value"]
    assert (other["key"] != first["key"]) == bool(lead)
    assert Store.open(project.store).run(first["run"]).manifest["purity"] == (["pure"] if lead else ["environment"])


@pytest.mark.row("B9")
def test_another_engine_makes_another_key(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    from backtrail.runs import record

    before = key_of(store)
    monkeypatch.setattr(record, "engine_build", lambda: "b3:" + "0" * 64)
    assert key_of(store) != before


@pytest.mark.row("B9")
def test_another_library_version_makes_another_key(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    from backtrail.runs import environment

    before = key_of(store)
    known = environment.distributions()
    monkeypatch.setattr(environment, "distributions", lambda: {**known, "numpy": "0.0.1", "pandas": "0.0.1"})
    assert key_of(store) != before


def test_live_feeds_have_no_key(store: Store) -> None:
    class Live(bt.feeds.PandasData):
        def islive(self):
            return True

    cerebro = cerebro_of(store, data=Live(dataname=frame()))
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        cerebro.run()
    assert store.run(cerebro.run_id).key is None
    assert any("it is live" in str(one.message) for one in seen)


def test_the_warning_names_what_leaves_a_run_without_a_key(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An import that no file answers is a remark; code without a source is why there is no key."""
    text = "import backtrail as bt\n\n\ndef later():\n    import nothing_of_this_name\n\n\n"
    (tmp_path / "module_with_a_remark.py").write_text(text + "class Remarked(bt.Strategy):\n    pass\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    names: dict[str, Any] = {"__name__": "nowhere", "bt": bt}
    exec("class Unknown(bt.Strategy):\n    pass\n", names)
    remarked = importlib.import_module("module_with_a_remark").Remarked
    cerebro = cerebro_of(store, remarked, setup=lambda one: one.addstrategy(names["Unknown"]))
    with pytest.warns(RecordWarning, match="not all of the code that runs is known: (?!Could not find)") as caught:
        cerebro.run()
    manifest = store.run(cerebro.run_id).manifest
    assert {"unresolved", "no-source"} <= {one["kind"] for one in manifest["code"]["problems"]}
    said = next(one["message"] for one in manifest["code"]["problems"] if one["kind"] == "no-source")
    assert any(said in str(one.message) for one in caught)
    assert said in manifest["uncacheable"]


# -- methods put in place by assignment -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cls", "name", "made"),
    [
        (bt.CommInfoBase, "getcommission", lambda self, size, price: 5.0),
        (bt.Strategy, "getsizing", lambda self, data=None, isbuy=True: 3),
        (bt.Strategy, "notify_order", lambda self, order: None),
        (bt.sizers.FixedSize, "_getsizing", lambda self, *args: 4),
        (bt.brokers.BackBroker, "getcash", lambda self: 1.0),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)
def test_a_method_put_on_a_class_of_the_library_makes_another_key(
    store: Store, monkeypatch: pytest.MonkeyPatch, cls: type, name: str, made: Callable[..., Any]
) -> None:
    before = key_of(store)
    with monkeypatch.context() as patch:
        patch.setattr(cls, name, made)
        assert key_of(store) != before
    assert key_of(store) == before


def test_a_method_given_to_the_broker_is_part_of_the_key(store: Store) -> None:
    def set_up(fee: float) -> Callable[[bt.Cerebro], None]:
        def set_it(cerebro: bt.Cerebro) -> None:
            cerebro.broker.getcash = lambda: fee  # type: ignore[method-assign]

        return set_it

    plain = key_of(store)
    keys = {plain, key_of(store, setup=set_up(1.0)), key_of(store, setup=set_up(2.0))}
    assert len(keys) == 3
    assert key_of(store) == plain
    assert key_of(store, setup=set_up(2.0)) in keys


class Own(bt.Cerebro):
    params = (("lots", 3), ("stdstats", False))


class Other(bt.Cerebro):
    params = (("lots", 3), ("stdstats", False))

    def notify_timer(self, timer, when, *args, **kwargs):
        self.told = when


def test_a_cerebro_of_the_users_own_is_part_of_the_key(store: Store) -> None:
    def key(kind: type[bt.Cerebro], **kwargs: Any) -> str:
        cerebro = kind(store=store, **kwargs)
        cerebro.adddata(bt.feeds.PandasData(dataname=frame()))
        cerebro.addstrategy(Cross)
        builds = [next(iter(one)) for one in cerebro.strats]
        made = Recording(cerebro, Run(cerebro.spec(builds), cerebro), store, None).key
        assert made is not None
        return made.digest

    keys = [key(bt.Cerebro, stdstats=False), key(Own), key(Own, lots=4), key(Other)]
    assert len(set(keys)) == 4
    assert key(Own) == key(Own, lots=3)


# -- what a script gives to objects of a run -------------------------------------------------------------------------


class Told(bt.feeds.PandasData):
    """A feed with an argument of its own, and something that it counts while it loads."""

    def __init__(self, limit: Any = 0) -> None:
        self.limit = limit

    def start(self) -> None:
        super().start()
        self.opened = open(os.devnull)  # noqa: SIM115  # until stop

    def stop(self) -> None:
        self.opened.close()
        super().stop()


GIVEN: dict[str, Callable[[bt.Cerebro, Any], None]] = {
    "feed": lambda cerebro, value: setattr(cerebro.datas[0], "limit", value),
    "feed, private": lambda cerebro, value: setattr(cerebro.datas[0], "_limit", value),
    "feed, a function": lambda cerebro, value: setattr(cerebro.datas[0], "limit", lambda: value),
    "feed, among its parameters": lambda cerebro, value: setattr(cerebro.datas[0].p, "limit", value),
    "feed, another feed": lambda cerebro, value: setattr(cerebro.datas[0], "other", cerebro.datas[int(value > 1)]),
    "Cerebro": lambda cerebro, value: setattr(cerebro, "limits", {"low": value}),
    "broker": lambda cerebro, value: setattr(cerebro.broker, "limits", [value]),
}  # fmt: skip


@pytest.mark.row("B8")
@pytest.mark.parametrize("kind", GIVEN)
def test_an_attribute_that_a_script_gave_makes_another_key(store: Store, kind: str) -> None:
    def key(value: Any) -> str:
        def setup(cerebro: bt.Cerebro) -> None:
            cerebro.adddata(bt.feeds.PandasData(dataname=frame()))
            GIVEN[kind](cerebro, value)

        return key_of(store, setup=setup)

    assert key(1) == key(1) != key(2)


@pytest.mark.row("B8")
def test_what_a_feed_was_made_with_makes_another_key(store: Store) -> None:
    def key(limit: Any) -> str:
        return key_of(store, data=Told(dataname=frame(), limit=limit))

    assert key(1) == key(1) != key(2)


def test_what_a_run_leaves_on_feeds_cerebro_and_broker_was_not_given(tmp_path: Path) -> None:
    frame().to_csv(tmp_path / "bars.csv", index_label="date")
    cerebro = bt.Cerebro(store=False)
    first = cerebro.adddata(bt.feeds.PandasData(dataname=frame()))
    cerebro.adddata(bt.feeds.GenericCSVData(dataname=str(tmp_path / "bars.csv"), dtformat="%Y-%m-%d"))
    cerebro.resampledata(first, timeframe=bt.TimeFrame.Weeks)
    cerebro.replaydata(bt.feeds.PandasData(dataname=frame()), timeframe=bt.TimeFrame.Weeks)
    cerebro.chaindata(*(bt.feeds.PandasData(dataname=frame(), name=name) for name in "ab"), name="chained")
    cerebro.rolloverdata(*(bt.feeds.PandasData(dataname=frame(), name=name) for name in "cd"), name="rolled")
    cerebro.adddata(Told(dataname=frame()))
    cerebro.addstrategy(Cross)
    for _ in range(2):
        spec = cerebro.spec([next(iter(builds)) for builds in cerebro.strats])
        assert list(describe(spec, cerebro).config.get("given", {})) == ["data6"]
        cerebro.run()


class LooksAtTheFrame(bt.Strategy):
    def next(self) -> None:
        self.hint = self.data.p.dataname.attrs.get("hint"), self.data._dataname["hint"].iloc[0]


@pytest.mark.row("B8")
def test_a_strategy_that_looks_at_the_frame_of_a_feed_depends_on_all_of_it(store: Store) -> None:
    def key(strategy: type, column: float, written: str) -> str:
        table = frame().assign(hint=column)
        table.attrs["hint"] = written
        return key_of(store, strategy, data=bt.feeds.PandasData(dataname=table))

    assert len({key(LooksAtTheFrame, *given) for given in ((1, "a"), (2, "a"), (1, "b"), (1, "a"))}) == 3
    assert len({key(Cross, *given) for given in ((1, "a"), (2, "a"), (1, "b"))}) == 1


@pytest.mark.row("B8")
@pytest.mark.parametrize("module", [bt, np], ids=["backtrail", "numpy"])
def test_a_value_put_on_a_library_makes_another_key(
    store: Store, module: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Limited(bt.Strategy):
        def next(self) -> None:
            self.limit = module.limit_of_tests, bt.limit_of_tests, np.limit_of_tests

    for one in (bt, np):
        monkeypatch.setattr(one, "limit_of_tests", 1, raising=False)
    before = key_of(store, Limited)
    assert key_of(store, Limited) == before
    monkeypatch.setattr(module, "limit_of_tests", 2)
    assert key_of(store, Limited) != before
