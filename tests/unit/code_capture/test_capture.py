"""StrategyCodeCapture. Names begin with the promise they hold."""

from __future__ import annotations

import json
import logging
import os
import re
import threading
from pathlib import Path

import pytest
import yaml
from tests.unit.code_capture.projects import project, python, write

from backtrail.backtest import EntryPointDetectionResult, StrategyCodeCapture
from backtrail.backtest import code_capture as module
from backtrail.runs.checkout import names_for
from backtrail.runs.code.copying import Copied, Copier, portable
from backtrail.runs.digests import blob_digest

FILES = {
    "my_strategy.py": "from utils import indicators\nimport utils.risk\nimport json, numpy\n",
    "utils/indicators.py": "",
    "utils/risk.py": "",
    "config/params.json": "{}",
    "data/ref.csv": "a\n",
}


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Write the example project and make it the current folder."""
    project(tmp_path, FILES)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def capturer(**settings: object) -> StrategyCodeCapture:
    return StrategyCodeCapture("my_strategy.py", "output/code", **settings)  # type: ignore[arg-type]


def copied_files(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def test_both_modules_give_the_documented_names() -> None:
    assert module.StrategyCodeCapture is StrategyCodeCapture
    assert module.EntryPointDetectionResult is EntryPointDetectionResult


@pytest.mark.row("A1")
def test_a1_import_analysis_is_the_default_and_every_mode_is_known(here: Path) -> None:
    assert capturer().mode == "import_analysis"
    for mode in ("import_analysis", "entry_point", "auto"):
        assert capturer(mode=mode).capture()
    assert capturer(mode="disabled").capture() == capturer(mode=None).capture() == []


@pytest.mark.row("A1")
def test_a1_entry_point_mode_keeps_one_file(here: Path) -> None:
    assert capturer(mode="entry_point").capture() == ["my_strategy.py"]


@pytest.mark.row("A2")
def test_a2_both_paths_may_be_left_out_until_they_are_needed(here: Path) -> None:
    bare = StrategyCodeCapture()
    assert bare.detect_entry_point().detected_file == Path(__file__)
    with pytest.raises(ValueError, match="strategy_path is required for analyze_imports"):
        bare.analyze_imports()
    with pytest.raises(ValueError, match="output_dir is required for capture"):
        bare.capture()
    with pytest.raises(ValueError, match="output_dir is required for copy_files"):
        bare.copy_files([])


@pytest.mark.row("A2")
def test_a2_a_capture_without_a_path_takes_the_file_that_was_started(tmp_path: Path) -> None:
    program = (
        "from backtrail.backtest import StrategyCodeCapture\nimport helper\n"
        "print(StrategyCodeCapture(output_dir='out').capture())\n"
    )
    done = python(project(tmp_path, {"run.py": program, "helper.py": ""}), "run.py")
    assert done.stdout.strip() == "['run.py', 'helper.py']"


@pytest.mark.row("A3")
def test_a3_a_missing_strategy_and_an_unknown_mode_are_said_at_once(here: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"Strategy file not found: gone\.py"):
        StrategyCodeCapture("gone.py", "out")
    with pytest.raises(ValueError, match="Did you mean 'strategy_yaml'"):
        StrategyCodeCapture("my_strategy.py", "out", mode="strategy_yml")
    with pytest.raises(OSError, match="is none"):
        StrategyCodeCapture("my_strategy.py", "data/ref.csv/code")


@pytest.mark.row("A3", "A4")
def test_a3_a_missing_dependency_is_a_warning(here: Path, caplog: pytest.LogCaptureFixture) -> None:
    write(here, {"my_strategy.py": "import advanced.experimental.indicators\nimport utils.risk\n"})
    one = capturer()
    assert one.capture() == ["my_strategy.py", "utils/risk.py"]
    assert "Could not find imported module: advanced.experimental.indicators" in caplog.text
    assert one.completeness == "partial"
    assert one.warnings == one.manifest["problems"]


@pytest.mark.row("A4")
def test_a4_a_syntax_error_in_the_strategy_raises_from_analyze_imports_and_not_from_capture(
    here: Path,
) -> None:
    write(here, {"my_strategy.py": "def broken(:\n"})
    with pytest.raises(SyntaxError) as caught:
        capturer().analyze_imports()
    assert caught.value.lineno == 1
    one = capturer()
    assert one.capture() == ["my_strategy.py"]
    assert one.completeness == "partial"


@pytest.mark.row("A4")
def test_a4_a_syntax_error_in_a_dependency_is_logged_and_the_file_kept(
    here: Path, caplog: pytest.LogCaptureFixture
) -> None:
    write(here, {"utils/risk.py": "import nothing\ndef broken(:\n"})
    assert capturer().analyze_imports() == [
        Path(p) for p in ("my_strategy.py", "utils/indicators.py", "utils/risk.py")
    ]
    assert [r.levelname for r in caplog.records] == ["ERROR"]
    assert "Syntax error parsing: utils/risk.py" in caplog.text
    assert "backtest continues" in caplog.text


@pytest.mark.row("A4")
def test_a4_strict_turns_unresolved_imports_into_import_errors(here: Path) -> None:
    write(here, {"my_strategy.py": "import nothing\n"})
    with pytest.raises(ImportError, match="nothing"):
        capturer(strict=True).analyze_imports()
    assert capturer(strict=True).capture() == ["my_strategy.py"]


@pytest.mark.row("A5")
def test_a5_copy_files_never_raises_for_one_file(here: Path, caplog: pytest.LogCaptureFixture) -> None:
    one = capturer()
    os.mkfifo(here / "pipe")
    files = ["my_strategy.py", "gone.py", "utils", "pipe", "config/params.json", "\0", "x" * 5000]
    assert one.copy_files([Path(name) for name in files]) == ["my_strategy.py", "config/params.json"]
    assert len(one.warnings) == 5
    assert one.warnings == one.manifest["problems"]
    assert "File not found" in caplog.text


def test_a_single_file_may_be_copied_by_its_name(here: Path) -> None:
    assert capturer().copy_files("my_strategy.py") == ["my_strategy.py"]


@pytest.mark.row("A5")
def test_a5_permission_errors_are_warnings(
    here: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    (here / "utils" / "risk.py").chmod(0)
    if os.access(here / "utils" / "risk.py", os.R_OK):
        pytest.skip("this user may read everything")
    assert capturer().copy_files([Path("utils/risk.py")]) == []
    assert "Permission denied copying" in caplog.text


@pytest.mark.row("A6")
def test_a6_entries_are_relative_to_the_yaml_and_else_to_the_project_root(
    here: Path, caplog: pytest.LogCaptureFixture
) -> None:
    write(
        here,
        {"config/strategy.yaml": "files:\n  - my_strategy.py\n  - config/params.json\n  - ../data/ref.csv\n"},
    )
    one = capturer(mode="strategy_yaml")
    assert one.load_strategy_yaml(yaml_path="config/strategy.yaml") == [
        Path("my_strategy.py"),
        Path("config/params.json"),
        Path("data/ref.csv"),
    ]
    assert "was found from the project root" in caplog.text
    assert one.completeness == "complete"


@pytest.mark.row("A6")
def test_a6_what_lies_beside_the_yaml_wins(here: Path) -> None:
    write(here, {"config/strategy.yaml": "files: [same.txt]", "config/same.txt": "1", "same.txt": "2"})
    one = capturer()
    assert one.load_strategy_yaml("config/strategy.yaml") == [Path("config/same.txt")]
    assert "is both beside" in one.warnings[0]


@pytest.mark.row("A6")
def test_a6_paths_are_absolute_when_the_strategy_is(here: Path) -> None:
    write(here, {"strategy.yaml": "files: [data/ref.csv, my_strategy.py]"})
    one = StrategyCodeCapture(here / "my_strategy.py", "out")
    assert one.load_strategy_yaml() == [here / "my_strategy.py", here / "data/ref.csv"]
    assert one.analyze_imports()[:2] == [here / "my_strategy.py", here / "utils/indicators.py"]


def test_paths_open_from_the_current_folder(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(here / "data")
    found = StrategyCodeCapture("../my_strategy.py", "../out").analyze_imports()
    assert found[0] == Path("../my_strategy.py")
    assert all(path.is_file() for path in found)


@pytest.mark.row("A7")
def test_a7_an_explicit_yaml_wins_over_the_one_beside_which_wins_over_the_closure(here: Path) -> None:
    one = capturer()
    assert one.capture() == ["my_strategy.py", "utils/indicators.py", "utils/risk.py"]
    write(here, {"strategy.yaml": "files: [my_strategy.py]", "custom_strategy.yaml": "files: [data/ref.csv]"})
    assert one.capture() == ["my_strategy.py"]
    assert one.capture(strategy_yaml_path="custom_strategy.yaml") == ["data/ref.csv"]


@pytest.mark.row("A7")
def test_a7_yaml_mode_without_a_yaml_is_an_error_and_auto_falls_through(here: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"strategy\.yaml"):
        capturer(mode="strategy_yaml").capture()
    with pytest.raises(FileNotFoundError, match="gone"):
        capturer().capture("gone.yaml")
    assert len(capturer(mode="auto").capture()) == 3


@pytest.mark.row("A25")
def test_a25_yaml_cannot_write_outside_of_the_output_folder(here: Path) -> None:
    write(
        here,
        {
            "strategies/strategy.yaml": "files: [../config/params.json, ./s.py]",
            "strategies/s.py": "",
            "output/config/params.json": "PRECIOUS",
        },
    )
    one = StrategyCodeCapture("strategies/s.py", "output/code")
    assert one.capture() == ["strategies/s.py", "config/params.json"]
    assert (here / "output/config/params.json").read_text() == "PRECIOUS"
    assert copied_files(here / "output/code") == {
        "config/params.json",
        "strategies/s.py",
        "strategies/strategy.yaml",
    }


@pytest.mark.row("A26", "A28")
@pytest.mark.parametrize(
    "entry",
    [
        "../outside.txt",
        "{tmp}/outside.txt",
        "../../../../../../etc/hostname",
        "link.txt",
        "folder/outside.txt",
    ],
)
def test_a26_files_outside_of_the_project_are_refused_unless_allowed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, entry: str
) -> None:
    write(tmp_path, {"outside.txt": "secret", "p/x.py": ""})
    home = project(tmp_path / "p", {"s.py": ""})
    (home / "link.txt").symlink_to(tmp_path / "outside.txt")
    (home / "folder").symlink_to(tmp_path)
    monkeypatch.chdir(home)
    entry = entry.format(tmp=tmp_path)
    write(home, {"strategy.yaml": f"files: [s.py, {entry}]"})
    one = StrategyCodeCapture("s.py", "out")
    assert one.capture() == ["s.py"]
    assert any("outside" in said for said in one.warnings)
    assert one.copy_files([Path(entry)]) == []
    write(home, {"strategy.yaml": f"files: [s.py, {entry}]\nallow_external: true\n"})
    assert len(StrategyCodeCapture("s.py", "out").capture()) == 2
    (external,) = StrategyCodeCapture("s.py", "out", allow_external=True).copy_files([Path(entry)])
    assert re.fullmatch(rf"_external/[0-9a-f]{{8}}/{Path(os.path.realpath(entry)).name}", external)


@pytest.mark.row("A27")
def test_a27_outside_files_of_one_name_do_not_overwrite_each_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, {"a/utils.py": "A = 1\n", "b/utils.py": "B = 1\n"})
    monkeypatch.chdir(project(tmp_path / "p", {"s.py": ""}))
    one = StrategyCodeCapture("s.py", "out", allow_external=True)
    copied = one.copy_files([tmp_path / "a/utils.py", tmp_path / "b/utils.py"])
    assert len(set(copied)) == 2
    assert {(Path("out") / path).read_text() for path in copied} == {"A = 1\n", "B = 1\n"}


@pytest.mark.row("A28")
def test_a28_links_within_the_project_are_kept_with_their_target(here: Path) -> None:
    (here / "utils" / "alias.csv").symlink_to("../data/ref.csv")
    one = capturer()
    assert one.copy_files([Path("utils/alias.csv")]) == ["utils/alias.csv"]
    assert one.manifest["files"][0]["link_target"] == "../data/ref.csv"
    assert not (here / "output/code/utils/alias.csv").is_symlink()


@pytest.mark.row("A28")
def test_a28_a_link_in_the_output_folder_is_not_followed(
    here: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    (elsewhere / "victim.py").write_text("PRECIOUS")
    write(here, {"output/code/x": ""})
    (here / "output/code/utils").symlink_to(elsewhere)
    (here / "output/code/my_strategy.py").symlink_to(elsewhere / "victim.py")
    one = capturer()
    assert one.capture() == ["my_strategy.py"]
    assert (elsewhere / "victim.py").read_text() == "PRECIOUS"
    assert sorted(p.name for p in elsewhere.iterdir()) == ["victim.py"]


@pytest.mark.row("A29")
def test_a29_what_is_no_regular_file_is_left_out(here: Path) -> None:
    os.mkfifo(here / "utils" / "pipe.py")
    write(
        here,
        {
            "my_strategy.py": "import utils.pipe\n",
            "strategy.yaml": "files: [my_strategy.py, utils/pipe.py, /dev/zero]\nallow_external: true",
        },
    )
    one = capturer()
    assert one.capture() == ["my_strategy.py"]
    assert sum("not a regular file" in said for said in one.warnings) == 2
    (here / "strategy.yaml").unlink()
    assert capturer().capture() == ["my_strategy.py"]


@pytest.mark.row("A29")
def test_a29_files_beyond_the_limit_are_left_out(here: Path) -> None:
    copier = Copier(here, here / "out", limit=100)
    write(here, {"big.csv": "x" * 101, "small.csv": "x" * 100})
    assert copier.copy([here / "big.csv", here / "small.csv"]) == ["small.csv"]
    assert "101 bytes" in copier.warnings[0]
    assert copier.omitted == [Copied("big.csv", blob_digest(b"x" * 101), 101)]


@pytest.mark.row("A29")
def test_a29_the_digests_of_what_a_capture_leaves_out_are_in_its_manifest(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("backtrail.runs.code.copying._TOTAL", 100)
    write(here, {"a.csv": "a" * 60, "b.csv": "b" * 60})
    with open(here / "big.bin", "wb") as file:
        file.truncate(65 * 1024 * 1024)
    one = capturer()
    assert one.copy_files([Path("a.csv"), Path("b.csv"), Path("big.bin")]) == ["a.csv"]
    assert [(file["path"], file["size"], file.get("stored", True)) for file in one.manifest["files"]] == [
        ("a.csv", 60, True), ("b.csv", 60, False), ("big.bin", 65 * 1024 * 1024, False),
    ]  # fmt: skip
    assert one.manifest["files"][1]["raw"] == blob_digest(b"b" * 60)
    assert one.completeness == "partial"


@pytest.mark.row("A29")
def test_a29_a_huge_sparse_file_is_refused_without_being_read(here: Path) -> None:
    with open(here / "huge.bin", "wb") as file:
        file.truncate(1 << 40)
    assert capturer().copy_files([Path("huge.bin")]) == []


@pytest.mark.row("A30")
@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("- a.py\n", 1),
        ("files: a.py", 1),
        ("files:\n  - 1\n", 2),
        ("files:\n  - a.py\n  - null\n", 3),
        ("files:\n  - {a: 1}\n", 2),
        ("files:\n  - [a]\n", 2),
        ("files: []", 1),
        ("metadata: {}\n", 1),
        ("files: [a]\nfiels: []\n", 2),
        ("", 1),
        ("files:", 1),
        ("files: [a]\nfiles: [b]\n", 2),
        ("files: [a]\nallow_external: maybe\n", 2),
        ("files: ['']", 1),
        ("files: [true]", 1),
        ("files: [a]\nexclude: 5\n", 2),
    ],
)
def test_a30_a_yaml_of_another_structure_is_a_value_error_naming_the_line(
    here: Path, text: str, line: int
) -> None:
    (here / "strategy.yaml").write_text(text)
    with pytest.raises(ValueError, match=rf"Invalid YAML structure.*line {line}:"):
        capturer().load_strategy_yaml()


@pytest.mark.row("A30")
def test_a30_what_is_no_yaml_is_a_yaml_error(here: Path) -> None:
    for text in (b"files: [a", b"\tfiles: a", b"files: \xff", b"%YAML", b"files: &a [*b]"):
        (here / "strategy.yaml").write_bytes(text)
        with pytest.raises(yaml.YAMLError):
            capturer().load_strategy_yaml()


@pytest.mark.row("A30")
def test_a30_folders_and_patterns_are_expanded_and_excludes_obeyed(here: Path) -> None:
    write(
        here, {"utils/deep/x.py": "", "utils/x.log": "", "utils/__pycache__/x.pyc": "", "config/b.json": ""}
    )
    for entries, expected in (
        ("[utils/]", {"utils/indicators.py", "utils/risk.py", "utils/deep/x.py", "utils/x.log"}),
        ("['utils/*.py']", {"utils/indicators.py", "utils/risk.py"}),
        ("['utils/**/*.py']", {"utils/indicators.py", "utils/risk.py", "utils/deep/x.py"}),
        ("['config/*.json']", {"config/params.json", "config/b.json"}),
        ("[utils]\nexclude: ['*.log', 'deep/']", {"utils/indicators.py", "utils/risk.py"}),
        ("['utils/*.none']", set()),
    ):
        (here / "strategy.yaml").write_text(f"files: {entries}\n")
        assert {path.as_posix() for path in capturer().load_strategy_yaml()} == expected


@pytest.mark.row("A19")
def test_a19_folders_and_patterns_reach_into_nothing_that_is_installed_or_recorded(here: Path) -> None:
    apart = [".git/hooks", ".backtrail/runs", ".venv/lib", "env/lib", "node_modules/x", "lib/site-packages",
             "mine/objects", "backtests/20260101_000000_000/code", "output/code/utils"]  # fmt: skip
    write(here, {f"{folder}/x.py": "" for folder in apart})
    write(here, {"env/pyvenv.cfg": "", "mine/store.json": "{}", "strategy.yaml": "files: ['**/*.py', '.']\n"})
    for name in ("results", "metadata"):
        (here / "backtests/20260101_000000_000" / name).mkdir()
    first = capturer().capture()
    own = {"my_strategy.py", "utils/indicators.py", "utils/risk.py"}
    assert {path for path in first if path.endswith(".py")} == own
    assert capturer().capture() == first
    write(here, {"strategy.yaml": "files: [node_modules/x/x.py, env/lib]\n"})
    assert capturer().capture() == ["node_modules/x/x.py", "env/lib/x.py"]  # named, they are taken


@pytest.mark.row("A30")
def test_a30_the_yaml_itself_is_captured(here: Path) -> None:
    write(here, {"strategy.yaml": "files: [my_strategy.py]\nmetadata: {name: My Strategy, version: 1.0.0}\n"})
    one = capturer()
    assert one.capture() == ["my_strategy.py"]
    assert copied_files(here / "output/code") == {"my_strategy.py", "strategy.yaml"}
    assert [file["path"] for file in one.manifest["files"]] == ["my_strategy.py", "strategy.yaml"]


@pytest.mark.row("A30")
def test_a30_yaml_bombs_are_refused_quickly(here: Path) -> None:
    laughs = "a: &a [x]\n" + "".join(
        f"{chr(98 + n)}: &{chr(98 + n)} [{', '.join(['*' + chr(97 + n)] * 9)}]\n" for n in range(20)
    )
    for text in (
        laughs,
        "files: " + "[" * 900,
        "files: [" + "a," * 200_000 + "]",
        "- " * 5000,
        "files: [a]\n" + "x" * (2 << 20),
        "files: &a [*a]",
        "files: [!!python/object/apply:os.system [echo]]",
    ):
        (here / "strategy.yaml").write_text(text)
        with pytest.raises((ValueError, yaml.YAMLError)):
            capturer().load_strategy_yaml()


SECRETS = {
    ".env": "KEY=1",
    ".env.local": "",
    "prod.pem": "",
    "id_rsa": "",
    ".netrc": "",
    ".pypirc": "",
    "my_credentials.json": "",
    ".aws/config": "",
    ".kube/config": "",
    "server.key": "",
    "secrets.yaml": "",
}


@pytest.mark.row("A31")
def test_a31_key_stores_are_not_captured_unless_listed_and_allowed(here: Path) -> None:
    write(here, {**SECRETS})
    listed = ", ".join(SECRETS)
    write(here, {"strategy.yaml": f"files: [my_strategy.py, {listed}]"})
    one = capturer()
    assert one.capture() == ["my_strategy.py"]
    assert len(one.warnings) == len(SECRETS)
    assert one.copy_files([Path(name) for name in SECRETS]) == []
    write(here, {"strategy.yaml": f"files: [my_strategy.py, {listed}]\nallow_secrets: true"})
    assert len(capturer().capture()) == 1 + len(SECRETS)
    write(here, {"strategy.yaml": "files: [.aws, '*.pem', my_strategy.py]\nallow_secrets: true"})
    assert capturer().capture() == ["my_strategy.py"]  # a folder or a pattern does not list them


@pytest.mark.row("A31")
def test_a31_texts_with_keys_are_flagged_and_private(here: Path) -> None:
    write(
        here,
        {
            "settings.py": "API_KEY = 'a8f5f167f44f4964e6c998dee827110c'\n",
            "my_strategy.py": "import settings\n",
        },
    )
    one = capturer()
    assert one.capture() == ["my_strategy.py", "settings.py"]
    assert any("seems to hold secrets" in said for said in one.warnings)
    assert one.manifest["files"][1]["secrets"] == ["assigned secret"]
    assert one.completeness == "complete"
    assert (here / "output/code/settings.py").stat().st_mode & 0o077 == 0


@pytest.mark.row("A37")
def test_a37_capture_never_raises_for_the_users_files_and_says_what_is_missing(here: Path) -> None:
    write(here, {"my_strategy.py": "import gone, bad, utils.risk\n", "bad.py": b"\xff\xfe"})
    one = capturer()
    assert one.capture() == ["my_strategy.py", "bad.py", "utils/risk.py"]
    assert one.completeness == "partial"
    assert len(one.warnings) == 2


@pytest.mark.row("A40")
def test_a40_one_object_may_be_used_from_several_threads(here: Path) -> None:
    write(here, {f"m{n}.py": f"import m{n + 1}\n" for n in range(30)})
    write(here, {"my_strategy.py": "import m0\n", "m30.py": ""})
    one = capturer()
    found: list[list[str]] = []
    threads = [threading.Thread(target=lambda: found.append(one.capture())) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 8
    assert {len(files) for files in found} == {32}


@pytest.mark.row("A44")
def test_a44_names_are_stored_so_that_every_system_can_hold_them(here: Path) -> None:
    assert portable("a/con.py", windows=True) == "a/con_.py"
    assert portable("LPT1/nul", windows=True) == "LPT1_/nul_"
    assert portable("a:b?.py", windows=True) == "a_b_.py"
    assert portable("trailing. /x", windows=True) == "trailing/x"
    assert portable("<repl>/cell_1.py") == "_repl_/cell_1.py"
    assert portable("cafe\u0301.py") == "caf\u00e9.py"
    assert portable("../../etc//./passwd") == "etc/passwd"
    write(here, {"cafe\u0301.py": ""})
    assert capturer().copy_files([Path("cafe\u0301.py")]) == ["caf\u00e9.py"]


@pytest.mark.row("A44")
def test_a44_reserved_names_and_names_of_one_case_are_mapped_when_they_are_written() -> None:
    paths = ["pkg/con.py", "Case.py", "case.py", "CASE.py", "aux", "AUX", "a.b/x", "a.b/X"]
    assert list(names_for(paths, windows=False).values()) == paths
    assert list(names_for(paths, windows=True).values()) == [
        "pkg/con_.py", "Case.py", "case_.py", "CASE__.py", "aux_", "AUX__", "a.b/x", "a.b/X_",
    ]  # fmt: skip


@pytest.mark.row("A44")
def test_a44_names_that_differ_in_case_only_stay_two_files(here: Path) -> None:
    write(here, {"Case.py": "1", "case.py": "2"})
    assert len(copied_files(here)) == len(FILES) + 3
    copied = capturer().copy_files([Path("Case.py"), Path("case.py")])
    assert len({(here / "output/code" / path).read_text() for path in copied}) == 2


@pytest.mark.row("A42")
def test_questions_about_modules() -> None:
    for name in ("backtrail.indicators", "backtrail", "backtrader.feeds", "backtrader"):
        assert StrategyCodeCapture.is_framework_module(name)
    for name in ("numpy", "my_strategy", "backtrails", "my.backtrail"):
        assert not StrategyCodeCapture.is_framework_module(name)
    assert all(
        StrategyCodeCapture.is_stdlib_module(name)
        for name in ("os", "sys", "datetime", "os.path", "email.mime")
    )
    assert not any(StrategyCodeCapture.is_stdlib_module(name) for name in ("numpy", "pandas", "my_strategy"))


@pytest.mark.row("A18")
def test_a18_modules_are_resolved_without_importing(here: Path) -> None:
    write(here, {"pkg/__init__.py": "raise SystemExit", "pkg/mod.py": "raise SystemExit", "src/deep.py": ""})
    resolve = StrategyCodeCapture.resolve_module_path
    assert resolve("pkg.mod", here) == here / "pkg/mod.py"
    assert resolve("pkg", here) == here / "pkg/__init__.py"
    assert resolve("utils.indicators", here) == here / "utils/indicators.py"
    assert resolve("deep", here) == here / "src/deep.py"
    for name in ("nonexistent", "pkg.none", "", "..", "a/b", "../x", "sys", "utils", "\0"):
        assert resolve(name, here) is None


def test_imports_resolve_in_the_strategys_folder_the_root_its_src_and_the_path(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for folder in ("strategies/", "", "src/", "lib/"):
        write(
            here,
            {
                f"{folder}one.py": "",
                **({f"{folder}two.py": ""} if folder != "strategies/" else {}),
                **({f"{folder}three.py": ""} if folder in ("src/", "lib/") else {}),
                **({f"{folder}four.py": ""} if folder == "lib/" else {}),
            },
        )
    write(here, {"strategies/s.py": "import one, two, three, four\n"})
    monkeypatch.syspath_prepend(str(here / "lib"))
    found = StrategyCodeCapture("strategies/s.py", "out").analyze_imports()
    assert [path.as_posix() for path in found] == [
        "strategies/s.py",
        "strategies/one.py",
        "two.py",
        "src/three.py",
        "lib/four.py",
    ]


def test_captures_are_logged(here: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        capturer().capture()
    assert "Successfully captured 3 of 3 discovered files" in caplog.text
    json.dumps(capturer().manifest)
