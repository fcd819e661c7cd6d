"""Names that classes ask for with ``packages`` and ``frompackages``."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from types import ModuleType
from typing import Any

import pytest

import backtrail as bt
from backtrail.base.declare import ParamsBase
from backtrail.errors import FromModuleImportError, ModuleImportError


@pytest.fixture
def modules() -> Iterator[Any]:
    """Give a function that runs *source* as a new module."""
    made: list[str] = []

    def make(name: str, source: str, **names: Any) -> ModuleType:
        module = ModuleType(name)
        module.__dict__.update(names)
        sys.modules[name] = module
        made.append(name)
        exec(source, module.__dict__)
        return module

    yield make
    for name in made:
        del sys.modules[name]


def test_packages_are_imported_under_their_names(modules: Any) -> None:
    source = 'class Asking(Base):\n    packages = ("json", ("decimal", "dec"), "xml.dom", ("xml.sax", "sax"))'
    module = modules("asking_packages", source, Base=ParamsBase)
    assert not hasattr(module, "json")
    module.Asking()
    assert module.json.__name__ == "json"
    assert module.dec.__name__ == "decimal"
    assert module.xml.dom.__name__ == "xml.dom"
    assert module.sax.__name__ == "xml.sax"


def test_one_package_may_be_a_plain_string(modules: Any) -> None:
    module = modules("asking_one", 'class Asking(Base):\n    packages = "json"', Base=ParamsBase)
    module.Asking()
    assert module.json.__name__ == "json"


def test_names_are_imported_from_packages(modules: Any) -> None:
    source = (
        "class Asking(Base):\n"
        '    frompackages = (("math", ("factorial", ("floor", "fl"))), ("cmath", "sqrt"))\n'
        "    def __init__(self):\n"
        "        self.result = factorial(10)\n"
    )
    module = modules("asking_names", source, Base=ParamsBase)
    assert module.Asking().result == 3628800
    assert module.fl(1.5) == 1
    assert module.sqrt(-1) == 1j


def test_names_reach_the_class_that_asked_and_those_that_derive_from_it(modules: Any) -> None:
    top = modules("asking_top", 'class Top(Base):\n    packages = ("json",)', Base=ParamsBase)
    middle = modules("asking_middle", "class Middle(Base): pass", Base=top.Top)
    bottom = modules(
        "asking_bottom", 'class Bottom(Base):\n    frompackages = (("math", "gcd"),)', Base=middle.Middle
    )
    bottom.Bottom()
    assert all(hasattr(m, "json") for m in (top, middle, bottom))
    assert all(hasattr(m, "gcd") for m in (middle, bottom))
    assert not hasattr(top, "gcd")


def test_modules_of_the_library_are_left_alone(modules: Any) -> None:
    module = modules("asking_ind", 'class Asking(Base):\n    packages = ("colorsys",)', Base=ParamsBase)
    module.Asking()
    assert not hasattr(sys.modules["backtrail.base.declare"], "colorsys")


def test_a_missing_package_names_the_class(modules: Any) -> None:
    module = modules("asking_gone", 'class Asking(Base):\n    packages = ("not_there_at_all",)', Base=ParamsBase)
    with pytest.raises(ModuleImportError, match="Asking needs the package 'not_there_at_all'") as caught:
        module.Asking()
    assert isinstance(caught.value, ImportError)


@pytest.mark.parametrize("wanted", ['("math", "not_there")', '("not_there_at_all", "name")'])
def test_a_missing_name_names_class_and_package(modules: Any, wanted: str) -> None:
    module = modules("asking_name", f"class Asking(Base):\n    frompackages = ({wanted},)", Base=ParamsBase)
    with pytest.raises(FromModuleImportError, match=r"Asking needs '(not_there|name)' from"):
        module.Asking()


def test_indicators_may_ask_too() -> None:
    class Asking(bt.Indicator):
        frompackages = (("math", "comb"),)
        lines = ("x",)

    data = bt.feeds.DataBase()
    with pytest.raises(bt.DeclarationError):
        Asking(data)  # nobody would compute it, but the name is there
    assert sys.modules[__name__].comb(4, 2) == 6
