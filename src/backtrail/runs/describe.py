"""What a run is made of, read from its :class:`RunSpec`: for the key, for the record, and for running it again.

``params`` are the strategies with their parameters bound to the defaults; ``config`` is everything else that decides
the result: settings, broker, commission schemes, sizers, analyzers, observers, timers, signals.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Iterator
from dataclasses import dataclass, field, fields
from typing import Any, Final

from ..base.declare import ParamsBase
from ..base.replaced import put_on
from ..broker.protocol import BrokerBase
from ..broker.simulated import BackBroker
from ..engine.spec import Build, RunSpec, Settings
from ..sizers.fixedsize import FixedSize
from ..strategy.timers import Timer
from .callables import Referred
from .code.model import Role
from .given import given_to, given_to_feed
from .plain import UnstorableValue, name_of, to_plain

# Settings that do not decide the result: how fast, where, and what is shown meanwhile.
_FREE: Final = frozenset(("maxcpus", "progress", "objcache", "optdatas", "optreturn", "writer", "seed"))
# What is described apart from the attributes of a Cerebro.
_OF_CEREBRO: Final = frozenset(("_broker", "p", "params"))
# What a run leaves on any broker.
_OF_RUNS: Final = ("_clock", "_seen_actions_", "active", "cerebro", "lazy_value")


@dataclass
class Description:
    """The parts of a run as values.

    ``classes`` are the classes in use with their role. ``effects`` names what a run does besides giving a result: such
    a run is recorded, and never replaced by its record.
    """

    params: list[Any]
    config: dict[str, Any]
    seed: Any
    classes: dict[Any, Role] = field(default_factory=dict)
    effects: list[str] = field(default_factory=list)

    def recipe(self) -> dict[str, Any]:
        """Give params and config as JSON, to build the run again; :class:`UnstorableValue` if that cannot be."""
        return {"params": to_plain(self.params, "params"), "config": to_plain(self.config, "config")}

    def shown_params(self) -> dict[str, Any]:
        """Give the parameters for a manifest: those of the only strategy, or of each by its name and number."""
        if len(self.params) == 1:
            return _bound(self.params[0])
        return {f"{at}_{one['class'].__name__}": _bound(one) for at, one in enumerate(self.params)}

    def shown_config(self) -> dict[str, Any]:
        """Give the settings for a manifest: plain values, everything else by name."""
        return _shown(self.config)  # type: ignore[no-any-return]  # a dict stays one


def describe(spec: RunSpec, cerebro: Any) -> Description:
    """Describe the run that *spec* stands for and that *cerebro* is to make."""
    settings = {name: getattr(spec.settings, name) for name in _counting()}
    numbers = {data: at for at, data in enumerate(spec.datas)}
    config = {
        "settings": settings,
        "broker": broker_values(spec.broker, coo=spec.settings.cheat_on_open and spec.settings.broker_coo),
        "sizers": [[number, _build(build)] for number, build in spec.sizers.items()],
        "analyzers": [_build(build) for build in spec.analyzers],
        "observers": [[multi, _build(build)] for multi, build in spec.observers],
        "indicators": [_build(build, numbers) for build in spec.indicators],
        "timers": [_timer(timer, numbers) for timer in spec.timers],
        "order_history": [[_listed(orders), notify] for orders, notify in spec.order_history],
        "fund_history": _listed(spec.fund_history),
        "event_mode": spec.event_mode,
        "calendar": cerebro._tradingcal,
    }
    if spec.made_by is not None and not _is_ours(spec.made_by):
        config["cerebro"] = {"class": spec.made_by, "params": spec.own}
    given = _given(spec, cerebro, numbers)
    if given:
        config["given"] = given
    replaced = _replaced(spec)
    if replaced:
        config["replaced"] = replaced
    made = Description([_strategy(build, numbers) for build in spec.strategies], config, spec.settings.seed)
    for cls, role in _classes(spec):
        made.classes.setdefault(cls, role)
    if spec.writers:
        made.effects.append("writers")
    if spec.stores or any(data.islive() for data in spec.datas):
        made.effects.append("live")
    if spec.store_callbacks or spec.data_callbacks:
        made.effects.append("callbacks")
    return made


@functools.lru_cache(maxsize=1)
def _counting() -> tuple[str, ...]:
    """Give the settings of Cerebro that count."""
    return tuple(one.name for one in fields(Settings) if one.name not in _FREE)


def _given(spec: RunSpec, cerebro: Any, numbers: dict[Any, int]) -> dict[str, Any]:
    """Give the attributes that a script gave to Cerebro, the broker and the feeds, by owner."""
    found = {"cerebro": given_to(cerebro, _OF_CEREBRO, numbers)}
    if _is_ours(type(spec.broker)) and isinstance(spec.broker, BrokerBase):
        running, options = _broker_names()
        known = running.union(options)
        own = given_to(spec.broker, known, numbers)
        found["broker"] = {
            name: value for name, value in own.items() if not hasattr(type(spec.broker), name)
        }  # methods that were replaced are told apart
    found |= {f"data{at}": given_to_feed(data, numbers) for at, data in enumerate(spec.datas)}
    return {owner: values for owner, values in found.items() if values}


def _replaced(spec: RunSpec) -> dict[str, Any]:
    """Give the functions that stand for methods of backtrail's own: on its classes, and on the broker itself."""
    broker = spec.broker
    classes = [cls for cls, _ in _classes(spec)]
    out = put_on([*classes, type(broker), FixedSize, *map(type, getattr(broker, "comminfo", {}).values())])
    if _is_ours(type(broker)):
        known, _ = _broker_names()
        given = {name: value for name, value in vars(broker).items() if name not in known and callable(value)}
        out.update((f"broker.{name}", value) for name, value in given.items() if hasattr(type(broker), name))
    return out


def _is_ours(cls: type) -> bool:
    return cls.__module__.partition(".")[0] == __name__.partition(".")[0]


def _strategy(build: Build, numbers: dict[Any, int]) -> dict[str, Any]:
    """Give a strategy's class, its parameters bound to the defaults, and the other arguments it is made with."""
    cls = build.cls
    declared: Any = getattr(cls, "params", None)
    defaults = dict(declared._getpairs()) if hasattr(declared, "_getpairs") else {}
    bound = {name: build.kwargs.get(name, default) for name, default in defaults.items()}
    rest = {name: value for name, value in build.kwargs.items() if name not in defaults}
    return {
        "class": cls,
        "params": {name: _by_number(value, numbers) for name, value in bound.items()},
        "args": [_by_number(value, numbers) for value in build.args],
        "kwargs": {name: _by_number(value, numbers) for name, value in rest.items()},
    }


def _by_number(value: Any, numbers: dict[Any, int]) -> Any:
    """Give feeds by their number: an argument may be one."""
    try:
        at = numbers.get(value)
    except TypeError:  # not hashable, so no feed
        at = None
    return value if at is None else {"$feed": at}


def _build(build: Build, numbers: dict[Any, int] | None = None) -> dict[str, Any]:
    known = numbers or {}
    cls = build.cls
    declared: Any = getattr(cls, "params", None)
    defaults = dict(declared._getpairs()) if hasattr(declared, "_getpairs") else {}
    return {
        "class": cls,
        "args": [_by_number(value, known) for value in build.args],
        "kwargs": {
            **defaults,
            **{name: _by_number(value, known) for name, value in build.kwargs.items()},
        },
    }


def _timer(timer: Timer, numbers: dict[Any, int]) -> dict[str, Any]:
    values = dict(timer.p._getkwargs())
    del values["owner"]
    values["tzdata"] = _by_number(values["tzdata"], numbers)
    return {**values, "args": list(timer.args), "kwargs": dict(timer.kwargs)}


def _listed(rows: Any) -> Any:
    """Give the rows of a history; an iterator would be used up, and is left for the encoding to refuse."""
    if rows is None or isinstance(rows, Iterator):
        return rows
    return [list(row) if isinstance(row, tuple | list) else row for row in rows]


@functools.lru_cache(maxsize=1)
def _broker_names() -> tuple[frozenset[str], tuple[str, ...]]:
    """Give the attributes that a broker sets up at the start of each run, and those that its keywords set."""
    options = tuple(name for name in inspect.signature(BackBroker.__init__).parameters if name != "self")
    return frozenset((*vars(BackBroker()), *_OF_RUNS)) - set(options), options


def broker_values(broker: Any, coo: bool = False) -> dict[str, Any]:
    """Give what a broker was set to: class, parameters, options, schemes, and attributes that its own class added.

    *coo* tells that the run turns ``coo`` on; strict rules that an earlier run imposed do not count.
    """
    running, options = _broker_names()
    if not isinstance(broker, BrokerBase):
        return {"class": type(broker), "object": broker}
    known = running if isinstance(broker, BackBroker) else frozenset((*vars(BrokerBase()), *_OF_RUNS))
    own = vars(broker)
    params = dict(broker.p._getkwargs())
    params.pop("commission", None)
    if coo and "coo" in params:
        params["coo"] = True
    imposed = own.get("_own_rules_") or {}
    schemes = {name: [type(scheme), _scheme_values(scheme)] for name, scheme in broker.comminfo.items()}
    return {
        "class": type(broker),
        "params": params,
        "options": {name: imposed.get(name, own[name]) for name in options if name in own},
        "schemes": schemes,
        "own": _added(broker, {*known, *options}),
    }


def _added(broker: Any, known: set[str]) -> dict[str, Any]:
    """Give the attributes that a user's class of broker added; backtrail's own are set by parameters and options."""
    if _is_ours(type(broker)):
        return {}
    return {name: value for name, value in vars(broker).items() if name not in known}


def _scheme_values(scheme: Any) -> Any:
    if not isinstance(scheme, ParamsBase):
        return scheme
    own = {name: value for name, value in vars(scheme).items() if name not in ("p", "params")}
    return {"params": scheme.p._getkwargs(), "own": own}


def _classes(spec: RunSpec) -> Iterator[tuple[Any, Role]]:
    for build in spec.strategies:
        yield build.cls, "strategy"
        for _, cls, *_ in (
            build.kwargs.get("signals", ()) if isinstance(build.kwargs.get("signals"), list) else ()
        ):
            yield cls, "indicator"
    for build in spec.analyzers:
        yield build.cls, "analyzer"
    for _, build in spec.observers:
        yield build.cls, "observer"
    for build in spec.indicators:
        yield build.cls, "indicator"
    for build in spec.sizers.values():
        yield build.cls, "sizer"
    yield type(spec.broker), "broker"
    if spec.made_by is not None and not _is_ours(spec.made_by):
        yield spec.made_by, "class"
    for scheme in getattr(spec.broker, "comminfo", {}).values():
        yield type(scheme), "class"
    for data in spec.datas:
        yield type(data), "feed"
        for one, _, _ in getattr(data, "_filters", ()):
            yield one if isinstance(one, type) else type(one), "class"


# -- shown -----------------------------------------------------------------------------------------------------------


def _bound(strategy: dict[str, Any]) -> dict[str, Any]:
    shown = dict(strategy["params"])
    if strategy["args"]:
        shown["args"] = strategy["args"]
    shown.update({name: value for name, value in strategy["kwargs"].items() if not name.startswith("_")})
    return {str(name): _shown(value) for name, value in shown.items()}


def _shown(value: Any) -> Any:
    """Give a value for people: what has no plain form is named."""
    if isinstance(value, dict):
        return {str(_shown(key)): _shown(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_shown(one) for one in value]
    if isinstance(value, tuple):
        return tuple(_shown(one) for one in value)
    if isinstance(value, type):
        return name_of(value)
    if isinstance(value, Referred):
        return _shown(value.value)
    if isinstance(value, ParamsBase):
        return {"class": name_of(type(value)), **{n: _shown(v) for n, v in value.p._getkwargs().items()}}
    return value


__all__ = ["Description", "UnstorableValue", "broker_values", "describe"]
