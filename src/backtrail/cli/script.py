"""Run a user's script as Python would, with ``import backtrader`` giving backtrail."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Sequence
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import CodeType, ModuleType, TracebackType

from ..compat import alias_backtrader
from ..report.folder import to_json
from .spawned import SCRIPT_VARIABLE
from .watch import Watch

INTERRUPTED = 130
MISUSED = 2
FAILED = 1


def run_script(
    path: Path, arguments: Sequence[str], show_progress: bool = False, as_json: bool = False
) -> int:
    """Run the script at *path* with *arguments* and give its exit status.

    With *as_json* a summary of the runs goes to stdout, and what the script prints to stderr.
    """
    source = _read(path)
    if source is None:
        return MISUSED
    watch = Watch(show_progress)
    stdout = contextlib.redirect_stdout(sys.stderr) if as_json else contextlib.nullcontext()
    with alias_backtrader(), watch.watching(), stdout:
        status = execute(path.resolve(), source, arguments)
    if as_json:
        print(to_json({"script": str(path), "status": status, "runs": watch.runs}))
    return status


def execute(path: Path, source: bytes, arguments: Sequence[str]) -> int:
    """Run *source* as the main module; give the exit status. An uncaught exception is printed as Python does."""
    main = ModuleType("__main__")
    main.__file__ = str(path)
    main.__spec__ = ModuleSpec(
        f"{__package__}.spawned", None
    )  # what a spawned worker runs to get this module
    main.__dict__["__builtins__"] = __builtins__
    outer, outer_argv, outer_path = sys.modules["__main__"], sys.argv, sys.path[:]
    sys.modules["__main__"] = main
    sys.argv = [str(path), *arguments]
    sys.path[:1] = [str(path.parent)]
    os.environ[SCRIPT_VARIABLE] = str(path)
    try:
        code: CodeType = compile(source, str(path), "exec", dont_inherit=True)
        exec(code, main.__dict__)
    except SystemExit as exit_:
        return _status(exit_)
    except BaseException as error:  # noqa: BLE001  # what Python itself does at the end of a script
        sys.stdout.flush()
        error.__traceback__ = _below(error.__traceback__)
        sys.excepthook(type(error), error, error.__traceback__)
        return INTERRUPTED if isinstance(error, KeyboardInterrupt) else FAILED
    finally:
        sys.modules["__main__"] = outer
        sys.argv = outer_argv
        sys.path[:] = outer_path
        del os.environ[SCRIPT_VARIABLE]
    return 0


def _read(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except IsADirectoryError:
        problem = "is a folder; give the path of a Python script"
    except FileNotFoundError:
        problem = (
            "does not exist; check the path (backtrail's options go before the script, its own after it)"
        )
    except OSError as error:
        problem = f"cannot be read: {error.strerror or error}"
    print(f"backtrail run: {path} {problem}.", file=sys.stderr)
    return None


def _status(exit_: SystemExit) -> int:
    if exit_.code is None:
        return 0
    if isinstance(exit_.code, int):
        return exit_.code
    print(exit_.code, file=sys.stderr)
    return FAILED


def _below(traceback: TracebackType | None) -> TracebackType | None:
    """Leave out the frames of this module."""
    while traceback is not None and traceback.tb_frame.f_code.co_filename == __file__:
        traceback = traceback.tb_next
    return traceback
