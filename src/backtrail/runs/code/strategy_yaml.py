"""Read strategy.yaml: the list of files that belong to a strategy.

::

    files:                  # required: files, folders and patterns, relative to this file (or else to the project root)
      - my_strategy.py
      - utils/              # a folder with everything in it but environments, git's folder, stores and captures
      - config/*.json
    exclude: ["*.log"]      # patterns in gitignore's spelling, for folders and patterns
    allow_external: false   # whether files outside of the project root may be taken
    allow_secrets: false    # whether files that look like key stores may be taken, if they are listed by name
    metadata: {}            # anything; not used
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from ...errors import unknown_name
from .folders import FileTooLarge, read_regular
from .model import BACKTEST_ID, Remark, StrategyYamlError, StrategyYamlNotFound
from .secrets import never_captured

_LARGEST: Final = 1024 * 1024
_MOST_EVENTS: Final = 100_000
_MOST_ALIASES: Final = 100
_DEEPEST: Final = 40
_MOST_FILES: Final = 10_000
_MOST_SEEN: Final = 200_000
_KEYS: Final = ("files", "exclude", "allow_external", "allow_secrets", "metadata")
_MAGIC: Final = frozenset("*?[")
_NOT_THE_PROJECTS: Final = frozenset(
    ("__pycache__", ".git", ".backtrail", ".venv", "node_modules", "site-packages", "dist-packages")
)


@dataclass(frozen=True, slots=True)
class Listing:
    """What a strategy.yaml lists: resolved files in its order, each once, and remarks for the user."""

    path: Path
    files: tuple[Path, ...]
    warnings: tuple[str, ...]
    allow_external: bool
    allow_secrets: bool


@dataclass(frozen=True, slots=True)
class _Entry:
    text: str
    line: int


@dataclass
class _Written:
    """A strategy.yaml as it is written, checked but not yet looked up."""

    entries: list[_Entry]
    exclude: list[str]
    allow_external: bool = False
    allow_secrets: bool = False


def read_listing(
    path: str | os.PathLike[str],
    root: Path,
    *,
    allow_external: bool = False,
    output: str | os.PathLike[str] | None = None,
) -> Listing:
    """Read the strategy.yaml at *path* for the project at *root* (resolved).

    Folders and patterns do not reach into environments, git's folder, stores, earlier captures and *output*.
    StrategyYamlNotFound (a FileNotFoundError) if there is none, ``yaml.YAMLError`` if it is no YAML,
    StrategyYamlError (a ValueError) naming the line if it says something else than a listing.
    """
    where = Path(os.path.abspath(path))
    try:
        content = read_regular(str(where), _LARGEST)
    except FileNotFoundError as error:
        raise StrategyYamlNotFound(
            f"reading strategy.yaml - expected a file - {path} does not exist - create it with a list `files:`, or "
            "capture by import analysis"
        ) from error
    except FileTooLarge as error:
        raise StrategyYamlError(
            f"reading {path} - expected at most {_LARGEST} bytes - found {error.size}"
        ) from error
    written = parse_listing(content, str(path))
    external = written.allow_external or allow_external
    lookup = _Lookup(where, root, written, external, None if output is None else os.path.realpath(output))
    for entry in written.entries:
        lookup.add(entry)
    return Listing(where, tuple(lookup.files), tuple(lookup.warnings), external, written.allow_secrets)


def parse_listing(content: bytes, name: str = "strategy.yaml") -> _Written:
    """Check the text of a strategy.yaml; see :func:`read_listing` for what is raised. No file is looked at."""
    node = _compose(content, name)
    import yaml

    if not isinstance(node, yaml.MappingNode):
        raise _wrong(name, node, "expected a mapping with a list `files:`")
    values: dict[str, Any] = {}
    for key, value in node.value:
        text = key.value if isinstance(key, yaml.ScalarNode) else None
        if text not in _KEYS:
            raise _wrong(name, key, unknown_name("key", "strategy.yaml", str(text)[:60], _KEYS))
        if text in values:
            raise _wrong(name, key, f"the key {text!r} stands twice")
        values[text] = value
    if "files" not in values:
        raise _wrong(name, node, "expected a list `files:`, which is missing")
    written = _Written(_strings(name, values["files"], "files"), [])
    if not written.entries:
        raise _wrong(name, values["files"], "expected at least one entry in `files:`, found none")
    if "exclude" in values:
        written.exclude = [entry.text for entry in _strings(name, values["exclude"], "exclude")]
    for key in ("allow_external", "allow_secrets"):
        if key in values:
            setattr(written, key, _flag(name, values[key], key))
    return written


def _compose(content: bytes, name: str) -> Any:
    """Compose the one document, after its size, its depth and its aliases were counted in the stream of events."""
    import yaml

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    depth = aliases = events = 0
    try:
        for event in yaml.parse(content, Loader=loader):
            events += 1
            if isinstance(event, yaml.CollectionStartEvent):
                depth += 1
            elif isinstance(event, yaml.CollectionEndEvent):
                depth -= 1
            elif isinstance(event, yaml.AliasEvent):
                aliases += 1
            if depth > _DEEPEST or aliases > _MOST_ALIASES or events > _MOST_EVENTS:
                line = event.start_mark.line + 1
                raise StrategyYamlError(
                    f"reading {name}, line {line} - expected a plain list of files - found more than {_DEEPEST} "
                    f"levels, {_MOST_ALIASES} aliases or {_MOST_EVENTS} items - write the files out"
                )
        return yaml.compose(content, Loader=loader)
    except UnicodeDecodeError as error:
        raise yaml.YAMLError(f"{name} is not text: {error}") from error


def _wrong(name: str, node: Any, said: str) -> StrategyYamlError:
    line = node.start_mark.line + 1 if node is not None else 1
    return StrategyYamlError(f"Invalid YAML structure in {name}, line {line}: {said}")


def _strings(name: str, node: Any, key: str) -> list[_Entry]:
    import yaml

    if not isinstance(node, yaml.SequenceNode):
        raise _wrong(name, node, f"`{key}:` must be a list of strings")
    entries = []
    for item in node.value:
        if not isinstance(item, yaml.ScalarNode) or item.tag != "tag:yaml.org,2002:str":
            kind = item.tag.rpartition(":")[2] if isinstance(item.tag, str) else "value"
            said = f"an entry of `{key}:` must be a string, found a value of type {kind}; put it in quotes"
            raise _wrong(name, item, said)
        if not item.value.strip() or "\0" in item.value:
            raise _wrong(name, item, f"an entry of `{key}:` must be the name of a file, found {item.value!r}")
        entries.append(_Entry(item.value, item.start_mark.line + 1))
    return entries


def _flag(name: str, node: Any, key: str) -> bool:
    import yaml

    if isinstance(node, yaml.ScalarNode) and node.tag == "tag:yaml.org,2002:bool":
        return str(node.value).lower() in ("true", "yes", "on")
    raise _wrong(name, node, f"`{key}:` must be true or false")


class _Lookup:
    """Looks up the entries of one strategy.yaml."""

    def __init__(
        self, where: Path, root: Path, written: _Written, allow_external: bool, output: str | None
    ) -> None:
        import pathspec

        self.where = where
        self.root = root
        self.written = written
        self.allow_external = allow_external
        self.output = output
        self.files: dict[Path, None] = {}
        self.warnings: list[str] = []
        self.seen = 0
        try:
            self.excluded = pathspec.PathSpec.from_lines("gitignore", written.exclude)
        except ValueError as error:
            raise StrategyYamlError(
                f"Invalid YAML structure in {where}: a pattern of `exclude:`: {error}"
            ) from error

    def add(self, entry: _Entry) -> None:
        """Add what one entry names."""
        if any(letter in _MAGIC for letter in entry.text) and not self._exists(entry.text):
            matched = list(self._matching(entry))
            for path in matched:
                self._take_(path, entry, listed=False)
            if not matched:
                self.warnings.append(f"line {entry.line}: no file matches {entry.text!r}")
            return
        named = self._find(entry)
        if named is None:
            self.warnings.append(f"line {entry.line}: {entry.text} does not exist")
        elif named.is_dir():
            for inner in self._walk(named):
                self._take_(inner, entry, listed=False)
        else:
            self._take_(named, entry, listed=True)

    def _exists(self, text: str) -> bool:
        return os.path.lexists(self.where.parent / text) or os.path.lexists(self.root / text)

    def _find(self, entry: _Entry) -> Path | None:
        beside, below = self.where.parent / entry.text, self.root / entry.text
        found = [path for path in (beside, below) if _lexists(path)]
        if not found:
            return None
        if len(found) == 2 and os.path.realpath(beside) != os.path.realpath(below):
            said = f"line {entry.line}: {entry.text} is both beside {self.where.name} and in the project root"
            self.warnings.append(Remark(f"{said}; the former is taken"))
        elif found == [below] and beside != below:
            said = f"line {entry.line}: {entry.text} is not beside {self.where.name}"
            self.warnings.append(Remark(f"{said} and was found from the project root"))
        return found[0]

    def _take_(self, path: Path, entry: _Entry, listed: bool) -> None:
        resolved = Path(os.path.realpath(path))
        shown = os.path.relpath(path, self.where.parent)
        if not resolved.is_relative_to(self.root) and not self.allow_external:
            kind = "a link to a file outside" if os.path.islink(path) else "outside"
            self.warnings.append(
                f"line {entry.line}: {shown} is {kind} of the project and is refused; `allow_external: true` permits it"
            )
            return
        pattern = never_captured(resolved.as_posix())
        if pattern is not None and not (listed and self.written.allow_secrets):
            self.warnings.append(
                f"line {entry.line}: {shown} matches {pattern} and may hold secrets: it is refused; list it by name "
                "and set `allow_secrets: true` to take it"
            )
            return
        if not resolved.is_file():
            self.warnings.append(f"line {entry.line}: {shown} is not a regular file")
            return
        if len(self.files) >= _MOST_FILES:
            raise StrategyYamlError(
                f"Invalid YAML structure in {self.where}, line {entry.line}: more than {_MOST_FILES} files are listed"
            )
        self.files[resolved] = None

    def _matching(self, entry: _Entry) -> Iterator[Path]:
        """Give the files below the fixed part of a pattern that match it, in order of their names."""
        import pathspec

        parts = Path(entry.text).parts
        fixed = next(
            (n for n, part in enumerate(parts) if any(letter in _MAGIC for letter in part)), len(parts)
        )
        pattern = "/" + "/".join(parts[fixed:])
        spec = pathspec.PathSpec.from_lines("gitignore", [pattern])
        for base in dict.fromkeys((self.where.parent, self.root)):
            start = base.joinpath(*parts[:fixed])
            found = [
                path for path in self._walk(start) if spec.match_file(path.relative_to(start).as_posix())
            ]
            if found:
                yield from found
                return

    def _walk(self, folder: Path) -> Iterator[Path]:
        """Give the files below *folder*, without following links to folders and without what `exclude:` matches."""
        start = folder.resolve()
        if not start.is_relative_to(self.root) and not self.allow_external:
            self.warnings.append(
                f"the folder {os.path.relpath(folder, self.where.parent)} is outside of the project"
            )
            return
        for parent, folders, names in os.walk(folder, followlinks=False):
            folders[:] = sorted(name for name in folders if not self._is_apart(os.path.join(parent, name)))
            for name in sorted(names):
                self.seen += 1
                if self.seen > _MOST_SEEN:
                    raise StrategyYamlError(
                        f"Invalid YAML structure in {self.where}: its folders hold too many files"
                    )
                path = Path(parent, name)
                if not self.excluded.match_file(os.path.relpath(path, self.where.parent)):
                    yield path

    def _is_apart(self, folder: str) -> bool:
        """Tell whether *folder* holds what is installed or was recorded, and not the project's own files."""
        if os.path.basename(folder) in _NOT_THE_PROJECTS or os.path.realpath(folder) == self.output:
            return True
        held = [
            os.path.lexists(os.path.join(folder, name)) for name in ("pyvenv.cfg", "store.json", "objects")
        ]
        if held[0] or (held[1] and held[2]):
            return True
        inner = ("results", "code", "metadata")
        return re.match(BACKTEST_ID, os.path.basename(folder)) is not None and all(
            os.path.isdir(os.path.join(folder, name)) for name in inner
        )


def _lexists(path: Path) -> bool:
    try:
        return os.path.lexists(path)
    except ValueError:
        return False


__all__ = ["Listing", "parse_listing", "read_listing"]
