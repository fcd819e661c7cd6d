"""Every example of the StrategyCodeCapture reference works as it is written, with the library's name exchanged."""

from __future__ import annotations

import contextlib
import io
import logging
import subprocess
import sys
import textwrap
import threading
from pathlib import Path

import pytest

IMPORTS = "from backtrail.backtest import StrategyCodeCapture\n"


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("BACKTRAIL_CACHE_DIR", str(tmp_path / ".cache"))
    files = {
        "pyproject.toml": "",
        "my_strategy.py": "import utils.indicators\nfrom utils import risk\n",
        "main_strategy.py": "import indicators.custom\n",
        "utils/indicators.py": "import numpy as np\n\ndef calculate_rsi(): ...\n",
        "utils/risk.py": "import os\n",
        "indicators/technical.py": "",
        "indicators/custom.py": "",
        "risk/manager.py": "",
        "strategies/momentum.py": "from indicators import technical\nfrom risk.manager import *\n",
        "strategies/my_strategy.py": "",
        "config/params.json": "{}",
        "config/strategy.yaml": "files:\n  - my_strategy.py\n  - config/params.json\n  - data/ref.csv\n",
        "data/ref.csv": "",
        "data/reference.csv": "",
    }
    for name, content in files.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")
    return tmp_path


def run(project: Path, program: str, yaml: str | None = None) -> str:
    """Run the example *program* in *project* and give what it printed."""
    if yaml is not None:
        (project / "strategy.yaml").write_text(textwrap.dedent(yaml), encoding="utf-8")
    path = project / "example.py"
    path.write_text(textwrap.dedent(program), encoding="utf-8")
    printed = io.StringIO()
    running = set(threading.enumerate())
    with contextlib.chdir(project), contextlib.redirect_stdout(printed):
        exec(compile(path.read_bytes(), str(path), "exec"), {"__name__": "__main__", "__file__": str(path)})
        for thread in set(threading.enumerate()) - running:
            thread.join()
    return printed.getvalue()


def run_apart(project: Path, program: str) -> str:
    """Run an example that changes settings of its process in a process of its own."""
    (project / "example.py").write_text(textwrap.dedent(program), encoding="utf-8")
    command = [sys.executable, "example.py"]
    done = subprocess.run(command, cwd=project, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.row("A1", "A39")
def test_constructor_examples(project: Path) -> None:
    run(
        project,
        IMPORTS
        + """
capturer = StrategyCodeCapture(
    strategy_path='my_strategy.py',
    output_dir='backtests/20251019_143527_123/code'
)
capturer = StrategyCodeCapture(
    strategy_path='strategies/my_strategy.py',
    output_dir='backtests/20251019_143527_123/code'
)
capturer = StrategyCodeCapture(
    strategy_path='strategies/my_strategy.py',
    output_dir='backtests/20251019_143527_123/code',
    mode='strategy_yaml'
)
""",
    )


@pytest.mark.row("A2", "A8", "A39")
def test_entry_point_examples(project: Path) -> None:
    printed = run(
        project,
        """
        from backtrail.backtest.code_capture import StrategyCodeCapture
        capturer = StrategyCodeCapture()
        result = capturer.detect_entry_point()
        if result.detected_file:
            print(f"✓ Entry point detected: {result.detected_file}")
            print(f" Method: {result.detection_method}")
            print(f" Confidence: {result.confidence}")
            if result.warnings:
                print(f" Warnings: {len(result.warnings)}")
                for warning in result.warnings:
                    print(f" - {warning}")
        else:
            print("✗ Entry point detection failed")
            print(" Create strategy.yaml to explicitly specify files")
            for warning in result.warnings:
                print(f" - {warning}")
        """,
    )
    assert printed.splitlines() == [
        f"✓ Entry point detected: {project / 'example.py'}",
        " Method: inspect_stack",
        " Confidence: high",
    ]


@pytest.mark.row("A7", "A39")
def test_capture_examples(project: Path) -> None:
    (project / "custom_strategy.yaml").write_text("files: [my_strategy.py, data/ref.csv]\n")
    printed = run(
        project,
        IMPORTS
        + """
capturer = StrategyCodeCapture(
    strategy_path='my_strategy.py',
    output_dir='backtests/20251019_143527_123/code'
)
captured_files = capturer.capture()
print(captured_files)
captured_files = capturer.capture(strategy_yaml_path='custom_strategy.yaml')
print(captured_files)
""",
    )
    assert printed.splitlines() == [
        "['my_strategy.py', 'utils/indicators.py', 'utils/risk.py']",
        "['my_strategy.py', 'data/ref.csv']",
    ]


@pytest.mark.row("A6", "A39")
def test_analyze_imports_and_load_strategy_yaml_examples(project: Path) -> None:
    printed = run(
        project,
        IMPORTS
        + """
capturer = StrategyCodeCapture(strategy_path='my_strategy.py', output_dir='output/code')
print([str(path) for path in capturer.analyze_imports()])
capturer = StrategyCodeCapture(strategy_path='my_strategy.py', output_dir='output/code', mode='strategy_yaml')
print([str(path) for path in capturer.load_strategy_yaml()])
print([str(path) for path in capturer.load_strategy_yaml(yaml_path='config/strategy.yaml')])
""",
        yaml="files: [utils/risk.py, my_strategy.py]\n",
    )
    assert printed.splitlines() == [
        "['my_strategy.py', 'utils/indicators.py', 'utils/risk.py']",
        "['my_strategy.py', 'utils/risk.py']",
        "['my_strategy.py', 'config/params.json', 'data/ref.csv']",
    ]


@pytest.mark.row("A5", "A39")
def test_copy_files_example(project: Path) -> None:
    printed = run(
        project,
        IMPORTS
        + """
from pathlib import Path
capturer = StrategyCodeCapture(strategy_path='my_strategy.py', output_dir='output/code')
files_to_copy = [
    Path('my_strategy.py'),
    Path('utils/indicators.py'),
    Path('config/params.json')
]
copied = capturer.copy_files(files_to_copy)
print(copied)
""",
    )
    assert printed == "['my_strategy.py', 'utils/indicators.py', 'config/params.json']\n"
    found = {
        path.relative_to(project / "output/code").as_posix()
        for path in (project / "output/code").rglob("*.*")
    }
    assert found == {"my_strategy.py", "utils/indicators.py", "config/params.json"}


@pytest.mark.row("A39")
def test_module_examples(project: Path) -> None:
    printed = run(
        project,
        IMPORTS
        + """
from pathlib import Path
print(StrategyCodeCapture.is_framework_module('backtrail.algorithm'))
print(StrategyCodeCapture.is_framework_module('backtrail.data'))
print(StrategyCodeCapture.is_framework_module('numpy'))
print(StrategyCodeCapture.is_framework_module('my_strategy'))
print(StrategyCodeCapture.is_stdlib_module('os'))
print(StrategyCodeCapture.is_stdlib_module('sys'))
print(StrategyCodeCapture.is_stdlib_module('datetime'))
print(StrategyCodeCapture.is_stdlib_module('numpy'))
print(StrategyCodeCapture.is_stdlib_module('pandas'))
base = Path.cwd()
print(StrategyCodeCapture.resolve_module_path('utils.indicators', base) == base / 'utils/indicators.py')
print(StrategyCodeCapture.resolve_module_path('nonexistent', base))
""",
    )
    assert printed.split() == [
        "True",
        "True",
        "False",
        "False",
        "True",
        "True",
        "True",
        "False",
        "False",
        "True",
        "None",
    ]


@pytest.mark.row("A1", "A39")
def test_usage_example_1_import_analysis(project: Path) -> None:
    printed = run(
        project,
        """
        from backtrail.backtest import StrategyCodeCapture
        from pathlib import Path
        capturer = StrategyCodeCapture(
            strategy_path='strategies/momentum.py',
            output_dir='backtests/20251019_143527_123/code'
        )
        captured_files = capturer.capture()
        print(f"Captured {len(captured_files)} files:")
        for file in captured_files:
            print(f" - {file}")
        """,
    )
    assert printed.splitlines() == [
        "Captured 3 files:",
        " - strategies/momentum.py",
        " - indicators/technical.py",
        " - risk/manager.py",
    ]


@pytest.mark.row("A39")
def test_usage_example_2_strategy_yaml(project: Path) -> None:
    yaml = """
        # Required: list of files to capture
        files:
          - main_strategy.py
          - indicators/custom.py
          - config/params.json
          - data/reference.csv
        # Optional: metadata (not used by system)
        metadata:
          name: "My Strategy"
          version: "1.0.0"
          author: "Quant Team"
    """
    printed = run(
        project,
        """
        from backtrail.backtest import StrategyCodeCapture
        capturer = StrategyCodeCapture(
            strategy_path='main_strategy.py',
            output_dir='backtests/20251019_143527_123/code',
            mode='strategy_yaml'
        )
        captured_files = capturer.capture()
        print("Captured files from strategy.yaml:")
        for file in captured_files:
            print(f" - {file}")
        """,
        yaml,
    )
    assert printed.splitlines() == [
        "Captured files from strategy.yaml:",
        " - main_strategy.py",
        " - indicators/custom.py",
        " - config/params.json",
        " - data/reference.csv",
    ]


@pytest.mark.row("A39")
def test_usage_example_3_filtered_files(project: Path) -> None:
    (project / "utils" / "test_x.py").write_text("")
    (project / "my_strategy.py").write_text("import utils.test_x, utils.risk\n")
    printed = run(
        project,
        """
        from backtrail.backtest import StrategyCodeCapture
        from pathlib import Path
        capturer = StrategyCodeCapture(strategy_path='my_strategy.py', output_dir='output/code')
        discovered_files = capturer.analyze_imports()
        print(f"Discovered {len(discovered_files)} files via import analysis")
        filtered_files = [
            f for f in discovered_files
            if not f.name.startswith('test_')
        ]
        copied_files = capturer.copy_files(filtered_files)
        print(f"Copied {len(copied_files)} files (excluded test files)")
        """,
    )
    assert printed.splitlines() == [
        "Discovered 3 files via import analysis",
        "Copied 2 files (excluded test files)",
    ]


@pytest.mark.row("A39")
def test_usage_example_4_errors_are_warnings(project: Path) -> None:
    (project / "my_strategy.py").write_text(
        "import advanced.experimental.indicators, broken_strategy, utils.risk\n"
    )
    (project / "broken_strategy.py").write_text("def (:\n")
    printed = run_apart(
        project,
        """
        from backtrail.backtest import StrategyCodeCapture
        import logging, sys
        logging.basicConfig(level=logging.INFO, stream=sys.stdout, format="%(levelname)s: %(message)s")
        capturer = StrategyCodeCapture(strategy_path='my_strategy.py', output_dir='output/code')
        captured_files = capturer.capture()
        print(f"Successfully captured {len(captured_files)} files")
        for file in captured_files:
            print(f" ✓ {file}")
        """,
    )
    assert "WARNING: Could not find imported module: advanced.experimental.indicators" in printed
    assert "ERROR: Syntax error parsing: broken_strategy.py" in printed
    assert "(backtest continues)" in printed
    assert "INFO: Successfully captured 3 of 3 discovered files" in printed
    assert printed.splitlines()[-4:] == [
        "Successfully captured 3 files",
        " ✓ my_strategy.py",
        " ✓ broken_strategy.py",
        " ✓ utils/risk.py",
    ]
    assert logging.getLogger("backtrail").level == logging.NOTSET


@pytest.mark.row("A39")
def test_a39_usage_example_5_artifact_manager(project: Path) -> None:
    printed = run(
        project,
        """
        from pathlib import Path
        from backtrail.backtest import BacktestArtifactManager, StrategyCodeCapture
        manager = BacktestArtifactManager()
        manager.initialize()
        capturer = StrategyCodeCapture(
            strategy_path='my_strategy.py',
            output_dir=manager.code_dir
        )
        captured_files = capturer.capture()
        metadata = {
            'backtest_id': manager.backtest_id,
            'captured_files': captured_files,
            'strategy_entry_point': str(Path('my_strategy.py').resolve())
        }
        manager.save_metadata(metadata)
        assert manager.load_metadata() == metadata
        print(f"Captured {len(captured_files)} files to {manager.code_dir}")
        """,
    )
    (folder,) = (project / "backtests").iterdir()
    assert printed == f"Captured 3 files to {folder / 'code'}\n"
    assert (folder / "metadata" / "backtest_metadata.json").is_file()


@pytest.mark.row("A39", "A40")
def test_thread_safety_example(project: Path) -> None:
    for number in range(5):
        (project / f"strategy_{number}.py").write_text("import utils.risk\n")
    run(
        project,
        """
        import threading
        from backtrail.backtest import StrategyCodeCapture

        def capture_strategy(strategy_path, output_dir):
            capturer = StrategyCodeCapture(strategy_path, output_dir)
            return capturer.capture()

        threads = []
        for i in range(5):
            t = threading.Thread(
                target=capture_strategy,
                args=(f'strategy_{i}.py', f'output_{i}/code')
            )
            threads.append(t)
            t.start()
        """,
    )
    for number in range(5):
        assert (project / f"output_{number}" / "code" / f"strategy_{number}.py").is_file()
        assert (project / f"output_{number}" / "code" / "utils" / "risk.py").is_file()


@pytest.mark.row("A15", "A39")
def test_supported_import_patterns(project: Path) -> None:
    package = project / "strategies"
    (package / "utils").mkdir()
    for name in ("__init__.py", "indicators.py", "utils/__init__.py", "utils/indicators.py"):
        (package / name).write_text("")
    (project / "shared").mkdir()
    (project / "shared" / "helpers.py").write_text("")
    (package / "patterns.py").write_text(
        textwrap.dedent(
            """
            import utils.indicators
            from utils.indicators import calculate_rsi
            from . import indicators
            from .utils import indicators
            from ..shared import helpers
            import utils.indicators as ind
            from utils import indicators as ind
            from utils.indicators import (
                calculate_rsi,
                calculate_macd,
                calculate_bollinger
            )
            """
        )
    )
    printed = run(
        project,
        IMPORTS + "print(StrategyCodeCapture('strategies/patterns.py', 'out').capture())\n",
    )
    # `utils` without dots is the folder beside the strategy
    assert printed.strip() == (
        "['strategies/patterns.py', 'strategies/utils/__init__.py', 'strategies/utils/indicators.py', "
        "'strategies/__init__.py', 'strategies/indicators.py', 'shared/helpers.py']"
    )


@pytest.mark.row("A6", "A25", "A39")
def test_path_resolution_of_strategy_yaml(project: Path) -> None:
    for name in ("strategies/main.py", "strategies/utils/helpers.py", "config/params.py"):
        (project / name).parent.mkdir(exist_ok=True, parents=True)
        (project / name).write_text("")
    (project / "strategies" / "strategy.yaml").write_text(
        "files:\n  - main.py\n  - utils/helpers.py\n  - ../config/params.py\n"
    )
    printed = run(project, IMPORTS + "print(StrategyCodeCapture('strategies/main.py', 'out').capture())\n")
    assert printed.strip() == "['strategies/main.py', 'strategies/utils/helpers.py', 'config/params.py']"
