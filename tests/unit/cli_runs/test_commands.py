"""`backtrail runs …`: every command, as text and as JSON, and what hostile packs meet."""

from __future__ import annotations

import json
import shutil
import stat
import sys
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

import backtrail as bt
from backtrail.cli import runs_again, runs_care
from backtrail.cli.app import app
from backtrail.runs import record as recording
from backtrail.runs import rerun
from backtrail.runs.checkout import CannotRebuild, checkout
from backtrail.runs.folds import Split, note_fold
from backtrail.runs.pack import PackRefused, pack, unpack
from backtrail.runs.rerun import read_lock, requirements
from backtrail.runs.store import Store
from backtrail.runs.store.layout import blob_name, new_run_id

SCRIPT = """\
import sys

import backtrail as bt
import numpy as np
import pandas as pd

from sizes import SIZE


class Cross(bt.Strategy):
    params = (("fast", 3),)

    def __init__(self):
        self.cross = bt.ind.CrossOver(self.data.close, bt.ind.SMA(period=self.p.fast))

    def next(self):
        if not self.position and self.cross > 0:
            self.buy(size=SIZE)
        elif self.position and self.cross < 0:
            self.close()


def run(fast, bump=0.0):
    close = 100 + np.cumsum(np.sin(np.arange(80.0)))
    close[40] += bump
    index = pd.date_range("2020-01-01", periods=80)
    frame = pd.DataFrame(dict(open=close, high=close + 1, low=close - 1, close=close, volume=1.0), index=index)
    cerebro = bt.Cerebro(stdstats=False)
    cerebro.adddata(bt.feeds.PandasData(dataname=frame), name="X")
    cerebro.addstrategy(Cross, fast=fast)
    cerebro.addsizer(bt.sizers.FixedSize, stake=2)
    cerebro.addanalyzer(bt.analyzers.TradeAnalyzer)
    cerebro.broker.setcommission(commission=0.001)
    cerebro.run()
    return cerebro.run_id


if __name__ == "__main__":
    run(3)
"""


class Made:
    """A store with three runs: a base, another parameter, other code and another bar."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.place = folder / "store"
        project = folder / "project"
        project.mkdir()
        (project / "pyproject.toml").write_text("[project]\n")
        (project / "strategy_of_commands.py").write_text(SCRIPT)
        sizes = project / "sizes.py"
        sizes.write_text("SIZE = 2\n")
        sys.path.insert(0, str(project))
        try:
            self.base = self._run_(lambda module: module.run(3))
            self.param = self._run_(lambda module: module.run(4))
            sizes.write_text("SIZE = 30  # more\n")
            self.other = self._run_(lambda module: module.run(3, 0.5))
        finally:
            sys.path.remove(str(project))
        self.store = Store.open(self.place)

    def _run_(self, call: Callable[[Any], str]) -> str:
        import importlib

        importlib.invalidate_caches()
        module = importlib.import_module("strategy_of_commands")
        try:
            return call(module)
        finally:
            for name in ("strategy_of_commands", "sizes"):
                del sys.modules[name]

    def __call__(self, *arguments: str, status: int = 0) -> str:
        done = CliRunner().invoke(app, ["runs", *arguments, "--store", str(self.place)])
        assert done.exit_code == status, (done.output, done.exception)
        return done.output

    def json(self, *arguments: str, status: int = 0) -> Any:
        return json.loads(self(*arguments, "--json", status=status))


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Made]:
    with pytest.MonkeyPatch.context() as patch:
        folder = tmp_path_factory.mktemp("commands")
        patch.setenv("XDG_CACHE_HOME", str(folder / "cache"))
        patch.setenv("BACKTRAIL_STORE", str(folder / "store"))
        patch.setattr(sys, "dont_write_bytecode", True)
        yield Made(folder)
        recording._stores.clear()


def test_ls_lists_runs_the_latest_first(made: Made) -> None:
    rows = made.json("ls")
    assert [row["id"] for row in rows] == [made.other, made.param, made.base]
    assert rows[1]["param_fast"] == 4
    assert made.base[:13] in made("ls")
    assert [row["id"] for row in made.json("ls", "param.fast = 4")] == [made.param]
    assert [row["id"] for row in made.json("ls", "--limit", "1")] == [made.other]


@pytest.mark.row("B33")
def test_ls_shows_what_is_running(made: Made) -> None:
    with made.store.begin(strategy="Slow") as work:
        first = made.json("ls", "--limit", "1")[0]
        assert (first["id"], first["status"], first["strategy"]) == (work.run, "running", "Slow")
        assert "running" in made("ls")
        assert work.run not in str(made.json("ls", "strategy = 'Cross'"))
    assert work.run not in str(made.json("ls"))


def test_show_tells_a_run(made: Made) -> None:
    told = made.json("show", made.base)
    assert told["params"] == {"fast": 3}
    assert told["status"] == "finished"
    assert set(told["code"]["files"]) >= {"strategy_of_commands.py", "sizes.py"}
    text = made("show", made.base)
    assert "params    fast=3" in text
    assert "X: 80 bars" in text


def test_compare_and_best(made: Made) -> None:
    rows = made.json("compare", made.base, made.param)
    assert [row["param_fast"] for row in rows] == [3, 4]
    assert "param_fast" in made("compare", made.base, made.param)
    told = made.json("best", "total_return", "--scope", "all")
    assert told["trials"] == 3
    values = [row["value"] for row in told["runs"]]
    assert values == sorted(values, reverse=True)
    assert "the best of 3 runs" in made("best", "total_return", "--scope", "all")
    for metric, direction in (("max_drawdown_bars", "lower"), ("average_loss", "higher")):
        assert made.json("best", metric, "--scope", "all")["direction"] == direction


def test_diff_covers_code_params_data_metrics_and_the_first_order(made: Made) -> None:
    told = made.json("diff", made.base, made.other)
    assert told["code"]["sizes.py"]["functions"] == ["<module>"]
    assert "+SIZE = 30" in told["code"]["sizes.py"]["diff"]
    assert told["params"] == {}
    (feed,) = told["data"]
    assert feed["columns"] == ["close", "high", "low", "open"]
    assert feed["first"]["row"] == 40
    assert feed["first"]["time"] == "2020-02-10T00:00:00"
    assert "final_value" in told["metrics"]
    assert told["orders"]["row"] == 0
    assert "size" in told["orders"]["columns"]
    text = made("diff", made.base, made.other)
    assert "first at bar 40" in text
    assert "first difference in order 1" in text
    assert made.json("diff", made.base, made.base)["same_key"] is True


def test_why_names_the_component_down_to_the_value(made: Made) -> None:
    told = made.json("why", made.base, made.param)
    assert told["components"] == ["params"]
    assert told["details"]["params"] == {"fast": [3, 4]}
    told = made.json("why", made.base, made.other)
    assert told["components"] == ["code", "data"]
    assert told["details"]["data"][0]["first"]["row"] == 40
    text = made("why", made.base)
    assert "differs in: params" in text
    assert "fast: 3 - 4" in text
    assert "nothing that decides the result differs" in made("why", made.base, made.base)


@pytest.mark.row("A14")
def test_rerun_prints_identical_or_the_first_row(made: Made) -> None:
    assert made("rerun", made.other) == "identical\n"


def test_rerun_shows_where_another_result_parts(
    made: Made, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    run = made.store.run(made.base)
    manifest = json.loads(json.dumps({k: v for k, v in run.manifest.items() if k not in ("run", "seal")}))
    manifest["recipe"]["params"][0]["params"]["fast"] = 9
    altered = made.store.run(made.store.commit(manifest))
    code, out = tmp_path / "code", tmp_path / "out"
    code.mkdir()
    out.mkdir()
    checkout(altered, code)
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.setattr(sys, "modules", dict(sys.modules))
    runs_again.main([str(made.place), altered.id, str(code), str(out)])
    told = rerun._compared(altered, out, "current")
    assert told["identical"] is False
    assert told["tables"]["orders"]["row"] >= 0
    runs_care._print_difference(told)
    text = capsys.readouterr().out
    assert "orders: first difference in row" in text
    assert "recorded:" in text
    made("rm", altered.id, "--yes")


def test_rerun_says_what_a_record_lacks(made: Made) -> None:
    manifest = {
        k: v for k, v in made.store.run(made.base).manifest.items() if k not in ("run", "seal", "recipe")
    }
    lacking = made.store.commit(manifest)
    assert "its record lacks its settings" in made("rerun", lacking, status=1)
    assert "expected env to be one of" in made("rerun", made.base, "--env", "other", status=1)
    made("rm", lacking, "--yes")


@pytest.mark.row("A38")
def test_verify_checks_every_blob(made: Made) -> None:
    assert made.json("verify", made.base)["ok"] is True
    assert "blobs are as they were recorded" in made("verify", made.base)


@pytest.mark.row("A38")
def test_checkout_writes_the_sources(made: Made, tmp_path: Path) -> None:
    assert set(made.json("checkout", made.base, str(tmp_path / "out"))["files"]) >= {"sizes.py"}
    assert (tmp_path / "out" / "sizes.py").read_text() == "SIZE = 2\n"
    assert "is there already and differs" in made("checkout", made.other, str(tmp_path / "out"), status=1)


def test_tags_and_pins_keep_runs(made: Made) -> None:
    assert made.json("tag", made.base, "reference")["tags"] == ["reference"]
    assert made.json("show", "reference")["run"] == made.base
    assert made.json("pin", made.param, "--note", "for the report")["pinned"] is True
    told = made.json("rm", made.base, made.param, "--yes")
    assert told["runs"] == []
    assert set(told["kept"]) == {made.base, made.param}
    assert made.json("tag", made.base, "reference", "--remove")["tags"] == []
    assert "not pinned" in made("pin", made.param, "--remove")


def test_rm_asks_first_and_gc_gives_space_back(made: Made) -> None:
    doomed = made.store.commit({"strategy": "Doomed"})
    assert "would be removed" in made("rm", doomed)
    assert made.json("rm", doomed, "--yes")["runs"] == [doomed]
    assert "expected runs, --where or --older-than-days" in made("rm", status=1)
    assert made.json("gc")["dry_run"] is True
    assert "moved to the trash" in made("gc", "--yes", "--grace-days", "0")
    assert made.json("verify", made.base)["ok"] is True


@pytest.mark.row("B30")
def test_gc_holds_a_store_to_a_policy_and_a_size(made: Made) -> None:
    """B30: what would go is said first; what is pinned stays."""
    doomed = made.store.commit({"strategy": "Doomed", "time": {"start": 1.0}, "run": new_run_id(1.0)})
    made("pin", made.base)
    told = made.json("gc", "--keep", "top:1", "--max-bytes", "0")["retained"]
    assert doomed in told["evicted"]
    assert told["kept"] == {made.base: "is pinned"}
    assert told["bytes_after"] < told["bytes_before"]
    assert made.json("gc")["retained"] is None
    said = made("gc", "--keep", "all", "--max-bytes", str(told["bytes_before"] - 1))
    assert f"would be removed: {doomed}" in said
    limit = str(told["bytes_before"] - 1)
    assert f"\nremoved: {doomed}" in "\n" + made("gc", "--max-bytes", limit, "--yes")
    assert "no such run" in made("show", doomed, status=1)
    assert made.json("verify", made.base)["ok"] is True
    assert made.json("pin", made.base, "--remove")["pinned"] is False
    for wrong in (["--max-bytes", "a lot"], ["--keep", "best"]):
        assert "backtrail runs: reading" in made("gc", *wrong, status=1)


def test_a_run_without_its_results_says_so_everywhere(made: Made, tmp_path: Path) -> None:
    """B30: what was given up is no damage, is not compared, and is not packed as if it were there."""
    copy = Made.__new__(Made)
    vars(copy).update(vars(made))
    copy.place = shutil.copytree(made.place, tmp_path / "store")
    made = copy
    told = made.json("gc", "--keep", "summary", "--yes")["retained"]
    assert set(told["thinned"]) >= {made.base, made.param}
    shown = made.json("show", made.base)
    assert set(shown["artifacts"]) == {"equity"}
    assert {"orders", "trades"} <= set(shown["given_up"])
    assert "given up" in made("show", made.base)
    assert made.json("verify", made.base)["ok"] is True
    assert made.json("fsck")["clean"] is True
    assert made.json("diff", made.base, made.param)["metrics"]
    assert "were given up to hold less" in made("pack", made.base, str(tmp_path / "x.zip"), status=1)
    assert made.json("rerun", made.base)["identical"] is True


def test_fsck_reindex_and_stats(made: Made) -> None:
    assert made.json("fsck")["clean"] is True
    assert "clean" in made("fsck", "--shallow", "--no-repair")
    assert made.json("reindex")["runs"] == made.json("stats")["runs"]
    assert "strategies" in made("stats")


@pytest.mark.parametrize(
    "arguments",
    [["show", "nothing"], ["best", "no_such_metric"], ["ls", "what ="], ["diff", "latest", "nothing"]],
)
def test_mistakes_are_one_line_on_stderr(made: Made, arguments: list[str]) -> None:
    output = made(*arguments, status=1)
    assert output.startswith("backtrail runs: ")
    assert "Traceback" not in output


def test_a_place_without_a_store_is_said(tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["runs", "ls", "--store", str(tmp_path / "nowhere")])
    assert done.exit_code == 1
    assert "expected store.json in it" in done.output


# -- packs -----------------------------------------------------------------------------------------------------------


def test_a_pack_opens_without_backtrail_and_comes_back(made: Made, tmp_path: Path) -> None:
    target = tmp_path / "run.zip"
    made("pack", made.base, str(target))
    with zipfile.ZipFile(target) as archive:
        names = set(archive.namelist())
        assert {"README.txt", "manifest.json", "code/sizes.py", "tables/orders.parquet"} <= names
        archive.extract("tables/orders.parquet", tmp_path)
        assert json.loads(archive.read("manifest.json"))["run"] == made.base
    orders = pd.read_parquet(tmp_path / "tables" / "orders.parquet")
    assert orders["order"].tolist() == made.store.run(made.base).orders.column("order").to_pylist()
    other = tmp_path / "other"
    done = CliRunner().invoke(app, ["runs", "import", str(target), "--store", str(other), "--json"])
    assert json.loads(done.output) == {"run": made.base, "trusted": False}
    done = CliRunner().invoke(app, ["runs", "import", str(target), "--store", str(other)])
    assert "It is not served in the place of a run of yours. Import it with --trust" in done.output
    done = CliRunner().invoke(app, ["runs", "import", str(target), "--store", str(tmp_path / "third"), "--trust"])
    assert "not served" not in done.output
    taken = Store.open(other).run(made.base)
    assert taken.manifest == made.store.run(made.base).manifest
    assert taken.equity.equals(made.store.run(made.base).equity)
    assert unpack(Store.open(other), target) == made.base  # once more changes nothing
    assert "choose another name" in made("pack", made.base, str(target), status=1)


def test_files_that_cannot_be_written_are_one_line(made: Made, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert f"expected folder {tmp_path / 'none'}" in made("pack", made.base, str(tmp_path / "none" / "a.zip"), status=1)
    told = made("checkout", made.base, str(tmp_path / "file"), status=1)
    assert told.startswith("backtrail runs: ")
    assert str(tmp_path / "file") in told
    assert told.count("\n") == 1


def test_a_result_that_was_served_is_run_again_as_the_run_it_stands_for(made: Made) -> None:
    run = made.store.run(made.base)
    carrier = note_fold(made.store, run, Split("b3:" + "0" * 64, "walk", 1, 3))
    assert made("rerun", carrier).strip() == "identical"
    made("rm", carrier, "--yes")


@pytest.mark.row("A31")
def test_secrets_block_a_pack_until_acknowledged(made: Made, tmp_path: Path) -> None:
    manifest = {k: v for k, v in made.store.run(made.base).manifest.items() if k not in ("run", "seal")}
    manifest = json.loads(json.dumps(manifest))
    manifest["code"]["files"][0]["secrets"] = ["aws key"]
    run = made.store.run(made.store.commit(manifest))
    with pytest.raises(PackRefused, match="aws key"):
        pack(run, tmp_path / "a.zip")
    assert not (tmp_path / "a.zip").exists()
    assert pack(run, tmp_path / "a.zip", acknowledge_secrets=True).exists()
    made("rm", run.id, "--yes")


def rewritten(source: Path, target: Path, change: Callable[[zipfile.ZipInfo, bytes], Any]) -> Path:
    """Copy a pack member by member; *change* gives (info, content), None to leave one out, or a list of several."""
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w") as made:
        for info in old.infolist():
            found = change(info, old.read(info))
            for one in found if isinstance(found, list) else [found]:
                if one is not None:
                    made.writestr(*one)
    return target


def link(info: zipfile.ZipInfo, content: bytes) -> Any:
    if info.filename == "code/sizes.py":
        info.external_attr = (stat.S_IFLNK | 0o777) << 16
        return info, b"/etc/passwd"
    return info, content


def bomb(info: zipfile.ZipInfo, content: bytes) -> Any:
    if info.filename == "README.txt":
        info.compress_type = zipfile.ZIP_DEFLATED
        return info, b"\0" * (8 << 20)
    return info, content


def renamed(name: str) -> Callable[[zipfile.ZipInfo, bytes], Any]:
    def change(info: zipfile.ZipInfo, content: bytes) -> Any:
        return [(info, content), (name, b"x")] if info.filename == "README.txt" else (info, content)

    return change


def flipped(info: zipfile.ZipInfo, content: bytes) -> Any:
    return (
        (info, content[:-1] + bytes([content[-1] ^ 1]))
        if info.filename.startswith("blobs/")
        else (info, content)
    )


def cut(info: zipfile.ZipInfo, content: bytes) -> Any:
    return (
        (info, content.replace(b'"finished"', b'"killed"'))
        if info.filename == "manifest.json"
        else (info, content)
    )


def without(start: str) -> Callable[[zipfile.ZipInfo, bytes], Any]:
    return lambda info, content: None if info.filename.startswith(start) else (info, content)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (renamed("../outside.py"), "expected names inside of the pack"),
        (renamed("/etc/outside"), "expected names inside of the pack"),
        (renamed("code/../../outside"), "expected names inside of the pack"),
        (renamed("C:/outside"), "expected names inside of the pack"),
        (renamed("a\\b"), "expected names inside of the pack"),
        (link, "is a link or a device"),
        (bomb, "times its size"),
        (flipped, "does not hold what its name says"),
        (cut, "its manifest is refused"),
        (without("manifest.json"), "expected manifest.json"),
        (without("blobs/"), "is not in it"),
    ],
)
def test_hostile_packs_are_refused_and_leave_nothing(
    made: Made, tmp_path: Path, change: Callable[[zipfile.ZipInfo, bytes], Any], said: str
) -> None:
    good = pack(made.store.run(made.base), tmp_path / "good.zip")
    bad = rewritten(good, tmp_path / "bad.zip", change)
    store = Store.open(tmp_path / "mine")
    with pytest.raises(PackRefused, match=said):
        unpack(store, bad)
    assert len(store.runs()) == 0
    assert not (tmp_path / "outside.py").exists()
    assert list((tmp_path / "mine" / "objects").rglob("*")) == [] or not any(
        path.is_file() for path in (tmp_path / "mine" / "objects").rglob("*")
    )


def test_blobs_that_the_record_does_not_name_are_not_stored(made: Made, tmp_path: Path) -> None:
    from backtrail.runs.digests import blob_digest

    good = pack(made.store.run(made.base), tmp_path / "good.zip")
    more = rewritten(good, tmp_path / "more.zip", renamed(f"blobs/{blob_name(blob_digest(b'x'))}"))
    store = Store.open(tmp_path / "mine")
    unpack(store, more)
    assert store.blobs.size(blob_digest(b"x")) is None


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"\0" * 100, bytes(np.arange(256, dtype=np.uint8))])
def test_what_is_no_zip_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "x.zip").write_bytes(content)
    with pytest.raises(PackRefused, match="expected a pack of backtrail"):
        unpack(Store.open(tmp_path / "mine"), tmp_path / "x.zip")


@pytest.mark.row("A8")
def test_run_record_records_what_a_script_runs(
    made: Made, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("BACKTRAIL_STORE")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    project = made.folder / "project"
    done = CliRunner().invoke(app, ["run", "--record", str(project / "strategy_of_commands.py")])
    assert done.exit_code == 0, done.output
    sys.modules.pop("sizes", None)
    run = Store.open(tmp_path / "data" / "backtrail" / "store", create=False).run("latest")
    assert run.strategy == "Cross"
    assert run.manifest["code"]["entry"] == "strategy_of_commands.py"
    assert bt.Cerebro().run_id is None


# -- the recorded libraries ------------------------------------------------------------------------------------------


def test_the_recorded_libraries_become_requirements() -> None:
    versions = read_lock(
        b'{"numpy": "2.4.6", "pyyaml": "6.0", "scikit-learn": "1.5", "pip": "24", "other": "1"}'
    )
    assert "pip" not in versions
    assert requirements(versions, {"numpy": "2.4.6", "sklearn": "scikit-learn 1.5"}) == [
        "numpy==2.4.6",
        "pyyaml==6.0",
        "scikit-learn==1.5",
    ]
    assert requirements({**versions, "backtrail": "1.0"}, {}) == ["backtrail==1.0"]


@pytest.mark.parametrize(
    "lock",
    [
        b"",
        b"[]",
        b"null",
        b'{"numpy": "1 --index-url=http://x"}',
        b'{"-r x": "1"}',
        b'{"a\\n-e .": "1"}',
        b'{"a": "@ x"}',
    ],
)
def test_a_list_of_libraries_cannot_smuggle_options_to_pip(lock: bytes) -> None:
    with pytest.raises(CannotRebuild, match="reading the list of libraries"):
        read_lock(lock)
