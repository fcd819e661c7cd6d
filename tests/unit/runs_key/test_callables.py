from __future__ import annotations

import functools
import importlib.util
import itertools
import operator
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from backtrail import indicators
from backtrail.runs.encoding import UncacheableParameter, encode

NUMBER = itertools.count()


@pytest.fixture
def load(tmp_path: Path) -> Iterator[Any]:
    """Load source text as a module `rules` from a file of its own."""
    made: list[str] = []

    def make(source: str, name: str = "rules") -> ModuleType:
        folder = tmp_path / str(next(NUMBER))
        folder.mkdir()
        path = folder / f"{name}.py"
        path.write_text(textwrap.dedent(source), encoding="utf-8")
        spec = importlib.util.spec_from_file_location(name, path)
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        sys.modules[name] = module
        made.append(name)
        spec.loader.exec_module(module)
        return module

    yield make
    for name in made:
        sys.modules.pop(name, None)


BASE = """
    LIMIT = 3

    def helper(x):
        return x + 1

    def rule(x, up=2):
        return helper(x) * up > LIMIT
"""

SAME = {
    "a comment": BASE.replace("return x + 1", "return x + 1  # plain"),
    "layout": BASE.replace("return x + 1", "return (\n            x\n            + 1\n        )"),
    "a docstring": BASE.replace("def rule(x, up=2):", 'def rule(x, up=2):\n        """Say when."""'),
    "blank lines": BASE.replace("def rule", "\n\n\n    def rule"),
    "something unrelated": BASE + "\n    def unrelated():\n        return 0\n",
}

OTHER = {
    "its code": BASE.replace("* up", "/ up"),
    "a default": BASE.replace("up=2", "up=3"),
    "the type of a default": BASE.replace("up=2", "up=2.0"),
    "a constant it reads": BASE.replace("LIMIT = 3", "LIMIT = 4"),
    "a function it calls": BASE.replace("x + 1", "x + 2"),
    "the name of an argument": BASE.replace(
        "rule(x, up=2):\n        return helper(x)", "rule(y, up=2):\n        return helper(y)"
    ),
}


@pytest.mark.parametrize("change", SAME)
def test_text_that_says_nothing_leaves_a_function_as_it_is(load: Any, change: str) -> None:
    assert encode(load(BASE).rule) == encode(load(SAME[change]).rule)


@pytest.mark.row("B7")
@pytest.mark.parametrize("change", OTHER)
def test_a_function_is_another_when_this_changes(load: Any, change: str) -> None:
    assert encode(load(BASE).rule) != encode(load(OTHER[change]).rule)


def test_the_module_of_a_function_is_part_of_its_name(load: Any) -> None:
    assert encode(load(BASE).rule) != encode(load(BASE, "other_rules").rule)


def test_a_source_edited_after_import_does_not_stand_for_what_is_loaded(load: Any) -> None:
    module = load(BASE)
    assert encode(module.rule) == encode(load(BASE).rule)
    path = Path(module.__file__ or "")
    path.write_text(textwrap.dedent(OTHER["its code"]), encoding="utf-8")
    assert encode(module.rule) != encode(load(OTHER["its code"]).rule)


def test_functions_without_source_are_told_by_their_bytecode() -> None:
    def make(text: str) -> Any:
        space: dict[str, Any] = {"__name__": "typed_in"}
        exec(text, space)
        return space["f"]

    assert encode(make("def f(x): return x + 1")) == encode(make("\n\ndef f(x):\n  # text\n  return x + 1"))
    assert encode(make("def f(x): return x + 1")) != encode(make("def f(x): return x + 2"))
    assert encode(make("def f(x): return x + 1")) != encode(make("def f(x): return x - 1"))
    assert encode(make("def f(x): return x + 1")) != encode(make("def f(x): return x + 1.0"))
    assert encode(make("def f(x): return [g for g in (1, 2)]")) != encode(
        make("def f(x): return [g for g in (1, 3)]")
    )
    assert encode(make("A = 1\ndef f(x): return A")) != encode(make("A = 2\ndef f(x): return A"))


@pytest.mark.row("B7")
def test_lambdas_on_one_line_are_told_apart() -> None:
    one, two, three = (lambda x: x + 1), (lambda x: x + 2), (lambda x: x + 1)
    assert encode(one) != encode(two)
    assert encode(one) == encode(three)
    both = [lambda x: lambda y: x + y, lambda x: lambda y: x - y]  # noqa: RUF100
    assert encode(both[0]) != encode(both[1])
    assert encode(both[0](1)) != encode(both[1](1))


def test_what_a_function_has_closed_over_counts() -> None:
    def make(period: Any) -> Any:
        return lambda x: x[-period]

    assert encode(make(3)) == encode(make(3)) != encode(make(4))
    assert encode(make(3)) != encode(make(3.0))
    with pytest.raises(UncacheableParameter, match="closure period"):
        encode(make(object()))


def test_functions_that_call_themselves_or_each_other_end(load: Any) -> None:
    text = """
        def even(n):
            return n == 0 or odd(n - 1)

        def odd(n):
            return n != 0 and even(n - 1)

        def outer():
            def inner(n):
                return inner(n - 1) if n else 0
            return inner

        made = outer()
    """
    module = load(text)
    assert encode(module.even) == encode(load(text).even)
    assert encode(module.even) != encode(module.odd)
    assert encode(module.made) == encode(load(text).made)
    assert encode(module.even) != encode(load(text.replace("n != 0", "n > 0")).even)


def test_code_that_shares_helpers_is_written_once(load: Any) -> None:
    lines = ["def f0(x):\n    return x"]
    lines += [f"def f{k}(x):\n    return f{k - 1}(x) + f{k - 1}(x + 1)" for k in range(1, 60)]
    text = "\n\n".join(lines)
    found = encode(load(text).f59)
    assert len(found) < 60_000
    assert found != encode(load(text.replace("return x\n", "return -x\n", 1)).f59)


CLASS = """
    from dataclasses import dataclass

    class Base:
        def level(self):
            return 1

    @dataclass
    class Rule(Base):
        width: int = 2
        names = ("a", "b")

        def fires(self, x):
            return x > self.width * self.level()

        @staticmethod
        def plain(x):
            return x

        @property
        def wide(self):
            return self.width > 1
"""

OTHER_CLASS = {
    "a method": CLASS.replace("x > self", "x < self"),
    "a static method": CLASS.replace("return x\n", "return -x\n"),
    "a property": CLASS.replace("width > 1", "width > 2"),
    "an attribute": CLASS.replace('"b"', '"c"'),
    "a default": CLASS.replace("width: int = 2", "width: int = 3"),
    "its base": CLASS.replace("return 1", "return 2"),
}


@pytest.mark.parametrize("change", OTHER_CLASS)
def test_a_class_is_another_when_this_changes(load: Any, change: str) -> None:
    one, other = load(CLASS), load(OTHER_CLASS[change])
    assert encode(one.Rule) != encode(other.Rule)
    assert encode(one.Rule(7)) != encode(other.Rule(7))


def test_comments_and_docstrings_leave_a_class_as_it_is(load: Any) -> None:
    plain = CLASS.replace("    class Base:", '    class Base:\n        """Begin."""\n\n        # a level')
    assert encode(load(CLASS).Rule) == encode(load(plain).Rule)


def test_a_class_changed_while_running_is_another(load: Any) -> None:
    one, other = load(CLASS), load(CLASS)
    other.Rule.fires = lambda self, x: True
    assert encode(one.Rule) != encode(other.Rule)


def test_partials_and_methods_count_all_they_hold(load: Any) -> None:
    module = load(CLASS)
    rule = load(BASE).rule
    values = [
        functools.partial(rule, 1), functools.partial(rule, 2), functools.partial(rule, x=1), functools.partial(rule),
        module.Rule(1).fires, module.Rule(2).fires, module.Rule.fires, rule, [].append, [1].append,
        operator.itemgetter(1), operator.itemgetter(2), operator.attrgetter("a"), operator.methodcaller("a", 1),
        functools.lru_cache(rule), staticmethod(rule), property(rule),
    ]  # fmt: skip
    written = [encode(one) for one in values]
    assert len(set(written)) == len(written)
    assert encode(functools.partial(rule, 1, up=3)) == encode(functools.partial(rule, 1, up=3))


def test_generic_types_count_their_arguments() -> None:
    ways = [list[int], list[str], dict[str, int], dict[str, float], list]
    assert len({encode(way) for way in ways}) == len(ways)


def test_library_code_is_known_by_its_name() -> None:
    assert len(encode(indicators.SMA)) < 100
    assert len(encode(textwrap.dedent)) < 100
    assert encode(indicators.SMA) != encode(indicators.EMA)


def test_strategy_classes_are_told_by_the_users_code(load: Any) -> None:
    text = """
        import backtrail as bt

        class Cross(bt.Indicator):
            lines = ("cross",)
            params = (("period", 3),)

            def __init__(self):
                self.lines.cross = self.data - bt.ind.SMA(self.data, period=self.p.period)
    """
    assert encode(load(text).Cross) == encode(load(text).Cross)
    assert encode(load(text).Cross) != encode(load(text.replace("self.data -", "self.data +")).Cross)
    assert encode(load(text).Cross) != encode(load(text.replace('"period", 3', '"period", 4')).Cross)


def test_a_users_module_named_like_one_of_pythons_is_the_users(load: Any) -> None:
    assert "antigravity" in sys.stdlib_module_names
    one, other = load(BASE, "antigravity"), load(OTHER["its code"], "antigravity")
    assert encode(one.rule) != encode(other.rule)


@pytest.mark.parametrize("held", ["[1, 2]", "{'a': [1]}", "{1, 2}", "np.arange(3)", "pd.Series([1.0])"])
def test_data_of_a_module_that_a_function_reads_counts(load: Any, held: str) -> None:
    text = f"""
        import numpy as np
        import pandas as pd

        TABLE = {held}

        def rule(x):
            return x in TABLE
    """
    one = load(text)
    before = encode(one.rule)
    assert before == encode(load(text).rule)
    one.TABLE = type(one.TABLE)() if held[0] in "[{" else one.TABLE[:0]
    assert encode(one.rule) != before


def test_what_cannot_be_told_in_a_module_is_known_by_the_code_that_makes_it(load: Any) -> None:
    text = """
        import logging

        LOG = logging.getLogger("rules")
        HELD = [LOG]

        def rule(x):
            LOG.info("%s", HELD)
            return x
    """
    assert encode(load(text).rule) == encode(load(text).rule)


def test_attributes_of_a_class_set_while_running_count(load: Any) -> None:
    text = """
        class Rule:
            levels = {"a": 1}

            def fires(self, x):
                return self.levels["a"] < x
    """
    one = load(text)
    before = encode(one.Rule)
    assert before == encode(load(text).Rule)
    one.Rule.levels["a"] = 2
    assert encode(one.Rule) != before


def test_a_wrapped_function_counts_with_its_wrapper(load: Any) -> None:
    text = """
        import functools

        def twice(f):
            @functools.wraps(f)
            def run(*args):
                return f(*args) * 2
            return run

        @twice
        def rule(x):
            return x + 1
    """
    one = encode(load(text).rule)
    assert one == encode(load(text).rule)
    assert one != encode(load(text.replace("* 2", "* 3")).rule)
    assert one != encode(load(text.replace("x + 1", "x + 2")).rule)
