from __future__ import annotations

import pickle
import subprocess
import sys
from datetime import UTC as BUILTIN_UTC
from datetime import datetime, timedelta, timezone, tzinfo
from importlib import resources
from types import ModuleType
from zoneinfo import ZoneInfo

import pytest

from backtrail.base.time import date2num, num2date
from backtrail.base.timezone import UTC, Localizer, TZLocal, localize, tzparse
from backtrail.errors import ParameterValueError

TWICE = datetime(2006, 10, 29, 1, 30)
NEVER = datetime(2006, 4, 2, 2, 30)


class WithLocalize(tzinfo):
    """A zone of pytz's kind: it places times itself."""

    def localize(self, dt: datetime) -> datetime:
        return dt.replace(tzinfo=timezone(timedelta(hours=-3)))

    def utcoffset(self, dt: datetime | None) -> timedelta:
        return timedelta(hours=-99)


@pytest.mark.parametrize("zone", ["US/Eastern", ZoneInfo("US/Eastern"), "America/New_York"])
def test_a_time_that_happens_twice_is_standard_time(zone: object) -> None:
    placed = tzparse(zone).localize(TWICE)
    assert placed.utcoffset() == timedelta(hours=-5)


def test_fold_asks_for_the_second_of_two_and_is_dst_for_summer_time() -> None:
    zone = tzparse("US/Eastern")
    assert zone.localize(TWICE.replace(fold=1)).utcoffset() == timedelta(hours=-5)
    assert zone.localize(TWICE, is_dst=True).utcoffset() == timedelta(hours=-4)


def test_a_time_that_never_happens_is_standard_time() -> None:
    assert tzparse("US/Eastern").localize(NEVER).utcoffset() == timedelta(hours=-5)


def test_where_the_zone_itself_moved_the_later_moment_is_meant() -> None:
    moved = datetime(2015, 8, 14, 23, 45)  # Pyongyang set its clocks back by half an hour for good
    assert tzparse("Asia/Pyongyang").localize(moved).utcoffset() == timedelta(hours=8, minutes=30)


def test_zoneinfo_zones_work_where_backtrader_wants_pytz() -> None:
    zone = ZoneInfo("America/New_York")
    assert date2num(datetime(2006, 7, 2, 9, 31), zone) == date2num(datetime(2006, 7, 2, 13, 31))
    assert num2date(date2num(datetime(2006, 7, 2, 13, 31)), zone) == datetime(2006, 7, 2, 9, 31)


def test_named_zones_answer_what_scripts_ask_of_pytz() -> None:
    zone = tzparse("US/Eastern")
    assert zone.zone == "US/Eastern"
    noon = datetime(2006, 7, 4, 12, tzinfo=BUILTIN_UTC)
    assert zone.normalize(noon).isoformat() == "2006-07-04T08:00:00-04:00"
    assert zone.normalize(noon).tzinfo is zone
    summer = zone.localize(datetime(2006, 10, 28, 12))
    assert zone.normalize(summer + timedelta(days=1)).isoformat() == "2006-10-29T12:00:00-05:00"
    never = NEVER.replace(tzinfo=zone)
    assert zone.normalize(never).isoformat() == "2006-04-02T03:30:00-04:00"
    with pytest.raises(ValueError, match=r"normalised to time zone US/Eastern, but it has no zone.*localize"):
        zone.normalize(TWICE)


def test_a_zone_with_its_own_localize_is_asked() -> None:
    zone = WithLocalize()
    assert Localizer(zone) is zone
    assert tzparse(zone) is zone
    assert localize(zone, TWICE).utcoffset() == timedelta(hours=-3)


def test_plain_offsets_get_a_localize() -> None:
    zone = Localizer(timezone(timedelta(hours=3)))
    assert zone.localize(TWICE).utcoffset() == timedelta(hours=3)
    assert num2date(732313.5, zone, naive=False).isoformat() == "2006-01-02T15:00:00+03:00"
    assert zone.tzname(TWICE) == "UTC+03:00"
    assert zone.dst(TWICE) is None


def test_a_zone_without_a_key_is_wrapped() -> None:
    with resources.files("tzdata.zoneinfo.America").joinpath("New_York").open("rb") as file:
        zone = Localizer(ZoneInfo.from_file(file))
    assert zone.localize(TWICE).utcoffset() == timedelta(hours=-5)


def test_none_stays_none() -> None:
    assert tzparse(None) is None
    assert Localizer(None) is None


def test_the_bare_abbreviation_of_central_time_has_summer_time() -> None:
    assert tzparse("CST").localize(datetime(2006, 7, 1)).utcoffset() == timedelta(hours=-5)


def test_an_unknown_name_is_refused_with_the_remedy() -> None:
    with pytest.raises(ParameterValueError, match=r"'Foo/Bar'.*America/New_York.*tzdata"):
        tzparse("Foo/Bar")


def test_a_name_that_only_pytz_knows_is_taken_from_there(monkeypatch: pytest.MonkeyPatch) -> None:
    pytz = ModuleType("pytz")
    pytz.UnknownTimeZoneError = KeyError  # type: ignore[attr-defined]
    pytz.timezone = {"Foo/Bar": WithLocalize()}.__getitem__  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "pytz", pytz)
    assert isinstance(tzparse("Foo/Bar"), WithLocalize)
    with pytest.raises(ParameterValueError):
        tzparse("Foo/Baz")


def test_the_zone_database_is_looked_for_only_when_a_zone_is_named() -> None:
    code = "import sys, backtrail.base.time as t; t.tzparse(None); t.num2date(7e5); print('zoneinfo' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_what_is_no_zone_is_refused() -> None:
    with pytest.raises(ParameterValueError, match=r"found 5 of type int"):
        tzparse(5)


def test_a_time_that_carries_a_zone_is_not_placed_again() -> None:
    with pytest.raises(ValueError, match="not naive"):
        tzparse("US/Eastern").localize(TWICE.replace(tzinfo=UTC))


def test_utc_and_the_machines_zone() -> None:
    moment = datetime(2006, 1, 2, 9, 31)
    assert UTC.localize(moment).utcoffset() == timedelta(0)
    assert UTC.dst(moment) == timedelta(0)
    assert UTC.tzname(moment) == "UTC"
    local = TZLocal.localize(moment)
    assert local.utcoffset() == moment.astimezone().utcoffset()
    assert local.tzname() == moment.astimezone().tzname()
    assert TZLocal.dst(moment) is not None
    assert TZLocal.tzname(None)


@pytest.mark.parametrize("zone", [UTC, TZLocal, tzparse("US/Eastern"), Localizer(BUILTIN_UTC)])
def test_zones_can_be_pickled(zone: tzinfo) -> None:
    moment = datetime(2006, 1, 2, 9, 31)
    again = pickle.loads(pickle.dumps(zone))
    assert again.utcoffset(moment) == zone.utcoffset(moment)
    assert repr(again) == repr(zone)
