"""Bars from an InfluxDB 1.x server, asked through its Python client (package ``influxdb``)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from importlib import import_module
from math import nan
from typing import Any, ClassVar

import numpy as np

from ..base.datenums import localize_numbers
from ..base.time import date2num
from ..base.timeframe import TimeFrame
from ..errors import DataError, ModuleImportError, ParameterValueError
from .base import DataBase
from .columns import FIELDS, Columns

# InfluxQL has no calendar months or years: its "m" is a minute
_UNITS = {
    TimeFrame.MicroSeconds: "u",
    TimeFrame.Seconds: "s",
    TimeFrame.Minutes: "m",
    TimeFrame.Days: "d",
    TimeFrame.Weeks: "w",
}


def _client(feed: str) -> Any:
    try:
        return import_module("influxdb").InfluxDBClient
    except ImportError:
        raise ModuleImportError(
            f"reading feed {feed} - expected the client of InfluxDB 1.x - found no package 'influxdb' - install it: "
            "pip install influxdb"
        ) from None


class InfluxDB(DataBase):
    """The mean of each field of the measurement ``dataname`` for every ``compression`` times ``timeframe``.

    ``high``, ``low``, ``open``, ``close``, ``volume`` and ``ointerest`` name the fields. ``startdate``, a time as
    InfluxQL writes it, is where to begin; without it everything up to the present is asked for. Bars have the time at
    which their interval begins, in UTC.
    """

    params: ClassVar[Any] = (
        ("host", "127.0.0.1"),
        ("port", "8086"),
        ("username", None),
        ("password", None),
        ("database", None),
        ("startdate", None),
        ("high", "high_p"),
        ("low", "low_p"),
        ("open", "open_p"),
        ("close", "close_p"),
        ("volume", "volume"),
        ("ointerest", "oi"),
    )
    ndb: Any = None

    def start(self) -> None:
        """Connect to the server."""
        super().start()
        self._query()  # what cannot be asked is said before anything is opened
        p = self.p
        self.ndb = _client(self._label_())(p.host, p.port, p.username, p.password, p.database)

    def stop(self) -> None:
        """Let go of the client."""
        super().stop()
        self.ndb = None

    def _label_(self) -> str:
        return repr(self._name or type(self).__name__)

    def _query(self) -> str:
        p = self.p
        unit = _UNITS.get(p.timeframe)
        if unit is None:
            raise ParameterValueError(
                f"reading feed {self._label_()} - expected a timeframe that InfluxDB can group by: "
                f"{[TimeFrame.getname(frame) for frame in _UNITS]} - found {TimeFrame.getname(p.timeframe)} - read "
                "days and use cerebro.resampledata for longer bars"
            )
        fields = {name: getattr(p, "ointerest" if name == "openinterest" else name) for name in FIELDS}
        columns = ", ".join(f'mean("{field}") AS "{name}"' for name, field in fields.items())
        since = "<= now()" if not p.startdate else f">= '{p.startdate}'"
        every = f"{p.compression}{unit}"
        return f'SELECT {columns} FROM "{p.dataname}" WHERE time {since} GROUP BY time({every}) fill(none)'

    def _read_columns_(self) -> Columns:
        points: Iterable[Mapping[str, Any]] = self.ndb.query(self._query()).get_points()
        rows = list(points)
        lines = {"datetime": np.array([self._time(row) for row in rows], dtype=np.float64)}
        for name in FIELDS:
            found = [row.get(name) for row in rows]
            lines[name] = np.array(
                [nan if value is None else float(value) for value in found], dtype=np.float64
            )
        if self._tzinput is not None:
            lines["datetime"] = localize_numbers(lines["datetime"], self._tzinput)
        return Columns.of(lines)

    def _time(self, row: Mapping[str, Any]) -> float:
        written = row.get("time")
        try:
            moment = datetime.fromisoformat(str(written))
        except ValueError:
            raise DataError(
                f"reading feed {self._label_()} - expected points with a time such as 2006-01-02T00:00:00Z - found "
                f"{written!r} - check the client's version (influxdb for InfluxDB 1.x)"
            ) from None
        return date2num(moment if moment.tzinfo is None else moment.astimezone(UTC).replace(tzinfo=None))


__all__ = ["InfluxDB"]
