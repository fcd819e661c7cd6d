"""What an exception that leaves user code is told about where it happened."""

from __future__ import annotations

from collections.abc import Callable
from types import TracebackType
from typing import Any

from ..base.info import explain_missing
from ..base.time import num2date
from .root import LineRoot

_BEGIN = "While "


class Placed:
    """Add one note to an exception that passes: ``While`` and what *where* gives.

    An exception that has such a note already keeps it: the innermost place is the most telling.
    """

    __slots__ = ("where",)

    def __init__(self, where: Callable[[], str]) -> None:
        self.where = where

    def __enter__(self) -> None:
        return None

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, tb: TracebackType | None
    ) -> None:
        if not isinstance(exc, Exception):
            return
        notes = getattr(exc, "__notes__", ())
        if isinstance(exc, AttributeError) and (told := _explain(exc)) and told not in notes:
            exc.add_note(told)
        if not any(note.startswith(_BEGIN) for note in notes):
            exc.add_note(f"{_BEGIN}{self.where()}.")


def _explain(error: AttributeError) -> str:
    """Say more of an attribute that is missing than Python's own message does, if there is more to say."""
    from .series import Lines

    if not isinstance(error.obj, LineRoot | Lines):
        return explain_missing(error)
    told = error.obj._missing_(error.name or "")
    return "" if told in str(error) else told


def place_on(data: Any) -> str:
    """Describe the current bar of *data*: its number, time and feed."""
    name = getattr(data, "_name", "") or "data"
    clock = data._c_
    if clock.i < 0:
        return f"before the first bar of feed {name!r}"
    text = f"on bar {len(clock)} of feed {name!r}"
    stamps = getattr(getattr(data, "lines", None), "datetime", None)
    if stamps is None or clock.i >= len(stamps.array):
        return text
    return text + moment_at(stamps, clock.i)


def moment_at(stamps: Any, bar: int) -> str:
    """Give the time of stored bar *bar*, in brackets; nothing if the line *stamps* has no time there."""
    try:
        return f" ({num2date(float(stamps.array[bar]))})"
    except (ValueError, OverflowError, IndexError):  # no date number
        return ""


__all__ = ["Placed", "moment_at", "place_on"]
