"""Cells: the code of notebooks and interactive sessions, which is in no file or not as the file has it."""

from __future__ import annotations

import linecache
import os
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final, NamedTuple

if TYPE_CHECKING:
    from pathlib import Path

_CELL_FILES: Final = (
    "<ipython-input", "<python-input", "<stdin", "<string", "<console", "<doctest", "<input", "ipykernel_",
    "__marimo__",
)  # fmt: skip
_MARIMO: Final = "__marimo__cell_"


class Cell(NamedTuple):
    """A piece of code that was executed: its number (from 1) and its source."""

    number: int
    source: str


def shell() -> Any | None:
    """Give the running IPython shell, or None."""
    module = sys.modules.get("IPython")
    get = getattr(module, "get_ipython", None)
    return get() if callable(get) else None


def session_names() -> Mapping[str, Any]:
    """Give what an IPython session has, by name."""
    names = getattr(shell(), "user_ns", None)
    return names if isinstance(names, Mapping) else {}


def is_cell_file(filename: str) -> bool:
    """Tell whether code with this file name was typed or is a cell, rather than read from a file."""
    return any(piece in filename for piece in _CELL_FILES)


def notebook_path() -> Path | None:
    """Give the notebook whose kernel this is; None if the environment does not say. It is never guessed.

    VS Code puts the path into the user's names, Jupyter into ``JPY_SESSION_NAME`` or ``__session__``; marimo's notebook
    is the main module. Colab and Databricks do not tell the kernel where the notebook is.
    """
    running = shell()
    names = getattr(running, "user_ns", None) or {}
    given = [names.get("__vsc_ipynb_file__"), os.environ.get("JPY_SESSION_NAME"), names.get("__session__")]
    if "marimo" in sys.modules:
        given.append(getattr(sys.modules.get("__main__"), "__file__", None))
    for text in given:
        if isinstance(text, str) and text.endswith((".ipynb", ".py")):
            from pathlib import Path

            path = Path(text)
            if path.is_file():
                return path.resolve()
            beside = Path.cwd() / path.name
            if beside.is_file():
                return beside.resolve()
    return None


def executed_cells() -> list[Cell]:
    """Give what this session executed, in order.

    A cell that was executed again unchanged counts where it was executed last, so that running a notebook twice from
    top to bottom gives what running it once gives.
    """
    running = shell()
    history = getattr(running, "history_manager", None)
    parsed = getattr(history, "input_hist_parsed", None)
    if isinstance(parsed, list):
        sources = [(number, text) for number, text in enumerate(parsed) if isinstance(text, str)]
    else:
        typed = [name for name in linecache.cache if name.startswith(("<python-input", "<stdin>-"))]
        sources = [
            (_number(name) + 1, "".join(linecache.getlines(name))) for name in sorted(typed, key=_number)
        ]
        ran = [name for name in list(linecache.cache) if _MARIMO in name]
        sources += [(at, "".join(linecache.getlines(name))) for at, name in enumerate(ran, 1)]
    last: dict[str, int] = {}
    for number, text in sources:
        if text.strip():
            last.pop(text, None)
            last[text] = number
    return [Cell(number, text) for text, number in last.items()]


def _number(name: str) -> int:
    import re

    found = re.search(r"(\d+)", name)
    return int(found[1]) if found else 0


def remembered_source(filename: str) -> str | None:
    """Give the source of code that is in no file, if ``linecache`` was told of it."""
    lines = linecache.getlines(filename) if filename in linecache.cache else []
    return "".join(lines) or None


def strip_outputs(content: bytes) -> bytes:
    """Give a notebook without outputs, execution counts and widget state: they may be large and may hold secrets.

    ValueError if *content* is no notebook.
    """
    import json

    try:
        notebook = json.loads(content)
    except RecursionError as error:
        raise ValueError("a notebook that nests too deeply") from error
    if not isinstance(notebook, dict) or not isinstance(notebook.get("cells"), list):
        raise ValueError("expected a notebook of format 4, a JSON object with a list of cells")
    for cell in notebook["cells"]:
        if isinstance(cell, dict):
            cell.pop("attachments", None)
            if cell.get("cell_type") == "code":
                cell["outputs"] = []
                cell["execution_count"] = None
    if isinstance(notebook.get("metadata"), dict):
        notebook["metadata"].pop("widgets", None)
    return (
        json.dumps(notebook, indent=1, ensure_ascii=False, sort_keys=True).encode("utf-8", "surrogatepass")
        + b"\n"
    )


__all__ = [
    "Cell",
    "executed_cells",
    "is_cell_file",
    "notebook_path",
    "remembered_source",
    "session_names",
    "shell",
    "strip_outputs",
]
