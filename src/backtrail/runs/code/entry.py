"""Find the file from which a run was started, by the stack of frames and not by the text of any line."""

from __future__ import annotations

import os
import sys
from types import FrameType
from typing import Final

from .model import EntryPointDetectionResult
from .notebook import is_cell_file, notebook_path, shell
from .places import not_user_code

INTERACTIVE: Final = "Interactive session detected - use strategy.yaml for reliability"
_SCORES: Final = {"high": 1.0, "medium": 0.7, "low": 0.2}


def detect_entry_point(frame: FrameType | None = None) -> EntryPointDetectionResult:
    """Find the file of the nearest caller that is neither backtrail's, nor a library's, nor Python's own.

    *frame* is where to begin (default: the caller). Nothing is raised: what could not be found is said in
    ``warnings``.
    """
    if getattr(sys, "frozen", False):
        return _frozen()
    filename = calling_file(frame if frame is not None else sys._getframe(1))
    if filename is None:
        return _without_caller()
    if is_cell_file(filename):
        # a worker process is started with `python -c`, and runs what the main module of its parent asked for
        return _without_caller() if "__mp_main__" in sys.modules else _interactive(filename)
    path = filename if os.path.isabs(filename) else _absolute(filename)
    if not os.path.isfile(path):
        return _interactive(filename)
    return _result(path, "inspect_stack", "high", "script")


def calling_file(frame: FrameType | None) -> str | None:
    """Give the file name of the nearest frame that is the user's, from *frame* outwards."""
    skipped = not_user_code()
    while frame is not None:
        filename = frame.f_code.co_filename
        if not filename.startswith(skipped):
            return filename
        frame = frame.f_back
    return None


def main_file() -> str | None:
    """Give the file of the main module if it is the user's."""
    for name in ("__main__", "__mp_main__"):
        file = getattr(sys.modules.get(name), "__file__", None)
        if isinstance(file, str) and os.path.isfile(file):
            resolved = os.path.realpath(file)
            if os.path.dirname(os.path.abspath(file)) == os.path.dirname(os.path.abspath(sys.executable)):
                continue  # a command that was installed, such as pytest
            if not resolved.startswith(not_user_code()) and not file.startswith(not_user_code()):
                return os.path.abspath(file)
    return None


def _absolute(filename: str) -> str:
    """Give the path of a file name that is relative to where the program was started."""
    main = getattr(sys.modules.get("__main__"), "__file__", None)
    if isinstance(main, str) and main.endswith(filename):
        return os.path.abspath(main)
    return os.path.abspath(filename)


def _result(
    path: str | os.PathLike[str] | None, method: str, confidence: str, context: str, *warnings: str
) -> EntryPointDetectionResult:
    return EntryPointDetectionResult(
        detected_file=path,  # type: ignore[arg-type]  # it is a path to whoever reads it
        detection_method=method,
        confidence=confidence,
        warnings=list(warnings),
        confidence_score=_SCORES[confidence] if path is not None else 0.0,
        execution_context=context,
        fallback_used=method == "fallback",
    )


def _frozen() -> EntryPointDetectionResult:
    """Look for the bundled source of a program that PyInstaller or cx_Freeze packed."""
    bundle = getattr(sys, "_MEIPASS", None)
    main = getattr(sys.modules.get("__main__"), "__file__", None) or sys.argv[0]
    name = f"{os.path.splitext(os.path.basename(main))[0]}.py"
    if isinstance(bundle, str):
        path = os.path.join(bundle, name)
        if os.path.isfile(path):
            return _result(path, "frozen", "medium", "frozen")
    return _result(None, "frozen", "low", "frozen", f"the packed application holds no source {name}")


def _interactive(filename: str) -> EntryPointDetectionResult:
    notebook = notebook_path()
    if notebook is not None:
        return _result(notebook, "ipython", "medium", "notebook")
    running = shell()
    if running is not None and hasattr(running, "kernel"):
        said = "the notebook's path is not known to its kernel; the executed cells are kept instead"
        return _result(None, "ipython", "low", "notebook", said)
    return _result(None, "fallback", "low", "repl", INTERACTIVE)


def _without_caller() -> EntryPointDetectionResult:
    """Answer in a worker or a thread, where no frame is the user's: the main module is the next best."""
    main = main_file()
    if main is not None:
        said = "no caller of the user's is on the stack; the main module is taken"
        return _result(main, "fallback", "medium", "worker", said)
    return _result(
        None, "fallback", "low", "worker", "no file of the user's is on the stack or is the main module"
    )


__all__ = ["INTERACTIVE", "calling_file", "detect_entry_point", "main_file"]
