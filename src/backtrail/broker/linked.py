"""Orders that live and die together: one-cancels-other groups and brackets."""

from __future__ import annotations

from collections import deque
from typing import Any

from ..errors import OrderError
from ..market.order import Order


class Family:
    """A parent order and the children that wait for its completion.

    The parent is a member until it is completed. A family is gone once a member ended in any other way, or a child
    was completed.
    """

    __slots__ = ("gone", "members", "parent")

    def __init__(self, parent: Any) -> None:
        self.parent = parent
        completed = parent.status == Order.Completed
        self.members: deque[Any] = deque(() if completed else (parent,))
        self.gone = not completed and not parent.alive()


def original(order: Any) -> Any:
    """Give the order that *order* is, or is a notified copy of."""
    return order._source_ or order


def check_order(name: str, meant: str, other: Any) -> None:
    """Raise :class:`OrderError` unless *other* is an order."""
    if not isinstance(other, Order):
        raise OrderError(f"{name} must be an order, {meant}; got {other!r}.")


def join_group(order: Any, other: Any) -> None:
    """Put *order* into the group of *other*: when one is executed, expires or is cancelled, the rest is cancelled.

    An order that was executed in part has left its group: it is not cancelled any more, but still cancels
    those that join.
    """
    check_order("oco", "the one that this one is cancelled by", other)
    order._group = group = group_of(original(other))
    group.append(order)


def group_of(order: Any) -> list[Any]:
    """Give the group that *order* belongs to; by itself it is its only member."""
    if order._group is None:
        order._lean = False
        order._group = [] if order.executed.size else [order]
    group: list[Any] = order._group
    return group


def family_of(parent: Any) -> Family | None:
    """Give the family that *parent* leads, founding it if need be; None for a child: it cannot be a parent."""
    family: Family | None = parent._family_
    if family is None:
        parent._lean = False
        family = parent._family_ = Family(parent)
    return family if family.parent is parent else None


__all__ = ["Family", "check_order", "family_of", "group_of", "join_group", "original"]
