"""What is run: datas, settings, strategies and what to write down, independent of the engine it runs on."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from types import ModuleType
from typing import Any

Row = tuple[datetime, float, float, float, float, float, float]
COLUMNS = ("open", "high", "low", "close", "volume", "openinterest")


@dataclass
class Data:
    """One feed: bars and how they reach Cerebro.

    *feed* is `pandas`, `csv` (a file through GenericCSVData) or `user` (a feed class that implements `_load`).
    *add* is the Cerebro method: `adddata`, `resampledata` or `replaydata`, or `resample`/`replay` for the feed's own
    method before `adddata`; *args* are its arguments. With *of* set there are no bars of its own: the data with that
    index is handed to *add* once more. *filters* are names from `FILTERS` or of classes in `bt.filters`.
    """

    rows: Sequence[Row] = ()
    feed: str = "pandas"
    timeframe: str = "Days"
    compression: int = 1
    name: str | None = None
    kwargs: dict[str, Any] = field(default_factory=dict)
    add: str = "adddata"
    args: dict[str, Any] = field(default_factory=dict)
    of: int | None = None
    filters: Sequence[str] = ()


@dataclass
class Watch:
    """What a recording writes down.

    *hooks* are the strategy hooks that the recorder overrides (an engine may treat a hook that nobody overrides
    differently, so it matters to leave some out). *reads* says how often the account is read at the end of a bar's
    hook: every that many calls, 0 never.
    """

    hooks: Sequence[str] = (
        "start", "stop", "prenext", "nextstart", "next", "prenext_open", "nextstart_open", "next_open",
        "notify_order", "notify_trade", "notify_cashvalue", "notify_fund", "notify_timer",
    )  # fmt: skip
    reads: int = 1


@dataclass
class Scenario:
    """A complete run. *strategies* are factories that take the module and give a strategy class, with its kwargs."""

    datas: Sequence[Data]
    strategies: Sequence[tuple[Callable[[ModuleType], type], dict[str, Any]]]
    cerebro: dict[str, Any] = field(default_factory=dict)
    run: dict[str, Any] = field(default_factory=dict)
    setup: Callable[[ModuleType, Any], None] | None = None
    analyzers: Sequence[tuple[str, dict[str, Any]]] = ()
    watch: Watch = field(default_factory=Watch)
    optimise: dict[str, Sequence[Any]] | None = None


_user_feeds: dict[ModuleType, type] = {}


def _user_feed(bt: ModuleType) -> type:
    """Give the feed class of a user who implements `_load`, one per module."""
    if bt not in _user_feeds:

        class RowsFeed(bt.feed.DataBase):
            params = (("rows", ()),)

            def start(self):
                super().start()
                self.position = 0

            def _load(self):
                if self.position >= len(self.p.rows):
                    return False
                row = self.p.rows[self.position]
                self.position += 1
                self.lines.datetime[0] = bt.date2num(row[0])
                self.lines.open[0] = row[1]
                self.lines.high[0] = row[2]
                self.lines.low[0] = row[3]
                self.lines.close[0] = row[4]
                self.lines.volume[0] = row[5]
                self.lines.openinterest[0] = row[6]
                return True

        _user_feeds[bt] = RowsFeed
    return _user_feeds[bt]


def _csv_file(rows: Sequence[Row]) -> str:
    folder = Path(tempfile.gettempdir()) / "backtrail-oracle"
    folder.mkdir(exist_ok=True)
    text = "date,open,high,low,close,volume,openinterest\n" + "".join(
        f"{row[0]:%Y-%m-%d %H:%M:%S},{','.join(repr(float(x)) for x in row[1:])}\n" for row in rows
    )
    with tempfile.NamedTemporaryFile("w", suffix=".csv", dir=folder, delete=False) as file:
        file.write(text)
    return file.name


def make_feed(bt: ModuleType, data: Data) -> tuple[Any, Path | None]:
    """Build the feed object of *data*; give with it the file that must be removed after the run, if any."""
    kwargs = dict(data.kwargs, timeframe=getattr(bt.TimeFrame, data.timeframe), compression=data.compression)
    if data.feed == "csv":
        path = _csv_file(data.rows)
        return bt.feeds.GenericCSVData(dataname=path, **kwargs), Path(path)
    if data.feed == "user":
        return _user_feed(bt)(rows=tuple(data.rows), **kwargs), None
    import pandas as pd

    frame = pd.DataFrame(
        [row[1:] for row in data.rows], columns=list(COLUMNS), index=[row[0] for row in data.rows]
    )
    return bt.feeds.PandasData(dataname=frame, **kwargs), None


def drop_some(data: Any) -> bool:
    """Take the bar out if its volume says so."""
    return bool(data.volume[0] % 7 == 3)


def widen(data: Any) -> bool:
    """Change the bar: half a unit more on both sides."""
    data.high[0] += 0.5
    data.low[0] -= 0.5
    return False


class EveryOther:
    """Take out every second bar, and count."""

    def __init__(self, data: Any) -> None:
        self.seen = 0

    def __call__(self, data: Any) -> bool:
        self.seen += 1
        if self.seen % 2:
            return False
        data.backwards()
        return True


class Twice:
    """Deliver after every bar of even volume a second one a minute later."""

    def __init__(self, data: Any) -> None:
        pass

    def __call__(self, data: Any) -> bool:
        if data.volume[0] % 2 == 0:
            bar = [line[0] for line in data.lines]
            bar[data.DateTime] += 1.0 / 1440.0
            data._add2stack(bar)
        return False


FILTERS = {"widen": widen, "every other": EveryOther, "twice": Twice}


def add_datas(bt: ModuleType, cerebro: Any, datas: Sequence[Data]) -> list[Path]:
    """Build all feeds, hand them to *cerebro* in order and give the files to remove afterwards."""
    files: list[Path] = []
    feeds: list[Any] = []
    for data in datas:
        if data.of is None:
            feed, path = make_feed(bt, data)
            if path is not None:
                files.append(path)
        else:
            feed = feeds[data.of]
        for name in data.filters:
            if name == "drop some":
                feed.addfilter_simple(drop_some)
            else:
                feed.addfilter(FILTERS[name] if name in FILTERS else getattr(bt.filters, name))
        args = dict(data.args)
        if "timeframe" in args:
            args["timeframe"] = getattr(bt.TimeFrame, args["timeframe"])
        if data.add in ("resample", "replay"):
            getattr(feed, data.add)(**args)
            args = {}
        method = data.add if data.add in ("resampledata", "replaydata") else "adddata"
        if data.name is not None:
            args["name"] = data.name
        feeds.append(getattr(cerebro, method)(feed, **args))
    return files
