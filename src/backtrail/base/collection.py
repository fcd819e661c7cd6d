"""A list whose items also have names."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any


class ItemCollection:
    """Items by number, by name (``col.name``) and in order."""

    def __init__(self) -> None:
        self._items: list[Any] = []
        self._names: list[str] = []

    def append(self, item: Any, name: str | None = None) -> None:
        """Add *item*; with a *name* it becomes an attribute too."""
        if name:
            setattr(self, name, item)
        self._items.append(item)
        self._names.append(name or "")

    def __len__(self) -> int:
        return len(self._items)

    def __getitem__(self, index: int) -> Any:
        return self._items[index]

    def __iter__(self) -> Iterator[Any]:
        return iter(self._items)

    def getnames(self) -> list[str]:
        """Give the names in order."""
        return list(self._names)

    def getitems(self) -> list[tuple[str, Any]]:
        """Give ``(name, item)`` pairs in order."""
        return list(zip(self._names, self._items, strict=True))

    def getbyname(self, name: str) -> Any:
        """Give the item called *name*."""
        return self._items[self._names.index(name)]
