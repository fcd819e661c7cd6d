"""Scenarios as plain data: what a *spec* may hold and how it becomes a `Scenario`.

A spec is a dict of JSON values, so that it can be printed, stored, cut down and run again:

- `datas`: list of dicts with the fields of `Data`; `rows` hold [time as ISO text, open, high, low, close, volume,
  openinterest];
- `cerebro`, `run`: keyword arguments; `broker`: list of [method, args, kwargs];
- `cerebro_calls`: list of [method, args, kwargs] for timers, sizers, histories;
- `strategies`: list of {`actions`: {hook: {call number: [action]}}, `indicators`: [[name, kwargs, data]], `prenext`:
  whether actions start before the warm-up is over};
- `analyzers`: list of [name, kwargs]; `watch`: {hooks, reads}; `optimise`: {parameter: values} or None.

An action is a dict: `do` (buy, sell, close, cancel, target_size, target_value, target_percent, buy_bracket,
sell_bracket, read, add_cash), `data`, `size`, `exec`, prices as distances from the current close, `valid` as [form,
number], `id` to be referred to by `oco`, `parent` and `cancel` of later actions.
"""

from __future__ import annotations

from datetime import datetime, time
from types import ModuleType
from typing import Any

from tests.oracle.scenario import Data, Scenario, Watch
from tests.oracle.strategies import build, strategy_factory

Spec = dict[str, Any]


def scenario_of(spec: Spec) -> Scenario:
    """Turn a spec into what `record` runs."""
    watch = spec.get("watch")
    return Scenario(
        datas=[_data(d) for d in spec["datas"]],
        strategies=[(strategy_factory(s), {}) for s in spec["strategies"]],
        cerebro=dict(spec.get("cerebro", {})),
        run=dict(spec.get("run", {})),
        setup=lambda bt, cerebro: _setup(bt, cerebro, spec),
        analyzers=[(name, kwargs) for name, kwargs in spec.get("analyzers", [])],
        watch=Watch() if watch is None else Watch(tuple(watch["hooks"]), watch["reads"]),
        optimise=spec.get("optimise"),
    )


def _data(entry: dict[str, Any]) -> Data:
    fields = dict(entry)
    fields["rows"] = [(datetime.fromisoformat(row[0]), *row[1:]) for row in entry.get("rows", [])]
    fields["kwargs"] = {k: _moment(v) for k, v in entry.get("kwargs", {}).items()}
    return Data(**fields)


def _moment(value: Any) -> Any:
    """Read `T10:30` as a time of day and `D2020-01-01...` as a datetime."""
    if isinstance(value, str) and value[:1] == "T" and value[1:2].isdigit():
        return time.fromisoformat(value[1:])
    if isinstance(value, str) and value[:1] == "D" and value[1:2].isdigit():
        return datetime.fromisoformat(value[1:])
    return value


def _setup(bt: ModuleType, cerebro: Any, spec: Spec) -> None:
    for target, calls in ((cerebro.broker, spec.get("broker", [])), (cerebro, spec.get("cerebro_calls", []))):
        for method, args, kwargs in calls:
            getattr(target, method)(
                *[build(bt, a) for a in args], **{k: build(bt, v) for k, v in kwargs.items()}
            )
