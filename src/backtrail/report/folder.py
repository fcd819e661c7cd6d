"""The folder that a run writes: complete, or not there at all."""

from __future__ import annotations

import csv
import dataclasses
import datetime as _dt
import json
import os
import shutil
from collections.abc import Iterable, Sequence
from pathlib import Path
from tempfile import mkdtemp
from types import TracebackType
from typing import Any


class RunFolder:
    """A folder below *parent* called *name*; a context manager.

    Files go to a hidden folder beside it, which gets its name at the end of the block (``name-2`` and so on if it is
    taken). If the block is left by an exception, Ctrl-C included, nothing stays behind. ``path`` is the final folder.
    """

    def __init__(self, parent: Path, name: str) -> None:
        self.parent = parent
        self.name = name
        self.path = parent / name
        self.files: list[str] = []

    def __enter__(self) -> RunFolder:
        self.parent.mkdir(parents=True, exist_ok=True)
        self._draft = Path(mkdtemp(prefix=f".{self.name}-", dir=self.parent))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        try:
            if error is None:
                self._draft.chmod(0o755)
                self._publish()
        finally:
            shutil.rmtree(self._draft, ignore_errors=True)

    def _publish(self) -> None:
        number = 1
        while True:
            self.path = self.parent / (self.name if number == 1 else f"{self.name}-{number}")
            number += 1
            if self.path.exists():
                continue
            try:
                os.rename(self._draft, self.path)
            except OSError:
                if self.path.exists():
                    continue
                raise
            return

    def write_rows(self, filename: str, header: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
        """Write a CSV file; moments are written as ISO 8601, numbers so that they read back unchanged."""
        with self._open(filename) as out:
            writer = csv.writer(out, lineterminator="\n")
            writer.writerow(header)
            writer.writerows([_cell(value) for value in row] for row in rows)

    def write_records(self, filename: str, cls: type, rows: Iterable[Any]) -> None:
        """Write dataclass instances of *cls* as a CSV file, one column per field."""
        names = [field.name for field in dataclasses.fields(cls)]
        self.write_rows(filename, names, ([getattr(row, name) for name in names] for row in rows))

    def write_json(self, filename: str, content: Any) -> None:
        """Write *content* as indented JSON."""
        with self._open(filename) as out:
            out.write(to_json(content) + "\n")

    def _open(self, filename: str) -> Any:
        self.files.append(filename)
        return open(self._draft / filename, "w", encoding="utf-8", newline="")


def to_json(content: Any, indent: int | None = 2) -> str:
    """Give *content* as JSON: dataclasses as objects, moments as ISO 8601, what JSON has no number for as null."""
    return json.dumps(_plain(content), indent=indent, ensure_ascii=False, allow_nan=False)


def _cell(value: Any) -> Any:
    if value is None:
        return ""
    if isinstance(value, _dt.datetime):
        return value.isoformat(sep=" ", timespec="seconds")
    return repr(value) if isinstance(value, float) else value


def _plain(value: Any) -> Any:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: _plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, dict):
        return {_key(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if isinstance(value, float):
        return value if value - value == 0 else None
    if isinstance(value, _dt.datetime):
        return value.isoformat(sep=" ", timespec="seconds")
    if isinstance(value, (_dt.date, _dt.time)):
        return value.isoformat()
    if value is None or isinstance(value, (bool, int, str)):
        return value
    return str(value)


def _key(key: Any) -> str:
    if isinstance(key, _dt.datetime):
        return key.isoformat(sep=" ", timespec="seconds")
    return key.isoformat() if isinstance(key, _dt.date) else str(key)
