"""Classes that declare parameters, and the one place where their objects are built.

A class declares parameters as ``params = (("period", 30),)``, as ``params = dict(period=30)`` or as annotated
attributes ``period: int = 30`` / ``period: int = param(default=30, ge=1)``. Objects are then built in three steps:

1. *prepare*: keyword arguments that are parameters (and, higher up, datas and plot options) are taken;
2. ``__init__`` of the class runs with what is left;
3. *finish*: whatever needs the finished object (warm-up, registration with the owner).
"""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable
from inspect import CO_VARKEYWORDS, get_annotations
from typing import TYPE_CHECKING, Any, ClassVar

from ..errors import ParameterError, unknown_name
from .info import Info, hold_plainly, pairs_of
from .owner import _stack
from .packages import inject_packages
from .parameter import Param, param, warn_of_text

_OURS = __name__.partition(".")[0]
_DECLARATIONS = ("params", "lines", "plotinfo", "plotlines")


def _annotated(cls: type) -> dict[str, Any]:
    """Give the parameters that *cls* itself declares as annotated attributes (with an underscore: only ``param()``).

    A value alone, ``period = 5``, gives a parameter that a base declares that way a new default.
    """
    own = cls.__dict__
    annotations = get_annotations(cls)
    names = [n for n, kind in annotations.items() if n in own and "ClassVar" not in str(kind)]
    names += [n for n in getattr(cls, "_fields_", ()) if n in own and n not in annotations]
    return {n: own[n] for n in names if not n.startswith("_") or isinstance(own[n], Param)}


def merged_pairs(cls: type, attribute: str, own: Any) -> dict[str, Any]:
    """Merge the declarations called *attribute* of the bases (left to right, later ones win) and *own*."""
    merged: dict[str, Any] = {}
    for base in cls.__bases__:
        merged.update(pairs_of(getattr(base, attribute, None)))
    merged.update(pairs_of(own))
    return merged


def _accepts(init: Callable[..., Any], name: str) -> bool:
    """Tell whether *init* takes a keyword called *name* (True when it cannot be told)."""
    code = getattr(init, "__code__", None)
    if code is None or code.co_flags & CO_VARKEYWORDS:
        return True
    return name in code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]


def accepts_keyword(init: Callable[..., Any], name: str) -> bool:
    """Tell whether the ``__init__`` of a class takes a keyword called *name* that is no parameter."""
    plain = getattr(init, "__wrapped__", init)
    return plain is not _plain_init and _accepts(plain, name)


def _construct(
    self: Declared, init: Callable[..., None], args: tuple[Any, ...], kwargs: dict[str, Any]
) -> None:
    """Prepare, initialise and finish *self*: the outermost ``__init__`` call."""
    hold_plainly(self, dict(self.__dict__))
    args, kwargs = self._prepare_(args, kwargs)
    for name in kwargs:
        if not _accepts(init, name):
            raise ParameterError(unknown_name("parameter", type(self).__name__, name, self.params._getkeys()))
    token = _stack.set((*_stack.get(), self))
    try:
        init(self, *args, **kwargs)
    finally:
        _stack.reset(token)
    self._finish_()


def _wrapped(init: Callable[..., None]) -> Callable[..., None]:
    """Wrap a class's own ``__init__`` so that the outermost call prepares and finishes the object."""

    @functools.wraps(init)
    def __init__(self: Declared, *args: Any, **kwargs: Any) -> None:
        stack = _stack.get()
        if stack and stack[-1] is self:
            init(self, *args, **kwargs)
        else:
            _construct(self, init, args, kwargs)

    __init__._declared = True  # type: ignore[attr-defined]  # marks the wrapper
    return __init__


def _plain_init(self: Declared, *args: Any, **kwargs: Any) -> None:
    """Run :meth:`Declared.setup`; an argument that reaches this last ``__init__`` is a mistake."""
    name = type(self).__name__
    if kwargs:
        raise ParameterError(unknown_name("parameter", name, next(iter(kwargs)), self.params._getkeys()))
    if args:
        raise ParameterError(
            f"{name} takes its parameters by keyword; got the positional value {args[0]!r}. "
            f"Its parameters are {self.params._getkeys()}."
        )
    if self._sets_up_:
        self.setup()


def _sets_up(cls: type) -> bool:
    """Tell whether ``setup`` of *cls* is ours to call: not in a class that has an ``__init__``, or below one.

    There, in code written before, it is a method like any other. Classes of this package are not meant.
    """
    home = next(at for at, base in enumerate(cls.__mro__) if "setup" in base.__dict__)
    if cls.__mro__[home].__module__.partition(".")[0] == _OURS:
        return True
    above = (base for base in cls.__mro__[home:] if base.__module__.partition(".")[0] != _OURS)
    return not any("__init__" in base.__dict__ for base in above if base is not object)


def _make_aliases(cls: type, aliases: Any) -> None:
    """Create one subclass per alias in the module that defines *cls*."""
    module = sys.modules.get(cls.__module__)
    if isinstance(aliases, str):
        aliases = (aliases,)
    for alias in aliases:
        name, plotname = (
            (alias, "") if isinstance(alias, str) else (alias[0], alias[1] if len(alias) > 1 else "")
        )
        body: dict[str, Any] = {
            "__module__": cls.__module__, "__doc__": cls.__doc__, "aliased": cls.__name__, "alias": (),
        }  # fmt: skip
        if plotname:
            body["plotinfo"] = {"plotname": plotname}
        made = type(cls)(name, (cls,), body)
        if module is not None:
            setattr(module, name, made)


class Declared:
    """Base of everything that declares parameters.

    Instances carry ``self.params`` (also ``self.p``); classes carry the defaults as ``cls.params``.
    """

    params: ClassVar[Any] = Info({})
    alias: ClassVar[Any] = ()
    aliased: ClassVar[str] = ""
    packages: ClassVar[Any] = ()
    frompackages: ClassVar[Any] = ()
    _fields_: ClassVar[tuple[str, ...]] = ()
    _checks_: ClassVar[dict[str, Param]] = {}
    _switches_: ClassVar[frozenset[str]] = frozenset()  # parameters of ours that are True or False
    _own_body_: ClassVar[dict[str, Any]] = {}
    _holder_: ClassVar[type[Info]] = Info  # what the parameters of an instance are
    _sets_up_: ClassVar[bool] = True
    if TYPE_CHECKING:
        p: Any = param(init=False)

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        cls._own_body_ = {n: cls.__dict__[n] for n in _DECLARATIONS if n in cls.__dict__}
        cls._declare_()
        if cls.__dict__.get("alias"):
            _make_aliases(cls, cls.__dict__["alias"])

    @classmethod
    def _declare_(cls) -> None:
        """Read what the class body declares; subclasses of this mechanism extend it."""
        own: Any
        if "params" in cls.__dict__:
            own = pairs_of(cls.__dict__["params"])
        else:
            own = _annotated(cls)
            if own:
                cls._fields_ = (*cls._fields_, *(n for n in own if n not in cls._fields_))
        checks = {n: v for n, v in own.items() if isinstance(v, Param)}
        for name, declared in checks.items():
            own[name] = declared.default
            if declared.default is not None:
                declared.check(cls.__name__, name, declared.default)
            if name in cls.__dict__:
                setattr(cls, name, declared.default)
        merged_checks: dict[str, Param] = {}
        for base in cls.__bases__:
            merged_checks.update(getattr(base, "_checks_", {}))
        cls._checks_ = merged_checks | checks
        cls.params = Info(merged_pairs(cls, "params", own))
        if cls.__module__.partition(".")[0] == _OURS:
            cls._switches_ = frozenset(
                name for name, value in cls.params._getitems() if isinstance(value, bool) and name not in cls._checks_
            )
        init = cls.__dict__.get("__init__")
        if init is not None and not getattr(init, "_declared", False):
            cls.__init__ = _wrapped(init)  # type: ignore[method-assign]  # the one wrapper
        cls._sets_up_ = _sets_up(cls)

    if TYPE_CHECKING:

        def __init__(self, *args: Any, **kwargs: Any) -> None:
            """Take parameters by keyword; which ones is known where classes declare them by annotation."""

    else:
        __init__ = _wrapped(_plain_init)

    def setup(self) -> None:
        """Build what the object needs, in classes that have no ``__init__``; ``super().__init__()`` runs it too."""

    def _prepare_(
        self, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """Take the parameters out of *kwargs* and give what is left."""
        cls = type(self)
        if cls.packages or cls.frompackages:
            inject_packages(cls)
        defaults = cls.params._defaults
        values = {name: kwargs.pop(name) for name in list(kwargs) if name in defaults} if kwargs else {}
        for name, check in cls._checks_.items():
            if name in values:
                check.check(cls.__name__, name, values[name])
        if values:
            warn_of_text(cls.__name__, cls._switches_ & values.keys(), values)
        params = cls._holder_(defaults, values)
        own = self.__dict__
        own["params"] = own["p"] = params
        for name in cls._fields_:
            own[name] = params.__dict__[name]
        return args, kwargs

    def _finish_(self) -> None:
        """Complete the object after ``__init__``."""


class ParamsBase(Declared):
    """Base of objects with parameters but without lines."""


__all__ = ["Declared", "Param", "ParamsBase", "accepts_keyword", "merged_pairs", "param"]
