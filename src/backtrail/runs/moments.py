"""Times of Python and pandas as JSON and back, each of the same type and in the same kind of zone."""

from __future__ import annotations

import datetime as _dt
import sys
from collections.abc import Callable
from typing import Any, Final
from zoneinfo import ZoneInfo


def write_moment(value: Any) -> dict[str, Any] | None:
    """Give a time as JSON; None if it is none, or one that would not come back the same."""
    kind = type(value)
    if kind is _dt.datetime:
        return _datetime(value)
    if kind is _dt.date:
        return {"~date": value.isoformat()}
    if kind is _dt.time:
        return _time(value)
    if kind is _dt.timedelta:
        return {"~timedelta": [value.days, value.seconds, value.microseconds]}
    return _of_pandas(value)


def _datetime(value: _dt.datetime) -> dict[str, Any] | None:
    zone = value.tzinfo
    if zone is None or type(zone) is _dt.timezone:
        told = {"~datetime": [value.isoformat(), value.fold]}
    elif type(zone) is ZoneInfo and zone.key is not None:
        told = {"~datetime": [value.replace(tzinfo=None).isoformat(), value.fold, zone.key]}
    elif isinstance(getattr(zone, "zone", None), str):  # of pytz
        told = {"~pytz": [value.astimezone(_dt.UTC).replace(tzinfo=None).isoformat(), zone.zone]}  # type: ignore[attr-defined]
    else:
        return None
    return told if _is_told_by(value, told) else None


def _time(value: _dt.time) -> dict[str, Any] | None:
    zone = value.tzinfo
    if type(zone) is ZoneInfo and zone.key is not None:
        told: dict[str, Any] = {"~time": [value.replace(tzinfo=None).isoformat(), value.fold, zone.key]}
    elif zone is None or type(zone) is _dt.timezone:
        told = {"~time": [value.isoformat(), value.fold] if value.fold else value.isoformat()}
    else:
        return None
    return told if _is_told_by(value, told) else None


def _is_told_by(value: Any, told: dict[str, Any]) -> bool:
    """Tell whether what was written of *value* is read as the same, with a zone of the same kind."""
    [(tag, held)] = told.items()
    try:
        found = MOMENTS[tag](held)
    except (ValueError, TypeError, LookupError, ArithmeticError):
        return False
    return repr(found) == repr(value) and found.fold == value.fold


def _read_datetime(held: Any) -> _dt.datetime:
    made = _dt.datetime.fromisoformat(held[0]).replace(fold=held[1])
    return made if len(held) == 2 else made.replace(tzinfo=ZoneInfo(held[2]))


def _read_time(held: Any) -> _dt.time:
    if isinstance(held, str):
        return _dt.time.fromisoformat(held)
    made = _dt.time.fromisoformat(held[0]).replace(fold=held[1])
    return made if len(held) == 2 else made.replace(tzinfo=ZoneInfo(held[2]))


def _read_pytz(held: Any) -> _dt.datetime:
    pytz = sys.modules.get("pytz")
    if pytz is None:
        raise ValueError(f"reading a stored time - expected pytz, for zone {held[1]!r}, to be loaded - import it")
    made: _dt.datetime = pytz.timezone(held[1]).fromutc(_dt.datetime.fromisoformat(held[0]))
    return made


# -- pandas ----------------------------------------------------------------------------------------------------------


def _of_pandas(value: Any) -> dict[str, Any] | None:
    pandas = sys.modules.get("pandas")
    if pandas is None:
        return None
    if value is pandas.NaT:
        return {"~nat": None}
    if value is pandas.NA:
        return {"~na": None}
    if type(value) is pandas.Timedelta:
        return {"~span": [value.asm8.astype(int).item(), value.unit]}
    if type(value) is not pandas.Timestamp:
        return None
    held = [value.asm8.astype(int).item(), value.unit, None if value.tz is None else str(value.tz)]
    try:
        found = read_stamp(held)
    except (ValueError, TypeError, LookupError):  # a zone without a name
        return None
    same = found == value and type(found.tz) is type(value.tz) and str(found.tz) == str(value.tz)
    return {"~stamp": held} if same else None


def read_stamp(held: Any) -> Any:
    """Give the Timestamp of a number, its unit and its zone."""
    import numpy as np
    import pandas as pd

    number, unit, zone = held
    made = pd.Timestamp(np.datetime64(number, unit))
    return made if zone is None else made.tz_localize("UTC").tz_convert(zone)


def read_span(held: Any) -> Any:
    """Give the Timedelta of a number and its unit."""
    import numpy as np
    import pandas as pd

    return pd.Timedelta(np.timedelta64(held[0], held[1]))


def _pandas(name: str) -> Any:
    import pandas as pd

    return getattr(pd, name)


MOMENTS: Final[dict[str, Callable[[Any], Any]]] = {
    "~datetime": _read_datetime,
    "~date": _dt.date.fromisoformat,
    "~time": _read_time,
    "~timedelta": lambda held: _dt.timedelta(*held),
    "~pytz": _read_pytz,
    "~nat": lambda held: _pandas("NaT"),
    "~na": lambda held: _pandas("NA"),
    "~stamp": read_stamp,
    "~span": read_span,
}

__all__ = ["MOMENTS", "read_span", "read_stamp", "write_moment"]
