"""Several feeds one after the other as one."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar

from ..errors import ParameterValueError
from .base import AbstractDataBase, DataBase
from .paths import is_path


def name_of_joined(parts: tuple[Any, ...], name: Any) -> Any:
    """Give the name of one feed made of *parts*: *name*, else the path that the first one reads, else its name."""
    if name is not None or not parts:
        return name
    read = getattr(parts[0], "_dataname", None)
    return read if is_path(read) else getattr(parts[0], "_name", None)


class _Sequence(DataBase):
    """A feed that reads others, which are not in the run themselves; the first one says what its bars are."""

    datas: ClassVar[Any] = ()

    def _prepare_(
        self, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> tuple[tuple[Any, ...], dict[str, Any]]:
        if not args:
            raise ParameterValueError(
                f"{type(self).__name__}: making one feed of several - expected at least one feed as positional "
                "argument - found none - pass the feeds before dataname="
            )
        strange = [part for part in args if not isinstance(part, AbstractDataBase)]
        if strange:
            raise ParameterValueError(
                f"{type(self).__name__}: making one feed of several - expected feeds as positional arguments - found "
                f"{strange[0]!r} - wrap what is read in a feed such as bt.feeds.PandasData(dataname=frame)"
            )
        first = args[0]
        for name in ("timeframe", "compression", "sessionstart", "sessionend", "tz", "calendar"):
            kwargs.setdefault(name, getattr(first.p, name))
        rest, kwargs = super()._prepare_((), kwargs)
        self.__dict__["_args"] = args
        return rest, kwargs

    def _finish_(self) -> None:
        super()._finish_()
        first = self._args[0]
        self._timeframe = first._timeframe
        self._compression = first._compression

    def islive(self) -> bool:
        """Tell that bars are delivered one by one."""
        return True

    def start(self) -> None:
        """Start the feeds."""
        super().start()
        for data in self._args:
            data.setenvironment(self._env)
            data.reset()
            data._start()

    def stop(self) -> None:
        """Stop the feeds."""
        super().stop()
        for data in self._args:
            data.stop()

    def get_notifications(self) -> list[Any]:
        """Take the queued changes of status of the feed that is being read, then those of this one."""
        reading = self._reading()
        taken = [] if reading is None else reading.get_notifications()
        return [*taken, *super().get_notifications()]

    def _reading(self) -> Any:
        """Give the feed that is being read."""
        return None

    def _gettz(self) -> Any:
        return self._args[0]._gettz()

    def _copy(self, data: Any) -> None:
        for mine, theirs in zip(self.lines._all, data.lines._all, strict=False):
            mine[0] = theirs[0]


class Chainer(_Sequence):
    """Deliver the bars of the first feed, then those of the second that come after them, and so on."""

    def start(self) -> None:
        """Start the feeds."""
        super().start()
        self._waiting = list(self._args)
        self._now_: Any = self._waiting.pop(0)
        self._latest = datetime.min

    def _reading(self) -> Any:
        return self._now_

    def _load(self) -> bool | None:
        while self._now_ is not None:
            got = self._now_.next()
            if got is None:
                return None
            if not got:
                self._now_ = self._waiting.pop(0) if self._waiting else None
                continue
            moment = self._now_.lines.datetime.datetime(0)
            if moment > self._latest:
                self._latest = moment
                self._copy(self._now_)
                return True
        return False


__all__ = ["Chainer", "name_of_joined"]
