"""Fingerprints of feeds: the bars a run trades on and what says how they are read, wherever the bars come from.

The same bars from a text file, a frame of pandas or polars or an Arrow table have the same fingerprint. Paths do not
count, nor does a name that a feed took from its path; a name that was given to it does.
"""

from __future__ import annotations

import functools
import os
import warnings
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ..base.time import num2date
from ..base.timeframe import TimeFrame
from ..errors import DataWarning
from ..feeds.base import AbstractDataBase
from ..feeds.chain import Chainer
from ..feeds.paths import file_stem, is_path
from ..feeds.rollover import RollOver
from .columns import ColumnFingerprint, fixed_chunks, make_column
from .digests import digest
from .encoding import Place, UncacheableParameter, encode, type_name
from .scalars import zone_name

Floats = NDArray[np.float64]

_FEED: Final = "backtrail-feed/1"
_SOURCE: Final = "backtrail-feed-source/1"
_OWN: Final = __name__.partition(".")[0]


_ONCE: Final = (
    "its bars come from a _load() of its own, which may not be possible twice",
    "replay or chain feeds that read a file or a frame",
)


class UncacheableFeed(UncacheableParameter):
    """A feed whose bars cannot be known before the run."""


@dataclass(frozen=True, slots=True)
class FeedFingerprint:
    """The fingerprint of a feed.

    ``bars`` is that of its bars (for a replayed feed: those it is made of), ``settings`` says in words what else
    counts: name, timeframe, time zone, session, range, and so on. ``sources`` are the feeds that a chained one reads.
    """

    name: str
    digest: str
    bars: Any
    settings: Mapping[str, str]
    sources: tuple[FeedFingerprint, ...] = ()

    @property
    def rows(self) -> int:
        """The number of bars."""
        return int(self.bars.rows)

    @property
    def first(self) -> str | None:
        """The time of the first bar (ISO 8601, UTC)."""
        first: str | None = self.bars.first
        return first

    @property
    def last(self) -> str | None:
        """The time of the last bar (ISO 8601, UTC)."""
        last: str | None = self.bars.last
        return last

    @property
    def columns(self) -> dict[str, str]:
        """The digest of every line by name."""
        columns: dict[str, str] = self.bars.columns
        return columns

    def manifest(self) -> dict[str, Any]:
        """Give what a manifest says of this feed; blobs and source are the recorder's to add."""
        return {
            "name": self.name,
            "fingerprint": self.digest,
            "bars": self.bars.digest,
            "rows": self.rows,
            "first": self.first,
            "last": self.last,
            "columns": self.columns,
            "settings": dict(self.settings),
            "sources": [one.manifest() for one in self.sources],
        }


def fingerprint_feed(data: Any, where: str = "data") -> FeedFingerprint:
    """Give the fingerprint of a feed; one that is not loaded is started and loaded, and left so.

    The bars that a run left behind are read again: what they come from may have changed since
    (:func:`fingerprint_stored` takes them as they are). A replayed feed is told by the bars it replays and its rule,
    a chained one by the feeds it reads. :class:`UncacheableFeed` for live feeds, and for replayed or chained ones
    whose bars come from a user's ``_load()``, which may not be possible twice.
    """
    if isinstance(data, (Chainer, RollOver)) and _keeps_loading(data):
        return _chained(data, where)
    if data.islive():
        raise _refused(data, where, "it is live", "runs on live feeds are recorded, but never found again")
    if data.replaying:
        lines = _replayed(data, where)
    else:
        if not _is_loaded(data):
            load(data)
        lines = stored_lines(data)
    return _told_by(data, lines, where)


def fingerprint_stored(data: Any, where: str = "data") -> FeedFingerprint:
    """Give the fingerprint of the bars that a feed has at present, for the record of a run that is over.

    It is no part of a key: a feed that delivers bars one by one may have delivered only some of them.
    """
    return _told_by(data, stored_lines(data), where)


def _told_by(data: Any, lines: Mapping[str, Floats], where: str) -> FeedFingerprint:
    settings = _settings(data, where)
    source = data._source_
    if source is not None and not data.replaying:
        # the times of source bars decide when a larger one is delivered
        settings["resampled from"] = _bars(source.lines()).digest
    return _made(_given_name(data), _bars(lines), settings)


def load(data: Any) -> None:
    """Start a feed and load all its bars, as a run does before it steps through them."""
    _load_source(data)
    data.reset()
    data._start()
    data.preload()


def _is_loaded(data: Any) -> bool:
    return bool(data._started and data._c_.size)


def _load_source(data: Any) -> None:
    """Load the feed that a clone reads."""
    source = data.data if data._clone else None
    if source is not None and not _is_loaded(source) and not source.islive():
        load(source)


def stored_lines(data: Any) -> dict[str, Floats]:
    """Give the bars that *data* has now, by line."""
    c = data._c_
    count = c.size or c.i + 1 + data._held_
    return {name: getattr(data.lines, name).array[:count] for name in data.lines.getlinealiases()}


def bars_digest(data: Any) -> str:
    """Give the digest of the bars that *data* has now."""
    told: str = _bars(stored_lines(data)).digest
    return told


# -- what counts --------------------------------------------------------------------------------------------


def _made(
    name: str, bars: Any, settings: dict[str, str], sources: tuple[FeedFingerprint, ...] = ()
) -> FeedFingerprint:
    parts = [bars.digest.encode(), encode(settings), *(one.digest.encode() for one in sources)]
    return FeedFingerprint(name, digest(_FEED, *parts), bars, settings, sources)


def _bars(lines: Mapping[str, Floats]) -> Any:
    from .fingerprint import TableFingerprint, table_digest

    parts = tuple(_column(name, values) for name, values in lines.items())
    when = lines.get("datetime")
    rows = parts[0].rows if parts else 0
    first = last = None
    if when is not None and len(when):
        first, last = _iso(float(when[0])), _iso(float(when[-1]))
    return TableFingerprint(table_digest(parts, rows), rows, first, last, parts)


def _column(name: str, values: Floats) -> ColumnFingerprint:
    return make_column(name, "column", "float64", len(values), fixed_chunks(values))


@functools.lru_cache(maxsize=256)
def _iso(number: float) -> str | None:
    return num2date(number).isoformat() if number >= 1.0 else None


def _given_name(data: Any) -> str:
    """Give the name of a feed; none if it only has that of its file."""
    name: str = data._name or ""
    source = data.p.dataname
    if data.p.name or not is_path(source):
        return name
    return "" if name in (str(source), file_stem(source)) else name


def _settings(data: Any, where: str) -> dict[str, str]:
    """Say in words what counts beside the bars."""
    place = Place(where)
    tz = data._tz
    out = {
        "name": _given_name(data),
        "timeframe": TimeFrame.getname(data._timeframe, 2),
        "compression": str(data._compression),
        "tz": "" if tz is None else zone_name(tz) or _told(tz, f"{where}.tz"),
        "session": f"{data.p.sessionstart} to {data.p.sessionend}",
        "range": f"{data.p.fromdate} to {data.p.todate}",
    }
    calendar = data._calendar
    if calendar is not None:
        out["calendar"] = f"{type_name(type(calendar))} {_told(calendar, str(place.key('calendar')))}"
    for one, _, _ in data._filters:
        if hasattr(one, "rule"):
            kind = type(one)
            out["made larger by"] = (
                f"{type_name(kind)} {_told([kind, one.p._getkwargs()], str(place.key('filters')))}"
            )
    for actions in ("dividends", "splits"):
        if getattr(data, f"accounts_{actions}", False):
            out[actions] = "accounted for by the broker"
    if data._compensate is not None:
        out["compensates"] = _number(data._compensate)
    for name, value in _own_parameters(data):
        out[f"params.{name}"] = _told(value, f"{where}.params.{name}")
    return out


def _number(data: Any) -> str:
    """Say which feed of its run *data* is."""
    feeds = getattr(data.getenvironment(), "datas", [])
    at = next((at for at, one in enumerate(feeds) if one is data), None)
    return _given_name(data) if at is None else f"data{at}"


def source_of(data: Any, where: str) -> Any:
    """Give what a feed reads by its value: the content of a file, all columns of a frame and its ``attrs``."""
    from .watching import digest_of

    if isinstance(data, (Chainer, RollOver)):
        return [source_of(one, f"{where}[{at}]") for at, one in enumerate(data._args)]
    source = data.p.dataname
    if is_path(source):
        return [os.path.basename(source), digest_of(os.fspath(source))]
    if isinstance(source, AbstractDataBase):
        return source_of(source, where)
    return digest(_SOURCE, encode([source, attributes_of(source)], f"{where}.dataname"))


def attributes_of(table: Any) -> dict[Any, Any]:
    """Give what a script wrote on a frame of pandas beside its columns; empty for other tables."""
    written = getattr(table, "attrs", None)
    return written if isinstance(written, dict) else {}


def _told(value: Any, where: str) -> str:
    """Give a value in words if it is a plain one, else its digest."""
    written = encode(value, where)
    if value is None or isinstance(value, (bool, int, float, str)):
        return f"{type(value).__name__} {value!r}"
    return digest("backtrail-params/1", written)


def _own_parameters(data: Any) -> Iterable[tuple[str, Any]]:
    """Give the parameters that the user's own class added, without those that say where a line is in the source."""
    kinds = type(data).__mro__
    known = set(data.lines.getlinealiases())
    for one in kinds:
        if one.__module__.partition(".")[0] == _OWN and hasattr(one, "params"):
            known.update(one.params._getkeys())
    return [(name, value) for name, value in data.p._getkwargs().items() if name not in known]


# -- replayed and chained feeds -----------------------------------------------------------------------------


def _replayed(data: Any, where: str) -> dict[str, Floats]:
    """Read the bars that a feed replays."""
    for one in (data, data.data if data._clone else data):
        if one._overridden_("_load", "load", "forward"):
            raise _refused(data, where, *_ONCE)
    _load_source(data)
    data.reset()
    data._start()
    columns = data._read_columns_()
    if columns is None:
        raise _refused(
            data, where, "its source is read bar by bar", "replay a feed that reads a file or a frame"
        )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DataWarning)  # the run says it when it reads them
        columns = data._cut_(columns)
    lines: dict[str, Floats] = columns.lines()
    return lines


def _keeps_loading(data: Any) -> bool:
    """Tell whether a chained feed loads as backtrail's own do."""
    return not data._overridden_("_load", "load", "forward", "start")


def _chained(data: Any, where: str) -> FeedFingerprint:
    for at, one in enumerate(data._args):
        if one._overridden_("_load", "load", "forward"):
            raise _refused(one, f"{where}[{at}]", *_ONCE)
    sources = tuple(fingerprint_feed(one, f"{where}[{at}]") for at, one in enumerate(data._args))
    if not data._started:
        data._tz = data._gettz()
        data._calendar = getattr(data._args[0], "_calendar", None)
    settings = _settings(data, where)
    settings["reads"] = type(data).__name__
    for name in ("checkdate", "checkcondition"):
        if hasattr(data.p, name):
            settings[name] = _told(getattr(data.p, name), f"{where}.params.{name}")
    return _made(_given_name(data), _bars({}), settings, sources)


def _refused(data: Any, where: str, reason: str, remedy: str) -> UncacheableFeed:
    label = data._name or type(data).__name__
    return UncacheableFeed(
        f"fingerprinting {where}, feed {label!r} - expected bars that are known before the run - found "
        f"{type_name(type(data))}: {reason} - {remedy}",
        where,
    )


def feed_settings(data: Any) -> dict[str, Any]:
    """Give what a feed of stored bars must be told to be this one."""
    return {
        "name": data._name or "",
        "timeframe": int(data._timeframe),
        "compression": int(data._compression),
        "sessionstart": data.p.sessionstart,
        "sessionend": data.p.sessionend,
        "fromdate": data.p.fromdate,
        "todate": data.p.todate,
        "tz": None if data._tz is None else str(data._tz),
        "lines": list(data.lines.getlinealiases()),
    }


_snapshots: dict[tuple[str, str], str] = {}


def snapshot(store: Any, work: Any, digest: str, lines: dict[str, Any]) -> str:
    """Store the bars of a feed, once per store and process; give the blob."""
    known = _snapshots.get((store.url, digest))
    if known is not None and store.blobs.size(known) is not None:
        return known
    import pyarrow as pa

    blob: str = work.put_table(pa.table({name: pa.array(values) for name, values in lines.items()})).blob
    _snapshots[store.url, digest] = blob
    return blob


__all__ = [
    "FeedFingerprint",
    "UncacheableFeed",
    "attributes_of",
    "bars_digest",
    "feed_settings",
    "fingerprint_feed",
    "fingerprint_stored",
    "load",
    "snapshot",
    "source_of",
    "stored_lines",
]
