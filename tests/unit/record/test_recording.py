"""What a record holds, what is served of it, and what happens when something fails."""

from __future__ import annotations

import contextlib
import json
import logging
import os
import random
import socket
import sqlite3
import subprocess
import sys
import threading
import time
import warnings
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from tests.unit.record.conftest import Cross, cerebro_of, frame

import backtrail as bt
from backtrail.engine.result import TABLES
from backtrail.engine.run import Run
from backtrail.errors import DataError, StoreWriteError
from backtrail.optimize.transport import dumps, loads
from backtrail.runs import record as recording
from backtrail.runs.checkout import missing_parts
from backtrail.runs.folds import Split, in_fold
from backtrail.runs.pack import PackRefused, pack, secrets_in
from backtrail.runs.record import RecordWarning
from backtrail.runs.store import Store
from backtrail.runs.watching import track


def analysed(cerebro: bt.Cerebro) -> None:
    cerebro.broker.setcommission(commission=0.001)
    cerebro.addanalyzer(bt.analyzers.TradeAnalyzer, _name="trades")
    cerebro.addanalyzer(bt.analyzers.SharpeRatio)
    cerebro.addanalyzer(bt.analyzers.TimeReturn, timeframe=bt.TimeFrame.Days)
    cerebro.addanalyzer(bt.analyzers.Transactions)
    cerebro.addanalyzer(bt.analyzers.PyFolio)
    cerebro.addanalyzer(bt.analyzers.DrawDown)


def twice(store: Store, **kwargs: Any) -> tuple[bt.Cerebro, Any, bt.Cerebro, Any]:
    first = cerebro_of(store, setup=analysed, cache="use", **kwargs)
    computed = first.run()[0]
    second = cerebro_of(store, setup=analysed, cache="use", **kwargs)
    served = second.run()[0]
    return first, computed, second, served


@pytest.mark.row("B28")
def test_a_run_within_a_fold_says_so(store: Store) -> None:
    split = Split("b3:" + "0" * 64, "walk", 1, 3, ("2020-01-01", "2020-06-30"), ("2020-07-01", "2020-09-30"))
    with in_fold(split):
        cerebro = cerebro_of(store)
        cerebro.run()
    assert store.run(cerebro.run_id).manifest["split"] == split.entry()


def test_a_hit_has_the_types_and_values_of_the_run(store: Store) -> None:
    first, computed, second, served = twice(store)
    assert second.run_id == first.run_id
    assert len(store.runs()) == 1
    assert type(served) is type(computed)
    assert served.p._getkwargs() == computed.p._getkwargs()
    assert served.bought == computed.bought
    assert len(served) == len(computed)
    assert second.broker.getvalue() == first.broker.getvalue()
    assert second.broker.getcash() == first.broker.getcash()
    positions = [one.broker.getposition(one.datas[0]) for one in (first, second)]
    for name in ("size", "price", "price_orig", "upopened", "upclosed", "adjbase", "datetime"):
        values = [getattr(position, name) for position in positions]
        assert values[0] == values[1], name
        assert type(values[0]) is type(values[1]), name
    assert positions[0].datetime is not None
    assert served.analyzers.getnames() == computed.analyzers.getnames()
    for one, other in zip(computed.analyzers, served.analyzers, strict=True):
        assert type(other) is type(one)
        assert other.get_analysis() == one.get_analysis()
        assert type(other.get_analysis()) is type(one.get_analysis())
    assert served.analyzers.trades.get_analysis().total.closed == computed.analyzers.trades.rets.total.closed
    for name in TABLES:
        assert getattr(second.result, name).to_arrow().equals(getattr(first.result, name).to_arrow()), name
    assert served.result.orders.to_arrow().equals(computed.result.orders.to_arrow())
    assert second.result.summary == first.result.summary


def test_a_hit_costs_no_run(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    cerebro_of(store, cache="use").run()
    monkeypatch.setattr(Run, "execute", lambda self: pytest.fail("it was run"))
    cerebro_of(store, cache="use").run()


def test_without_cache_every_run_is_computed_and_recorded(store: Store) -> None:
    cerebro = cerebro_of(store)
    cerebro.run()
    cerebro.run()
    assert len(store.runs()) == 2


def test_run_takes_cache_too(store: Store) -> None:
    cerebro_of(store).run()
    cerebro = cerebro_of(store)
    cerebro.run(cache="use")
    assert len(store.runs()) == 1


def test_an_unknown_cache_is_refused() -> None:
    cerebro = cerebro_of(False, cache="yes")
    with pytest.raises(ValueError, match="cache must be 'use', 'always' or None; got 'yes'"):
        cerebro.run()


def test_nothing_is_recorded_unless_somebody_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    cerebro = cerebro_of(None)
    cerebro.run()
    assert cerebro.run_id is None
    (tmp_path / ".backtrail").mkdir()
    below = tmp_path / "a" / "b"
    below.mkdir(parents=True)
    monkeypatch.chdir(below)
    cerebro.run()
    assert Store.open(tmp_path / ".backtrail", create=False).run("latest").id == cerebro.run_id
    monkeypatch.setenv("BACKTRAIL_STORE", str(tmp_path / "named"))
    cerebro.run()
    assert Store.open(tmp_path / "named", create=False).run("latest").id == cerebro.run_id
    cerebro.p.store = False
    cerebro.run()
    assert cerebro.run_id is None


@pytest.mark.row("A32", "A38")
def test_a_record_says_what_the_run_was_made_of(store: Store) -> None:
    cerebro = cerebro_of(store, setup=analysed, args={"fast": 4}, seed=5)
    cerebro.run()
    run = store.run(cerebro.run_id)
    manifest = run.manifest
    assert run.params == {"fast": 4, "slow": 8}
    assert run.strategy == "Cross"
    assert run.metrics["final_value"] == cerebro.broker.getvalue()
    assert run.metrics["trades.total.closed"] == cerebro.result.summary["trades"]
    assert manifest["config"]["broker"]["schemes"]["None"][1]["params"]["commission"] == 0.001
    assert manifest["seed"]["python"] == 5
    assert manifest["data"][0]["rows"] == 60
    assert manifest["data"][0]["source"]["adapter"] == "backtrail.feeds.frame.PandasData"
    assert manifest["engine"]["name"] == "backtrail"
    assert manifest["env"]["packages"]["pandas"] == pd.__version__
    assert manifest["purity"] == ["pure"]
    assert any(path.endswith("record/conftest.py") for path in run.code)
    assert run.orders.equals(cerebro.result.orders.to_arrow())
    assert (
        store.get_table(manifest["data"][0]["snapshot"]).column("close").to_pylist()
        == frame()["close"].tolist()
    )
    written = json.dumps(manifest)
    assert str(Path.home()) not in written
    assert str(Path.cwd()) not in written


@pytest.mark.row("A31")
def test_arguments_that_look_like_secrets_are_not_recorded(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "sys.argv", ["/home/somebody/run.py", "--token=abcdef123456", "--password", "hunter2", "7"]
    )
    cerebro = cerebro_of(store)
    cerebro.run()
    argv = store.run(cerebro.run_id).manifest["env"]["argv"]
    assert argv[0] == "run.py"
    assert argv[-1] == "7"
    assert "abcdef" not in str(argv)
    assert "hunter2" not in str(argv)


def test_what_is_logged_is_kept(store: Store) -> None:
    import logging

    class Logs(bt.Strategy):
        def stop(self):
            logging.getLogger("mine").warning("the end at %s", len(self))

    cerebro = cerebro_of(store, Logs)
    cerebro.run()
    assert store.run(cerebro.run_id).log.column("message").to_pylist() == ["the end at 60"]


@pytest.mark.row("B33")
def test_a_failed_run_is_recorded_with_its_traceback(store: Store) -> None:
    class Fails(bt.Strategy):
        def next(self):
            if len(self) == 10:
                raise RuntimeError("no more")

    cerebro = cerebro_of(store, Fails, cache="use")
    with pytest.raises(RuntimeError, match="no more"):
        cerebro.run()
    run = store.run(cerebro.run_id)
    assert run.status == "failed"
    assert "RuntimeError: no more" in run.traceback
    assert str(Path.cwd()) not in run.traceback
    assert run.equity.num_rows == 9
    with pytest.raises(RuntimeError, match="no more"):
        cerebro.run()  # a failure is never served


@pytest.mark.row("A21")
def test_files_that_the_strategy_reads_are_part_of_what_a_hit_needs(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = Path(__file__).resolve().parents[3]
    settings = root / ".test-recording.json"
    settings.write_text('{"size": 2}')

    class Reads(bt.Strategy):
        def __init__(self):
            self.size = json.loads(settings.read_text())["size"]

    try:
        first = cerebro_of(store, Reads, cache="use")
        first.run()
        assert [one["path"] for one in store.run(first.run_id).manifest["inputs"]] == [settings.name]
        second = cerebro_of(store, Reads, cache="use")
        second.run()
        assert second.run_id == first.run_id
        settings.write_text('{"size": 3}')
        third = cerebro_of(store, Reads, cache="use")
        assert third.run()[0].size == 3
        assert third.run_id != first.run_id
    finally:
        settings.unlink()


@pytest.mark.row("A21")
@pytest.mark.parametrize("spelling", ["{}", "file:{}?mode=ro"])
def test_databases_that_the_strategy_reads_are_inputs(store: Store, spelling: str) -> None:
    file = Path(__file__).resolve().parents[3] / f".test-{os.getpid()}.sqlite"
    connection = sqlite3.connect(file)
    connection.execute("CREATE TABLE sizes (size)")
    connection.commit()
    connection.close()

    class Reads(bt.Strategy):
        def __init__(self):
            sqlite3.connect(":memory:").close()
            sqlite3.connect(spelling.format(file), uri=spelling.startswith("file")).close()

    try:
        cerebro = cerebro_of(store, Reads)
        cerebro.run()
        assert [one["path"] for one in store.run(cerebro.run_id).manifest["inputs"]] == [file.name]
    finally:
        file.unlink()


@pytest.mark.row("A21")
def test_tracked_files_count_as_inputs(store: Store) -> None:
    class Tracks(bt.Strategy):
        def __init__(self):
            track(Path(__file__).parent / "conftest.py")

    cerebro = cerebro_of(store, Tracks)
    cerebro.run()
    (one,) = store.run(cerebro.run_id).manifest["inputs"]
    assert one["how"] == "declared"


class Chance(bt.Strategy):
    def next(self):
        self.last = random.random()


class OwnChance(bt.Strategy):
    def next(self):
        self.last = self.random.random()


class Writes(bt.Strategy):
    params = (("path", ""),)

    def stop(self):
        Path(self.p.path).write_text("done")


class Asks(bt.Strategy):
    params = (("port", 0),)

    def stop(self):
        socket.create_connection(("127.0.0.1", self.p.port)).close()


class Starts(bt.Strategy):
    def stop(self):
        self.told = subprocess.run([sys.executable, "-c", ""], check=True).returncode


@pytest.mark.row("A21")
def test_runs_that_rest_on_something_unknown_are_recorded_and_not_served(
    store: Store, tmp_path: Path
) -> None:
    listening = socket.create_server(("127.0.0.1", 0))
    cases = (
        (Chance, {}, "chance"),
        (OwnChance, {}, "chance"),
        (Writes, {"path": str(tmp_path / "out")}, "writes"),
        (Asks, {"port": listening.getsockname()[1]}, "network"),
        (Starts, {}, "programs"),
    )
    for strategy, args, reason in cases:
        first = cerebro_of(store, strategy, args=args, cache="use")
        first.run()
        assert reason in store.run(first.run_id).manifest["purity"]
        second = cerebro_of(store, strategy, args=args, cache="use")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RecordWarning)
            second.run()
        assert second.run_id != first.run_id
        third = cerebro_of(store, strategy, args=args, cache="always")
        third.run()
        assert third.run_id in (first.run_id, second.run_id)
    listening.close()


@pytest.mark.row("B22")
def test_another_result_under_the_same_key_is_said(store: Store) -> None:
    class Timed(bt.Strategy):
        def next(self):
            if len(self) == 5:
                self.buy(size=1 + time.perf_counter_ns() % 1000)

    with warnings.catch_warnings():
        warnings.simplefilter("error", RecordWarning)
        cerebro_of(store, Timed).run()
    with pytest.warns(RecordWarning, match="gave other orders than this one"):
        cerebro_of(store, Timed).run()


def test_a_seeded_run_may_use_its_own_chance(store: Store) -> None:
    first = cerebro_of(store, OwnChance, seed=3, cache="use")
    last = first.run()[0].last
    second = cerebro_of(store, OwnChance, seed=3, cache="use")
    assert second.run()[0].last == last
    assert second.run_id == first.run_id


def test_runs_with_writers_are_not_served(store: Store, tmp_path: Path) -> None:
    def write(cerebro: bt.Cerebro) -> None:
        cerebro.addwriter(bt.WriterFile, out=str(tmp_path / "report.txt"))

    first = cerebro_of(store, setup=write, cache="use")
    first.run()
    second = cerebro_of(store, setup=write, cache="use")
    second.run()
    assert second.run_id != first.run_id


def test_results_without_a_stored_form_are_not_served_and_that_is_said(store: Store) -> None:
    class Odd(bt.Analyzer):
        def get_analysis(self):
            return {"self": self}

    cerebro = cerebro_of(store, setup=lambda c: c.addanalyzer(Odd), cache="use")
    with pytest.warns(RecordWarning, match=r"analyzers\.odd\.self"):
        cerebro.run()
    assert store.run(cerebro.run_id).manifest["result"]["servable"] is False


def test_several_strategies_come_back_in_their_order(store: Store) -> None:
    def more(cerebro: bt.Cerebro) -> None:
        cerebro.addstrategy(Cross, fast=4)
        cerebro.addstrategy(Chance)

    first = cerebro_of(store, OwnChance, setup=more, seed=1, cache="always")
    computed = first.run()
    second = cerebro_of(store, OwnChance, setup=more, seed=1, cache="always")
    served = second.run()
    assert [type(one) for one in served] == [type(one) for one in computed]
    assert [one.p._getkwargs() for one in served] == [one.p._getkwargs() for one in computed]
    assert served[1].result.orders.to_arrow().equals(computed[1].result.orders.to_arrow())


def test_combinations_of_an_optimisation_are_recorded_and_served(store: Store) -> None:
    def optimised() -> bt.Cerebro:
        cerebro = bt.Cerebro(store=store, stdstats=False, maxcpus=1, cache="use")
        cerebro.adddata(bt.feeds.PandasData(dataname=frame()))
        cerebro.optstrategy(Cross, fast=[3, 4])
        cerebro.addanalyzer(bt.analyzers.TradeAnalyzer)
        return cerebro

    computed, served = optimised().run(), optimised().run()
    assert len(store.runs()) == 2
    for (one,), (other,) in zip(computed, served, strict=True):
        assert type(other) is type(one)
        assert other.p.fast == one.p.fast
        assert other.analyzers[0].get_analysis() == one.analyzers[0].get_analysis()


@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.parametrize("optreturn", [True, False])
def test_results_of_an_optimisation_name_their_records(store: Store, workers: int, optreturn: bool) -> None:
    cerebro = bt.Cerebro(store=store, stdstats=False, maxcpus=workers, optreturn=optreturn)
    cerebro.adddata(bt.feeds.PandasData(dataname=frame()))
    cerebro.optstrategy(Cross, fast=[2, 3, 4])
    seen: list[str | None] = []
    cerebro.optcallback(lambda result: seen.append(cerebro.run_id))
    results = cerebro.run()
    assert seen == cerebro.run_ids
    assert [store.run(run).params["fast"] for run in cerebro.run_ids if run] == [2, 3, 4]
    if optreturn:
        assert [one.run_id for (one,) in results] == cerebro.run_ids


def test_strategies_from_the_store_travel_between_processes(store: Store) -> None:
    first = cerebro_of(store, setup=analysed, cache="use")
    computed = first.run()[0]
    served = cerebro_of(store, setup=analysed, cache="use").run()[0]
    again = loads(dumps(served))
    assert again.bought == computed.bought
    assert again.analyzers.trades.get_analysis() == computed.analyzers.trades.get_analysis()


# -- faults ----------------------------------------------------------------------------------------------------------


@pytest.mark.row("B13")
def test_a_fault_of_the_store_loses_no_result(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*args: Any, **kwargs: Any) -> Any:
        raise StoreWriteError("storing blobs - the disk is full")

    monkeypatch.setattr(Store, "prepare", full)
    cerebro = cerebro_of(store)
    with pytest.warns(RecordWarning, match="its record is not: storing blobs - the disk is full"):
        strategies = cerebro.run()
    assert strategies[0].bought > 0
    assert cerebro.run_id is None
    assert len(cerebro.result.equity) == 60


@pytest.mark.row("B13")
def test_whatever_fails_while_recording_loses_no_result(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*args: Any, **kwargs: Any) -> Any:
        raise ZeroDivisionError("in the recorder")

    monkeypatch.setattr(recording.Recording, "_manifest", broken)
    cerebro = cerebro_of(store)
    with pytest.warns(RecordWarning, match="in the recorder"):
        assert cerebro.run()[0].bought > 0
    assert store.attempts() == []


def test_a_feed_that_cannot_be_read_fails_as_it_does_unrecorded(store: Store, tmp_path: Path) -> None:
    (tmp_path / "bars.csv").write_text("date,open,high,low,close\n2020-01-01,x,1,1,1\n")
    cerebro = cerebro_of(store, data=bt.feeds.GenericCSVData(dataname=str(tmp_path / "bars.csv")))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RecordWarning)
        with pytest.raises(DataError):
            cerebro.run()


@pytest.mark.parametrize("options", [{}, {"runonce": False}, {"preload": False}, {"exactbars": 1}], ids=str)
@pytest.mark.parametrize("kind", ["text", "resampled", "replayed"])
def test_recorded_runs_are_those_without_records(
    store: Store, tmp_path: Path, kind: str, options: dict[str, Any]
) -> None:
    table = frame().reset_index(names="date")
    table["date"] = table["date"].dt.strftime("%Y-%m-%d %H:%M:%S")
    table.to_csv(tmp_path / "bars.csv", index=False)

    def ran(where: Any) -> bt.Cerebro:
        cerebro = bt.Cerebro(store=where, stdstats=False, **options)
        feed = bt.feeds.GenericCSVData(dataname=str(tmp_path / "bars.csv"))
        if kind == "text":
            cerebro.adddata(feed)
        elif kind == "resampled":
            cerebro.adddata(feed)
            cerebro.resampledata(feed, timeframe=bt.TimeFrame.Weeks)
        else:
            cerebro.replaydata(feed, timeframe=bt.TimeFrame.Weeks)
        cerebro.addstrategy(Cross)
        cerebro.run()
        return cerebro

    plain, recorded = ran(False), ran(store)
    assert recorded.broker.getvalue() == plain.broker.getvalue()
    assert recorded.result.orders.to_arrow().equals(plain.result.orders.to_arrow())
    assert len(recorded.runstrats[0][0]) == len(plain.runstrats[0][0])
    run = store.run(recorded.run_id)
    assert run.key is not None
    lacking = " ".join(missing_parts(run))
    assert ("are made of, which say when each is delivered" in lacking) == (kind == "resampled")


def test_a_store_that_cannot_be_opened_costs_no_run(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    cerebro = cerebro_of(tmp_path / "file" / "store")
    with pytest.warns(RecordWarning, match="The run is not recorded"):
        assert cerebro.run()[0].bought > 0


@pytest.mark.row("B23")
def test_a_flipped_byte_in_a_result_is_never_served(store: Store) -> None:
    first = cerebro_of(store, cache="use")
    first.run()
    blob = store.run(first.run_id).artifacts["orders"]["blob"].removeprefix("b3:")
    path = Path(store.place.url) / "objects" / "b3" / blob[:2] / blob[2:]
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.chmod(0o644)
    path.write_bytes(content)
    second = cerebro_of(store, cache="use")
    with pytest.warns(RecordWarning, match="some of its results are damaged"):
        second.run()
    assert second.run_id != first.run_id
    third = cerebro_of(store, cache="use")
    third.run()
    assert third.run_id == second.run_id
    assert third.result.orders.to_arrow().equals(first.result.orders.to_arrow())
    assert store.fsck().clean


@pytest.mark.row("B23")
def test_a_damaged_record_is_computed_again(store: Store) -> None:
    first = cerebro_of(store, cache="use")
    first.run()
    run = store.run(first.run_id)
    path = Path(store.place.url) / "objects" / "b3"
    blob = run.artifacts["equity"]["blob"].removeprefix("b3:")
    (path / blob[:2] / blob[2:]).unlink()
    second = cerebro_of(store, cache="use")
    second.run()
    assert second.run_id != first.run_id


def test_recorders_are_not_confused_by_each_other(store: Store) -> None:
    class Nested(bt.Strategy):
        def stop(self):
            inner = cerebro_of(self.p.store)
            inner.run()
            self.inner = inner.run_id

        params = (("store", None),)

    cerebro = cerebro_of(store, Nested, args={"store": store})
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RecordWarning)
        nested = cerebro.run()[0]
    assert {nested.inner, cerebro.run_id} == {run.id for run in store.runs()}
    assert recording._said


meeting = threading.Barrier(2, timeout=60)


def test_runs_on_two_threads_are_not_taken_for_each_other(store: Store) -> None:
    """What the recorder of one run writes, and what a strategy of one reads, is not the other's."""
    found: dict[str, Any] = {}

    class Meets(bt.Strategy):
        params = (("reads", ""),)

        def start(self) -> None:
            meeting.wait()

        def stop(self) -> None:
            if self.p.reads:
                Path(self.p.reads).read_text()
                meeting.wait()  # the other one has been recorded

    def go(name: str, reads: str) -> None:
        cerebro = cerebro_of(store, Meets, args={"reads": reads})
        cerebro.run()
        found[name] = cerebro.run_id
        if not reads:
            meeting.wait()

    file = str(Path(__file__).resolve().parents[3] / "README.md")
    threads = [threading.Thread(target=go, args=one) for one in (("reads", file), ("other", ""))]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    manifests = {name: store.run(run).manifest for name, run in found.items()}
    assert [manifests[name]["purity"] for name in ("reads", "other")] == [["pure"], ["pure"]]
    assert [len(manifests[name]["inputs"]) for name in ("reads", "other")] == [1, 0]


TOKEN = "ghp_" + "a1B2" * 9


class Connects(bt.Strategy):
    params = (("how", ""), ("api_key", ""))

    def __init__(self):
        self.conn = TOKEN if self.p.how == "attributes" else ""

    def next(self):
        if self.p.how == "the log":
            logging.getLogger("connect").warning("login with %s", TOKEN)
        if self.p.how == "the traceback":
            raise ValueError(f"bad login {TOKEN}")


@pytest.mark.row("A31")
@pytest.mark.parametrize("how", ["params", "attributes", "the log", "the traceback"])
def test_secrets_anywhere_in_a_record_are_said_and_block_a_pack(store: Store, tmp_path: Path, how: str) -> None:
    cerebro = cerebro_of(store, Connects, args={"how": how, "api_key": TOKEN if how == "params" else ""})
    with (
        contextlib.suppress(ValueError),
        pytest.warns(RecordWarning, match=rf"looks like secrets \(.*{how}.*: GitHub token"),
    ):
        cerebro.run()
    run = store.run(cerebro.run_id)
    with pytest.raises(PackRefused, match="GitHub token"):
        pack(run, tmp_path / "run.zip")
    assert pack(run, tmp_path / "run.zip", acknowledge_secrets=True).exists()


def test_ordinary_runs_pack_without_a_word_of_secrets(store: Store, tmp_path: Path) -> None:
    cerebro = cerebro_of(store, setup=analysed)
    cerebro.run()
    found = secrets_in(store.run(cerebro.run_id))
    assert [one for one in found if ".py: " not in one] == []  # the tests themselves hold made-up keys
