"""The normal form: what it forgets, what it keeps, and files that have none."""

from __future__ import annotations

import ast
import sys
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backtrail.runs.code.normal import analyse

SOURCE = '''
"""Doc."""
import os, a.b as c
from . import x as y
from ..z import *


@decorate(1, *args, key=2, **rest)
class A(B, metaclass=M):
    """Doc."""
    value: int = 0x1F
    def f(self, a, /, b=1, *c, d: "int" = None, **e) -> None:
        """Doc."""
        global g
        x, (y, *z) = [i for i in range(10) if i if not i], {1: 2, **d}
        del x[1:2, ::3]
        with open(a) as f, g: pass
        for i in j:
            if i < 1 <= 2: break
            elif not i is not None: continue
            else: x += lambda: (yield)
        else: return -1
        try: raise E from e
        except (A, B) as e: pass
        finally: assert x, "why"
        while 1: await z
        match p:
            case [1, *_] | {"a": b, **c}: ...
            case A(x=None) if x: ...
        return f"{a!r:>{w}} {b}" if a and b or c else a @ b ** ~c
    async def g(self):
        async for i in j: print(i, end="")
'''


def norm(text: str) -> str:
    found = analyse(text.encode("utf-8", "surrogatepass"))
    assert found.error is None, found.error
    return found.norm


def test_writing_a_tree_out_again_keeps_the_normal_form() -> None:
    assert norm(SOURCE) == norm(ast.unparse(ast.parse(SOURCE)))


def test_every_kind_of_change_in_a_tree_changes_the_normal_form() -> None:
    """Each name, number and operator of the source is replaced in turn."""
    seen = {norm(SOURCE)}
    count = 1
    tree = ast.parse(SOURCE)
    for node in ast.walk(tree):
        for field, value in list(ast.iter_fields(node)):
            if field in ("ctx", "type_comment", "kind") or isinstance(
                node, ast.Expr | ast.Module | ast.MatchSingleton
            ):
                continue
            if isinstance(node, ast.Constant) and isinstance(value, str):
                continue
            if isinstance(value, str) and value.isidentifier():
                changed: object = value + "_"
            elif type(value) is int and field not in ("conversion", "simple", "is_async"):
                changed = value + 1
            elif isinstance(value, ast.operator):
                changed = ast.Mod()
            else:
                continue
            setattr(node, field, changed)
            seen.add(norm(ast.unparse(tree)))
            setattr(node, field, value)
            count += 1
    assert len(seen) == count > 60


PIECES = [
    "x = 1",
    "x = 1.0",
    "x = '1'",
    "x = b'1'",
    "x = 1j",
    "x = True",
    "x = None",
    "x = ...",
    "x = -1",
    "x = ()",
    "x = (1,)",
    "x = [1]",
    "x = {1}",
    "x = {1: 1}",
    "x: int = 1",
    "x += 1",
    "x == 1",
    "x is 1",
    "f(x)",
    "f(*x)",
    "f(**x)",
    "f(x=x)",
    "x.f",
    "x[f]",
    "import x",
    "import x as f",
    "from x import f",
    "from . import x",
    "del x",
    "pass",
    "global x",
    "x if f else f",
    "x and f",
    "x or f",
    "not x",
    "lambda: x",
    "lambda x: x",
    "(yield_)",
    "x @ f",
    "x[f:]",
    "x[:f]",
    "assert x",
    "raise x",
    "f'{x}'",
    "f'{x!r}'",
    "f'{x:f}'",
    "while x: pass",
    "for f in x: pass",
    "with x: pass",
    "with x as f: pass",
    "def f(): pass",
    "class f: pass",
    "def f(x): pass",
    "def f(*, x): pass",
    "def f(x, /): pass",
    "def f(*x): pass",
    "def f(**x): pass",
    "async def f(): pass",
    "x = 10**5000",
    "x = 1e999",
    "x = '\\n'",
    "x = '\\ud800'",
]


def test_different_statements_have_different_normal_forms() -> None:
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert len({norm(piece) for piece in PIECES}) == len(PIECES)


@given(st.lists(st.sampled_from(PIECES), min_size=1, max_size=8), st.randoms(use_true_random=False))
def test_comments_and_blank_lines_never_matter_and_order_always_does(pieces, random) -> None:  # type: ignore[no-untyped-def]
    plain = "\n".join(pieces)
    spaced = "\n".join(
        f"\n# {random.random()}\n{piece}  # why" if random.random() < 0.7 else piece for piece in pieces
    )
    assert norm(plain) == norm(spaced)
    shuffled = pieces[::-1]
    assert (norm("\n".join(shuffled)) == norm(plain)) == (shuffled == pieces)


@given(st.text(max_size=40), st.text(max_size=40))
def test_string_constants_are_told_apart(one: str, two: str) -> None:
    assert (norm(f"x = {one!r}") == norm(f"x = {two!r}")) == (one == two)


def test_a_docstring_alone_is_like_pass() -> None:
    assert norm('def f():\n    "Doc."\n') == norm("def f():\n    pass\n")
    assert norm('def f():\n    "Doc."\n    pass\n') == norm("def f():\n    pass\n")
    assert norm("def f():\n    pass\n") != norm("def f():\n    ...\n")


def test_docstrings_are_digested_apart() -> None:
    one, two = analyse(b'"""One."""\nX = 1\n'), analyse(b'"""Two."""\nX = 1\n')
    assert one.norm == two.norm
    assert one.docs != two.docs
    assert analyse(b"X = 1\n").docs == ""


@pytest.mark.row("A4")
@pytest.mark.parametrize(
    "source", [b"def", b"x = 1\0", b"\xff\xfe", b"# coding: nonsense\nx = 1", b"x = '\xe9'"]
)
def test_a4_what_cannot_be_parsed_is_kept_by_its_bytes(source: bytes) -> None:
    found = analyse(source)
    assert found.error
    assert found.norm != analyse(source + b" ").norm
    assert found.imports == ()


@pytest.mark.row("A24")
def test_a24_deep_nesting_is_answered_alike_on_any_stack() -> None:
    deep = ("x = " + "-" * 3000 + "1\n").encode()
    chain = ("x = " + "+".join(["a"] * 4000) + "\n").encode()
    fine = ("x = " + "+".join(["a"] * 300) + "\n").encode()

    def at_depth(depth: int, source: bytes) -> str:
        return analyse(source).norm if depth == 0 else at_depth(depth - 1, source)

    for source in (deep, chain, fine):
        answers = {at_depth(depth, source) for depth in (0, sys.getrecursionlimit() - 400)}
        thread = threading.Thread(
            target=lambda source=source, answers=answers: answers.add(analyse(source).norm)
        )
        thread.start()
        thread.join()
        assert len(answers) == 1
    assert analyse(fine).error is None


def test_strange_escapes_warn_nobody(recwarn: pytest.WarningsRecorder) -> None:
    assert analyse(b"x = '\\d'\n").error is None
    assert len(recwarn) == 0


@given(st.binary(max_size=200))
def test_any_bytes_can_be_analysed(source: bytes) -> None:
    assert analyse(source).raw.startswith("b3:")
