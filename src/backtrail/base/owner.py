"""Who is being built, and who owns what is built inside it.

One stack per thread and per asyncio task answers two questions: who owns a new child, and is an ``__init__`` the
outermost call or a ``super()`` call.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, TypeVar

T = TypeVar("T")

_stack: ContextVar[tuple[Any, ...]] = ContextVar("backtrail_building", default=())


def building() -> tuple[Any, ...]:
    """Give the objects under construction or running, outermost first."""
    return _stack.get()


@contextmanager
def inside(obj: Any) -> Iterator[None]:
    """Make *obj* the innermost owner for the duration of the block."""
    token = _stack.set((*_stack.get(), obj))
    try:
        yield
    finally:
        _stack.reset(token)


def find_owner(cls: type[T] | tuple[type, ...], skip: Any = None) -> T | None:
    """Give the innermost object under construction (or running) that is a *cls* and is not *skip*."""
    for obj in reversed(_stack.get()):
        if obj is not skip and isinstance(obj, cls):
            return obj  # type: ignore[return-value]  # isinstance with a tuple of types
    return None
