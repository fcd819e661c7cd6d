"""The names by which backtrader's code ran on Python 2 and 3: here they are Python's own."""

from __future__ import annotations

import itertools
import queue
import sys
from collections.abc import ItemsView, Iterator, Mapping, ValuesView
from io import StringIO
from typing import Any
from urllib.parse import quote as urlquote
from urllib.request import ProxyHandler, build_opener, install_opener, urlopen

from .metabase import with_metaclass

PY2 = False
MAXINT = sys.maxsize
MININT = -sys.maxsize - 1
MAXFLOAT = sys.float_info.max
MINFLOAT = sys.float_info.min

string_types = (str,)
integer_types = (int,)

filter = filter
map = map
range = range
zip = zip
long = int
winreg = None


def cmp(a: Any, b: Any) -> int:
    """Give -1, 0 or 1 as *a* is less than, equal to or greater than *b*."""
    return int(a > b) - int(a < b)


def bytes(x: Any) -> Any:
    """Encode a text as UTF-8."""
    return x.encode("utf-8")


def bstr(x: Any) -> str:
    """Give *x* as text."""
    return str(x)


def iterkeys(d: Mapping[Any, Any]) -> Iterator[Any]:
    """Iterate over the keys."""
    return iter(d.keys())


def itervalues(d: Mapping[Any, Any]) -> Iterator[Any]:
    """Iterate over the values."""
    return iter(d.values())


def iteritems(d: Mapping[Any, Any]) -> Iterator[tuple[Any, Any]]:
    """Iterate over the pairs."""
    return iter(d.items())


def keys(d: Mapping[Any, Any]) -> list[Any]:
    """Give the keys as a list."""
    return list(d.keys())


def values(d: Mapping[Any, Any]) -> list[Any]:
    """Give the values as a list."""
    view: ValuesView[Any] = d.values()
    return list(view)


def items(d: Mapping[Any, Any]) -> list[tuple[Any, Any]]:
    """Give the pairs as a list."""
    view: ItemsView[Any, Any] = d.items()
    return list(view)


def py3lvalues(d: Mapping[Any, Any]) -> list[Any]:
    """Give the values as a list."""
    return values(d)


__all__ = [
    "MAXFLOAT",
    "MAXINT",
    "MINFLOAT",
    "MININT",
    "PY2",
    "ProxyHandler",
    "StringIO",
    "bstr",
    "build_opener",
    "bytes",
    "cmp",
    "filter",
    "install_opener",
    "integer_types",
    "items",
    "iteritems",
    "iterkeys",
    "itertools",
    "itervalues",
    "keys",
    "long",
    "map",
    "py3lvalues",
    "queue",
    "range",
    "string_types",
    "sys",
    "urlopen",
    "urlquote",
    "values",
    "winreg",
    "with_metaclass",
    "zip",
]
