"""Processes that start the same run at once: one computes it, the others take its record; nobody waits for the dead."""

from __future__ import annotations

import json
import os
import signal
import time
import warnings
from pathlib import Path
from typing import Any

import pytest

import backtrail as bt
from backtrail.runs import record as recording
from backtrail.runs.store import Store

from .conftest import cerebro_of, frame


class Slow(bt.Strategy):
    """Tells who computes it, and goes on when it may."""

    params = (("folder", ""), ("fails", False))

    def start(self) -> None:
        go, failed = Path(self.p.folder, "go"), Path(self.p.folder, "failed")
        with open(Path(self.p.folder, "started"), "a") as file:
            file.write(f"{os.getpid()}\n")
        while not go.exists():
            time.sleep(0.01)
        if self.p.fails and not failed.exists():
            failed.touch()
            raise RuntimeError("the first one fails")

    def next(self) -> None:
        if len(self) == 5:
            self.buy()


class Pair:
    """Two processes that start the same run at once."""

    def __init__(self, folder: Path, fails: bool = False) -> None:
        self.folder = folder
        self.store = Store.open(folder / "store")
        (folder / "started").touch()
        self.processes = [self._started(number, fails) for number in range(2)]

    def _started(self, number: int, fails: bool) -> int:
        pid = os.fork()
        if pid == 0:
            try:
                args = {"folder": str(self.folder), "fails": fails}
                cerebro = cerebro_of(self.store, Slow, cache="always", args=args)
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore")
                    try:
                        cerebro.run()
                        told: Any = {"run": cerebro.run_id, "value": cerebro.broker.getvalue()}
                    except RuntimeError as error:
                        told = {"failed": str(error)}
                (self.folder / f"result-{number}").write_text(json.dumps(told))
            finally:
                os._exit(0)
        return pid

    def computing(self, count: int) -> list[int]:
        """Wait until *count* processes have begun to compute; give their ids."""
        until = time.monotonic() + 30
        while time.monotonic() < until:
            found = [int(line) for line in (self.folder / "started").read_text().split()]
            if len(found) >= count:
                return found
            time.sleep(0.01)
        raise AssertionError("a process does not begin")

    def go(self) -> list[dict[str, Any]]:
        """Let them go on; give their results when they have ended."""
        (self.folder / "go").touch()
        for process in self.processes:
            os.waitpid(process, 0)
        return [json.loads(path.read_text()) for path in sorted(self.folder.glob("result-*"))]


@pytest.mark.row("B34")
def test_two_processes_that_start_the_same_run_compute_it_once(tmp_path: Path) -> None:
    """B34: the one that waits takes the record of the one that computes."""
    pair = Pair(tmp_path)
    [holder] = pair.computing(1)
    time.sleep(0.3)  # the other one is waiting by now, or comes later: it must not compute in either case
    first, second = pair.go()
    assert first == second
    assert pair.computing(1) == [holder]
    assert [run.status for run in pair.store.runs()] == ["finished"]


@pytest.mark.row("B34")
def test_a_process_that_is_killed_while_it_computes_blocks_nobody(tmp_path: Path) -> None:
    """B34: the lock ends with its process."""
    pair = Pair(tmp_path)
    [holder] = pair.computing(1)
    os.kill(holder, signal.SIGKILL)
    _, other = pair.computing(2)
    assert other != holder
    [result] = pair.go()
    assert pair.store.run(result["run"]).status == "finished"
    assert [item.state for item in pair.store.attempts()] == ["killed"]


@pytest.mark.row("B34")
def test_a_run_that_fails_is_computed_by_whoever_waited(tmp_path: Path) -> None:
    pair = Pair(tmp_path, fails=True)
    pair.computing(1)
    failed, finished = sorted(pair.go(), key=len)
    assert failed == {"failed": "the first one fails"}
    assert set(finished) == {"run", "value"}
    assert len(pair.computing(2)) == 2
    assert sorted(run.status for run in pair.store.runs()) == ["failed", "finished"]


def test_a_run_that_waited_long_enough_computes_itself(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recording, "WAIT_S", 0.05)
    cerebro = cerebro_of(store, cache="use")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        key = cerebro_key(store)
        with store.claim(key) as claim:
            assert claim.owned
            began = time.monotonic()
            cerebro.run()
            assert time.monotonic() - began < 10
        assert store.run(cerebro.run_id).key == key
        assert store.claim(key).run is not None


def cerebro_key(store: Store) -> str:
    """Give the key of the run of `cerebro_of`, made elsewhere."""
    other = Store.open(Path(store.url).parent / "elsewhere")
    cerebro = cerebro_of(other, cache="use")
    cerebro.run()
    key = other.run(cerebro.run_id).key
    assert key is not None
    return key


def test_nothing_is_held_after_a_run_that_was_served_computed_or_failed(store: Store) -> None:
    def locks() -> list[str]:
        return [entry.name for entry in store.files.list("live")]

    class Fails(bt.Strategy):
        def next(self) -> None:
            raise ValueError("no")

    for _ in range(2):
        cerebro_of(store, cache="use").run()
        assert locks() == []
    with pytest.raises(ValueError, match="no"):
        cerebro_of(store, Fails, cache="use", data=bt.feeds.PandasData(dataname=frame())).run()
    assert locks() == []
    assert sorted(run.status for run in store.runs()) == ["failed", "finished"]


def test_a_run_that_only_records_waits_for_nobody(store: Store) -> None:
    key = cerebro_key(store)
    with store.claim(key) as claim:
        assert claim.owned
        cerebro = cerebro_of(store)
        cerebro.run()
    assert store.run(cerebro.run_id).key == key
