"""What a strategy.yaml adds to a closure, and the notebook that was started."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from ..digests import blob_digest
from .folders import MOST_DIGESTED, FileTooLarge, digest_of_file
from .memo import Memo
from .model import CodeCaptureError, CodeFile, Problem, Remark, Role
from .notebook import strip_outputs
from .recordable import recordable

if TYPE_CHECKING:
    from pathlib import Path

_TOTAL: Final = 256 * 1024 * 1024


class ListedFiles:
    """Files that are part of a closure because somebody named them, not because code imports them.

    ``keyed`` are pairs of name and digest for the closure's digest: what a listed file holds may decide the results.
    The yaml itself and notebooks are not keyed. ``watched`` are the paths that the answer rests on.
    """

    def __init__(self, root: str, memo: Memo, *, allow_external: bool, allow_secrets: bool) -> None:
        self._root_ = root
        self.memo = memo
        self.allow_external = allow_external
        self.allow_secrets = allow_secrets
        self.files: list[CodeFile] = []
        self.problems: list[Problem] = []
        self.keyed: list[tuple[str, str]] = []
        self.watched: dict[str, None] = {}
        self._left = _TOTAL

    @property
    def root(self) -> Path:
        """The project root."""
        from pathlib import Path

        return Path(self._root_)

    def add_yaml(
        self, yaml: str | os.PathLike[str] | bool | None, main: str | None, known: set[str | None]
    ) -> None:
        """Add what a strategy.yaml lists, and itself; *main* is the file beside which it is looked for by default.

        *known* are files that are in the closure already.
        """
        named = yaml is not None and not isinstance(yaml, bool)
        if yaml is False or (not named and main is None):
            return
        path = os.fspath(yaml) if named else os.path.join(os.path.dirname(main or ""), "strategy.yaml")  # type: ignore[arg-type]
        self.watched[path] = None
        if not named and not os.path.isfile(path):
            return
        from pathlib import Path

        from yaml import YAMLError

        from .strategy_yaml import read_listing

        try:
            listing = read_listing(path, self.root, allow_external=self.allow_external)
        except (CodeCaptureError, OSError, YAMLError) as error:
            if named:
                raise
            self.problems.append(Problem("yaml", str(error), "strategy.yaml"))
            return
        said = [Problem("yaml", text, partial=not isinstance(text, Remark)) for text in listing.warnings]
        self.problems += said
        allowed = listing.allow_secrets or self.allow_secrets
        self._add(Path(os.path.realpath(path)), allowed, is_keyed=False)
        for found in listing.files:
            self.watched[str(found.parent)] = None
            if str(found) not in known:
                self._add(found, allowed, is_keyed=found.suffix != ".ipynb")

    def _add(self, path: Path, allow_secrets: bool, is_keyed: bool) -> None:
        from .secrets import kinds_of_secrets, never_captured

        self.watched[str(path)] = None
        try:
            raw, size, content = self._read(path)
        except OSError as error:
            said = f"cannot read {path.name}: {error.strerror or error}"
            self.problems.append(Problem("unreadable", said, path.name))
            return
        inside = path.is_relative_to(self.root)
        shown = path.relative_to(self.root).as_posix() if inside else f"_external/{raw[3:11]}/{path.name}"
        shown = recordable(shown, raw)
        pattern = never_captured(shown)
        kept = content is not None and (pattern is None or allow_secrets)
        if pattern is not None and not allow_secrets:
            said = f"{shown} matches {pattern}: it is part of the key and is not stored unless secrets are allowed"
            self.problems.append(Problem("secret", said, shown))
        if is_keyed:
            self.keyed.append((f"file:{shown}", raw))
        role: Role = "config"
        if path.suffix == ".ipynb" and content is not None:
            role = "notebook"
            try:
                content = strip_outputs(content)
                raw, size = blob_digest(content), len(content)
            except ValueError as error:
                self.problems.append(Problem("notebook", f"{shown}: {error}", shown, partial=False))
        if content is not None and size > self._left:
            self.problems.append(_too_large(shown, size, _TOTAL))
            kept = False
        self._left -= size if kept else 0
        kinds = kinds_of_secrets(content) if content is not None else ()
        self.problems += secret_problems(shown, kinds)
        self.files.append(CodeFile(
            shown, "", raw, "", role, "yaml", size, str(path), None, kept, kinds, content if kept else None
        ))  # fmt: skip

    def _read(self, path: Path) -> tuple[str, int, bytes | None]:
        """Give digest, size and bytes; no bytes of a file beyond what is stored of one."""
        try:
            snapshot = self.memo.snapshot(str(path))
        except FileTooLarge as error:
            if error.size > MOST_DIGESTED:
                raise
            self.problems.append(_too_large(path.name, error.size, error.limit))
            return *digest_of_file(str(path)), None
        return snapshot.raw, len(snapshot.content), snapshot.content

    def add_notebook(self, file: str) -> str | None:
        """Keep the notebook that was started, without its outputs; what was executed are the cells. Give its path."""
        if not file.endswith(".ipynb"):
            return None
        from pathlib import Path

        from .secrets import kinds_of_secrets

        path = Path(os.path.realpath(file))
        shown = path.relative_to(self.root).as_posix() if path.is_relative_to(self.root) else path.name
        try:
            content = strip_outputs(self.memo.snapshot(str(path)).content)
        except (OSError, ValueError) as error:
            self.problems.append(
                Problem("notebook", f"{shown} cannot be kept: {error}", shown, partial=False)
            )
            return shown
        kinds = kinds_of_secrets(content)
        self.problems += secret_problems(shown, kinds)
        self.files.append(CodeFile(
            shown, "", blob_digest(content), "", "notebook", "notebook", len(content), str(path), secrets=kinds,
            content=content,
        ))  # fmt: skip
        return shown


def _too_large(shown: str, size: int, limit: int) -> Problem:
    said = f"{shown} has {size} bytes, beyond the {limit} that are stored: its digest is part of the key"
    return Problem("large", said, shown)


def secret_problems(path: str, kinds: Sequence[str]) -> list[Problem]:
    """Say that a file seems to hold secrets, if it does."""
    if not kinds:
        return []
    said = f"{path} seems to hold secrets ({', '.join(kinds)}): sharing waits until this is acknowledged"
    return [Problem("secret", said, path, partial=False)]


__all__ = ["ListedFiles", "secret_problems"]
