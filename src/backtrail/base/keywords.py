"""Functions whose wrong keywords are answered with the nearest name."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any, TypeVar, cast

from ..errors import ParameterError, unknown_name

_F = TypeVar("_F", bound=Callable[..., Any])


def named_keywords(owner: str) -> Callable[[_F], _F]:
    """Give a decorator of methods: an unknown keyword raises :class:`ParameterError`, with *owner* as their name."""

    def decorate(function: _F) -> _F:
        known = list(inspect.signature(function).parameters)[1:]

        @functools.wraps(function)
        def called(self: Any, *args: Any, **kwargs: Any) -> Any:
            for name in kwargs:
                if name not in known:
                    raise ParameterError(unknown_name("parameter", owner, name, known))
            return function(self, *args, **kwargs)

        return cast(_F, called)

    return decorate


__all__ = ["named_keywords"]
