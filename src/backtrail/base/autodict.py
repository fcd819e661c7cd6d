"""Dictionaries whose keys are attributes and appear when they are read: what analyzers report in."""

from __future__ import annotations

from collections import OrderedDict, defaultdict
from collections.abc import Callable
from typing import Any


class DotDict(dict[Any, Any]):
    """A dict whose items can be read as attributes; a missing one raises :class:`KeyError`."""

    def __getattr__(self, key: str) -> Any:
        if key.startswith("__"):
            raise AttributeError(key)
        return self[key]


class AutoDictList(dict[Any, list[Any]]):
    """A dict in which a missing item becomes an empty list when it is read."""

    def __missing__(self, key: Any) -> list[Any]:
        value = self[key] = []
        return value


class AutoDict(dict[Any, Any]):
    """A dict in which a missing item becomes another :class:`AutoDict` when it is read, as item or as attribute.

    ``_close()`` ends that, for the items too: a missing item then raises :class:`KeyError`.
    """

    _closed = False

    def _close(self) -> None:
        """Stop creating items."""
        object.__setattr__(self, "_closed", True)
        _close_items(self)

    def _open(self) -> None:
        """Create items again."""
        object.__setattr__(self, "_closed", False)

    def __missing__(self, key: Any) -> Any:
        if self._closed:
            raise KeyError(key)
        value = self[key] = type(self)()
        return value

    def __getattr__(self, key: str) -> Any:
        if key.startswith("__"):
            raise AttributeError(key)
        return self[key]

    def __setattr__(self, key: str, value: Any) -> None:
        self[key] = value


class AutoOrderedDict(OrderedDict[Any, Any]):
    """An ordered dict in which a missing item becomes another one when it is read, as item or as attribute.

    ``self.total.open += 1`` starts from the zero of what is added, so that counters need no preparation.
    ``_close()`` ends the creation, for the items too: a missing item then raises :class:`KeyError`, through
    ``getattr`` and ``hasattr`` too.
    """

    _closed = False

    def _close(self) -> None:
        """Stop creating items."""
        self._closed = True
        _close_items(self)

    def _open(self) -> None:
        """Create items again."""
        self._closed = False

    def __missing__(self, key: Any) -> Any:
        if self._closed:
            raise KeyError(key)
        value = self[key] = type(self)()
        return value

    def __getattr__(self, key: str) -> Any:
        if key.startswith("_"):
            raise AttributeError(key)
        return self[key]

    def __setattr__(self, key: str, value: Any) -> None:
        if key.startswith("_"):
            super().__setattr__(key, value)
        else:
            self[key] = value

    def __iadd__(self, other: Any) -> Any:
        return type(other)() + other

    def __isub__(self, other: Any) -> Any:
        return type(other)() - other

    def __imul__(self, other: Any) -> Any:
        return type(other)() * other

    def __itruediv__(self, other: Any) -> Any:
        return type(other)() / other

    def lvalues(self) -> list[Any]:
        """Give the values as a list."""
        return list(self.values())


class OrderedDefaultdict(OrderedDict[Any, Any]):
    """An ordered dict in which a missing item is made by *default_factory* when it is read."""

    def __init__(self, default_factory: Callable[[], Any] | None = None, *args: Any, **kwargs: Any) -> None:
        if default_factory is not None and not callable(default_factory):
            raise TypeError(f"first argument must be callable or None; got {default_factory!r}")
        super().__init__(*args, **kwargs)
        self.default_factory = default_factory

    def __missing__(self, key: Any) -> Any:
        if self.default_factory is None:
            raise KeyError(key)
        value = self[key] = self.default_factory()
        return value

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.default_factory,), None, None, iter(self.items())


def Tree() -> defaultdict[Any, Any]:
    """Make a dict of dicts of any depth."""
    return defaultdict(Tree)


def _close_items(mapping: dict[Any, Any]) -> None:
    for value in mapping.values():
        if isinstance(value, AutoDict | AutoOrderedDict):
            value._close()
