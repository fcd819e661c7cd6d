"""Orders that live and die together: one-cancels-other groups and brackets."""

from __future__ import annotations

from collections import deque
from typing import Any


class Family:
    """A parent order and the children that wait for its completion."""

    __slots__ = ("gone", "members", "parent")

    def __init__(self, parent: Any) -> None:
        self.parent = parent
        self.members: deque[Any] = deque((parent,))
        self.gone = False


def original(order: Any) -> Any:
    """Give the order that *order* is, or is a notified copy of."""
    return order._source or order


def join_group(order: Any, other: Any) -> None:
    """Put *order* into the group of *other*: when one is executed, expires or is cancelled, the rest is cancelled.

    An order that was executed in part has left its group: it is not cancelled any more, but still cancels
    those that join.
    """
    leader = original(other)
    leader._lean = False
    if leader._group is None:
        leader._group = [] if leader.executed.size else [leader]
    leader._group.append(order)
    order._group = leader._group


def found_family(parent: Any) -> Family:
    """Give the family of *parent*, founding it if need be."""
    parent._lean = False
    if parent._family is None:
        parent._family = Family(parent)
    family: Family = parent._family
    return family


__all__ = ["Family", "found_family", "join_group", "original"]
