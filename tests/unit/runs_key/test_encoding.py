from __future__ import annotations

import dataclasses
import datetime as dt
import enum
import math
import pathlib
import re
import struct
import uuid
from collections import Counter, OrderedDict, defaultdict, deque, namedtuple
from decimal import Decimal
from fractions import Fraction
from itertools import combinations, pairwise
from typing import Any
from zoneinfo import ZoneInfo

import attrs
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pydantic
import pytest
import pytz

from backtrail.base.autodict import AutoOrderedDict
from backtrail.errors import BacktrailError
from backtrail.market.calendar import TradingCalendar
from backtrail.runs.encoding import UncacheableParameter, encode


class Side(enum.Enum):
    LONG = 1
    SHORT = 2


class Direction(enum.Enum):
    LONG = 1


class Mode(enum.IntEnum):
    FAST = 1


@dataclasses.dataclass
class Stop:
    kind: str = "atr"
    mult: float = 2.0


@dataclasses.dataclass
class Target:
    kind: str = "atr"
    mult: float = 2.0


@attrs.define
class Band:
    low: float
    high: float = 1.0


class Config(pydantic.BaseModel):
    name: str
    weights: list[float] = []


Point = namedtuple("Point", "x y")


class Ticker(str):
    pass


class Told:
    def __init__(self, number: int) -> None:
        self.number = number

    def __fingerprint__(self) -> list[int]:
        return [self.number]


class Estimator:
    def __init__(self, depth: int = 3) -> None:
        self.depth = depth

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        return {"depth": self.depth}

    def set_params(self, **params: Any) -> Estimator:
        self.depth = params.get("depth", self.depth)
        return self


EASTERN = ZoneInfo("America/New_York")
NOON = dt.datetime(2020, 6, 1, 12)

DIFFERENT = [
    None, True, False, 0, 1, -1, 255, 256, -256, 2**70, 0.0, -0.0, 1.0, math.inf, -math.inf, math.nan, 1j, "", "1", "a",
    "\ud800", "é", "e\u0301", b"", b"a", bytearray(b"a"), Decimal("1"), Decimal("1.0"), Decimal("NaN"),
    Decimal("-Infinity"), Fraction(1, 3),
    dt.date(2020, 6, 1), dt.datetime(2020, 6, 1), NOON, NOON.replace(fold=1), NOON.replace(tzinfo=dt.UTC),
    NOON.replace(tzinfo=EASTERN), NOON.replace(tzinfo=dt.timezone(dt.timedelta(hours=-4))), NOON.time(),
    dt.time(12, tzinfo=dt.UTC), dt.timedelta(1), dt.timedelta(seconds=1), EASTERN, ZoneInfo("Europe/Berlin"), dt.UTC,
    Side.LONG, Side.SHORT, Direction.LONG, Mode.FAST,
    pathlib.Path("a"), pathlib.Path("b"), pathlib.PurePosixPath("a"), pathlib.PureWindowsPath("a"), uuid.UUID(int=1),
    re.compile("a"), re.compile("a", re.I), re.compile(b"a"), range(3), range(4), slice(1), Ellipsis, NotImplemented,
    [], [[]], [1], [1, 2], [2, 1], [[1], 2], [1, [2]], ["ab"], ["a", "b"],
    set(), {1}, {1, 2}, {"1"}, {}, {1: 2}, {"1": 2}, {1: "2"}, {1.0: 2}, {True: 2}, {(1, 2): 3},
    OrderedDict(), OrderedDict([(1, 2), (3, 4)]), OrderedDict([(3, 4), (1, 2)]), {1: 2, 3: 4}, defaultdict(list),
    defaultdict(int), Counter("a"), deque([1]), deque([1], maxlen=2),
    Stop(), Target(), Stop(mult=2), Stop(mult=3.0), Stop, Target, Band(0.0), Band(0.5), Config(name="a"),
    Config(name="a", weights=[1.0]), Point(1, 2), Point(2, 1), Ticker("a"), Told(1), Told(2), Estimator(), Estimator(4),
    np.datetime64("2020-06-01"), np.datetime64("2020-06-01", "s"), np.timedelta64(1, "D"), np.dtype("f8"),
    np.dtype("f4"), np.array([1, 2]), np.array([1.0, 2.0]), np.array([1, 2], dtype="i4"), np.array([[1, 2]]),
    np.array([[1], [2]]), np.array(1), np.array([1, "a"], dtype=object), np.array([b"a"]), np.array(["a"]),
    np.array(["a"], dtype=np.dtypes.StringDType()), np.array(["b"], dtype=np.dtypes.StringDType()),
    pl.Series([1], dtype=pl.Int128), pl.Series([2], dtype=pl.Int128), pl.Series([[1]]), pl.Series([{"x": 1}]),
    np.array([], dtype="f8"), np.array([], dtype="f4"), np.array([True, False]), np.array([1, 2], dtype="M8[D]"),
    np.array([1, 2], dtype="M8[s]"), np.array([(1, 2.0)], dtype=[("a", "i8"), ("b", "f8")]),
    np.ma.masked_array([1, 2], mask=[False, True]), np.ma.masked_array([1, 2], mask=[True, False]),
    pd.Timestamp("2020-06-01"), pd.Timestamp("2020-06-01", tz="UTC"), pd.Timedelta(days=1), pd.NaT, pd.NA,
    pd.Period("2020-06", "M"), pd.Interval(0, 1), pd.Interval(0, 1, closed="both"), pd.offsets.BDay(1),
    pd.offsets.BDay(2), pd.offsets.Day(1), pd.Series([1, 2]), pd.Series([1.0, 2.0]), pd.Series([1, 2], name="a"),
    pd.Series([1, 2], index=[1, 2]), pd.DataFrame({"a": [1, 2]}), pd.DataFrame({"b": [1, 2]}),
    pd.DataFrame({"a": [1, 2]}, index=[1, 2]), pd.Index([1, 2]), pd.RangeIndex(2), pd.Categorical(["a", "b"]),
    pd.Categorical(["b", "a"]), pd.Categorical(["a", "b"], ordered=True), pd.CategoricalDtype(["a"]),
    pl.DataFrame({"a": [1, 2]}), pl.DataFrame({"a": [1.0, 2.0]}), pl.Series("a", [1, 2]), pa.table({"a": [1, 2]}),
    pa.array([1, 2]), pa.array([1, None]), pa.int64(), pa.float64(), len, max, str, int, math.sin, math.cos, np.sin,
    np.mean, np.float64, "".join, ",".join, str.join, math, re, Side, Ticker,
]  # fmt: skip


@pytest.mark.row("B7")
def test_different_values_never_share_an_encoding() -> None:
    written = [(encode(value), value) for value in DIFFERENT]
    shared = [(a[1], b[1]) for a, b in combinations(written, 2) if a[0] == b[0]]
    assert shared == []


@pytest.mark.row("B37")
def test_no_encoding_is_the_beginning_of_another() -> None:
    written = sorted(encode(value) for value in DIFFERENT)
    assert [a for a, b in pairwise(written) if b.startswith(a)] == []


@pytest.mark.row("B6", "B7")
@pytest.mark.parametrize(
    ("one", "other"),
    [
        (np.int64(5), 5),
        (np.int8(5), 5),
        (np.bool_(True), True),
        (np.float64(0.5), 0.5),
        (np.float32(0.5), 0.5),
        (np.str_("a"), "a"),
        (np.bytes_(b"a"), b"a"),
        ((1, [2, (3,)]), [1, (2, [3])]),
        ({"a": 1, "b": 2}, {"b": 2, "a": 1}),
        ({3, 1, 2}, {2, 3, 1}),
        ({1, 2}, frozenset({2, 1})),
        (math.nan, -math.nan),
        (float("nan"), struct.unpack("<d", b"\x01\0\0\0\0\0\xf0\x7f")[0]),
        (np.array([math.nan, 0.0]), np.array([-math.nan, -0.0])),
        (np.arange(6).reshape(2, 3), np.asfortranarray(np.arange(6).reshape(2, 3))),
        (np.arange(10)[::2], np.array([0, 2, 4, 6, 8])),
        (np.array([1.0]), np.array([1.0], dtype=">f8")),
        (np.array(["a", "b"]), np.array(["a", "b"], dtype=">U1")),
        (Stop(), Stop("atr", 2.0)),
        (dt.UTC, pytz.UTC),
        (dt.UTC, ZoneInfo("UTC")),
        (pl.Series("a", [1, 2]), pl.concat([pl.Series("a", [1]), pl.Series("a", [2])])),
        (pa.chunked_array([[1, 2]]), pa.chunked_array([[1], [2]])),
    ],
)
def test_equal_values_share_an_encoding(one: Any, other: Any) -> None:
    assert encode(one) == encode(other)


@pytest.mark.row("B5")
def test_arrays_of_any_length_count_in_full() -> None:
    """`repr` abbreviates what has more than 1,000 elements (B5)."""
    for make in (np.arange, lambda n: pd.Series(np.arange(n)), lambda n: np.arange(n).tolist()):
        one, other = make(5_000), make(5_000)
        other[2_500] = -1
        assert encode(one) != encode(other)


def test_a_fitted_estimator_is_not_the_unfitted_one() -> None:
    one, other = Estimator(), Estimator()
    other.coef_ = np.array([1.0])  # type: ignore[attr-defined]
    assert encode(one) != encode(other)


@pytest.mark.long
def test_an_estimator_of_scikit_learn_is_told_by_all_it_holds() -> None:
    sklearn = pytest.importorskip("sklearn.linear_model")
    one, other = sklearn.Ridge(alpha=1.0), sklearn.Ridge(alpha=2.0)
    assert encode(one) == encode(sklearn.Ridge()) != encode(other)
    x = np.arange(6.0).reshape(3, 2)
    assert encode(one) != encode(sklearn.Ridge().fit(x, [0.0, 1.0, 2.0]))
    fitted = encode(sklearn.Ridge().fit(x, [0.0, 1.0, 2.0]))
    assert fitted == encode(sklearn.Ridge().fit(x, [0.0, 1.0, 2.0]))
    assert fitted != encode(sklearn.Ridge().fit(x, [0.0, 1.0, 3.0]))


def test_attributes_beside_the_fields_of_a_dataclass_count() -> None:
    one, other = Stop(), Stop()
    other.extra = 1  # type: ignore[attr-defined]
    assert encode(one) != encode(other)


def test_private_attributes_of_a_pydantic_model_count() -> None:
    class Private(pydantic.BaseModel):
        _seed: int = pydantic.PrivateAttr(default=1)

    one, other = Private(), Private()
    other._seed = 2
    assert encode(one) != encode(other)


def test_slots_count() -> None:
    @dataclasses.dataclass(slots=True)
    class Slotted:
        a: int = 1

    assert encode(Slotted()) != encode(Slotted(2))


def test_a_calendar_is_told_by_its_parameters() -> None:
    one = TradingCalendar(holidays=[dt.date(2020, 1, 1)])  # type: ignore[call-arg]
    other = TradingCalendar(holidays=[dt.date(2020, 1, 2)])  # type: ignore[call-arg]
    assert encode(one) == encode(TradingCalendar(holidays=[dt.date(2020, 1, 1)]))  # type: ignore[call-arg]
    assert encode(one) != encode(other) != encode(TradingCalendar())


def test_what_a_calendar_has_looked_up_does_not_count() -> None:
    one = TradingCalendar()
    before = encode(one)
    one._nextday(dt.date(2020, 1, 1))
    one._looked_up = {dt.date(2020, 1, 1)}  # type: ignore[attr-defined]
    assert encode(one) == before


def test_mappings_of_backtrail_are_told_by_their_items() -> None:
    ways = [AutoOrderedDict(a=1), AutoOrderedDict(a=2), AutoOrderedDict(b=1), OrderedDict(a=1), {"a": 1}]
    assert len({encode(way) for way in ways}) == len(ways)


class Plain:
    """An object that only its memory address tells from others."""


@pytest.mark.row("B7")
@pytest.mark.parametrize(
    ("value", "where"),
    [
        (Plain(), "params"),
        ({"model": {"weights": Plain()}}, "params.model.weights"),
        ({"a b": [1, (2, Plain())]}, "params['a b'][1][1]"),
        ({3: Plain()}, "params[3]"),
        ([{Plain()}], "params[0]{...}"),
        ({Plain(): 1}, "params.<key"),
        (Stop(kind=Plain()), "params.kind"),  # type: ignore[arg-type]
        (Band(Plain()), "params.low"),  # type: ignore[arg-type]
        (Point(1, Plain()), "params"),
        (np.array([1, Plain()], dtype=object), "params[1]"),
        (pd.DataFrame({"a": [1, 2], "b": [Plain(), 2]}), "params.b[0]"),
        (iter([1]), "params"),
        ((one for one in "ab"), "params"),
        (memoryview(b"a"), "params"),
        (np.longdouble(1), "params"),
        (np.array([1], dtype=np.longdouble), "params"),
        (np.array([1]).view(type("Sub", (np.ndarray,), {})), "params"),
        (pl.LazyFrame({"a": [1]}), "params"),
        (dt.datetime(2020, 1, 1, tzinfo=type("Zone", (dt.tzinfo,), {})()), "params"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_has_no_canonical_form_is_refused_by_its_place(value: Any, where: str) -> None:
    with pytest.raises(UncacheableParameter) as caught:
        encode(value)
    assert caught.value.where.startswith(where)
    assert str(caught.value).startswith(f"encoding {where}")
    assert "0x" not in str(caught.value).replace(caught.value.where, "")


def test_the_refusal_is_a_type_error_of_backtrail() -> None:
    with pytest.raises(TypeError, match="__fingerprint__") as caught:
        encode(Plain(), "sizer")
    assert isinstance(caught.value, BacktrailError)
    assert caught.value.where == "sizer"  # type: ignore[attr-defined]


def test_values_that_hold_themselves_are_refused() -> None:
    held: list[Any] = [1]
    held.append({"again": held})
    with pytest.raises(UncacheableParameter, match=r"params\[1\]\.again.*contains itself"):
        encode(held)
    stop = Stop()
    stop.kind = stop  # type: ignore[assignment]
    with pytest.raises(UncacheableParameter, match="contains itself"):
        encode(stop)


def test_one_value_in_two_places_is_not_a_cycle() -> None:
    shared = [1]
    assert encode([shared, shared]) == encode([[1], [1]])


def test_endless_nesting_is_refused() -> None:
    deep: list[Any] = []
    for _ in range(100_000):
        deep = [deep]
    with pytest.raises(UncacheableParameter, match="nested"):
        encode(deep)


def test_what_a_class_says_of_itself_must_be_encodable() -> None:
    class Wrong:
        def __fingerprint__(self) -> object:
            return Plain()

    with pytest.raises(UncacheableParameter, match="__fingerprint__"):
        encode(Wrong())


@pytest.mark.parametrize("method", ["__fingerprint__", "get_params"])
def test_a_class_that_fails_to_tell_is_refused(method: str) -> None:
    def fail(self: Any, deep: bool = True) -> Any:
        raise RuntimeError("no luck")

    kind = type("Failing", (), {method: fail, "set_params": fail})
    with pytest.raises(UncacheableParameter, match=r"params\.x .*RuntimeError: no luck"):
        encode({"x": kind()})


def test_keys_of_any_kind_are_named_in_few_words() -> None:
    class Loud:
        def __repr__(self) -> str:
            raise AssertionError("shown")

    with pytest.raises(UncacheableParameter, match="Loud"):
        encode({Loud(): 1})
    with pytest.raises(UncacheableParameter) as caught:
        encode({"k" * 10_000: Plain(), 10**6_000: 1})
    assert len(str(caught.value)) < 500


def test_subclasses_of_plain_types_are_told_by_their_plain_value() -> None:
    class Liar(dict):  # type: ignore[type-arg]
        def items(self) -> Any:
            return {}.items()

    assert encode(Liar(a=1)) != encode(Liar(a=2))
    assert encode(Liar(a=1)) != encode({"a": 1})
