"""BacktestArtifactManager: a folder for each backtest, with its results, code and metadata."""

from __future__ import annotations

import dataclasses
import datetime
import decimal
import enum
import json
import logging
import math
import os
import re
import uuid
from collections.abc import Iterable, Mapping
from pathlib import Path, PurePath
from typing import Any, ClassVar, Final

from ..runs.code.model import BACKTEST_ID, CaptureSettingError, CodeCaptureError, OutsideFolder
from .code_capture import StrategyCodeCapture

_METADATA: Final = "backtest_metadata.json"
_NOT_FINITE: Final = {"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}
_MOST_TRIES: Final = 100_000
_DEEPEST: Final = 100
logger = logging.getLogger(__name__)


class BacktestNotFound(CodeCaptureError, FileNotFoundError):
    """There is no backtest of this id, or no metadata in it."""


class MetadataError(CodeCaptureError, ValueError):
    """Metadata that were written by something else, or torn."""


class MetadataTypeError(CodeCaptureError, TypeError):
    """A value in metadata that has no place in JSON; the message names where it stands."""


class NotInitialized(CodeCaptureError, RuntimeError):
    """A manager was asked for its folders before it has any."""


class BacktestArtifactManager:
    """Keeps the files of one backtest in ``base_dir/<backtest_id>/{results,code,metadata}``.

    ::

        manager = BacktestArtifactManager()
        manager.initialize()
        path = manager.get_output_path("equity.csv")
    """

    FOLDERS: ClassVar[tuple[str, ...]] = ("results", "code", "metadata")

    def __init__(self, base_dir: str | os.PathLike[str] = "backtests") -> None:
        """Prepare a folder below *base_dir*; nothing is created before :meth:`initialize`."""
        self.base_dir = Path(base_dir).absolute()
        self._id: str | None = None

    def initialize(self) -> Path:
        """Create the folders of this backtest under an id of its own and give :attr:`output_dir`.

        Calling it again changes nothing. OSError if the folders cannot be created.
        """
        if self._id is None:
            self._id = self.generate_backtest_id()
        for name in self.FOLDERS:
            (self.output_dir / name).mkdir(exist_ok=True)
        return self.output_dir

    def generate_backtest_id(self) -> str:
        """Reserve an id: the UTC time as ``YYYYMMDD_HHMMSS_mmm``, 19 characters.

        The id is reserved by creating its folder, which succeeds once among all processes and hosts that share
        ``base_dir``; a taken id gives the next free millisecond.
        """
        self.base_dir.mkdir(parents=True, exist_ok=True)
        moment = datetime.datetime.now(datetime.UTC)
        for _ in range(_MOST_TRIES):
            candidate = f"{moment:%Y%m%d_%H%M%S}_{moment.microsecond // 1000:03d}"
            try:
                os.mkdir(self.base_dir / candidate)
            except FileExistsError:
                moment += datetime.timedelta(milliseconds=1)
            else:
                return candidate
        raise FileExistsError(
            f"no id is free in {self.base_dir} within {_MOST_TRIES} milliseconds; clear the folder"
        )

    @classmethod
    def from_backtest_id(
        cls, backtest_id: object, base_dir: str | os.PathLike[str] = "backtests"
    ) -> BacktestArtifactManager:
        """Give the manager of an earlier backtest.

        ValueError for what is no id, FileNotFoundError if it is not there.
        """
        if not isinstance(backtest_id, str) or re.match(BACKTEST_ID, backtest_id) is None:
            raise CaptureSettingError(
                f"opening a backtest - expected an id like 20261121_143527_123 - found {backtest_id!r:.60} - take the "
                "name of its folder"
            )
        made = cls(base_dir)
        if not (made.base_dir / backtest_id).is_dir():
            raise BacktestNotFound(
                f"opening backtest {backtest_id} - expected its folder in {made.base_dir} - there is none - check "
                "base_dir"
            )
        made._id = backtest_id
        return made

    # ---- where things are

    @property
    def backtest_id(self) -> str:
        """The id of this backtest: 19 characters."""
        if self._id is None:
            raise NotInitialized("this backtest has no id and no folders yet: call initialize() first")
        return self._id

    @property
    def output_dir(self) -> Path:
        """The folder of this backtest."""
        return self.base_dir / self.backtest_id

    @property
    def results_dir(self) -> Path:
        """The folder for results."""
        return self.output_dir / "results"

    @property
    def code_dir(self) -> Path:
        """The folder for captured code."""
        return self.output_dir / "code"

    @property
    def metadata_dir(self) -> Path:
        """The folder for metadata."""
        return self.output_dir / "metadata"

    def get_output_path(self, name: str | os.PathLike[str], subdir: str = "results") -> Path:
        """Give the path for a file *name* in *subdir* and create the folders it lies in.

        ValueError if it would lie outside of *subdir*, or that outside of the backtest's folder: by ``..``, an absolute
        name or a link.
        """
        text = os.fspath(name)
        base = os.path.realpath(self.output_dir)
        if not text or "\0" in text or "\0" in subdir:
            raise OutsideFolder(
                f"naming a file of backtest {self.backtest_id} - expected a file name - found {text!r}"
            )
        folder = Path(os.path.normpath(self.output_dir / subdir))
        plain = Path(os.path.normpath(folder / text))
        real = Path(os.path.realpath(plain))
        inside = (
            folder.is_relative_to(self.output_dir)
            and plain.is_relative_to(folder)
            and real.is_relative_to(base)
        )
        if not inside or plain == folder:
            raise OutsideFolder(
                f"naming a file of backtest {self.backtest_id} - expected a name inside of its folder - found "
                f"{text!r} in {subdir!r}, which leads outside - leave out '..', links and absolute paths"
            )
        plain.parent.mkdir(parents=True, exist_ok=True)
        return plain

    def get_result_path(self, name: str | os.PathLike[str]) -> Path:
        """Give the path for a result called *name*; see :meth:`get_output_path`."""
        return self.get_output_path(name, "results")

    def list_result_files(self, pattern: str = "*") -> list[Path]:
        """Give the files in the results folder whose names match *pattern*, those in its folders too, sorted."""
        return sorted(path for path in self.results_dir.rglob(pattern) if path.is_file())

    # ---- metadata

    def save_metadata(self, metadata: Any) -> Path:
        """Write *metadata* to ``metadata/backtest_metadata.json`` in one step, and give its path.

        Paths, dates, decimals, enumerations, dataclasses, sets and numpy values are written as JSON can say them: paths
        as strings, dates in ISO form, numbers that are not finite as ``"NaN"``, ``"Infinity"``, ``"-Infinity"``.
        TypeError for anything else, naming where it stands; what was written before then stays.
        """
        if not isinstance(metadata, Mapping):
            raise MetadataTypeError(
                f"saving metadata - expected a dict - found {type(metadata).__name__} - pass a dict of what to keep"
            )
        text = json.dumps(_plain(metadata, "metadata"), indent=2, ensure_ascii=False, allow_nan=False)
        path = self.metadata_dir / _METADATA
        path.parent.mkdir(parents=True, exist_ok=True)
        _write(path, text.encode("utf-8", "surrogatepass"))
        return path

    def load_metadata(self) -> dict[str, Any]:
        """Give what :meth:`save_metadata` wrote; FileNotFoundError if nothing was, ValueError if it is torn."""
        path = self.metadata_dir / _METADATA
        try:
            loaded = json.loads(path.read_bytes())
        except FileNotFoundError as error:
            said = f"reading metadata - expected {path} - nothing was saved - save_metadata() first"
            raise BacktestNotFound(said) from error
        except (ValueError, RecursionError) as error:
            raise MetadataError(
                f"reading {path} - expected JSON - {error} - restore it or save it again"
            ) from error
        if not isinstance(loaded, dict):
            raise MetadataError(f"reading {path} - expected a JSON object - found {type(loaded).__name__}")
        return loaded

    # ---- code and data

    def capture_strategy_code(
        self, strategy_path: str | os.PathLike[str] | None = None, mode: str | None = "auto"
    ) -> list[str]:
        """Copy the strategy's code to :attr:`code_dir` and give where it is, relative to it.

        Without *strategy_path* the file from which this is called is the strategy. See
        :class:`~backtrail.backtest.StrategyCodeCapture` for *mode*; problems are logged.
        """
        self.initialize()
        return StrategyCodeCapture(strategy_path, self.code_dir, mode).capture()

    def link_backtest_to_bundles(self, bundle_names: str | Iterable[str]) -> list[str]:
        """Note in the metadata which data the backtest used, and give all names that are noted."""
        names: list[Any] = [bundle_names] if isinstance(bundle_names, str) else list(bundle_names)
        wrong = [name for name in names if not isinstance(name, str) or not name]
        if wrong:
            raise CaptureSettingError(
                f"linking data - expected names of data - found {wrong[0]!r} - pass strings"
            )
        try:
            metadata = self.load_metadata()
        except BacktestNotFound:
            metadata = {"backtest_id": self.backtest_id}
        linked = list(dict.fromkeys([*metadata.get("data_bundles", []), *names]))
        self.save_metadata({**metadata, "data_bundles": linked})
        return linked


def _plain(value: Any, where: str, depth: int = 0) -> Any:
    """Give *value* as JSON can hold it; *where* is its place, for the message if it has none."""
    if depth > _DEEPEST:
        raise MetadataTypeError(
            f"saving metadata - {where} nests more than {_DEEPEST} levels, or holds itself"
        )
    if isinstance(value, enum.Enum):
        return _plain(value.value, where, depth + 1)
    if value is None or isinstance(value, bool | str):
        return value
    if isinstance(value, int):
        return int(value)
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else _NOT_FINITE[str(float(value))]
    if isinstance(value, Mapping):
        return {
            _key(key, where): _plain(inner, f"{where}[{key!r}]", depth + 1) for key, inner in value.items()
        }
    if isinstance(value, set | frozenset):
        items = [_plain(inner, f"{where}{{}}", depth + 1) for inner in value]
        return sorted(items, key=lambda item: json.dumps(item, sort_keys=True))
    if isinstance(value, list | tuple):
        return [_plain(inner, f"{where}[{n}]", depth + 1) for n, inner in enumerate(value)]
    return _from_object(value, where, depth)


def _from_object(value: Any, where: str, depth: int) -> Any:
    if isinstance(value, PurePath | decimal.Decimal | uuid.UUID):
        return str(value)
    if isinstance(value, datetime.datetime | datetime.date | datetime.time):
        return value.isoformat()
    if isinstance(value, datetime.timedelta):
        return value.total_seconds()
    if isinstance(value, bytes):
        return value.hex()
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
        return _plain(fields, where, depth + 1)
    tolist = getattr(value, "tolist", None)  # numpy scalars and arrays, pandas indexes
    if callable(tolist) and not isinstance(value, type):
        return _plain(tolist(), where, depth + 1)
    raise MetadataTypeError(
        f"saving metadata - expected what JSON can hold - found {type(value).__name__} at {where} - convert it to "
        "a number, text, list or dict"
    )


def _key(key: Any, where: str) -> str:
    if isinstance(key, str):
        return key
    if isinstance(key, enum.Enum):
        return str(key.value)
    if isinstance(key, int | float | PurePath | datetime.date | uuid.UUID) or key is None:
        return str(key)
    raise MetadataTypeError(f"saving metadata - expected text as key - found {type(key).__name__} in {where}")


def _write(path: Path, content: bytes) -> None:
    """Write *content* so that *path* holds all of it or what it held before, whatever happens in between."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.{uuid.uuid4().hex[:8]}")
    try:
        with open(temporary, "xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


__all__ = [
    "BacktestArtifactManager",
    "BacktestNotFound",
    "MetadataError",
    "MetadataTypeError",
    "NotInitialized",
]
