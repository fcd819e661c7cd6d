"""The metaclasses that user code derives from: ``bt.with_metaclass(bt.MetaParams, object)`` and creation phases.

backtrail's own classes have no metaclass. These exist for code written against backtrader: a class made with one of
them declares parameters like any other, and a metaclass derived from one may override the phases of construction,
which run in this order: ``doprenew``, ``donew`` (parameters are taken here), ``dopreinit``, ``doinit``
(``__init__``), ``dopostinit``.
"""

from __future__ import annotations

from typing import Any

from ..base.collection import ItemCollection
from ..base.declare import Declared, ParamsBase
from ..base.info import Info as AutoInfoClass
from ..base.owner import building, inside


class MetaBase(type):
    """Construct instances in phases that derived metaclasses may override."""

    def doprenew(cls, *args: Any, **kwargs: Any) -> tuple[Any, tuple[Any, ...], dict[str, Any]]:
        """Give the class to instantiate and the arguments."""
        return cls, args, kwargs

    def donew(cls, *args: Any, **kwargs: Any) -> tuple[Any, tuple[Any, ...], dict[str, Any]]:
        """Give the bare object and the arguments that are left for ``__init__``."""
        new: Any = cls.__new__
        plain: Any = object.__new__
        obj: Any = plain(cls) if new is plain else new(cls, *args, **kwargs)
        if isinstance(obj, Declared):
            args, kwargs = obj._prepare_(args, kwargs)
        return obj, args, kwargs

    def dopreinit(cls, _obj: Any, *args: Any, **kwargs: Any) -> tuple[Any, tuple[Any, ...], dict[str, Any]]:
        """Run before ``__init__``."""
        return _obj, args, kwargs

    def doinit(cls, _obj: Any, *args: Any, **kwargs: Any) -> tuple[Any, tuple[Any, ...], dict[str, Any]]:
        """Run ``__init__``."""
        if not isinstance(_obj, Declared):
            _obj.__init__(*args, **kwargs)
            return _obj, args, kwargs
        with inside(_obj):
            type(_obj).__init__(_obj, *args, **kwargs)
        return _obj, args, kwargs

    def dopostinit(cls, _obj: Any, *args: Any, **kwargs: Any) -> tuple[Any, tuple[Any, ...], dict[str, Any]]:
        """Run after ``__init__``."""
        if isinstance(_obj, Declared):
            _obj._finish_()
        return _obj, args, kwargs

    def __call__(cls, *args: Any, **kwargs: Any) -> Any:
        made, args, kwargs = cls.doprenew(*args, **kwargs)
        obj, args, kwargs = made.donew(*args, **kwargs)
        obj, args, kwargs = made.dopreinit(obj, *args, **kwargs)
        obj, args, kwargs = made.doinit(obj, *args, **kwargs)
        obj, args, kwargs = made.dopostinit(obj, *args, **kwargs)
        return obj


class MetaParams(MetaBase):
    """Give the classes made with it parameters, whatever their bases."""

    def __new__(meta, name: str, bases: tuple[type, ...], namespace: dict[str, Any], **kwargs: Any) -> Any:
        if not any(issubclass(base, Declared) for base in bases):
            bases = (*(base for base in bases if base is not object), ParamsBase)
        return super().__new__(meta, name, bases, namespace, **kwargs)

    def __init__(cls, name: str, bases: tuple[type, ...], namespace: dict[str, Any], **kwargs: Any) -> None:
        super().__init__(name, bases, namespace)


class MetaLineRoot(MetaParams):
    """Metaclass under which backtrader's lines stand."""


class MetaLineActions(MetaLineRoot):
    """Metaclass under which backtrader's line operations stand."""

    @classmethod
    def cleancache(mcs) -> None:
        """Do nothing: equal operations are not shared."""

    @classmethod
    def usecache(mcs, onoff: bool) -> None:
        """Do nothing: equal operations are not shared."""


class MetaLineSeries(MetaLineRoot):
    """Metaclass under which backtrader's groups of lines stand."""


class MetaLineIterator(MetaLineSeries):
    """Metaclass under which backtrader's computed groups of lines stand."""


class MetaIndicator(MetaLineIterator):
    """Metaclass under which backtrader's indicators stand."""

    @classmethod
    def cleancache(mcs) -> None:
        """Do nothing: equal indicators are not shared."""

    @classmethod
    def usecache(mcs, onoff: bool) -> None:
        """Do nothing: equal indicators are not shared."""


class MetaMovAvBase(MetaIndicator):
    """Metaclass under which backtrader's moving averages stand."""


class MtLinePlotterIndicator(MetaIndicator):
    """Metaclass under which backtrader's plotted expressions stand."""


class MetaObserver(MetaLineIterator):
    """Metaclass under which backtrader's observers stand."""


class MetaDataTrades(MetaObserver):
    """Metaclass under which the observer of trades by data stands."""


class MetaStrategy(MetaLineIterator):
    """Metaclass under which backtrader's strategies stand."""


class MetaSigStrategy(MetaStrategy):
    """Metaclass under which backtrader's signal strategies stand."""


class MetaAbstractDataBase(MetaLineSeries):
    """Metaclass under which backtrader's feeds stand."""


class MetaCSVDataBase(MetaAbstractDataBase):
    """Metaclass under which backtrader's CSV feeds stand."""


class MetaChainer(MetaAbstractDataBase):
    """Metaclass under which backtrader's chained feeds stand."""


class MetaRollOver(MetaAbstractDataBase):
    """Metaclass under which backtrader's rolled-over feeds stand."""


class MetaVChartFile(MetaAbstractDataBase):
    """Metaclass under which the feed of Visual Chart's files stands."""


class MetaAnalyzer(MetaParams):
    """Metaclass under which backtrader's analyzers stand."""


class MetaTimeFrameAnalyzerBase(MetaAnalyzer):
    """Metaclass under which backtrader's analyzers by timeframe stand."""


class MetaBroker(MetaParams):
    """Metaclass under which backtrader's brokers stand."""


class MetaFilter(MetaParams):
    """Metaclass under which backtrader's filters stand."""


class MetaSingleton(MetaParams):
    """Give every class made with it one instance, made by the first call."""

    _singleton: Any

    def __init__(cls, name: str, bases: tuple[type, ...], namespace: dict[str, Any], **kwargs: Any) -> None:
        super().__init__(name, bases, namespace, **kwargs)
        cls._singleton = None

    def __call__(cls, *args: Any, **kwargs: Any) -> Any:
        if cls._singleton is None:
            cls._singleton = super().__call__(*args, **kwargs)
        return cls._singleton


def with_metaclass(meta: Any, *bases: type) -> Any:
    """Give a base class for a class that is made by *meta* from *bases*."""

    class Once(meta):  # type: ignore[misc]  # the metaclass is only known here
        """Replace itself by *meta* when the class is made."""

        def __new__(mcs, name: str, _: Any, namespace: dict[str, Any]) -> Any:
            return meta(name, bases or (object,), namespace)

    return type.__new__(Once, "temporary_class", (), {})


def findbases(kls: type, topclass: type) -> list[type]:
    """Give the bases of *kls* that derive from *topclass*, the most general first."""
    found: list[type] = []
    for base in kls.__bases__:
        if issubclass(base, topclass):
            found.extend(findbases(base, topclass))
            found.append(base)
    return found


def findowner(owned: Any, cls: Any, startlevel: int = 2, skip: Any = None) -> Any:
    """Give the innermost object under construction or running that is a *cls*, other than *owned* and *skip*.

    *startlevel* has no meaning here: owners are not searched in the call stack.
    """
    for obj in reversed(building()):
        if obj is not owned and obj is not skip and isinstance(obj, cls):
            return obj
    return None


__all__ = [
    "AutoInfoClass",
    "ItemCollection",
    "MetaAbstractDataBase",
    "MetaAnalyzer",
    "MetaBase",
    "MetaBroker",
    "MetaCSVDataBase",
    "MetaChainer",
    "MetaDataTrades",
    "MetaFilter",
    "MetaIndicator",
    "MetaLineActions",
    "MetaLineIterator",
    "MetaLineRoot",
    "MetaLineSeries",
    "MetaMovAvBase",
    "MetaObserver",
    "MetaParams",
    "MetaRollOver",
    "MetaSigStrategy",
    "MetaSingleton",
    "MetaStrategy",
    "MetaTimeFrameAnalyzerBase",
    "MetaVChartFile",
    "MtLinePlotterIndicator",
    "ParamsBase",
    "findbases",
    "findowner",
    "with_metaclass",
]
