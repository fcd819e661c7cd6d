"""Encodings and fingerprints written down: a store keeps keys for years, so what they are made of must not move.

A change here needs a version of its own in the domain that it belongs to (``backtrail-table/1``…), so that older keys
are not mistaken for others.
"""

from __future__ import annotations

import ast
import datetime as dt
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import pytest

import backtrail as bt
from backtrail.runs.digests import digest
from backtrail.runs.encoding import encode
from backtrail.runs.feeds import fingerprint_feed
from backtrail.runs.fingerprint import fingerprint
from backtrail.runs.key import RunKey, part
from backtrail.runs.source import normal_form

VALUES: list[tuple[Any, str]] = [
    (None, "4e0000000000000000"),
    (True, "42010000000000000001"),
    (-129, "4902000000000000007fff"),
    (1.5, "460800000000000000000000000000f83f"),
    (float("nan"), "460800000000000000000000000000f87f"),
    ("é", "530200000000000000c3a9"),
    ([1, "a"], "4c14000000000000004901000000000000000153010000000000000061"),
    ({2, 1}, "7314000000000000004901000000000000000149010000000000000002"),
]


@pytest.mark.parametrize(("value", "written"), VALUES)
def test_plain_values_are_written_like_this(value: Any, written: str) -> None:
    assert encode(value).hex() == written


DIGESTS: list[tuple[Any, str]] = [
    ({"b": 1, "a": None, 3: (1.0, b"x")}, "eef4c6d8cb5431f79af06acd62e135247e19a271f8d34df1e3fd95c74907d426"),
    (
        [dt.date(2020, 1, 2), dt.datetime(2020, 1, 2, 3, tzinfo=dt.UTC), dt.timedelta(1)],
        "4c5548309a2b73930a9ba4f37fe138c50b370db4f5b181e6e5789b8480ff039d",
    ),
    (Decimal("1.50"), "06465b7800e06effc889e30313b1464ccf7ac053f5a375dc5c9d51b43249662b"),
    (np.arange(6.0).reshape(2, 3), "b15c5d08bb2e46939f1fb3fe0f3eb500e890d9dd269940aecdd534501ec3d53f"),
    (
        pd.DataFrame({"a": [1.0, -0.0], "b": [1, 2]}, index=[5, 6]),
        "658c9f778e4cbd74cbbdb2380eb5ede34cda7d9bb580325991fa0849e56e7dde",
    ),
]


@pytest.mark.parametrize(("value", "written"), DIGESTS, ids=lambda one: type(one).__name__)
def test_larger_values_have_these_digests(value: Any, written: str) -> None:
    assert digest("test", encode(value)) == f"b3:{written}"


def test_a_table_has_this_fingerprint() -> None:
    table = {"a": np.array([1.0, np.nan]), "b": np.array([1, 2])}
    assert fingerprint(table).digest == "b3:19412c62c9fe4b9fb31338bb2478f11b1a57df911d246099100e46f97a99feec"


def test_a_feed_has_this_fingerprint() -> None:
    prices = {
        "open": [1.0, 2.0],
        "high": [2.0, 3.0],
        "low": [0.5, 1.5],
        "close": [1.5, 2.5],
        "volume": [10, 20],
    }
    frame = pd.DataFrame(prices, index=pd.date_range("2020-01-01", periods=2))
    found = fingerprint_feed(bt.feeds.PandasData(dataname=frame, openinterest=None))
    assert found.digest == "b3:0f88860797693a865c90960911e8949f7dc1868aac6dac70fbd131c3f42722be"


def test_a_key_is_this_one() -> None:
    key = RunKey.of(engine=part("engine", [1]), params=part("params", {"period": 14}))
    assert key.digest == "b3:9f9d1aa7c999de104f603607cd535c9918f27ac54b3b4dea31bd8796e4f0d450"


def test_code_has_this_normal_form() -> None:
    text = 'def f(x, *, up=2):\n    """Doc."""\n    return [k * up for k in x if k > 0.5]'
    found = digest("test", normal_form(ast.parse(text)))
    assert found == "b3:6faebdd57e4fff97f7b171b3df04018221b873f7b86b52ae317f43fb17d9b3ba"
