"""Specs as a Hypothesis strategy: Hypothesis draws the numbers, so that it can steer and shrink."""

from __future__ import annotations

from collections.abc import Collection

from hypothesis import strategies as st
from tests.oracle.generate import FAMILIES, generate_from
from tests.oracle.spec import Spec


def specs(families: Collection[str] = tuple(FAMILIES)) -> st.SearchStrategy[Spec]:
    """Give a strategy of specs of the given families."""
    return st.builds(generate_from, st.randoms(use_true_random=False), st.sampled_from(sorted(families)))
