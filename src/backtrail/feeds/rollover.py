"""Futures one after the other as one feed, switching when the user says."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar

from .chain import _Sequence
from .parameters import refuse


class RollOver(_Sequence):
    """Deliver the first future until it is time for the next one.

    ``checkdate(dt, data)`` tells whether at time *dt* a switch away from *data* may happen; ``checkcondition(d0, d1)``
    whether to switch from *d0* to *d1* then (left out: at once). Without ``checkdate`` the next future follows when one
    ends.
    """

    params: ClassVar[Any] = (("checkdate", None), ("checkcondition", None))

    def _finish_(self) -> None:
        super()._finish_()
        for name in ("checkdate", "checkcondition"):
            value = getattr(self.p, name)
            if value is not None and not callable(value):
                refuse(type(self).__name__, name, "a function or None", value, f"Pass {name}=function.")

    def start(self) -> None:
        """Start the futures."""
        super().start()
        self._waiting = list(self._args)
        self._now_: Any = self._waiting.pop(0)
        self._times_ = [datetime.min for _ in self._waiting]

    def _reading(self) -> Any:
        return self._now_

    def _checkdate(self, dt: datetime, d: Any) -> Any:
        return self.p.checkdate(dt, d) if self.p.checkdate is not None else False

    def _checkcondition(self, d0: Any, d1: Any) -> Any:
        return self.p.checkcondition(d0, d1) if self.p.checkcondition is not None else True

    def _load(self) -> bool | None:
        while self._now_ is not None:
            got = self._now_.next()
            if got is None:
                return None
            if not got:
                self._now_ = self._waiting.pop(0) if self._waiting else None
                del self._times_[:1]
                continue
            moment = self._now_.lines.datetime.datetime(0)
            self._follow(moment)
            due = self._checkdate(moment, self._now_)
            if due and self._waiting and self._checkcondition(self._now_, self._waiting[0]):
                self._now_ = self._waiting.pop(0)
                del self._times_[:1]
            self._copy(self._now_)
            return True
        return False

    def _follow(self, moment: datetime) -> None:
        """Bring the futures to come up to *moment*."""
        for at, data in enumerate(self._waiting):
            while self._times_[at] < moment and data.next():
                self._times_[at] = data.lines.datetime.datetime(0)


__all__ = ["RollOver"]
