"""Trading on signals: indicators whose sign says long, short or exit."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from ..base.owner import inside
from ..errors import ParameterTypeError, ParameterValueError
from ..indicators.base import Indicator
from .strategy import Strategy

(
    SIGNAL_NONE,
    SIGNAL_LONGSHORT,
    SIGNAL_LONG,
    SIGNAL_LONG_INV,
    SIGNAL_LONG_ANY,
    SIGNAL_SHORT,
    SIGNAL_SHORT_INV,
    SIGNAL_SHORT_ANY,
    SIGNAL_LONGEXIT,
    SIGNAL_LONGEXIT_INV,
    SIGNAL_LONGEXIT_ANY,
    SIGNAL_SHORTEXIT,
    SIGNAL_SHORTEXIT_INV,
    SIGNAL_SHORTEXIT_ANY,
) = range(14)

SignalTypes = list(range(14))


class Signal(Indicator):
    """A line whose sign is a signal; by default the values of the data it is given."""

    lines: ClassVar[Any] = ("signal",)
    SignalTypes: ClassVar[list[int]] = SignalTypes

    def __init__(self) -> None:
        self.lines.signal = self.data0.lines[0]


def _positive(value: float) -> bool:
    return value > 0.0


def _negative(value: float) -> bool:
    return value < 0.0


def _nonzero(value: float) -> bool:
    return bool(value)


class SignalStrategy(Strategy):
    """Trade on signals.

    Signals come from ``Cerebro.add_signal`` or :meth:`signal_add`. A type of signal speaks when all signals of
    that type agree. While an order is pending nothing is done, unless ``_concurrent``; an open position is not
    added to, unless ``_accumulate``. ``_data`` (a data, its number or its name) is what is traded, by
    default the first data.
    """

    params: ClassVar[Any] = (("signals", []), ("_accumulate", False), ("_concurrent", False), ("_data", None))

    def _prepare_(
        self, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> tuple[tuple[Any, ...], dict[str, Any]]:
        args, kwargs = super()._prepare_(args, kwargs)
        self._signals: dict[int, list[Any]] = {}
        self._sentinel: Any = None
        self._dtarget = self._target_data_()
        self.__dict__["next"] = self._signals_then_next_
        return args, kwargs

    def _signals_then_next_(self) -> None:
        self._trade_signals_()
        type(self).next(self)

    def _target_data_(self) -> Any:
        wanted = self.p._data
        if wanted is None:
            return self.datas[0]
        if isinstance(wanted, bool) or not isinstance(wanted, (int, str)):
            return wanted
        if isinstance(wanted, str):
            return self.getdatabyname(wanted)
        if not -len(self.datas) <= wanted < len(self.datas):
            raise ParameterValueError(
                f"SignalStrategy: _data={wanted} but there are {len(self.datas)} datas."
            )
        return self.datas[wanted]

    def _finish_(self) -> None:
        with inside(self):
            for kind, cls, args, kwargs in self.p.signals:
                if not callable(cls):
                    raise ParameterTypeError(
                        f"Cerebro.add_signal() - expected a class of indicators - found {cls!r} - pass the class, and "
                        "its parameters as keywords: cerebro.add_signal(bt.SIGNAL_LONG, MySignal, period=10)."
                    )
                self.signal_add(kind, cls(*args, **kwargs))
        super()._finish_()

    def signal_add(self, sigtype: int, signal: Any) -> None:
        """Add *signal* (an indicator or a line) as a signal of type *sigtype*."""
        if sigtype not in SignalTypes:
            raise ParameterValueError(f"signal type must be one of bt.SIGNAL_…; got {sigtype!r}")
        self._signals.setdefault(sigtype, []).append(signal)

    def _all(self, kind: int, test: Callable[[float], bool]) -> bool:
        signals = self._signals.get(kind)
        return bool(signals) and all(test(signal[0]) for signal in signals or ())

    def _speaks_(self, first: int, up: bool) -> bool:
        """Tell whether the signals of the three types from *first* (plain, inverse, any) speak for *up*."""
        plain, inverse = (_positive, _negative) if up else (_negative, _positive)
        return self._all(first, plain) or self._all(first + 1, inverse) or self._all(first + 2, _nonzero)

    def notify_order(self, order: Any) -> None:
        """Forget the pending order once it is done; subclasses may extend this."""

    def _addnotification(self, order: Any, quicknotify: bool = False) -> None:
        super()._addnotification(order, quicknotify=quicknotify)
        if self._sentinel is not None and order.ref == self._sentinel.ref and not order.alive():
            self._sentinel = None

    def _trade_signals_(self) -> None:
        """Act on the signals of this bar.

        Where signals to exit a side exist (those of the plain type only, as in backtrader), an opposite entry signal of
        that side does not end it, nor does an entry of the other side reverse it.
        """
        if self._sentinel is not None and not self.p._concurrent:
            return
        both_long = self._all(SIGNAL_LONGSHORT, _positive)
        both_short = self._all(SIGNAL_LONGSHORT, _negative)
        enter_long = self._speaks_(SIGNAL_LONG, True)
        enter_short = self._speaks_(SIGNAL_SHORT, False)
        size = self.getposition(self._dtarget).size
        if not size:
            if both_long or enter_long:
                self._enter_(True)
            elif both_short or enter_short:
                self._enter_(False)
        elif size > 0:
            exits = bool(self._signals.get(SIGNAL_LONGEXIT))
            reverse = both_short or (enter_short and not exits)
            leave = not exits and self._speaks_(SIGNAL_LONG, False)
            self._manage_(
                reverse, self._speaks_(SIGNAL_LONGEXIT, False) or leave, both_long or enter_long, True
            )
        else:
            exits = bool(self._signals.get(SIGNAL_SHORTEXIT))
            reverse = both_long or (enter_long and not exits)
            leave = not exits and self._speaks_(SIGNAL_SHORT, True)
            self._manage_(
                reverse, self._speaks_(SIGNAL_SHORTEXIT, True) or leave, both_short or enter_short, False
            )

    def _manage_(self, reverse: bool, leave: bool, again: bool, is_long: bool) -> None:
        """Close, reverse or add to an open position."""
        if reverse or leave:
            self.close(self._dtarget)
        if reverse:
            self._enter_(not is_long)
        if again and self.p._accumulate:
            self._enter_(is_long)

    def _enter_(self, is_long: bool) -> None:
        self._sentinel = (self.buy if is_long else self.sell)(self._dtarget)


__all__ = [name for name in dir() if name.startswith("SIGNAL_")] + ["Signal", "SignalStrategy", "SignalTypes"]
