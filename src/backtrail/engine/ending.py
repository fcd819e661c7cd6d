"""What a run leaves behind: enough to work its tables out later, whatever happens to broker and feeds then.

Taking it costs next to nothing: only references are kept. A later run of the same Cerebro gives broker and feeds other
lists and arrays, so what is referred to here stays as it was.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..broker.journal import Journal
from ..broker.slippage import NO_SLIPPAGE
from ..errors import ResultError
from .path import AccountPath

Floats = NDArray[np.float64]


class Bars(NamedTuple):
    """The arrays of a feed, and the index of its current bar per cycle (None: the cycle's number)."""

    datetime: Floats
    open: Floats
    high: Floats
    low: Floats
    close: Floats
    at: NDArray[np.int64] | None
    known: int


class Account(NamedTuple):
    """The account in each cycle; ``moments`` are date numbers."""

    moments: Floats
    cash: Floats
    value: Floats
    fundvalue: Floats


class _Settled(NamedTuple):
    """The broker's side of the account path as it was at the end of the run."""

    journal: Any
    positions: dict[Any, Any]
    schemes: dict[Any, Any]
    p: Any

    def getcommissioninfo(self, data: Any) -> Any:
        """Give the scheme that *data* was traded under."""
        return self.schemes[data]


class _Shortcash(NamedTuple):
    shortcash: bool


class _SettledPath(AccountPath):
    """The account path over the arrays that the feeds had at the end of the run."""

    def _closes(self, data: Any, begin: int, end: int) -> Floats:
        bars: Bars = self._run_.bars[data]
        return self._picked(bars.close, bars.at, begin, end)


class Ending:
    """References to everything that the tables of a run are made of."""

    def __init__(self, run: Any) -> None:
        broker = run.broker
        self.strats: list[Any] = list(run.strats)
        self.timeline = run.timeline
        self.clock = run.clock
        self.finished = run.finished
        self.start_cash: float = getattr(broker, "startingcash", float("nan"))
        self.fundmode = bool(getattr(broker.p, "fundmode", False))
        self.bars = {data: _bars(data) for data in run.datas}
        self.datas: list[Any] = list(run.datas)
        self.orders: list[Any] = getattr(broker, "orders", [])
        self.special_orders: list[Any] = getattr(broker, "special_orders", [])
        self.coc = bool(getattr(broker.p, "coc", False))
        self.slip = getattr(broker, "_slip_", NO_SLIPPAGE)
        self.floor = bool(getattr(broker, "sell_limit_floor", False))
        self.noted = run.noted
        self.broker_name = type(broker).__name__
        self.exactbars = run.settings.exactbars
        self.journal = _closed(getattr(broker, "journal", None))
        self.broker: Any = None
        if self.journal is not None:
            positions = broker.positions
            schemes = {data: broker.getcommissioninfo(data) for data in positions}
            self.broker = _Settled(self.journal, positions, schemes, _Shortcash(broker.p.shortcash))
        self._account: Account | None = None

    def account(self) -> Account:
        """Give time, cash, value and fund value of the complete cycles.

        ResultError if they were not kept: with a broker of the user's own, or with ``exactbars=1``.
        """
        if self._account is None:
            self._account = self._worked_out()
        return self._account

    def _worked_out(self) -> Account:
        if self.clock.i < 0 and self.noted is None:  # it failed before its first cycle
            nothing = np.empty(0)
            return Account(nothing, nothing, nothing, nothing)
        if self.timeline is not None and self.broker is not None:
            path = _SettledPath(self).update()
            return Account(path.datetime, path.cash, path.value, path.fundvalue)
        if self.noted is not None and self.timeline is None:
            rows = np.array(self.noted, dtype=np.float64).reshape(-1, 4)
            return Account(*(np.ascontiguousarray(rows[:, at]) for at in range(4)))
        if self.timeline is not None:
            why = f"the broker, {self.broker_name}, keeps no journal of the account"
            remedy = (
                "Derive the broker from backtrail's BackBroker, or add an analyzer that notes what it reports"
            )
        else:
            why = "exactbars=1 forgets bars"
            remedy = "Run with exactbars=False"
        raise ResultError(
            f"The value of the account was asked for, bar by bar; it was not kept: {why}. {remedy}."
        )

    def label(self, data: Any) -> str:
        """Give the name of *data*, or ``data0``, ``data1``, ... if it has none."""
        return data._name or f"data{self.datas.index(data) if data in self.datas else '?'}"

    def target(self, data: Any) -> Any:
        """Give the data whose position orders for *data* move."""
        other = getattr(data, "_compensate", None)
        return data if other is None else other


def _closed(journal: Any) -> Journal | None:
    """Give *journal* as it is: cash that is set after the run goes into the broker's own."""
    if journal is None:
        return None
    made = Journal(journal.begin, journal.shares)
    made.moves, made.actions, made.dense = list(journal.moves), dict(journal.actions), list(journal.dense)
    return made


def _bars(data: Any) -> Bars:
    lines, clock = data.lines, data._c_
    when: Floats = lines.datetime.array
    there = lines.getlinealiases()

    def prices(name: str) -> Floats:
        return getattr(lines, name).array if name in there else np.full(len(when), np.nan)

    return Bars(
        when, prices("open"), prices("high"), prices("low"), prices("close"), clock.bars_at, clock.i + 1
    )


__all__ = ["Account", "Bars", "Ending"]
