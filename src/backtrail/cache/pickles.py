"""Reading pickles of strangers: the program of a process of its own, which may do nothing but read.

Only kinds on a list are made of a pickle: numbers, texts, times, arrays and frames. A pickle that names anything else
is refused before anything of it is called. Besides, the process can write no files, start no programs and reach no
network, has no environment, and little time and memory; it reads bytes from its standard input and answers with JSON
and Arrow. What started it takes the answer as data of a stranger.
"""

from __future__ import annotations

import codecs
import datetime as dt
import io
import json
import os
import pickle
import struct
import sys
from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any, Final

CPU_S: Final = 120
MEMORY: Final = 6 << 30

_MODULES: Final = {
    "builtins": ("bytearray", "complex", "dict", "frozenset", "int", "float", "list", "object", "range", "set", "slice",
                 "str", "tuple"),
    "collections": ("OrderedDict", "defaultdict"),
    "copyreg": ("_reconstructor",),
    "datetime": ("date", "datetime", "time", "timedelta", "timezone"),
    "decimal": ("Decimal",),
    "numpy": ("dtype", "ndarray"),
    "numpy._core.multiarray": ("_reconstruct", "scalar"),
    "numpy._core.numeric": ("_frombuffer",),
    "pandas": ("BooleanDtype", "Categorical", "CategoricalDtype", "CategoricalIndex", "DataFrame", "DatetimeIndex",
               "DatetimeTZDtype", "Float32Dtype", "Float64Dtype", "Index", "Int16Dtype", "Int32Dtype", "Int64Dtype",
               "Int8Dtype", "IntervalDtype", "IntervalIndex", "MultiIndex", "NA", "Period", "PeriodDtype",
               "PeriodIndex", "RangeIndex", "Series", "StringDtype", "TimedeltaIndex", "UInt16Dtype",
               "Timedelta", "Timestamp", "UInt32Dtype", "UInt64Dtype", "UInt8Dtype"),
    "pandas._libs.arrays": ("__pyx_unpickle_NDArrayBacked",),
    "pandas._libs.internals": ("_unpickle_block",),
    "pandas._libs.interval": ("__pyx_unpickle_IntervalMixin",),
    "pandas._libs.missing": ("C_NAType", "NAType"),
    "pandas._libs.tslibs.nattype": ("_nat_unpickle",),
    "pandas._libs.tslibs.offsets": ("BusinessDay", "Day", "Hour", "Micro", "Milli", "Minute", "MonthBegin", "MonthEnd",
                                    "Nano", "QuarterEnd", "Second", "Week", "YearEnd"),
    "pandas._libs.tslibs.timedeltas": ("_timedelta_unpickle",),
    "pandas._libs.tslibs.timestamps": ("_unpickle_timestamp",),
    "pandas.arrays": ("ArrowStringArray", "BooleanArray", "DatetimeArray", "FloatingArray", "IntegerArray",
                      "IntervalArray", "PeriodArray", "StringArray", "TimedeltaArray"),
    "pandas.core.indexes.base": ("_new_Index",),
    "pandas.core.indexes.datetimes": ("_new_DatetimeIndex",),
    "pandas.core.indexes.timedeltas": ("_new_TimedeltaIndex",),
    "pandas.core.internals.blocks": ("new_block",),
    "pandas.core.internals.managers": ("BlockManager", "SingleBlockManager"),
    "pyarrow.lib": ("_restore_array", "py_buffer", "type_for_alias"),
    "zoneinfo": ("ZoneInfo",),
}  # fmt: skip

_MOVED: Final = {
    "__builtin__": "builtins",
    "copy_reg": "copyreg",
    "numpy.core.multiarray": "numpy._core.multiarray",
    "numpy.core.numeric": "numpy._core.numeric",
}
"""Modules of other versions and where their names are at present."""

_NUMBERED: Final = ("Int64Index", "UInt64Index", "Float64Index", "NumericIndex")
_WRITING: Final = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
_FORBIDDEN: Final = (
    "ctypes.", "ftplib.", "http.", "mmap.", "os.", "pty.", "shutil.", "signal.", "smtplib.", "socket.", "sqlite3.",
    "subprocess.", "syslog.", "tempfile.", "urllib.", "webbrowser.", "winreg.",
)  # fmt: skip
_HARMLESS: Final = ("os.listdir", "os.scandir", "os.walk", "os.fwalk")


class Refused(Exception):
    """A pickle that is not read, and why."""


class Held:
    """What stands for an object of the old cache: its attributes, and nothing that could be called."""


class Result(Held):
    """Stands for a ``BacktestResult``, whatever module it was defined in."""


class Metadata(Held):
    """Stands for a ``BacktestMetadata``, whatever module it was defined in."""


def _attribute(owner: object, name: object) -> Any:
    """Stand for ``getattr``, which zones need for one method and nothing else may have."""
    from zoneinfo import ZoneInfo

    if owner is ZoneInfo and name == "_unpickle":
        return _zone
    raise Refused("it looks up an attribute, which may run code")


def _zone(key: str, _cached: object) -> Any:
    from zoneinfo import ZoneInfo

    return ZoneInfo(key)


def _encoded(text: object, encoding: object = "latin1") -> bytes:
    """Stand for ``codecs.encode``, by which old protocols write bytes."""
    if not isinstance(text, str) or encoding not in ("latin1", "latin-1"):
        raise Refused("it encodes text in another way than as bytes")
    return codecs.encode(text, "latin1")


def _pytz_zone(name: str = "UTC", *_details: object) -> Any:
    """Stand for the zones of pytz, by whose names the system's zones are taken."""
    return dt.UTC if name == "UTC" else _zone(name, None)


_STANDING_IN: Final[dict[tuple[str, str], Any]] = {
    ("builtins", "getattr"): _attribute,
    ("__builtin__", "getattr"): _attribute,
    ("_codecs", "encode"): _encoded,
    ("__builtin__", "xrange"): range,
    ("pytz", "_UTC"): _pytz_zone,
    ("pytz", "_p"): _pytz_zone,
}


class Unpickler(pickle.Unpickler):
    """Makes what is on the list, and refuses a pickle that names anything else."""

    def find_class(self, module: str, name: str) -> Any:
        """Give what a pickle means by *module* and *name*."""
        if name in ("BacktestResult", "BacktestMetadata"):
            return Result if name == "BacktestResult" else Metadata
        if module == "pandas.core.indexes.numeric" and name in _NUMBERED:
            name = "Index"
        if (module, name) in _STANDING_IN:
            return _STANDING_IN[module, name]
        place = _place(module, name)
        if place is None:
            raise Refused(f"it names {module}.{name}, which is not among the kinds that are read")
        try:
            return getattr(import_module(place), name)
        except (ImportError, AttributeError) as error:
            raise Refused(f"it names {module}.{name}, which the installed libraries do not have") from error


def _place(module: str, name: str) -> str | None:
    """Give the module of the kind *name*, which some version of its library had in *module*; None without one."""
    found = _MOVED.get(module, module)
    places = [found, "pandas", "pandas.arrays"] if found.startswith("pandas.") else [found]
    return next((place for place in places if name in _MODULES.get(place, ())), None)


# -- one item --------------------------------------------------------------------------------------------------------


def answer(kind: str, parts: list[bytes]) -> bytes:
    """Read one item: ``result`` (a pickle, and its trades as Parquet or CSV), ``split`` or ``trades``.

    The answer is the length of its head, the head (JSON), and the tables that the head lists.
    """
    from .records import Draft

    draft: Any = None
    try:
        if kind == "split":
            head = {"split": _split(_unpickled(parts[0]))}
        elif kind == "trades":
            draft = Draft.of_result(_trades(parts[0]))
            if not draft.servable:
                raise Refused(draft.reason)
            head = {}
        else:
            head, draft = _result(*parts)
    except MemoryError:
        return _packed({"refused": "it needs more memory than reading may use"}, None)
    except Refused as refusal:
        return _packed({"refused": str(refusal)}, None)
    except Exception as error:  # noqa: BLE001  # what a stranger's bytes lead to cannot be listed; it is the reason
        return _packed({"refused": f"{type(error).__name__}: {error}"[:500]}, None)
    return _packed(head, draft)


def _unpickled(data: bytes) -> Any:
    return Unpickler(io.BytesIO(data)).load()


def _result(data: bytes, trades: bytes = b"") -> tuple[dict[str, Any], Any]:
    from .records import SLOTS, Draft

    found = _unpickled(data)
    if not isinstance(found, Result) or not isinstance(vars(found).get("metadata"), Metadata):
        raise Refused(f"it holds {type(found).__name__} and not the result of a backtest")
    slots: dict[str, Any] = {name: vars(found).get(name) for name in SLOTS}
    if not isinstance(slots["metrics"], Mapping):
        raise Refused("it holds no metrics")
    notes = []
    if slots["trades"] is None and trades:
        try:
            slots["trades"] = _trades(trades)
        except Exception as error:  # noqa: BLE001  # the result is there without the file of its trades
            notes.append(f"its file of trades cannot be read: {error}"[:500])
    draft = Draft.of_slots(slots)
    said = {str(name): value for name, value in vars(vars(found)["metadata"]).items()}
    described = Draft.of_slots(said)
    if described.writer.tables:
        described = Draft.of_slots({name: one for name, one in said.items() if name != "parameters"})
        notes.append("its parameters hold tables and are left out")
    head = {"metadata": described.node, "notes": [*notes, *described.left_out, *draft.left_out]}
    return head, draft


def _trades(data: bytes) -> Any:
    import pandas as pd

    if data[:4] == b"PAR1":
        return pd.read_parquet(io.BytesIO(data))
    return pd.read_csv(io.BytesIO(data), compression="gzip", index_col=0)


def _split(found: Any) -> dict[str, Any]:
    from ..runs.leaves import leaf

    if type(found) is not dict:
        raise Refused(f"it holds {type(found).__name__} and not the fold of a split")
    told: dict[str, Any] = {"split_id": found["split_id"], "fold": found["fold"], "total_folds": found["total_folds"]}
    if type(told["split_id"]) is not str or type(told["fold"]) is not int or type(told["total_folds"]) is not int:
        raise Refused("it holds no name and number of a fold")
    for part in ("train", "test"):
        told[f"{part}_hash"] = str(found[f"{part}_hash"])
        told[f"{part}_range"] = [leaf(_plain(one), part) for one in found[f"{part}_range"]]
    return told


def _plain(value: Any) -> Any:
    return value.item() if type(value).__module__ == "numpy" and getattr(value, "ndim", 1) == 0 else value


def _packed(head: dict[str, Any], draft: Any) -> bytes:
    tables = []
    if draft is not None:
        import pyarrow as pa

        head["node"], head["tables"], head["left_out"] = draft.node, [], draft.left_out
        for name, table in draft.writer.tables.items():
            sink = pa.BufferOutputStream()
            with pa.ipc.new_file(sink, table.schema) as writer:
                writer.write_table(table)
            tables.append(sink.getvalue().to_pybytes())
            head["tables"].append([name, len(tables[-1])])
    written = json.dumps(head, separators=(",", ":")).encode("ascii")
    return struct.pack(">Q", len(written)) + written + b"".join(tables)


# -- the process -----------------------------------------------------------------------------------------------------


def _confine() -> None:
    """Let this process do nothing from here on but compute and answer."""
    try:
        import resource
    except ImportError:  # Windows
        pass
    else:
        for limit, value in ((resource.RLIMIT_CPU, CPU_S), (resource.RLIMIT_FSIZE, 0), (resource.RLIMIT_CORE, 0)):
            resource.setrlimit(limit, (value, value))
        if sys.platform == "linux":
            resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    sys.addaudithook(_refuse)


def _refuse(event: str, args: tuple[Any, ...]) -> None:
    if event == "open":
        mode, flags = args[1], args[2]
        if (isinstance(mode, str) and set(mode) & set("wax+")) or (isinstance(flags, int) and flags & _WRITING):
            raise PermissionError("reading a pickle - nothing may be written")
    elif event.startswith(_FORBIDDEN) and event not in _HARMLESS:
        raise PermissionError(f"reading a pickle - {event} is not allowed")


def _apart(work: Callable[[], bytes]) -> bytes:
    """Give what *work* gives in a copy of this process, so that what one pickle does stays with it."""
    if not hasattr(os, "fork"):
        _confine()
        return work()
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        status = 1
        try:
            os.close(reading)
            _confine()
            rest = memoryview(work())
            while rest:
                rest = rest[os.write(writing, rest) :]
            status = 0
        finally:
            os._exit(status)
    os.close(writing)
    with open(reading, "rb") as answers:
        told = answers.read()
    _, state = os.waitpid(child, 0)
    if state != 0:
        return _packed({"refused": "reading it ended the process that read it (too long, too large, or damaged)"}, None)
    return told


def serve() -> None:
    """Answer items until there are no more: a line of JSON with the kind and the sizes, then the bytes."""
    import pandas as pd
    import pyarrow.parquet

    from . import records

    pyarrow.set_cpu_count(1)
    pd.read_parquet(io.BytesIO(_sample(pd)))  # loads what reading needs, so that nothing need be loaded later
    pd.read_csv(io.BytesIO(b"a,b\n1,2\n"))
    records.Draft.of_slots({"metrics": {"x": 1.0}, "trades": pd.DataFrame({"a": [1], "b": ["x"]})})
    source, target = sys.stdin.buffer, sys.stdout.buffer
    while line := source.readline():
        kind, sizes = json.loads(line)
        parts = [source.read(size) for size in sizes]
        told = _apart(lambda kind=kind, parts=parts: answer(kind, parts))  # type: ignore[misc]
        target.write(struct.pack(">Q", len(told)) + told)
        target.flush()


def _sample(pd: Any) -> bytes:
    sink = io.BytesIO()
    pd.DataFrame({"a": [1], "b": ["x"]}).to_parquet(sink)
    return sink.getvalue()


__all__ = ["Refused", "Unpickler", "answer", "serve"]
