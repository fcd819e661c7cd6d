"""Follow imports from file to file: a worklist, no recursion, nothing imported."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Iterator

from ..digests import blob_digest
from .analysis import Analysis, Import
from .folders import FileTooLarge, read_member
from .memo import LIMIT, Memo, Snapshot
from .model import How, Problem, Role
from .places import Place, Places, below, editable_roots
from .recordable import recordable
from .resolver import Found, Resolver, is_framework, search_path


class Unit:
    """A file on the worklist and what was learnt of it.

    ``file`` is the path as found, ``real`` what it resolves to; a member of a zip archive has ``archive`` and
    ``member``. ``names`` are the names under which it is imported.
    """

    __slots__ = ("analysis", "archive", "file", "how", "is_link", "member", "names", "package", "place", "real", "role",
                 "snapshot")  # fmt: skip

    def __init__(self, real: str, file: str, package: str, place: Place, role: Role, how: How, *, archive: str = "",
                 member: str = "", is_link: bool = False) -> None:  # fmt: skip
        self.real = real
        self.file = file
        self.package = package
        self.place = place
        self.role = role
        self.how = how
        self.archive = archive
        self.member = member
        self.is_link = is_link
        self.names: set[str] = set()
        self.snapshot: Snapshot | None = None
        self.analysis: Analysis | None = None

    @property
    def is_source(self) -> bool:
        """Whether there is text that can be parsed."""
        return self.file.endswith((".py", ".pyw")) or bool(self.member)


class Walk:
    """Collects the units that can be reached from those added."""

    def __init__(self, root: str | os.PathLike[str], main: str | None, memo: Memo) -> None:
        self.root = str(root)
        self.memo = memo
        self.places = Places(self.root)
        self.editable = tuple(f"{path}{os.sep}" for path in editable_roots())
        self.resolver = Resolver(self.places, search_path(main, self.root, editable_roots()), memo.folders)
        self.units: dict[str, Unit] = {}
        self.problems: list[Problem] = []
        self.packages: set[str] = set()
        self._work: deque[Unit] = deque()
        self._added: dict[str, Found | None] = {}

    def add_file(self, file: str, name: str, package: str, role: Role, how: How) -> Unit | None:
        """Add a file that is known by its path; None if it is not the user's."""
        real = os.path.realpath(file)
        place = self.places.of(real)
        if place not in ("project", "external"):
            return None
        return self._add(Unit(real, file, package, place, role, how, is_link=os.path.islink(file)), name)

    def add_found(self, found: Found, how: How) -> None:
        """Add what the resolver found, if it is the user's; note the library it belongs to otherwise."""
        if found.place == "library":
            self.packages.add(found.name.partition(".")[0])
        if found.place not in ("project", "external") or not found.file:
            return
        package = found.name if found.locations is not None else found.name.rpartition(".")[0]
        role: Role = "binary" if found.kind == "binary" else "module"
        real = f"{found.real}{os.sep}{found.member}" if found.member else found.real
        unit = Unit(real, found.file, package, found.place, role, how, archive=found.archive, member=found.member,
                    is_link=found.is_link)  # fmt: skip
        self._add(unit, found.name)

    def add_module(self, name: str, how: How) -> Found | None:
        """Add the module *name* with the packages it lies in, which run before it; give what was found."""
        if name in self._added:
            return self._added[name]
        found = self._added[name] = self.resolver.find(name)
        if found is None:
            return None
        outer = name.rpartition(".")[0]
        if outer:
            self.add_module(outer, how)
        self.add_found(found, how)
        return found

    def _add(self, unit: Unit, name: str) -> Unit:
        known = self.units.get(unit.real)
        if known is None:
            known = self.units[unit.real] = unit
            self._work.append(unit)
        elif known.role in ("module", "class") and unit.role not in ("module", "class"):
            known.role = unit.role
        known.names.add(name)
        return known

    def run(self) -> None:
        """Work until no file leads to another."""
        while self._work:
            unit = self._work.popleft()
            self._read(unit)
            if unit.analysis is None:
                continue
            if unit.analysis.error is not None:
                self._syntax(unit, unit.analysis.error)
            for one in unit.analysis.imports:
                self._follow(unit, one)

    def _read(self, unit: Unit) -> None:
        try:
            if unit.member:
                content = read_member(unit.archive, unit.member, LIMIT)
                unit.snapshot = Snapshot(content, blob_digest(content), (-1, -1, -1, -1, -1))
            else:
                unit.snapshot = self.memo.snapshot(unit.real)
        except FileTooLarge as error:
            self.problems.append(Problem("too-large", str(error), self.shown(unit)))
        except OSError as error:
            said = f"cannot read {self.shown(unit)}: {error.strerror or error}"
            self.problems.append(Problem("unreadable", said, self.shown(unit)))
        else:
            if unit.is_source:
                unit.analysis = self.memo.analysis(unit.snapshot)

    def _syntax(self, unit: Unit, error: str) -> None:
        line, _, message = error.partition(": ")
        said = (
            f"Syntax error parsing: {self.shown(unit)}, line {line}: {message} (kept, with imports unknown)"
        )
        self.problems.append(Problem("syntax", said, self.shown(unit)))

    def _follow(self, unit: Unit, one: Import) -> None:
        if one.level:
            self._follow_relative(unit, one)
            return
        found = self.add_module(one.module, "static")
        if found is None:
            self._unresolved(unit, one, one.module)
            return
        if one.names is not None and found.locations is not None and found.place in ("project", "external"):
            for name in self._submodules(found, one.names):
                self.add_module(f"{one.module}.{name}", "static")

    def _submodules(self, package: Found, names: tuple[str, ...]) -> tuple[str, ...]:
        if names != ("*",):
            return names
        unit = self.units.get(package.real)
        if unit is None:
            return ()
        if unit.analysis is None:
            self._read(unit)
        return unit.analysis.exported if unit.analysis is not None else ()

    def _follow_relative(self, unit: Unit, one: Import) -> None:
        """Resolve ``from ..module import names`` by folders: it works in a script and in a package alike."""
        folder = os.path.dirname(unit.file)
        package = unit.package.split(".") if unit.package else self._package_of(folder)
        for _ in range(one.level - 1):
            folder = os.path.dirname(folder)
            package = package[:-1]
        self._add_package(folder, package)
        base = self._descend((folder,), package, one.module.split(".") if one.module else [])
        if base is None:
            self._unresolved(unit, one, f"{'.' * one.level}{one.module}")
            return
        locations, package = base
        wanted = one.names or ()
        if wanted == ("*",) and locations:
            init = next(
                (u for u in self.units.values() if u.file == os.path.join(locations[0], "__init__.py")), None
            )
            if init is not None and init.analysis is None:
                self._read(init)
            wanted = init.analysis.exported if init is not None and init.analysis is not None else ()
        for name in wanted:
            found = self.resolver.find_in(locations, name, ".".join([*package, name]))
            if found is not None:
                self.add_found(found, "static")
            elif not one.module and not any(
                os.path.join(place, "__init__.py") in self._files() for place in locations
            ):
                self._unresolved(unit, one, f"{'.' * one.level}{name}")

    def _files(self) -> set[str]:
        return {unit.file for unit in self.units.values()}

    def _package_of(self, folder: str) -> list[str]:
        """Name the package of a script's folder by its path from the project root."""
        relative = os.path.relpath(os.path.realpath(folder), self.root)
        if relative == os.curdir:
            return []
        return [os.path.basename(folder)] if relative.startswith(os.pardir) else relative.split(os.sep)

    def _add_package(self, folder: str, package: list[str]) -> None:
        """Add the ``__init__`` of *folder* and of the packages it lies in: they run before any module in them."""
        for depth in range(len(package), 0, -1):
            name = ".".join(package[:depth])
            found = self.resolver.package(os.path.dirname(folder), os.path.basename(folder), name)
            if found is None:
                return
            self.add_found(found, "static")
            folder = os.path.dirname(folder)

    def _descend(
        self, locations: tuple[str, ...], package: list[str], parts: list[str]
    ) -> tuple[tuple[str, ...], list[str]] | None:
        for part in parts:
            package = [*package, part]
            found = self.resolver.find_in(locations, part, ".".join(package))
            if found is None:
                return None
            self.add_found(found, "static")
            locations = found.locations or ()
        return locations, package

    def _unresolved(self, unit: Unit, one: Import, name: str) -> None:
        if one.optional or is_framework(name):
            return
        said = f"Could not find imported module: {name} ({self.shown(unit)}, line {one.line})"
        self.problems.append(Problem("unresolved", said, self.shown(unit)))

    def shown(self, unit: Unit) -> str:
        """Give the path of a unit in a closure: from the project root, or below ``_external`` by content."""
        if unit.place == "project":
            within = below(self.root)
            path = f"{unit.archive}{os.sep}{unit.member}" if unit.member else unit.file
            relative = path.removeprefix(within)
            if relative == path or os.pardir in relative:
                relative = os.path.relpath(unit.real, self.root)
            return recordable(relative.replace(os.sep, "/"), self._raw(unit))
        return recordable(f"_external/{self._raw(unit)[3:11]}/{os.path.basename(unit.real)}", self._raw(unit))

    @staticmethod
    def _raw(unit: Unit) -> str:
        if unit.snapshot is not None:
            return unit.snapshot.raw
        return blob_digest(os.path.basename(unit.real).encode("utf-8", "surrogatepass"))

    def is_kept(self, unit: Unit, allow_external: bool) -> bool:
        """Tell whether the bytes of a unit may be stored."""
        return unit.place == "project" or allow_external or unit.real.startswith(self.editable)

    def sources(self) -> Iterator[Unit]:
        """Give the units in an order that does not depend on how they were reached."""
        return iter(sorted(self.units.values(), key=lambda unit: (self.shown(unit), unit.real)))


__all__ = ["Unit", "Walk"]
