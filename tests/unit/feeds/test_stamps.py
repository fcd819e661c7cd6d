from __future__ import annotations

from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backtrail.base.datenums import from_days
from backtrail.base.time import date2num
from backtrail.feeds.stamps import ISO_DATE, ISO_TIME, bytes_of, layout_of, moments

FORMATS = [
    "%Y-%m-%d %H:%M:%S",
    "%Y-%m-%d",
    "%Y%m%d",
    "%Y%m%d%H%M%S",
    "%m/%d/%Y",
    "%d.%m.%Y %H:%M",
    "%y%m%d",
    "%Y-%m-%dT%H:%M:%S.%f",
    "%Y-%m-%d %H:%M:%S.%fZ",
    "%H:%M %d/%m/%y",
    "%Y",
    "%Y-%m",
    "%Y%%%m%%%d",
]
TYPED = st.text("0123456789 -/:.TZtz+%", min_size=1, max_size=24)


def written(moment: datetime, form: str) -> str:
    return moment.strftime(form.replace("%Y", f"{moment.year:04d}"))


def numbers(texts: list[str], form: str) -> list[float] | None:
    codes = bytes_of(texts)
    layout = layout_of(form, len(texts[0]))
    found = None if codes is None or layout is None else moments(codes, layout)
    return None if found is None else from_days(*found).tolist()


@given(st.lists(st.datetimes(), min_size=1, max_size=8), st.sampled_from(FORMATS))
def test_times_of_fixed_width_read_as_strptime_reads_them(when: list[datetime], form: str) -> None:
    texts = [written(moment, form) for moment in when]
    assert numbers(texts, form) == [date2num(datetime.strptime(text, form)) for text in texts]


@given(st.datetimes(), st.sampled_from(FORMATS), st.data())
def test_what_is_read_at_once_is_what_strptime_reads(when: datetime, form: str, data: st.DataObject) -> None:
    text = list(written(when, form))
    for at in data.draw(st.lists(st.integers(0, len(text) - 1), max_size=3)):
        text[at] = data.draw(st.sampled_from("0123456789 -/:.TZtz+"))
    found = numbers(["".join(text)], form)
    if found is not None:
        assert found == [date2num(datetime.strptime("".join(text), form))]


@given(TYPED, st.sampled_from(FORMATS))
def test_nothing_is_read_that_strptime_refuses(text: str, form: str) -> None:
    found = numbers([text], form)
    if found is not None:
        assert found == [date2num(datetime.strptime(text, form))]


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("2006-02-29", "%Y-%m-%d"),
        ("2100-02-29", "%Y-%m-%d"),
        ("2006-13-01", "%Y-%m-%d"),
        ("2006-00-01", "%Y-%m-%d"),
        ("2006-01-00", "%Y-%m-%d"),
        ("0000-01-01", "%Y-%m-%d"),
        ("2006-01-02 24:00", "%Y-%m-%d %H:%M"),
        ("2006-01-02 23:60", "%Y-%m-%d %H:%M"),
        ("2006-01-0²", "%Y-%m-%d"),
        ("2006-1-2", "%Y-%m-%d"),
        ("02-Jan-2006", "%d-%b-%Y"),
        ("09:31", "%H:%M"),
        ("12345", "%f"),
        ("123452006", "%f%Y"),
        ("2006 2006", "%Y %Y"),
        ("2006\t01", "%Y\t%m"),
        ("2006-01-02 09:31 PM", "%Y-%m-%d %I:%M %p"),
        ("2006-01-02+0200", "%Y-%m-%d%z"),
        ("2006%", "%Y%"),
    ],
)
def test_whatever_is_not_certain_is_left_to_row_by_row_reading(text: str, form: str) -> None:
    assert numbers([text], form) is None


def test_leap_days_exist() -> None:
    assert numbers(["2004-02-29", "2000-02-29"], "%Y-%m-%d") == [
        date2num(datetime(2004, 2, 29)),
        date2num(datetime(2000, 2, 29)),
    ]


def test_two_columns_are_read_together() -> None:
    days, times = bytes_of(["2006-01-02", "2006-01-03"]), bytes_of(["09:31:00", "16:00:05"])
    assert days is not None
    assert times is not None
    found = moments(days, ISO_DATE, times, ISO_TIME)
    assert found is not None
    assert from_days(*found).tolist() == [
        date2num(datetime(2006, 1, 2, 9, 31)),
        date2num(datetime(2006, 1, 3, 16, 0, 5)),
    ]
    assert moments(days, ISO_DATE, days, ISO_DATE) is None
    assert moments(days, ISO_DATE, days, ISO_TIME) is None


def test_texts_of_different_length_or_not_ascii_are_not_taken_together() -> None:
    assert bytes_of([]) is None
    assert bytes_of([""]) is None
    assert bytes_of(["2006", "06"]) is None
    assert bytes_of(["200é"]) is None


def test_a_layout_fits_only_texts_of_its_width() -> None:
    codes = bytes_of(["2006-01-02"])
    layout = layout_of("%Y%m%d", 8)
    assert codes is not None
    assert layout is not None
    assert moments(codes, layout) is None
