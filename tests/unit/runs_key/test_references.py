"""What code reads of its module counts by its value; what no key can tell is named."""

from __future__ import annotations

import argparse
import collections
import dataclasses
import datetime as dt
import functools
import io
import logging
import os
import random
import re
import runpy
import sys
import textwrap
import threading
import time
import types
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import pytest

import backtrail as bt
from backtrail.runs.callables import asked_by, encode_reference
from backtrail.runs.encoding import UncacheableParameter, encode


@dataclass
class Limits:
    """Limits of a risk."""

    low: Any = 0


class Pair(NamedTuple):
    """Two values."""

    a: Any
    b: Any = 0


class Plain:
    """An object with attributes."""

    def __init__(self, value: Any) -> None:
        self.value = value
        self.me = self

    def double(self) -> Any:
        return self.value


class Slotted:
    """An object whose attributes are in slots."""

    __slots__ = ("value",)

    def __init__(self, value: Any) -> None:
        self.value = value


class Listed(list[Any]):
    """A list with a name."""


def listed(value: Any) -> Listed:
    made = Listed([1, value])
    made.name = "x"  # type: ignore[attr-defined]
    return made


VALUE: Any = None


def reads_value() -> Any:
    """Give what is in this module."""
    return VALUE


KINDS: dict[str, Callable[[int], Any]] = {
    "number": lambda n: n,
    "date": lambda n: dt.date(2024, 1, n),
    "timedelta": lambda n: dt.timedelta(n),
    "timestamp": lambda n: pd.Timestamp(2024, 1, n),
    "decimal": lambda n: Decimal(n),
    "numpy number": lambda n: np.float64(n),
    "array": lambda n: np.array([1.0, n]),
    "frame": lambda n: pd.DataFrame({"a": [n]}),
    "path": lambda n: Path(f"data{n}"),
    "pattern": lambda n: re.compile(f"a{n}"),
    "range": lambda n: range(n),
    "counter": lambda n: collections.Counter(a=n),
    "defaultdict": lambda n: collections.defaultdict(int, a=n),
    "ordered": lambda n: collections.OrderedDict(a=n),
    "deque": lambda n: collections.deque([n]),
    "named tuple": lambda n: Pair(n),
    "dataclass": lambda n: Limits(n),
    "namespace": lambda n: types.SimpleNamespace(period=n),
    "arguments": lambda n: argparse.Namespace(period=n),
    "object": lambda n: Plain(n),
    "slots": lambda n: Slotted(n),
    "nested": lambda n: [Plain({"a": [Limits(n)]})],
    "derived": listed,
    "method": lambda n: Plain(n).double,
    "partial": lambda n: functools.partial(max, n),
    "beside a lock": lambda n: {"lock": threading.Lock(), "n": n},
    "function with default": lambda n: lambda a=n: a,
    "function with an attribute": lambda n: attributed(n),
    "dispatching function": lambda n: dispatching(n),
    "class of a class": lambda n: type("Meta", (type,), {"value": n})("Made", (), {}),
    "dataclass with a factory": lambda n: made_by_factory(n),
    "generator of chance": lambda n: random.Random(n),
    "text in memory": lambda n: io.StringIO(str(n)),
    "of a thread": lambda n: of_a_thread(n),
    "frame with attributes": lambda n: noted(n),
}  # fmt: skip


def attributed(n: Any) -> Any:
    def made() -> None: ...

    made.limit = n  # type: ignore[attr-defined]
    return made


def dispatching(n: Any) -> Any:
    made = functools.singledispatch(lambda value: value)
    made.register(int, lambda value: n)
    return made


def made_by_factory(n: Any) -> Any:
    @dataclass
    class Made:
        value: Any = dataclasses.field(default_factory=lambda: n)

    return Made


def of_a_thread(n: Any) -> Any:
    made = threading.local()
    made.value = n
    return made


def noted(n: Any) -> pd.DataFrame:
    made = pd.DataFrame({"a": [1]})
    made.attrs["n"] = n
    return made


@pytest.mark.parametrize("kind", KINDS)
def test_a_value_of_the_module_counts(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    found = []
    for n in (1, 2, 1):
        monkeypatch.setitem(globals(), "VALUE", KINDS[kind](n))
        found.append(encode(reads_value))
    assert found[0] == found[2] != found[1]


@pytest.mark.parametrize("kind", KINDS)
def test_an_attribute_of_a_class_counts(kind: str) -> None:
    def strategy(n: int) -> type:
        class Mine(bt.Strategy):
            pass

        Mine.given = KINDS[kind](n)  # type: ignore[attr-defined]
        return Mine

    assert encode(strategy(1)) == encode(strategy(1)) != encode(strategy(2))


@pytest.mark.parametrize("make", [lambda: logging.getLogger("mine"), threading.Lock, lambda: sys.stderr])
def test_where_messages_go_does_not_count(make: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(globals(), "VALUE", make())
    assert encode(reads_value)


@pytest.mark.parametrize("value", [iter([1]), (n for n in [1]), np.random.default_rng(1)])
def test_what_has_no_form_is_refused_by_its_name(value: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(globals(), "VALUE", value)
    with pytest.raises(UncacheableParameter, match="<global VALUE>"):
        encode(reads_value)


def test_a_file_that_is_open_for_reading_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    with open(__file__, encoding="utf-8") as file:
        monkeypatch.setitem(globals(), "VALUE", file)
        with pytest.raises(UncacheableParameter, match="what it will be read for"):
            encode(reads_value)


def module_of(name: str, text: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> types.ModuleType:
    path = tmp_path / f"{name}.py"
    path.write_text(textwrap.dedent(text), encoding="utf-8")
    made = types.ModuleType(name)
    made.__file__ = str(path)
    monkeypatch.setitem(sys.modules, name, made)
    exec(compile(path.read_text(encoding="utf-8"), str(path), "exec"), made.__dict__)
    return made


def test_of_a_module_of_the_users_what_is_read_counts(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    settings = module_of("my_settings_", "period = 5\nother = 1\nlimits = {'low': 1}\n", monkeypatch, tmp_path)
    code = """
        import my_settings_ as settings

        def low():
            return settings.limits['low'] * settings.period
    """
    reader = module_of("my_reader_", code, monkeypatch, tmp_path).low
    before = encode(reader)
    settings.other = 2  # type: ignore[attr-defined]
    assert encode(reader) == before
    settings.limits["low"] = 2
    assert encode(reader) != before


def test_where_a_module_lies_does_not_count(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    code = """
        from pathlib import Path
        HERE = Path(__file__).parent
        LEVELS = str(HERE / "{}")

        def read():
            return HERE, LEVELS, __file__, __name__
    """
    found = []
    for folder, name in (("a", "levels"), ("b", "levels"), ("a", "others")):
        (tmp_path / folder).mkdir(exist_ok=True)
        found.append(encode(module_of("my_places_", code.format(name), monkeypatch, tmp_path / folder).read))
    assert found[0] == found[1] != found[2]


def test_names_of_attributes_are_not_names_of_the_module(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    code = "period = 5\n\ndef read(one):\n    return one.period\n"
    module = module_of("my_attributes_", code, monkeypatch, tmp_path)
    before = encode(module.read)
    module.period = 6  # type: ignore[attr-defined]
    assert encode(module.read) == before


def test_a_class_may_name_itself() -> None:
    class Cross(bt.Strategy):
        def __init__(self) -> None:
            super(Cross, self).__init__()  # noqa: UP008  # how scripts write it

    assert encode(Cross) == encode(Cross)


def test_a_class_made_by_exec_counts_by_its_code() -> None:
    made = []
    for n in (1, 2):
        names: dict[str, Any] = {}
        exec(f"class Made:\n    x = {n}\n", names)
        names["Made"].__module__ = "builtins"
        made.append(encode(names["Made"]))
    assert made[0] != made[1]


def test_a_descriptor_of_the_users_counts() -> None:
    def descriptor(n: int) -> type:
        class Reads:
            def __get__(self, one: Any, owner: Any = None) -> int:
                return n

        class Holds:
            value = Reads()

        return Holds

    assert encode(descriptor(1)) != encode(descriptor(2))


ASKING: dict[str, tuple[Callable[[], Any], list[str]]] = {
    "nothing": (lambda: time.perf_counter(), []),
    "time": (lambda: time.time(), ["clock"]),
    "now": (lambda: dt.datetime.now(), ["clock"]),
    "date": (lambda: dt.datetime(2024, 1, 2), []),
    "generator": (lambda: np.random.default_rng(), ["chance"]),
    "seeded generator": (lambda: np.random.default_rng(7), []),
    "seed": (lambda: random.seed(7), ["seed"]),
    "environment": (lambda: os.environ["HOME"], ["environment"]),
    "arguments": (lambda: sys.argv, ["environment"]),
    "folders": (lambda: os.path.exists("x"), ["folders"]),
    "within": (lambda: reads_the_clock(), ["clock"]),
    "an import of its own": (lambda: imports_the_clock(), ["clock"]),
    "standard input": (lambda: input(), ["environment"]),
}  # fmt: skip


def reads_the_clock() -> float:
    """Tell the time."""
    return time.time()


def imports_the_clock() -> float:
    """Tell the time."""
    from time import time as now

    return now()


@pytest.mark.parametrize("kind", ASKING)
def test_what_no_key_can_tell_is_named(kind: str) -> None:
    code, asked = ASKING[kind]
    assert asked_by([code]) == set(asked)


READING_WITHIN: dict[str, str] = {
    "a name taken from it": "from my_conf_ import top as t\n    return t",
    "the module": "import my_conf_\n    return my_conf_.top",
    "under another name": "import my_conf_ as c\n    d = c\n    return [d.top for _ in (1, 2)]",
    "in code within": "import my_conf_ as c\n    return (lambda: c.top)()",
    "either of two": "if 1 > 2:\n        import json as c\n    else:\n        import my_conf_ as c\n    return c.top",
    "by a constant name": "import my_conf_\n    return getattr(my_conf_, 'top', None)",
    "import_module": "import importlib\n    return importlib.import_module('my_conf_').top",
    "handed on": "import my_conf_\n    a, b = my_conf_, 1\n    return vars(a)['top']",
    "by a computed name": "import my_conf_\n    return getattr(my_conf_, 'to' + 'p')",
    "a computed module": "import importlib\n    return importlib.import_module('my_' + 'conf_').top",
    "as text": "return eval('my.top')",
    "names of the module": "return globals()['my'].top",
    "an attribute of the class": "return Holds.conf.top",
    "within an object": "return held.conf.top",
    "computed by the module": "return my.other",
}  # fmt: skip
HOLDING = """
import types
import my_conf_ as my

class Holds:
    conf = my

held = types.SimpleNamespace(conf=my)

def read():
    """


@pytest.mark.parametrize("kind", READING_WITHIN)
def test_what_code_reads_of_a_module_it_imports_counts(
    kind: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    conf = module_of("my_conf_", "top = 5\n\ndef __getattr__(name):\n    return top\n", monkeypatch, tmp_path)
    module = module_of("my_reader_", HOLDING + READING_WITHIN[kind], monkeypatch, tmp_path)
    if kind == "a computed module":  # which may be any: those of the tests are none of its
        mine = {name: one for name, one in sys.modules.items() if not name.startswith(("tests", "conftest"))}
        monkeypatch.setattr(sys, "modules", mine)
    before = encode(module.read)
    assert encode(module.read) == before
    conf.top = 6  # type: ignore[attr-defined]
    assert encode(module.read) != before


@pytest.mark.parametrize("kind", ["a name taken from it", "the module", "under another name", "in code within"])
def test_what_is_not_read_of_an_imported_module_does_not_count(
    kind: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    conf = module_of("my_conf_", "top = 5\nother = 1\n", monkeypatch, tmp_path)
    reader = module_of("my_reader_", f"def read():\n    {READING_WITHIN[kind]}", monkeypatch, tmp_path).read
    before = encode(reader)
    conf.other = 2  # type: ignore[attr-defined]
    assert encode(reader) == before


def test_names_are_imported_from_the_package_of_the_code(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    package = module_of("my_package_", "", monkeypatch, tmp_path)
    package.__path__ = [str(tmp_path)]
    conf = module_of("my_package_.conf", "top = 5\n", monkeypatch, tmp_path)
    code = "def read():\n    from .conf import top\n    return top\n"
    module = module_of("my_package_.reader", code, monkeypatch, tmp_path)
    before = encode(module.read)
    conf.top = 6  # type: ignore[attr-defined]
    assert encode(module.read) != before


def test_a_module_that_is_a_parameter_counts_by_what_is_in_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    conf = module_of("my_conf_", "top = 5\n", monkeypatch, tmp_path)
    before = encode({"conf": conf})
    conf.top = 6  # type: ignore[attr-defined]
    assert encode({"conf": conf}) != before
    assert encode({"conf": module_of("my_conf_", "top = 5\n", monkeypatch, tmp_path)}) == before


def test_code_that_was_loaded_from_a_file_by_its_path_counts(tmp_path: Path) -> None:
    found = []
    for n in (1, 2, 1):
        path = tmp_path / "loaded.py"
        text = f"class Made:\n    x = {n}\n\ndef inner():\n    return {n}\n\ndef made():\n    return inner()\n"
        path.write_text(text)
        names = runpy.run_path(str(path))
        found.append([encode_reference(names[one], one) for one in ("Made", "made")])
    assert found[0] == found[2]
    assert all(one != other for one, other in zip(found[0], found[1], strict=True))
