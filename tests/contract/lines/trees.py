"""Expressions of lines as plain data, and how to build them with any library that has backtrader's names."""

from __future__ import annotations

import operator
from typing import Any

from hypothesis import strategies as st

#: ``("close", )``, a number, ``(name, operand, …)`` or ``("delay", operand, bars)``.
Tree = Any

BINARY = {
    "add": operator.add, "sub": operator.sub, "mul": operator.mul, "truediv": operator.truediv,
    "floordiv": operator.floordiv, "pow": operator.pow, "lt": operator.lt, "le": operator.le, "gt": operator.gt,
    "ge": operator.ge, "eq": operator.eq, "ne": operator.ne,
}  # fmt: skip
UNARY = {"neg": operator.neg, "abs": operator.abs}
FUNCTIONS = ("And", "Or", "All", "Any", "Max", "Min", "Sum", "Cmp", "If", "DivByZero", "DivZeroByZero", "Reduce")
LEAVES = ("close", "open", "high", "low")


def build(library: Any, data: Any, tree: Tree) -> Any:
    """Build *tree* on *data*; *library* has the functions of lines. Where a line is missing the first stands for it."""
    if isinstance(tree, int | float):
        return tree
    head, *rest = tree
    if head in LEAVES:
        return getattr(data, head) if head in data.lines.getlinealiases() else data.lines[0]
    if head == "data":
        return data
    if head == "delay":
        return build(library, data, rest[0])(-rest[1])
    operands = [build(library, data, one) for one in rest]
    if head in BINARY:
        return BINARY[head](*operands)
    if head in UNARY:
        return UNARY[head](*operands)
    if head == "Reduce":
        return library.Reduce(operator.sub, *operands)
    return getattr(library, head)(*operands)


def is_line(tree: Tree) -> bool:
    return not isinstance(tree, int | float)


numbers = st.sampled_from([0.0, 1.0, -1.0, 0.5, 3.0, 100.0, 1e-3]) | st.integers(-3, 3)
leaves = st.sampled_from([(name,) for name in (*LEAVES, "data")])


def _grown(lines: st.SearchStrategy[Tree]) -> st.SearchStrategy[Tree]:
    """Give larger expressions; the first operand of a function is a line, as its clock comes from there.

    That of ``Reduce`` is a function: over all bars backtrader's ``Reduce`` is a bar late, bar by bar it is not.
    """
    either = lines | numbers
    return st.one_of(
        st.tuples(st.sampled_from(sorted(BINARY)), lines, either),
        st.tuples(st.sampled_from(sorted(BINARY)), either, lines),
        st.tuples(st.sampled_from(sorted(UNARY)), lines),
        st.tuples(st.just("delay"), lines, st.integers(0, 4)),
        st.tuples(st.sampled_from(["And", "Or", "All", "Any", "Max", "Min", "Sum"]), lines, either, either),
        st.tuples(st.sampled_from(["Max", "Min", "Sum", "And"]), lines, either),
        st.tuples(st.just("Cmp"), lines, lines),
        st.tuples(st.just("If"), lines, either, either),
        st.tuples(st.sampled_from(["DivByZero", "DivZeroByZero"]), lines, lines),
    )


trees = st.recursive(leaves, _grown, max_leaves=10).filter(lambda tree: len(tree) > 1)
