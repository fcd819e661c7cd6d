"""Dividends and splits in the account: cash for the shares held, and more of them at lower prices."""

from __future__ import annotations

from typing import Any

from ..market.order import Order
from ..market.splitting import exact_ratio, shares_after

# A position is closed by an order that leaves no more than this part of what a split made of the holding.
_REST = 1e-14


class ActionRules:
    """The part of the simulated broker that accounts for what feeds tell of dividends and splits.

    A feed asks for it by its attributes ``accounts_dividends`` and ``accounts_splits``. From the first order on, each
    of its bars is looked at before orders are matched.
    """

    _seen_actions_: dict[Any, int] | None = None
    # datas of which a split left fractions of shares, with the largest size of a position or order since
    _fractions_: dict[Any, float] | None = None

    cash: float
    d_credit: Any
    positions: Any
    pending: Any
    submitted: Any
    orders: Any
    journal: Any
    _daily_: Any
    _sleeps_until_: int
    _fundshares: float
    _cycle_: Any
    _watch_: Any

    def start(self) -> None:
        """Begin a run."""
        self._seen_actions_ = None
        self._fractions_ = None
        super().start()  # type: ignore[misc]  # that of the broker behind this part

    def _book_(self, data: Any) -> Any:
        known: Any = self._books_.get(data)  # type: ignore[attr-defined]  # the broker's
        if known is not None:
            return known
        book: Any = super()._book_(data)  # type: ignore[misc]  # that of the broker behind this part
        if getattr(data, "accounts_dividends", False) or getattr(data, "accounts_splits", False):
            book.daily, book.plain, book.percent = True, False, False
            if self._seen_actions_ is None:
                self._seen_actions_ = {}
            self._watch_(book)
            self._sleeps_until_ = -1
        return book

    def _charge_interest_(self) -> None:
        if self._seen_actions_ is not None:
            for book in self._daily_:
                self._act_(book.data)
        super()._charge_interest_()  # type: ignore[misc]  # that of the broker behind this part

    def _execute_in_full_(self, order: Any, book: Any, size: float, price: float, dt: float) -> None:
        if self._fractions_ and book.target in self._fractions_:
            size = self._without_rest_(order, book.target, size)
        super()._execute_in_full_(order, book, size, price, dt)  # type: ignore[misc]  # that of the broker behind this

    def _without_rest_(self, order: Any, data: Any, size: float) -> float:
        """Give the size to execute of *order*: all that is held, where the difference is but a rest from rounding.

        Parts of an order and of a position are rounded each by itself when they are split. With several trades open
        in *data*, each of them keeps its size.
        """
        fractions: Any = self._fractions_
        held = self.positions[data].size
        rest = held + size
        scale = fractions[data] = max(fractions[data], abs(held))
        if not rest or held * size >= 0 or abs(rest) > _REST * scale or size != order.executed.remsize:
            return size
        of_data = [trades for strat in self.journal.strategies for trades in strat._trades[data].values()]
        if sum(bool(trades) and trades[-1].isopen for trades in of_data) > 1:
            return size
        order.executed.remsize = whole = -held
        order.size = order.created.size = order.size - rest
        return whole  # type: ignore[no-any-return]  # a size

    def _act_(self, data: Any) -> None:
        """Account for the dividend and the split of the bar of *data*, once per bar."""
        dividends, splits = (
            getattr(data, "accounts_dividends", False),
            getattr(data, "accounts_splits", False),
        )
        clock = data._c_
        bar = clock.i + clock.dropped
        seen = self._seen_actions_
        if seen is None or not (dividends or splits) or clock.i < 0 or seen.get(data) == bar:
            return
        seen[data] = bar
        ratio = data.lines.splits[0]
        if splits and 0.0 < ratio < float("inf") and ratio != 1.0:
            self._split_(data, float(exact_ratio(ratio)))
        paid = data.lines.dividends[0]
        position = self.positions.get(data)
        if dividends and paid and paid == paid and position is not None and position.size:
            amount = position.size * paid
            self.cash += amount
            self.d_credit[data] -= amount  # as interest that is received: in the next closing execution
            self._note_action_(data, position)

    def _note_action_(self, data: Any, position: Any, ratio: float = 1.0) -> None:
        self.journal.actions[len(self.journal.moves)] = (ratio, data.datetime[0])
        move = (self._cycle_(), data, position.size, position.price, self.cash, self._fundshares)
        self.journal.moves.append(move)

    def _split_(self, data: Any, ratio: float) -> None:
        """Multiply what is held and ordered of *data* by *ratio*, and divide its prices."""
        now = data.datetime[0]
        position = self.positions.get(data)
        if position is not None and position.size:
            position.size = shares_after(position.size, ratio)
            position.price /= ratio
            position.price_orig /= ratio
            if position.adjbase is not None:
                position.adjbase /= ratio
        if position is not None:  # trades may be open where they come to a position of 0
            self._note_action_(data, position, ratio)
        sizes = [0.0 if position is None else position.size]
        for order in (*self.pending, *self.submitted):
            if order is not None and order.data is data and order.created.dt < now:
                _split_order(order, ratio)
                sizes.append(order.size)
        if any(size != int(size) for size in sizes):
            self._fractions_ = self._fractions_ or {}
            self._fractions_[data] = max(abs(size) for size in sizes)
        owners = {id(order.owner): order.owner for order in self.orders if order.data is data}
        for owner in owners.values():
            if owner is None:
                continue
            for trades in owner._trades[data].values():
                if trades and trades[-1].isopen:
                    trade = trades[-1]
                    trade.size = shares_after(trade.size, ratio)
                    trade.price /= ratio


def _split_order(order: Any, ratio: float) -> None:
    """Multiply the size of *order* by *ratio* and divide its prices."""
    created = order.created
    if order._counted:
        order.executed.remsize = shares_after(order.executed.remsize, ratio)
    order.size = created.size = shares_after(order.size, ratio)
    for holder, names in (
        (created, ("price", "pricelimit", "pclose", "trailamount", "_plimit")),
        (order, ("price", "pricelimit", "_plimit", "trailamount", "_pclose", "_limitoffset")),
    ):
        for name in names:
            value = getattr(holder, name)
            if value:
                setattr(holder, name, value / ratio)
    if order.exectype == Order.Close and order.pannotated is not None:
        order.pannotated /= ratio
    order._wake = -1


__all__ = ["ActionRules"]
