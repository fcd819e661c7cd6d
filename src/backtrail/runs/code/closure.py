"""The closure of a run: every piece of the user's code that it is made of, as it was when it began.

Three sources are united: the import statements that can be reached from the classes in use and from the entry script;
the modules that are loaded; the cells that were executed. Nothing is imported or executed to find them.
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Iterable, Mapping
from typing import Any, Final

from ..collecting import without_collection
from .build import Builder
from .entry import detect_entry_point
from .folders import Signature, signature
from .memo import Memo
from .model import Closure, EntryPointDetectionResult, Role, UnresolvedImport

_lock = threading.Lock()
_memo = Memo()
_remembered: dict[Any, tuple[dict[str, Signature | None], Closure]] = {}
_MOST_REMEMBERED: Final = 32


def closure_of(
    what: Any = (),
    *,
    roles: Mapping[Any, Role] | None = None,
    entry: str | os.PathLike[str] | EntryPointDetectionResult | None = None,
    root: str | os.PathLike[str] | None = None,
    runtime: bool = True,
    yaml: str | os.PathLike[str] | bool | None = None,
    allow_external: bool = False,
    allow_secrets: bool = False,
    strict: bool = False,
    memo: Memo | None = None,
) -> Closure:
    """Give the closure of *what*: a class, function or path, or several of them.

    Classes count with all their bases; those of backtrail and of libraries are left out. *roles* says what each class
    is for (``{Sma: "indicator"}``). *entry* is the script that was started; by default the caller's file is looked for
    on the stack. *root* is the project root, by default that of the entry or of the first file. With *runtime* the main
    module, every module loaded from the project, and executed cells count too; without it the result depends on the
    files alone. *yaml* names a strategy.yaml whose files are added (default: one beside the entry or strategy, if there
    is one; False: none). Files outside of the project are keyed but not stored unless *allow_external*; likewise files
    that look like key stores, unless *allow_secrets*. *memo* is where analyses are remembered.

    Nothing is raised for code that cannot be had: see ``problems`` and ``completeness``. With *strict* an import that
    no file answers raises ImportError. A strategy.yaml that was named and cannot be used raises what
    :func:`~backtrail.runs.code.strategy_yaml.read_listing` raises.
    """
    things = (
        list(what)
        if isinstance(what, Iterable) and not isinstance(what, str | os.PathLike | type)
        else [what]
    )
    detection = entry if isinstance(entry, EntryPointDetectionResult) else None
    if entry is None and runtime:
        detection = detect_entry_point(sys._getframe(1))
    elif detection is None:
        file: Any = os.path.abspath(entry) if isinstance(entry, str | os.PathLike) else None
        sure = ("high", 1.0) if file is not None else ("low", 0.0)
        detection = EntryPointDetectionResult(file, "fallback", sure[0], [], sure[1], "script")
    build = Builder(
        things, roles or {}, detection, root, runtime, memo or _memo, allow_external, allow_secrets
    )
    key = (build.key(), yaml if not isinstance(yaml, os.PathLike) else os.fspath(yaml))
    with _lock:
        known = _remembered.get(key)
    if known is not None and _unchanged(known[0]):
        closure = known[1]
    else:
        with without_collection():
            closure = build.make(yaml)
        _remember(key, build, closure)
    if strict:
        for problem in closure.problems:
            if problem.kind == "unresolved":
                raise UnresolvedImport(f"{problem.message}. Install it, or correct the import.")
    return closure


def _remember(key: Any, build: Builder, closure: Closure) -> None:
    """Keep a closure for as long as no file and no folder that it rests on changes."""
    watched = build.watched()
    if watched is None:
        return
    with _lock:
        while len(_remembered) >= _MOST_REMEMBERED:
            del _remembered[next(iter(_remembered))]
        _remembered[key] = (watched, closure)


def is_current(closure: Closure) -> bool:
    """Tell whether no file and no folder that *closure* rests on has changed; False if that is not known.

    Modules that were loaded since, other classes and another caller are the asker's to see.
    """
    with _lock:
        held = [watched for watched, known in _remembered.values() if known is closure]
    return any(_unchanged(watched) for watched in held)


def _unchanged(watched: Mapping[str, Signature | None]) -> bool:
    """Tell whether every path still has the signature that it had."""
    return all(signature(path) == seen for path, seen in watched.items())


__all__ = ["closure_of", "is_current"]
