"""Run a recorded run again, in a process of its own: code as captured, bars as stored, settings as recorded.

``python -m backtrail.cli.runs_again STORE RUN CODE OUT`` reads the record, takes the classes from the folder CODE and
writes the tables and figures of the new run into the folder OUT. It executes the code of the record.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from ..cerebro import Cerebro
from ..compat import alias_backtrader
from ..engine.result import TABLES
from ..engine.spec import Build
from ..errors import ResultError
from ..feeds.base import DataBase
from ..feeds.columns import Columns
from ..runs.checkout import CannotRebuild
from ..runs.plain import from_plain
from ..runs.store import Run, Store
from ..runs.store.values import from_json

_LINES = frozenset(("close", "low", "high", "open", "volume", "openinterest", "datetime"))


class _Stop(BaseException):
    """Raised in place of a run while the entry script is read for its classes."""


class StoredFeed(DataBase):
    """The bars of a feed as a record holds them."""

    params: ClassVar[Any] = (("columns", None),)

    def _read_columns_(self) -> Columns | None:
        held: dict[str, NDArray[np.float64]] = self.p.columns
        return Columns.of({name: values.copy() for name, values in held.items()})


def stored_feed(run: Run, entry: dict[str, Any]) -> Any:
    """Give the feed that an entry of ``data`` in the manifest describes, with the bars that the store has."""
    told: dict[str, Any] = from_json(entry["feed"])
    table = run.store.get_table(entry["snapshot"], full=True)
    columns = {name: table.column(name).to_numpy() for name in table.column_names}
    extra = tuple(name for name in told["lines"] if name not in _LINES)
    kind: Any = type("StoredFeed", (StoredFeed,), {"lines": extra}) if extra else StoredFeed
    feed = kind(
        columns=columns, timeframe=told["timeframe"], compression=told["compression"],
        sessionstart=told["sessionstart"], sessionend=told["sessionend"], tz=told["tz"],
    )  # fmt: skip
    feed._name = told["name"] or feed._name
    return feed


class Names:
    """Finds classes and functions of a record: in libraries, in the modules checked out, in the entry script."""

    def __init__(self, run: Run, folder: Path) -> None:
        self.folder = folder
        files = (run.manifest.get("code") or {}).get("files") or []
        self.main = next((one["path"] for one in files if one.get("module") == "__main__"), None)
        self.script: ModuleType | None = None
        self.trouble = ""
        self.arguments: list[str] = [str(one) for one in (run.manifest.get("env") or {}).get("argv") or ()][
            1:
        ]
        homes = [folder, folder / "src"]
        if self.main is not None:
            homes.insert(0, folder.joinpath(*self.main.split("/")).parent)
        sys.path[:0] = [str(home) for home in dict.fromkeys(homes) if home.is_dir()]

    def __call__(self, name: str) -> Any:
        module, _, qualname = name.partition(":")
        found: Any = self._entry() if module == "__main__" else importlib.import_module(module)
        for part in qualname.split("."):
            if not hasattr(found, part):
                made = " (a function makes it)" if "<locals>" in qualname else ""
                raise CannotRebuild(
                    f"running a record again - expected {qualname} in the module {module} - it is not there"
                    f"{made}{self.trouble}"
                )
            found = getattr(found, part)
        return found

    def _entry(self) -> ModuleType:
        """Read the entry script for its classes, up to the first run that it would start."""
        if self.script is None:
            if self.main is None:
                raise CannotRebuild(
                    "running a record again - expected its entry script - the record has none"
                )
            path = self.folder.joinpath(*self.main.split("/"))
            module = self.script = ModuleType("__main__")
            module.__file__ = str(path)
            code = compile(path.read_bytes(), str(path), "exec", dont_inherit=True)
            sys.modules["__main__"] = module
            sys.argv = [str(path), *self.arguments]
            try:
                with _without_runs(), contextlib.suppress(_Stop, SystemExit):
                    exec(code, module.__dict__)
            except Exception as error:  # noqa: BLE001  # its classes may be there: what it reads next need not be
                self.trouble = f"; the script ended with {type(error).__name__}: {error}"
        return self.script


@contextlib.contextmanager
def _without_runs() -> Iterator[None]:
    usual = Cerebro.run

    def stop(self: Cerebro, **kwargs: Any) -> Any:
        raise _Stop

    Cerebro.run = stop  # type: ignore[method-assign]  # put back below
    try:
        yield
    finally:
        Cerebro.run = usual  # type: ignore[method-assign]


def rebuild(run: Run, folder: Path) -> Cerebro:
    """Give a Cerebro that is set up as the record says; run it yourself."""
    names = Names(run, folder)
    recipe = run.manifest["recipe"]
    config = from_plain(recipe["config"], names)
    made_by = config.get("cerebro", {"class": Cerebro, "params": {}})
    seed = from_json(run.manifest.get("seed") or {}).get("python")
    cerebro: Cerebro = made_by["class"](**config["settings"], **made_by["params"], seed=seed, store=False)
    for entry in run.manifest["data"]:
        cerebro.adddata(stored_feed(run, entry))
    _set_broker(cerebro, config["broker"])
    feeds = cerebro.datas
    for number, build in config["sizers"]:
        cerebro.sizers[number] = _build(build, feeds)
    cerebro.analyzers = [_build(build, feeds) for build in config["analyzers"]]
    cerebro.observers = [(multi, _build(build, feeds)) for multi, build in config["observers"]]
    cerebro.indicators = [_build(build, feeds) for build in config["indicators"]]
    for timer in config["timers"]:
        args, kwargs = timer.pop("args"), timer.pop("kwargs")
        timer.pop("tid", None)
        timer["tzdata"] = _feed(timer["tzdata"], feeds)
        cerebro.add_timer(*(timer.pop(name) for name in _TIMER), *args, **kwargs)
    for rows, notify in config["order_history"]:
        cerebro.add_order_history(rows, notify)
    if config["fund_history"] is not None:
        cerebro.set_fund_history(config["fund_history"])
    cerebro._event_mode = config["event_mode"]
    cerebro._tradingcal = config["calendar"]
    for told in from_plain(recipe["params"], names):
        kwargs = {**told["params"], **told["kwargs"]}
        given = {name: _feed(value, feeds) for name, value in kwargs.items()}
        cerebro.addstrategy(told["class"], *[_feed(value, feeds) for value in told["args"]], **given)
    return cerebro


_TIMER = (
    "when", "offset", "repeat", "weekdays", "weekcarry", "monthdays", "monthcarry", "allow", "tzdata", "strats",
    "cheat",
)  # fmt: skip


def _build(told: dict[str, Any], feeds: list[Any]) -> Build:
    kwargs = {name: _feed(value, feeds) for name, value in told["kwargs"].items()}
    return Build(told["class"], tuple(_feed(value, feeds) for value in told["args"]), kwargs)


def _feed(value: Any, feeds: list[Any]) -> Any:
    """Give the feed that a number stands for, any other value as it is."""
    if isinstance(value, dict) and set(value) == {"$feed"}:
        return feeds[value["$feed"]]
    return value


def _set_broker(cerebro: Cerebro, told: dict[str, Any]) -> None:
    broker = told["class"](**told["options"])
    for name, value in told["params"].items():
        setattr(broker.p, name, value)
    for name, value in told["own"].items():
        setattr(broker, name, value)
    for name, (kind, values) in told["schemes"].items():
        scheme = kind(**values["params"])
        for param, value in values["params"].items():  # what its __init__ made of them is done already
            setattr(scheme.p, param, value)
        vars(scheme).update(values["own"])
        broker.comminfo[name] = scheme
    broker.setcash(told["params"]["cash"])
    cerebro.broker = broker


def main(arguments: list[str]) -> int:
    """Run the record that *arguments* name again; give the exit status."""
    where, reference, code, out = arguments
    run = Store.open(where, create=False).run(reference)
    with alias_backtrader():
        cerebro = rebuild(run, Path(code))
        told: dict[str, Any] = {"status": "finished"}
        try:
            cerebro.run()
        except Exception as error:  # noqa: BLE001  # a run that failed may fail again, and that is what is compared
            told = {"status": "failed", "type": type(error).__name__, "message": str(error)}
    _write(cerebro, Path(out), told)
    return 0


def _write(cerebro: Cerebro, folder: Path, told: dict[str, Any]) -> None:
    import pyarrow as pa

    try:
        result = cerebro.result
        told["metrics"] = {name: repr(value) for name, value in result.summary.items()}
        for name in TABLES:
            table = getattr(result, name).to_arrow()
            with (
                pa.OSFile(str(folder / f"{name}.arrow"), "wb") as sink,
                pa.ipc.new_file(sink, table.schema) as writer,
            ):
                writer.write_table(table)
    except ResultError as error:
        told["missing"] = str(error)
    (folder / "result.json").write_text(json.dumps(told), encoding="utf-8")


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
