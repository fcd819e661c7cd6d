from __future__ import annotations

import sys
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from backtrail.kernels import jit


@pytest.fixture(autouse=True)
def policy(monkeypatch: pytest.MonkeyPatch) -> jit.CompilePolicy:
    made = jit.CompilePolicy("auto")
    monkeypatch.setattr(jit, "policy", made)
    return made


def doubled(start: int, stop: int, out: Any, src: Any) -> None:
    for i in range(start, stop):
        out[i] = src[i] * 2.0


class FakeNumba(ModuleType):
    """Compiles nothing, and counts how often it was asked."""

    def __init__(self, cache_fails: bool = False) -> None:
        super().__init__("numba")
        self.asked: list[bool] = []
        self.cache_fails = cache_fails

    def njit(self, cache: bool = False, nogil: bool = False) -> Any:
        self.asked.append(cache)
        if cache and self.cache_fails:
            raise RuntimeError("cannot cache function: no locator available")
        return lambda function: function


def call(kernel: jit.Kernel, size: int) -> Any:
    out = np.zeros(size)
    kernel(0, size, out, np.arange(float(size)))
    return out


def test_a_kernel_keeps_name_and_docstring() -> None:
    made = jit.kernel(cost_ns=5)(doubled)
    assert (made.__name__, made.cost_ns) == ("doubled", 5)


def test_off_never_imports_numba(policy: jit.CompilePolicy, monkeypatch: pytest.MonkeyPatch) -> None:
    policy.mode = "off"
    monkeypatch.setitem(sys.modules, "numba", None)
    assert call(jit.Kernel(doubled, 10**12), 1000)[3] == 6.0


def test_on_compiles_at_the_first_long_range(
    policy: jit.CompilePolicy, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake = FakeNumba()
    monkeypatch.setitem(sys.modules, "numba", fake)
    policy.mode = "on"
    made = jit.Kernel(doubled, 1)
    call(made, jit.SHORT_RANGE - 1)
    assert fake.asked == []
    call(made, jit.SHORT_RANGE)
    call(made, jit.SHORT_RANGE)
    assert fake.asked == [True]


def test_auto_imports_numba_once_python_has_cost_as_much(
    policy: jit.CompilePolicy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delitem(sys.modules, "numba", raising=False)
    monkeypatch.setattr(jit.Kernel, "compile", lambda self: compiled.append(self) or self.python)
    compiled: list[jit.Kernel] = []
    made = jit.Kernel(doubled, jit.IMPORT_COST_NS // 2000)
    call(made, 1000)
    assert compiled == []
    call(made, 1500)
    assert compiled == [made]


def test_auto_weighs_each_kernel_once_numba_is_there(
    policy: jit.CompilePolicy, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake = FakeNumba()
    monkeypatch.setitem(sys.modules, "numba", fake)
    policy.spent_ns = 10 * jit.IMPORT_COST_NS
    made = jit.Kernel(doubled, jit.LOAD_COST_NS // 1500)
    call(made, 1000)
    assert fake.asked == []
    call(made, 1000)
    assert fake.asked == [True]


def test_a_compiled_kernel_obeys_off(policy: jit.CompilePolicy, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "numba", FakeNumba())
    policy.mode = "on"
    made = jit.Kernel(doubled, 1)
    call(made, 100)
    made._compiled = lambda *args: pytest.fail("compiled code ran")
    policy.mode = "off"
    assert call(made, 100)[99] == 198.0


def test_without_a_cache_directory_code_is_compiled_uncached(monkeypatch: pytest.MonkeyPatch) -> None:
    fake = FakeNumba(cache_fails=True)
    monkeypatch.setitem(sys.modules, "numba", fake)
    assert jit.Kernel(doubled, 1).compile() is doubled
    assert fake.asked == [True, False]


def test_without_numba_kernels_stay_python(
    policy: jit.CompilePolicy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "numba", None)
    policy.mode = "on"
    assert call(jit.Kernel(doubled, 1), 100)[99] == 198.0
    assert policy.mode == "off"


@pytest.mark.parametrize(("value", "mode"), [("", "auto"), ("off", "off"), (" ON ", "on")])
def test_the_environment_decides_the_mode(value: str, mode: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(jit.VARIABLE, value)
    assert jit.CompilePolicy().mode == mode


def test_an_unknown_mode_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(jit.VARIABLE, "maybe")
    with pytest.raises(ValueError, match="off, auto, on; got 'maybe'"):
        jit.CompilePolicy()
