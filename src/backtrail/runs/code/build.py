"""Put a closure together: from the roots, by following imports, to the files and the digest."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Mapping
from types import FunctionType
from typing import Any

from ..digests import blob_digest, digest
from .analysis import FORM, unreadable_norm
from .entry import main_file
from .folders import Signature, digest_of_file, is_settled, signature
from .listed import ListedFiles, secret_problems
from .loaded import Origin, changed_since_loaded, loaded_files, module_name, origin_of, own_things, parts_of
from .memo import Memo
from .model import UNKNOWN_CODE, Closure, CodeFile, EntryPointDetectionResult, Problem, Role
from .notebook import Cell, executed_cells, remembered_source, session_names
from .places import below, not_user_code, project_folder
from .walk import Unit, Walk


class Builder:
    """The making of one closure."""

    def __init__(
        self,
        things: list[Any],
        roles: Mapping[Any, Role],
        detection: EntryPointDetectionResult,
        root: str | os.PathLike[str] | None,
        runtime: bool,
        memo: Memo,
        allow_external: bool,
        allow_secrets: bool,
    ) -> None:
        self.detection = detection
        self.memo = memo
        self.runtime = runtime
        self.allow_external = allow_external
        self.allow_secrets = allow_secrets
        self.problems: list[Problem] = []
        self.paths = [os.path.abspath(thing) for thing in things if isinstance(thing, str | os.PathLike)]
        self.things: dict[Any, tuple[Origin, Role]] = {}
        for thing in things:
            self._add_thing(thing, roles)
        self.main = main_file() if runtime else None
        self.entry = detection.file
        self.cells = _counting_cells() if runtime else []
        self.loaded = loaded_files() if runtime else []
        self.root = os.path.realpath(root) if root is not None else self._root_()
        self.files: list[CodeFile] = []
        self.extra: list[tuple[str, str]] = []
        self.application: dict[str, Any] | None = None
        self.listed = ListedFiles(self.root, memo, allow_external=allow_external, allow_secrets=allow_secrets)
        self.walk: Walk | None = None

    def _add_thing(self, thing: Any, roles: Mapping[Any, Role]) -> None:
        if isinstance(thing, str | os.PathLike):
            return
        for part in parts_of(thing):
            self._add_part(part, roles.get(part, "class" if isinstance(part, type) else "function"))

    def _add_part(self, part: type | FunctionType, role: Role) -> None:
        """Add a class with its bases, or a function, unless it is backtrail's, a library's or Python's own."""
        for one in part.__mro__ if isinstance(part, type) else (part,):
            name = getattr(one, "__module__", "")
            file = getattr(sys.modules.get(name), "__file__", None)
            if name == "builtins" or (isinstance(file, str) and file.startswith(not_user_code())):
                continue
            if file is None and name in sys.builtin_module_names:
                continue
            if one not in self.things or one is part:
                self.things[one] = (origin_of(one), role)

    def _root_(self) -> str:
        """Choose the project: that of the entry or main module, of the first file known, or the current folder."""
        candidates = [
            self.entry,
            self.main,
            *self.paths,
            *(file for origin, _ in self.things.values() for file in origin.files),
        ]
        for file in candidates:
            if file is not None and os.path.exists(file):
                if not os.path.realpath(file).startswith(not_user_code()):
                    return project_folder(file)
        return os.path.realpath(os.getcwd())

    def key(self) -> Any:
        """Give what else decides the closure, besides the content of files and folders."""
        return (
            tuple(self.things.items()), tuple(self.paths), self.entry, self.detection.detection_method, self.main,
            self.root, tuple(sys.path), os.getcwd(), tuple(self.cells), tuple(self.loaded), self.runtime,
            self.allow_external, self.allow_secrets, id(self.memo),
        )  # fmt: skip

    def make(self, yaml: str | os.PathLike[str] | bool | None) -> Closure:
        """Follow everything and put the closure together."""
        self.memo.open_project(self.root)
        first = self.entry or (self.paths[0] if self.paths else None) or next(
            (file for origin, _ in self.things.values() for file in origin.files), None
        )  # fmt: skip
        walk = self.walk = Walk(self.root, first, self.memo)
        self._add_roots(walk)
        walk.run()
        self._add_loaded(walk)
        walk.run()
        self._add_cells(walk)
        walk.run()
        self.problems += walk.problems
        items = self._files_of(walk)
        self._check_loaded_(walk)
        listed = self.listed
        listed.add_yaml(yaml, first, {file.source for file in self.files})
        if getattr(sys, "frozen", False):
            self._add_application()
        entry = self._entry_path(walk)
        self.files += listed.files
        self.problems += listed.problems
        items += self.extra + listed.keyed
        modules = dict(sorted(items))
        self.memo.save_project(
            self.root, (u.analysis.raw for u in walk.units.values() if u.analysis is not None)
        )
        keyed = [part.encode() for pair in sorted(set(items)) for part in pair]
        return Closure(
            digest=digest(f"{FORM}/closure", *keyed),
            files=_under_paths_of_their_own(self.files),
            entry=entry,
            detection=self.detection,
            problems=tuple(dict.fromkeys(self.problems)),
            modules=modules,
            packages=tuple(sorted(walk.packages)),
            root=self.root,  # type: ignore[arg-type]  # it is a path to whoever reads it
            keyable=not any(p.kind in UNKNOWN_CODE for p in self.problems),
            application=self.application,
        )

    def _add_roots(self, walk: Walk) -> None:
        for path in self.paths:
            walk.add_file(path, self._name_of(path), self._package(path), "strategy", "given")
        for thing, (origin, role) in self.things.items():
            for file in origin.files:
                name = origin.module if file == self._module_file(origin) else self._name_of(file)
                walk.add_file(file, name, self._package(file), role, "class")
                if name != "__main__" and "." in name:
                    walk.add_module(name.rpartition(".")[0], "static")
            for filename in origin.unknown:
                if self._is_in_a_cell(thing):
                    continue  # made within a magic, which names the code as it likes
                called = getattr(thing, "__qualname__", thing)
                said = f"{called} was made by code whose source is not known ({filename})"
                self.problems.append(Problem("no-source", said))
        for file in dict.fromkeys(file for file in (self.entry, self.main) if file is not None):
            if file.endswith(".ipynb"):
                continue
            name = "__main__" if self.main is not None and _same(file, self.main) else self._name_of(file)
            walk.add_file(
                file, name, self._package(file), "entry" if file == self.entry else "module", "given"
            )

    def _is_in_a_cell(self, thing: Any) -> bool:
        if not self.cells:
            return False
        from .cells import holds

        return holds(self.cells, thing)

    def _module_file(self, origin: Origin) -> str | None:
        name = "__main__" if origin.module == "__main__" else origin.module
        file = getattr(sys.modules.get(name), "__file__", None)
        return os.path.abspath(file) if isinstance(file, str) else None

    def _name_of(self, file: str) -> str:
        """Name a file that nobody imports by name: as it is loaded, or by its path from the project root."""
        if self.runtime:
            for name, loaded in self.loaded:
                if loaded == file:
                    return module_name(name)
        relative = os.path.relpath(os.path.realpath(file), self.root)
        stem = os.path.splitext(relative)[0]
        return os.path.basename(stem) if stem.startswith(os.pardir) else stem.replace(os.sep, ".")

    def _package(self, file: str) -> str:
        """Give the package that the folders with ``__init__.py`` around *file* make."""
        folder = os.path.dirname(os.path.abspath(file))
        parts: list[str] = []
        while os.path.isfile(os.path.join(folder, "__init__.py")) and os.path.basename(folder):
            parts.insert(0, os.path.basename(folder))
            folder = os.path.dirname(folder)
        return ".".join(parts)

    def _add_loaded(self, walk: Walk) -> None:
        """Add the modules that are loaded from the project or from packages installed as editable."""
        roots = (below(self.root), *walk.editable)
        known = {unit.file for unit in walk.units.values()}
        for name, file in self.loaded:
            if file in known:
                continue
            real = os.path.realpath(file)
            if not real.startswith(roots) or real in walk.units:
                continue  # the same file under a second name adds nothing
            package = name if os.path.basename(file).startswith("__init__.") else name.rpartition(".")[0]
            unit = walk.add_file(file, name, package, "module", "runtime")
            if unit is not None and not unit.is_source:
                unit.role = "binary"

    def _add_cells(self, walk: Walk) -> None:
        """Add executed cells, and code of the classes that is in no file; their imports are followed."""
        sources = [(f"<repl>/cell_{cell.number}.py", cell.source) for cell in self.cells]
        known = {text.strip() for _, text in sources}
        for origin, _ in self.things.values():
            for filename in origin.cells:
                text = remembered_source(filename)
                text = _unwrapped(text) if text is not None else None
                if text is not None and text.strip() not in known:
                    known.add(text.strip())
                    sources.append((f"<repl>/cell_{len(sources) + 1}.py", text))
        if not sources:
            return
        from .normal import analyse

        norms = []
        for path, text in sources:
            content = text.encode("utf-8", "surrogatepass")
            found = analyse(content)
            norms.append(found.norm)
            self.problems += secret_problems(path, found.secrets)
            self.files.append(CodeFile(path, "__main__", found.raw, found.norm, "cell", "notebook", len(content),
                                       secrets=found.secrets, content=content))  # fmt: skip
            unit = Unit(path, os.path.join(os.getcwd(), "cell.py"), "", "project", "cell", "notebook")
            for one in found.imports:
                walk._follow(unit, one._replace(optional=True))
        if norms:
            self.extra.append(("__main__:cells", digest(f"{FORM}/cells", *(norm.encode() for norm in norms))))

    def _files_of(self, walk: Walk) -> list[tuple[str, str]]:
        """Make the files of all units, and give what goes into the digest: pairs of module name and normal form."""
        flags = frozenset[str]().union(
            *(u.analysis.flags for u in walk.units.values() if u.analysis is not None)
        )
        items: list[tuple[str, str]] = []
        for unit in walk.sources():
            if unit.snapshot is None:
                items += [(name, "unread") for name in unit.names]
                continue
            raw, content = unit.snapshot.raw, unit.snapshot.content
            norm = _effective(unit, flags)
            items += [(name, norm) for name in unit.names]
            kept = walk.is_kept(unit, self.allow_external)
            shown = walk.shown(unit)
            if not kept:
                base = os.path.basename(unit.real)
                said = f"{base} lies outside of the project: it is part of the key and is not stored"
                self.problems.append(Problem("outside", said, shown))
            secrets = unit.analysis.secrets if unit.analysis is not None else ()
            self.problems += secret_problems(shown, secrets)
            if unit.analysis is not None:
                self._say_flags(shown, unit.analysis.flags)
            target = os.path.relpath(unit.real, os.path.dirname(unit.file)) if unit.is_link else None
            self.files.append(CodeFile(
                shown, min(unit.names), raw, norm, unit.role, unit.how, len(content), unit.real,
                target.replace(os.sep, "/") if target and unit.place == "project" else None, kept, secrets,
                content if kept else None,
            ))  # fmt: skip
        return items

    def _say_flags(self, path: str, flags: frozenset[str]) -> None:
        if "computed-import" in flags:
            said = f"{path} imports or executes by a computed name: only what is loaded from the project is seen of it"
            self.problems.append(Problem("computed-import", said, path, partial=False))
        if "path" in flags:
            said = f"{path} changes sys.path: its imports are looked up along the path as it is"
            self.problems.append(Problem("path", said, path, partial=False))

    def _check_loaded_(self, walk: Walk) -> None:
        """Compare what is loaded with its files, which may have been edited after they were loaded.

        Those of the classes in use are always compared, of other modules those that were edited lately.
        """
        if not self.runtime:
            return
        by_file: dict[tuple[str, str], list[Any]] = {}
        for thing, (origin, _) in self.things.items():
            file = self._module_file(origin)
            if file is not None and file in origin.files:
                by_file.setdefault((getattr(thing, "__module__", "__main__"), file), []).append(thing)
        for name, file in self.loaded:
            unit = walk.units.get(os.path.realpath(file))
            if unit is not None and unit.snapshot is not None and _is_late(unit.snapshot.signature):
                by_file.setdefault((name, os.path.abspath(file)), []).extend(own_things(sys.modules.get(name)))
        for (name, file), things in by_file.items():
            unit = walk.units.get(os.path.realpath(file))
            if unit is None or unit.snapshot is None:
                continue
            difference = changed_since_loaded(name, file, unit.snapshot.content, things)
            if difference is not None:
                shown = walk.shown(unit)
                said = (
                    f"{shown} was changed after it was loaded ({difference}): start again to run what it says"
                )
                self.problems.append(Problem("stale", said, shown))
                if walk.is_kept(unit, self.allow_external):
                    self._add_executed(shown, file, unit.snapshot.content)

    def _add_executed(self, shown: str, file: str, present: bytes) -> None:
        """Keep the text that was loaded beside the present one, where Python still has it."""
        text = remembered_source(file)
        content = text.encode("utf-8", "surrogatepass") if text is not None else b""
        if content and content != present:
            self.files.append(CodeFile(f"_executed/{shown}", "", blob_digest(content), "", "executed", "runtime",
                                       len(content), content=content))  # fmt: skip

    def _add_application(self) -> None:
        """Let the executable stand for the code that a packed application (PyInstaller, cx_Freeze) has no source of."""
        path = os.path.abspath(sys.executable)
        try:
            raw, size = digest_of_file(path)
        except OSError as error:
            self.problems.append(
                Problem("unreadable", f"cannot read {os.path.basename(path)}: {error.strerror}")
            )
            return
        self.extra.append(("application", raw))
        version = getattr(sys.modules.get("__main__"), "__version__", None)
        self.application = {
            "file": os.path.basename(path), "version": version if isinstance(version, str) else None, "digest": raw,
        }  # fmt: skip
        shown = f"_application/{os.path.basename(path)}"
        self.files.append(CodeFile(shown, "", raw, raw, "binary", "runtime", size, path, stored=False))
        self.problems = [p._replace(kind="packed") if p.kind == "no-source" else p for p in self.problems]

    def _entry_path(self, walk: Walk) -> str | None:
        if self.entry is None:
            return None
        unit = walk.units.get(os.path.realpath(self.entry))
        if unit is not None:
            return walk.shown(unit)
        return self.listed.add_notebook(self.entry)

    def watched(self) -> dict[str, Signature | None] | None:
        """Give what the closure rests on, with signatures; None if some of it changed too lately to tell."""
        if self.walk is None:
            return None
        now_ns = time.time_ns()
        watched: dict[str, Signature | None] = {}
        for unit in self.walk.units.values():
            if unit.snapshot is None:
                return None
            path = unit.archive or unit.real
            watched[path] = signature(path) if unit.member else unit.snapshot.signature
        for path, seen in self.walk.resolver.consulted.items():
            watched[path] = seen if seen[0] != -1 else None
        for path in self.listed.watched:
            watched[path] = signature(path)
        settled = all(seen is None or is_settled(seen, now_ns) for seen in watched.values())
        return watched if settled else None


def _is_late(seen: Signature) -> bool:
    """Tell whether a file was edited so late that it may have been loaded before."""
    return max(seen[3], seen[4]) > _EARLIEST_NS


_EARLIEST_NS = time.time_ns() - 60_000_000_000


def _counting_cells() -> list[Cell]:
    """Give the executed cells that count."""
    cells = executed_cells()
    if not cells:
        return []
    from .cells import counting

    return counting(cells, session_names())


def _unwrapped(text: str) -> str:
    from .cells import unwrapped

    return unwrapped(text)[0]


def _effective(unit: Unit, flags: frozenset[str]) -> str:
    """Give the normal form of a unit, as exact as the closure needs it.

    Where a module reads its own docstring, or any module reads docstrings of others, they count; where source text is
    read, every byte counts.
    """
    analysis = unit.analysis
    if analysis is None:
        assert unit.snapshot is not None
        return unreadable_norm(unit.snapshot.raw)
    if "all-source" in flags or "own-source" in analysis.flags:
        return unreadable_norm(analysis.raw)
    if "all-doc" in flags or "own-doc" in analysis.flags:
        return digest(f"{FORM}/with-docstrings", analysis.norm.encode(), analysis.docs.encode())
    return analysis.norm


def _under_paths_of_their_own(files: list[CodeFile]) -> tuple[CodeFile, ...]:
    """Give *files* without those that are there already: empty ``__init__.py`` of several packages from elsewhere.

    A file whose name composes to that of another one keeps a part of its digest in its name.
    """
    taken: dict[str, CodeFile] = {}
    for file in files:
        other = taken.get(file.path)
        if other is not None and other.raw != file.raw:
            stem, suffix = os.path.splitext(file.path)
            file = file._replace(path=f"{stem}~{file.raw[3:11]}{suffix}")
        taken.setdefault(file.path, file)
    return tuple(taken.values())


def _same(one: str, other: str) -> bool:
    return os.path.realpath(one) == os.path.realpath(other)


__all__ = ["Builder"]
