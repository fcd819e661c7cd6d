"""What stands in a served result for what its record does not keep: any use of it says so."""

from __future__ import annotations

from typing import Any, Final, NoReturn

from ..errors import NotRecordedError

# Looked up on the class by Python itself, not through `__getattribute__`.
_USES: Final = (
    "__abs__", "__add__", "__and__", "__array__", "__bool__", "__bytes__", "__call__", "__complex__", "__contains__",
    "__delitem__", "__divmod__", "__enter__", "__eq__", "__float__", "__floordiv__", "__format__", "__ge__",
    "__getitem__", "__gt__", "__hash__", "__index__", "__int__", "__invert__", "__iter__", "__le__", "__len__",
    "__lshift__", "__lt__", "__matmul__", "__mod__", "__mul__", "__ne__", "__neg__", "__next__", "__or__", "__pos__",
    "__pow__", "__radd__", "__rand__", "__rdivmod__", "__reversed__", "__rfloordiv__", "__rlshift__", "__rmatmul__",
    "__rmod__", "__rmul__", "__ror__", "__round__", "__rpow__", "__rrshift__", "__rshift__", "__rsub__",
    "__rtruediv__", "__rxor__", "__setitem__", "__str__", "__sub__", "__truediv__", "__xor__",
)  # fmt: skip
_PLAIN: Final = frozenset({"__reduce_ex__", "__repr__"})


class Unkept:
    """Stands for something that a record does not keep. It may be copied and sent to another process."""

    __slots__ = ("said",)

    def __init__(self, said: str) -> None:
        """Say *said* at any use."""
        object.__setattr__(self, "said", said)

    def __getattribute__(self, name: str) -> Any:
        if name in _PLAIN:
            return object.__getattribute__(self, name)
        raise NotRecordedError(_said(self))

    def __setattr__(self, name: str, value: Any) -> None:
        raise NotRecordedError(_said(self))

    def __reduce_ex__(self, protocol: Any) -> tuple[Any, ...]:
        return Unkept, (_said(self),)

    def __repr__(self) -> str:
        return f"<not kept: {_said(self)}>"


def _said(one: Unkept) -> str:
    said: str = object.__getattribute__(one, "said")
    return said


def _refuse(self: Unkept, *args: Any, **kwargs: Any) -> NoReturn:
    raise NotRecordedError(_said(self))


for _use in _USES:
    setattr(Unkept, _use, _refuse)


def unkept(what: str, run: str, kind: str = "") -> Any:
    """Give what stands for *what*, an object of *kind*, in the result that was read from the record of *run*."""
    found = f" ({kind})" if kind else ""
    return Unkept(
        f"reading {what} - expected it in the result - this result was read from the record of run {run}, which does "
        f"not keep it{found} - run with cache=None to compute the result"
    )


__all__ = ["Unkept", "unkept"]
