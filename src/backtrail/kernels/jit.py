"""Run loop kernels as plain Python, or compiled by numba with the same bits once that pays.

A loop kernel is a function ``f(start, stop, out…, in…, parameters)`` over one-dimensional float64 arrays. Its body is
written so that Python and numba do exactly the same arithmetic: no ``min``/``max``/``**`` on floats, no fast-math,
no division by what may be zero.

Importing numba costs several hundred times what a kernel takes on a short series. So kernels start as plain Python
(over memoryviews, which give Python floats) and the estimated time that this costs is added up; once the sum reaches
what numba would have cost, numba is imported. Compiled code is cached on disk by numba. The environment variable
``BACKTRAIL_JIT`` decides otherwise: ``off`` never compiles, ``on`` compiles at the first long range, ``auto`` is the
rule above.
"""

from __future__ import annotations

import functools
import os
import sys
from collections.abc import Callable
from typing import Any

import numpy as np

#: Ranges shorter than this run as Python in every mode: a compiled call costs as much as they do.
SHORT_RANGE = 64

#: What importing numba costs, in nanoseconds of estimated kernel time.
IMPORT_COST_NS = 400_000_000

#: What compiling (or loading from the cache) one kernel costs once numba is there.
LOAD_COST_NS = 40_000_000

#: Environment variable that overrides the automatic choice.
VARIABLE = "BACKTRAIL_JIT"

_MODES = ("off", "auto", "on")


class CompilePolicy:
    """Decide when compiling pays; one per process, shared by all kernels.

    ``mode`` is ``"off"``, ``"auto"`` or ``"on"``; ``spent_ns`` is the estimated time spent in Python kernels so far.
    """

    __slots__ = ("mode", "spent_ns")

    def __init__(self, mode: str | None = None) -> None:
        chosen = os.environ.get(VARIABLE, "").strip().lower() or "auto" if mode is None else mode
        if chosen not in _MODES:
            raise ValueError(
                f"choosing how kernels run: {VARIABLE} must be one of {', '.join(_MODES)}; got {chosen!r}. "
                "Unset it to let backtrail decide."
            )
        self.mode = chosen
        self.spent_ns = 0

    def wants(self, kernel: Kernel, cost_ns: int) -> bool:
        """Tell whether *kernel* should be compiled, given that its next call costs *cost_ns* as Python."""
        if self.mode == "on":
            return True
        if self.mode == "off":
            return False
        self.spent_ns += cost_ns
        kernel.spent_ns += cost_ns
        if "numba" in sys.modules:
            return kernel.spent_ns > LOAD_COST_NS
        return self.spent_ns > IMPORT_COST_NS


policy = CompilePolicy()


class Kernel:
    """A loop kernel: calls the plain Python function or its compiled twin.

    Call it as ``kernel(start, stop, *arrays_and_parameters)``. For a single index the arrays may be memoryviews, which
    saves the most of what such a call costs.
    """

    def __init__(self, python: Callable[..., Any], cost_ns: int) -> None:
        self.python = python
        self.cost_ns = cost_ns
        self.spent_ns = 0
        self._compiled: Callable[..., Any] | None = None
        functools.update_wrapper(self, python)

    def __call__(self, start: int, stop: int, *args: Any) -> Any:
        """Run the kernel on ``[start, stop)``."""
        size = stop - start
        if size >= SHORT_RANGE:
            compiled = self._compiled
            if compiled is None:
                if policy.wants(self, size * self.cost_ns):
                    compiled = self.compile()
            elif policy.mode == "off":
                compiled = None
            if compiled is not None:
                return compiled(start, stop, *args)
        if size == 1 and not isinstance(args[0], np.ndarray):
            return self.python(start, stop, *args)
        views = [memoryview(arg.data) if isinstance(arg, np.ndarray) else arg for arg in args]
        return self.python(start, stop, *views)

    def compile(self) -> Callable[..., Any] | None:
        """Give the compiled twin; None (and Python from now on) where numba cannot be imported."""
        try:
            import numba
        except ImportError:
            policy.mode = "off"
            return None
        try:
            self._compiled = numba.njit(cache=True, nogil=True)(self.python)
        except RuntimeError:  # no directory to cache in: neither beside the module nor the user's own
            self._compiled = numba.njit(nogil=True)(self.python)
        return self._compiled


def kernel(cost_ns: int = 100) -> Callable[[Callable[..., Any]], Kernel]:
    """Make a loop kernel of a function that takes about *cost_ns* nanoseconds per index as plain Python."""

    def make(python: Callable[..., Any]) -> Kernel:
        return Kernel(python, cost_ns)

    return make
