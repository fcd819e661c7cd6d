"""Runs of whole projects: what is in their records, who may read it, and what is never lost or refused."""

from __future__ import annotations

import importlib
import json
import linecache
import os
import stat
import subprocess
import sys
import types
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.unit.code_capture.projects import write
from tests.unit.record.conftest import Cross, cerebro_of, key_of

import backtrail as bt
from backtrail.runs.checkout import checkout, inputs_not_stored
from backtrail.runs.code import closure_of
from backtrail.runs.compare import code_differences
from backtrail.runs.digests import blob_digest
from backtrail.runs.environment import GitReader
from backtrail.runs.pack import PackRefused, pack
from backtrail.runs.record import RecordWarning
from backtrail.runs.store import Run, Store

MAIN = """
    import importlib
    import sys
    from pathlib import Path

    import numpy as np
    import pandas as pd

    import backtrail as bt
    import settings

    sys.path.append("../sibling")
    import shared.deep.tool
    import linked


    class Buy(bt.Strategy):
        params = (("size", 1),)

        def __init__(self):
            self.rules = {}
            exec(Path("rules.py").read_text(), self.rules)

        def next(self):
            if len(self) == 3:
                importlib.import_module("plugins." + "la" + "te")
                Path("main.py").write_text("# edited while it ran\\n")
                self.buy(size=self.rules["SIZE"])


    index = pd.date_range("2024-01-01", periods=20)
    close = np.arange(20.0) + 100
    frame = pd.DataFrame({"open": close, "high": close + 1, "low": close - 1, "close": close}, index=index)
    bt.run_algorithm(Buy, frame, settings={"store": "../store", "stdstats": False}, size=3)
"""
FILES = {
    "pyproject.toml": "",
    "main.py": MAIN,
    "strategy.yaml": "files: [config/params.json, .env]\n",
    "config/params.json": '{"fee": 1}',
    "settings.py": "API_KEY = 'a8f5f167f44f4964e6c998dee827110c'\n",
    "rules.py": "SIZE = 2\n",
    ".env": "TOKEN=1\n",
    "requirements.txt": "numpy\n",
    "plugins/__init__.py": "",
    "plugins/late.py": "EXTRA = 1\n",
    "plugins/never.py": "EXTRA = 2\n",
    "real/linked.py": "X = 1\n",
}


class Ran:
    """A project under git, run once by `run_algorithm` in a process of its own."""

    def __init__(self, folder: Path) -> None:
        self.root = write(folder / "mine", FILES)
        write(folder / "sibling", dict.fromkeys(("shared/__init__.py", "shared/deep/__init__.py"), ""))
        write(folder / "sibling", {"shared/deep/tool.py": "T = 1\n"})
        (self.root / "linked.py").symlink_to("real/linked.py")
        git = ["git", "-c", "user.name=a", "-c", "user.email=a@b.c", "-C", str(self.root)]
        for command in (["init", "-q"], ["add", "-A"], ["commit", "-qm", "x"],
                        ["remote", "add", "origin", "https://user:hunter2@host/a.git"]):  # fmt: skip
            subprocess.run([*git, *command], check=True, capture_output=True)
        write(self.root, {"settings.py": FILES["settings.py"] + "MORE = 1\n"})
        caches = {name: str(folder / name) for name in ("XDG_CACHE_HOME", "BACKTRAIL_CACHE_DIR")}
        environment = {**os.environ, **caches, "USER_OF_TESTS": "alice"}
        done = subprocess.run([sys.executable, "main.py"], cwd=self.root, env=environment, capture_output=True,
                              text=True, check=False)  # fmt: skip
        assert done.returncode == 0, done.stderr
        assert "Warning" not in done.stderr
        self.store = Store.open(folder / "store", create=False, index_folder=folder / "index")
        self.run: Run = self.store.run("latest")
        self.code: dict[str, Any] = self.run.manifest["code"]
        self.files = {one["path"]: one for one in self.code["files"]}

    def mode(self, digest: str) -> int:
        return stat.S_IMODE((Path(self.store.url) / "objects" / "b3" / digest[3:5] / digest[5:]).stat().st_mode)


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Ran:
    return Ran(tmp_path_factory.mktemp("whole"))


@pytest.mark.row("A1", "A8")
def test_a_record_names_its_entry_point_beside_the_closure_and_what_a_yaml_lists(ran: Ran) -> None:
    told = ran.code["detection"]
    assert (ran.code["entry"], told["file"], told["method"], told["confidence"]) == (
        "main.py", "main.py", "inspect_stack", "high",
    )  # fmt: skip
    assert ran.run.manifest["status"] == "finished"
    assert {"main.py", "settings.py", "strategy.yaml", "config/params.json"} <= set(ran.run.code)
    assert ran.files["config/params.json"]["how"] == "yaml"


@pytest.mark.row("A14", "A20")
def test_modules_that_were_loaded_while_it_ran_are_stored_with_it(ran: Ran) -> None:
    assert ran.files["plugins/late.py"]["how"] == "runtime"
    assert ran.run.code["plugins/late.py"] == "EXTRA = 1\n"
    assert "plugins/never.py" not in ran.files
    assert {one["path"]: one["how"] for one in ran.run.manifest["inputs"]} == {
        "plugins/__init__.py": "imported", "plugins/late.py": "imported", "rules.py": "observed",
    }  # fmt: skip
    assert [one["kind"] for one in ran.code["problems"] if one["path"] == "main.py"] == ["computed-import", "path"]


@pytest.mark.row("A21")
def test_source_that_is_read_as_data_is_an_input(ran: Ran) -> None:
    [rules] = [one for one in ran.run.manifest["inputs"] if one["path"] == "rules.py"]
    assert rules["digest"] == blob_digest(b"SIZE = 2\n")


@pytest.mark.row("A14", "A21")
def test_what_a_run_read_and_is_not_stored_is_named(ran: Ran) -> None:
    assert inputs_not_stored(ran.run) == ["rules.py"]  # the modules that it loaded are stored


@pytest.mark.row("A22")
def test_the_text_in_a_record_is_that_of_the_start(ran: Ran) -> None:
    assert (ran.root / "main.py").read_text() == "# edited while it ran\n"
    assert "class Buy" in ran.run.code["main.py"]
    assert ran.run.manifest["purity"] == ["writes"]


@pytest.mark.row("A31")
def test_secrets_in_a_run_are_flagged_private_and_not_packed(ran: Ran, tmp_path: Path) -> None:
    assert ran.files["settings.py"]["secrets"] == ["assigned secret"]
    assert ran.mode(ran.files["settings.py"]["raw"]) == 0o400
    assert ran.mode(ran.files["main.py"]["raw"]) == 0o444
    assert ".env" not in ran.files
    assert ran.store.blobs.size(blob_digest(b"TOKEN=1\n")) is None
    assert any(".env" in one["message"] for one in ran.code["problems"])
    with pytest.raises(PackRefused, match=r"settings\.py: assigned secret"):
        pack(ran.run, tmp_path / "x.zip")
    checkout(ran.run, tmp_path / "out")
    assert stat.S_IMODE((tmp_path / "out" / "settings.py").stat().st_mode) == 0o600
    assert not (tmp_path / "out" / ".env").exists()


@pytest.mark.row("A31", "A32")
def test_no_password_user_or_folder_is_in_a_record(ran: Ran) -> None:
    written = json.dumps(dict(ran.run.manifest))
    assert ran.run.manifest["git"]["remote"] == "https://host/a.git"
    for name in ("hunter2", "alice", str(ran.root), str(ran.root.parent), os.path.expanduser("~") + os.sep):
        assert name not in written


@pytest.mark.row("A38")
def test_a_record_holds_engine_libraries_git_and_digests_and_is_restored_from_them(ran: Ran, tmp_path: Path) -> None:
    manifest = ran.run.manifest
    assert manifest["engine"]["version"] == bt.__version__
    assert manifest["engine"]["build"].startswith("b3:")
    assert "numpy" in json.loads(ran.store.get(manifest["env"]["dists"]))
    [lockfile] = manifest["env"]["lockfiles"]
    assert ran.store.get(lockfile["digest"]) == b"numpy\n"
    git = manifest["git"]
    assert len(git["commit"]) == 40
    assert git["dirty"] is True
    assert b"+MORE = 1" in ran.store.get(git["diff"])
    assert (git["secrets"], ran.mode(git["diff"])) == (["assigned secret"], 0o400)  # the diff shows the key above it
    assert set(manifest["seed"]) == {"python", "PYTHONHASHSEED"}
    assert manifest["data"][0]["fingerprint"].startswith("b3:")
    checkout(ran.run, tmp_path / "out")
    for path, one in ran.files.items():
        if one.get("stored") is not False:
            assert blob_digest((tmp_path / "out" / path).read_bytes()) == one["raw"]
    assert ran.store.fsck().clean


def git_in(folder: Path, *command: str) -> None:
    who = ["-c", "user.name=a", "-c", "user.email=a@b.c", "-c", "protocol.file.allow=always"]
    subprocess.run(["git", *who, "-C", str(folder), *command], check=True, capture_output=True)


@pytest.mark.row("A18")
@pytest.mark.parametrize(
    "settings",
    [
        {"filter.f.clean": "{}; cat", "filter.f.required": "true"},
        {"filter.f.process": "{}"},
        {"filter.odd=name.clean": "{}; cat"},
        {"diff.external": "{}"},
        {"diff.f.command": "{}"},
        {"diff.f.textconv": "{}; cat"},
        {"core.fsmonitor": "{}"},
        {"submodule": "{}"},
    ],
    ids=lambda settings: next(iter(settings)),
)
def test_asking_git_runs_no_program_that_its_settings_name(settings: dict[str, str], tmp_path: Path) -> None:
    root = write(tmp_path / "mine", {"a.py": "x = 1\n", ".gitattributes": "*.py filter=f diff=f\n"})
    git_in(root, "init", "-q")
    set_in = root
    if "submodule" in settings:
        other = write(tmp_path / "other", {"b.py": "y = 1\n"})
        git_in(other, "init", "-q")
        git_in(other, "add", "-A")
        git_in(other, "commit", "-qm", "x")
        git_in(root, "submodule", "--quiet", "add", str(other), "sub")
        set_in = root / "sub"
        settings = {"core.fsmonitor": settings["submodule"]}
    git_in(root, "add", "-A")
    git_in(root, "commit", "-qm", "x")
    for name, command in settings.items():
        git_in(set_in, "config", name, command.format(f"touch {tmp_path}/executed"))
    write(root, {"a.py": "x = 2\n"})
    state = GitReader(root, tmp_path).state()
    assert not (tmp_path / "executed").exists()
    if "filter.odd=name.clean" in settings:  # git cannot be told to leave it out
        assert state is None
        return
    assert state is not None
    assert state.entry["dirty"]
    assert b"+x = 2" in (state.diff or b"")


@pytest.mark.row("A28", "A43")
def test_links_and_packages_of_siblings_are_in_the_record(ran: Ran) -> None:
    assert ran.files["linked.py"]["link_target"] == "real/linked.py"
    outside = [one for path, one in ran.files.items() if path.startswith("_external/")]
    assert sorted(one["path"].split("/")[2] for one in outside) == ["__init__.py", "tool.py"]
    assert all(one["stored"] is False for one in outside)


EDITED = """
import backtrail as bt


class Edited(bt.Strategy):
    def next(self):
        return {}
"""


@pytest.fixture
def edited(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[types.ModuleType]:
    """Give a module that was edited after it was loaded; Python remembers the text that it had."""
    name = "edited_after_it_was_loaded"
    write(tmp_path, {"pyproject.toml": "", f"{name}.py": EDITED.format(1)})
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    module = importlib.import_module(name)
    linecache.getlines(str(module.__file__))
    write(tmp_path, {f"{name}.py": EDITED.format(2)})
    yield module
    del sys.modules[name]


@pytest.mark.row("A22")
def test_both_texts_of_an_edited_strategy_are_kept(edited: types.ModuleType) -> None:
    file = Path(str(edited.__file__))
    closure = closure_of(edited.Edited, entry=file)
    assert closure.stale
    assert closure[file.name].text == EDITED.format(2)
    assert closure[f"_executed/{file.name}"].text == EDITED.format(1)
    for outside in (closure_of(edited.Edited), closure_of(edited.Edited, root=file.parent / "elsewhere")):
        assert [one.path for one in outside.files if one.path.startswith("_executed")] == []


@pytest.mark.row("A22")
def test_a_run_of_an_edited_strategy_says_so(store: Store, edited: types.ModuleType) -> None:
    cerebro = cerebro_of(store, edited.Edited, cache="use")
    with pytest.warns(RecordWarning, match=r"no key.*was changed after it was loaded \(Edited\.next"):
        cerebro.run()
    run = store.run(cerebro.run_id)
    assert run.manifest["code"]["stale"] is True
    assert run.key is None


def test_files_that_are_no_code_differ_by_their_bytes(store: Store) -> None:
    def recorded(content: bytes) -> Run:
        entry = {"path": "params.json", "raw": store.put(content), "role": "config", "size": len(content)}
        return store.run(store.commit({"code": {"files": [entry]}}))

    one, other = recorded(b"{}"), recorded(b"[]")
    assert code_differences(one, one) == {}
    assert code_differences(one, other)["params.json"]["change"] == "changed"


@pytest.mark.row("B9")
@pytest.mark.parametrize("what", ["calendar", "python", "machine"])
def test_calendar_python_and_machine_are_in_the_key(
    store: Store, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    before = key_of(store)
    if what == "calendar":
        assert key_of(store, Cross, setup=lambda c: c.addcalendar("NYSE")) != before
        return
    if what == "python":
        monkeypatch.setattr(sys, "version_info", (3, 99, *sys.version_info[2:]))
    else:
        monkeypatch.setattr("platform.machine", lambda: "other")
    assert key_of(store) != before
