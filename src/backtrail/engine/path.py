"""Cash, value and fund of every cycle, computed from the broker's journal after the fact.

The values are those that ``notify_cashvalue`` and ``notify_fund`` give in a cycle, to the last bit: the operations and
their order are those of the broker's own valuation, carried out on whole arrays.
"""

from __future__ import annotations

from bisect import bisect_left
from operator import itemgetter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..market.position import Position

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

# where a column stands in the entries of ``Journal.late``
_LATE = {"cash": 2, "value": 3, "fundvalue": 4, "fundshares": 5}


class Steps:
    """A quantity that changes now and then: its value per cycle, extended as the run goes on."""

    __slots__ = ("array", "last")

    def __init__(self, size: int, start: float) -> None:
        self.array: Floats = np.empty(size)
        self.last = start

    def extend(self, begin: int, end: int, held: Ints, values: Floats) -> None:
        """Fill the cycles [begin, end): with ``values[k - 1]`` where *held* is k, with the last value where it is 0."""
        out = self.array[begin:end]
        if not len(values):
            out[:] = self.last
            return
        np.take(np.concatenate(([self.last], values)), held, out=out, mode="clip")
        self.last = float(values[-1])


def _held(begin: int, end: int, cycles: Ints) -> Ints:
    """Count, for each of the cycles [begin, end), how many of *cycles* (in order) lie before or in it."""
    changes = np.bincount(np.maximum(cycles - begin, 0), minlength=end - begin)
    return np.cumsum(changes)


class AccountPath:
    """The account in each cycle of a run on preloaded bars.

    ``cycles`` counts the complete cycles; the arrays hold as many values (float64; ``datetime`` in date numbers).
    """

    def __init__(self, run: Any) -> None:
        self._run_ = run
        self._broker = broker = run.broker
        size = run.timeline.cycles
        self._size = size
        self._upto = 0
        self._read = 0
        self._read_dense = 0
        self._cash = Steps(size, broker.journal.begin)
        self._shares = Steps(size, broker.journal.shares)
        self._held_: dict[Any, tuple[Steps, Steps]] = {}
        self._values: Floats = np.empty(size)
        self._funds: Floats = np.empty(size)
        self.cycles = 0

    def update(self, present: bool = False) -> AccountPath:
        """Bring the arrays up to the cycles that are complete now; with *present* the present one counts too."""
        run = self._run_
        done = min(run.clock.i + (1 if present or run.finished else 0), self._size)
        if done > self._upto:
            begin, self._upto = self._upto, done
            self._read_moves(begin, done)
            self._value(begin, done)
            self._read_recorded(done)
        self.cycles = done
        return self

    # -- what analyzers and observers read ---------------------------------------------------------------------

    @property
    def datetime(self) -> Floats:
        """The time of each cycle."""
        times: Floats = self._run_.timeline.datetime
        return times[: self.cycles]

    @property
    def cash(self) -> Floats:
        """The cash in each cycle."""
        return self._cash.array[: self.cycles]

    @property
    def value(self) -> Floats:
        """The value of the account in each cycle."""
        return self._values[: self.cycles]

    @property
    def fundvalue(self) -> Floats:
        """The value of a fund share in each cycle."""
        return self._funds[: self.cycles]

    @property
    def fundshares(self) -> Floats:
        """The number of fund shares in each cycle."""
        return self._shares.array[: self.cycles]

    def told(self, column: str, strategy: Any) -> Floats:
        """Give *column* (``"cash"``, ``"value"``, …) as *strategy* was told of it before its turn in each cycle."""
        return self._before(column, self._place_(strategy) + 1)

    def left(self, column: str, strategy: Any) -> Floats:
        """Give *column* as *strategy* left it in each cycle, when its turn was over."""
        return self._before(column, self._place_(strategy) + 2)

    def _place_(self, strategy: Any) -> int:
        return next((n for n, one in enumerate(self._run_.strats) if one is strategy), 0)

    def _before(self, column: str, turns: int) -> Floats:
        """Give *column* before the changes that were made when *turns* or more strategies had their turn."""
        values: Floats = getattr(self, column)
        late = [row for row in self._broker.journal.late if row[0] < self.cycles and row[1] >= turns]
        if late:
            values = values.copy()
            at = _LATE[column]
            for row in reversed(late):  # the first change of a cycle counts
                values[row[0]] = row[at]
        return values

    def bars(self, data: Any) -> NDArray[np.int64] | None:
        """Give the index of the bar of *data* current in each cycle (-1: none yet); None if it is the cycle's."""
        bars: NDArray[np.int64] | None = data._c_.bars_at
        return None if bars is None else bars[: self.cycles]

    def seen(self, data: Any, line: str) -> Floats:
        """Give what *line* of *data* showed in each cycle; NaN before the data's first bar."""
        values = self._seen(getattr(data.lines, line).array, data, 0, self.cycles)
        bars = self.bars(data)
        return values if bars is None else np.where(bars >= 0, values, np.nan)

    def position_value(self, data: Any) -> Floats:
        """Give the value of the position in *data* in each cycle."""
        cycles = self.cycles
        held = self._held_.get(data)
        close = self._seen(data.lines.close.array, data, 0, cycles)
        none = np.zeros(cycles)
        size, price = (none, none) if held is None else (held[0].array[:cycles], held[1].array[:cycles])
        return self._worth_(self._broker.getcommissioninfo(data), size, price, close)

    # -- reading the journal -----------------------------------------------------------------------------------

    def _read_moves(self, begin: int, end: int) -> None:
        """Extend cash, shares and positions over the cycles [begin, end)."""
        moves = self._broker.journal.moves
        at, self._read = self._read, bisect_left(moves, end, lo=self._read, key=itemgetter(0))
        rows = moves[at : self._read]
        if rows:
            when, datas, *columns = zip(*rows, strict=True)
            cycles = np.array(when)
            sizes, prices, cash, shares = (np.array(column, dtype=np.float64) for column in columns)
        else:
            datas, cycles = (), np.empty(0, dtype=np.int64)
            sizes = prices = cash = shares = np.empty(0)
        held = _held(begin, end, cycles)
        self._cash.extend(begin, end, held, cash)
        self._shares.extend(begin, end, held, shares)
        of: dict[Any, list[int]] = {}
        for number, data in enumerate(datas):
            of.setdefault(data, []).append(number)
        of.pop(None, None)
        for data in of:
            if data not in self._held_:
                made = self._held_[data] = (Steps(self._size, 0.0), Steps(self._size, 0.0))
                for one in made:
                    one.array[:begin] = 0.0
        for data, (size_steps, price_steps) in self._held_.items():
            numbers = of.get(data, [])
            if len(numbers) == len(rows):
                chosen: Any = slice(None)
                held_of = held
            else:
                chosen = np.array(numbers, dtype=np.int64)
                held_of = _held(begin, end, cycles[chosen])
            size_steps.extend(begin, end, held_of, sizes[chosen])
            price_steps.extend(begin, end, held_of, prices[chosen])

    def _read_recorded(self, end: int) -> None:
        """Take the cycles whose values the broker recorded itself."""
        dense = self._broker.journal.dense
        rows = []
        at = self._read_dense
        while at < len(dense) and dense[at][0] < end:
            rows.append(dense[at])
            at += 1
        self._read_dense = at
        if rows:
            cycles = np.array([row[0] for row in rows])
            for column, array in enumerate((self._cash.array, self._values, self._funds), 1):
                array[cycles] = [row[column] for row in rows]

    # -- valuing -----------------------------------------------------------------------------------------------

    def _value(self, begin: int, end: int) -> None:
        """Value the account in the cycles [begin, end) as the broker does: position by position, in its order."""
        broker = self._broker
        shortcash = broker.p.shortcash
        bound = np.zeros(end - begin)
        for data in broker.positions:
            held = self._held_.get(data)
            if held is None:
                continue
            size = held[0].array[begin:end]
            if not size.any():
                continue
            comminfo = broker.getcommissioninfo(data)
            if not comminfo._standard_:
                continue  # recorded by the broker
            price = held[1].array[begin:end]
            close = self._closes(data, begin, end)
            value = self._worth_(comminfo, size, price, close)
            profit = size * (close - price) * comminfo.p.mult
            if not shortcash:
                value = np.abs(value)
            levered = bound + (value - profit) / comminfo.get_leverage() + profit
            bound = np.where(size == 0.0, bound, np.where(value > 0, levered, bound + value))
        values = self._cash.array[begin:end] + bound
        self._values[begin:end] = values
        self._funds[begin:end] = values / self._shares.array[begin:end]

    def _worth_(self, comminfo: Any, size: Floats, price: Floats, close: Floats) -> Floats:
        """Give the value of a position per cycle."""
        shortcash = self._broker.p.shortcash
        if comminfo._standard_ and comminfo.stocklike:
            plain = size * close
            if not shortcash:
                plain = np.where(size >= 0, plain, price * size + (price - close) * size)
            return plain
        out = []
        position = Position()
        for units, entry, last in zip(size.tolist(), price.tolist(), close.tolist(), strict=True):
            if shortcash:
                out.append(comminfo.getvaluesize(units, last))
            else:
                position.size, position.price = units, entry
                out.append(comminfo.getvalue(position, last))
        return np.array(out, dtype=np.float64)

    def _closes(self, data: Any, begin: int, end: int) -> Floats:
        """Give the closes of *data* that the cycles [begin, end) saw."""
        return self._seen(data.lines.close.array, data, begin, end)

    def _seen(self, values: Floats, data: Any, begin: int, end: int) -> Floats:
        return self._picked(values, data._c_.bars_at, begin, end)

    @staticmethod
    def _picked(values: Floats, bars: Ints | None, begin: int, end: int) -> Floats:
        if bars is None:
            return values[begin:end]
        # -1, before the first bar, reads the last value as the broker does
        seen: Floats = values[bars[begin:end]]
        return seen


__all__ = ["AccountPath"]
