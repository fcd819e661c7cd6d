"""Recording of runs by the engine: what a run is made of, its key, its manifest, and the record that may replace it.

:func:`begin` is called before a run, :meth:`Recording.found` gives the record of an identical run if it may be served,
:meth:`Recording.finished` and :meth:`Recording.failed` write the record. No fault of the store ever takes a result
away: it becomes a warning.
"""

from __future__ import annotations

import contextlib
import os
import sys
import time
import traceback
import warnings
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from ..errors import BacktrailWarning, ResultError, StoreError
from .cached import restore
from .callables import asked_by
from .code import Closure, closure_of, detect_entry_point
from .code.closure import is_current
from .code.model import Role
from .code.secrets import kinds_of_secrets, secrets_among, without_key_stores
from .collecting import without_collection
from .describe import Description, describe
from .encoding import UncacheableParameter
from .environment import GitReader, engine_build, engine_entry, env_entry, key_values
from .feeds import (
    FeedFingerprint,
    bars_digest,
    feed_settings,
    fingerprint_feed,
    load,
    snapshot,
    source_of,
    stored_lines,
)
from .folds import current_fold, note_fold
from .key import RunKey, engine_part, part
from .logged import Log
from .plain import UnstorableValue
from .references import SOURCE
from .shape import Shape, add_analyzer_metrics, given_params, place
from .store import Store, find_place
from .store.check import is_sound
from .watching import Watch, digest_of, recording

CACHE_CHOICES: Final = (None, "use", "always")
LARGEST_SNAPSHOT: Final = 256 * 1024 * 1024
WAIT_S: Final = 600.0
"""For how long a run waits for another process that computes the same one, if it may take that one's result."""

TABLES: Final = ("orders", "fills", "trades", "positions", "equity")

_stores: dict[Any, Store] = {}
_said: set[str] = set()


class RecordWarning(BacktrailWarning):
    """A run that was not recorded, or not taken from its record, as it was asked to be."""


def warn_once(text: str) -> None:
    """Warn of *text*, once in the life of the process."""
    if text not in _said:
        _said.add(text)
        warnings.warn(text, RecordWarning, stacklevel=3)


def open_store(where: Any) -> Store:
    """Open the store that *where* names: a store, a place, or None or True for the one that is found."""
    if isinstance(where, Store):
        return where
    place = find_place(None if where is None or where is True else where)
    key = (place.url, os.getpid())
    store = _stores.get(key)
    if store is None or not (place.remote or os.path.exists(os.path.join(place.url, "store.json"))):
        store = _stores[key] = Store.open(place)
    return store


def begin(cerebro: Any, run: Any, where: Any, cache: str | None) -> Recording | None:
    """Begin to record *run*; None, with a warning, if the store cannot be had."""
    try:
        with recording():
            return Recording(cerebro, run, open_store(where), cache)
    except Exception as error:  # noqa: BLE001  # what is wrong with the run itself, the run will say
        warnings.warn(f"The run is not recorded: {error}", RecordWarning, stacklevel=4)
        return None


class Recording:
    """The record of one run in the making."""

    def __init__(self, cerebro: Any, run: Any, store: Store, cache: str | None) -> None:
        self.run = run
        self.store = store
        self.cache = cache
        self.begun = time.time()
        self._clock = time.perf_counter()
        self.description: Description = describe(run.spec, cerebro)
        self.given = given_params(run.spec.strategies)
        self.uncacheable = ""
        self.secrets: dict[str, tuple[str, ...]] = {}
        self.feeds: list[FeedFingerprint] = []
        self._read_feeds()
        self.closure = _closure(self.description.classes)
        self._asked: set[str] = set()
        self.key = self._make_key()
        self.git = GitReader(self.closure.root, self.closure.digest)
        self.watch = Watch(self.closure.root, frozenset([*self._sources(), *_files_of(self.closure)]))
        self._log = Log()
        self.record = ""
        self._work: Any = None
        self._claim: Any = None
        self._started = (0.0, 0.0)

    # -- before the run ------------------------------------------------------------------------------------------

    def _read_feeds(self) -> None:
        """Load the feeds and take their fingerprints; the run need not load them again where it would do the same.

        A feed of the user's that delivers bars one by one may not be able to do so twice: it is loaded here only if the
        run takes what was loaded.
        """
        run = self.run
        run.choose_mode()
        if not run.preloaded:
            run.prepare_feeds()
            taken = run.mode == "vectorised" and not run.spec.event_mode
            once = [data for data in run.datas if data._overridden_("_load", "load", "forward")]
            if once and not taken:
                label = once[0]._name or type(once[0]).__name__
                self.uncacheable = f"Feed {label!r} loads its bars in its own way while the run goes on"
                return
            try:
                for data in run.datas:
                    if not data.islive() and not data.replaying:
                        load(data)
            finally:
                if not taken or sys.exc_info()[0] is not None:
                    for data in run.datas:  # the run begins to read them anew
                        data.stop()
            run.preloaded = taken
        try:
            self.feeds = [fingerprint_feed(data, f"data[{at}]") for at, data in enumerate(run.datas)]
        except UncacheableParameter as error:
            self.uncacheable = str(error)

    def _sources(self) -> list[str]:
        """Give the files that the feeds read: their bars are fingerprinted as data."""
        found = []
        for data in self.run.datas:
            name = data.p.dataname
            if isinstance(name, str | os.PathLike) and os.path.exists(name):
                found += [os.path.abspath(name), os.path.realpath(name)]
        return found

    def _make_key(self) -> RunKey | None:
        """Make the key; None, with a warning, if something that decides the result cannot be told by its value."""
        said, asked = self.description, self._asked
        if not self.uncacheable and not self.closure.keyable:
            self.uncacheable = f"not all of the code that runs is known: {self.closure.unknown}"
        if not self.uncacheable:
            try:
                told = {
                    "params": part("params", said.params, asked),
                    "config": part("config", _shortened(said.config), asked),
                }
                bars: list[Any] = [one.digest for one in self.feeds]
                if SOURCE in asked:  # what a feed reads may hold more than the bars
                    bars.append([source_of(data, f"data[{at}]") for at, data in enumerate(self.run.datas)])
                key = RunKey.of(
                    engine=engine_part(engine_build()),
                    code=part("code", [self.closure.digest]),
                    **told,
                    data=part("data", bars),
                    seed=part("seed", said.seed),
                    env=part("env", key_values(self.closure.packages)),
                )
                asked |= asked_by(one for one, role in said.classes.items() if role in ("feed", "class"))
                asked.discard(SOURCE)
                return key
            except UncacheableParameter as error:
                self.uncacheable = str(error)
        asked |= asked_by(self.description.classes)
        warn_once(f"The run has no key: it is recorded, and is computed again each time. {self.uncacheable}")
        return None

    def found(self) -> list[Any] | None:
        """Give the strategies of an identical run that is in the store, if there is one that may be served.

        While another process computes the same run, wait for it. If there is nothing to serve, others wait for this
        run until it is recorded.
        """
        if self.cache not in ("use", "always") or self.key is None or self.description.effects:
            return None
        try:
            with recording():
                return self._restored(self.key.digest)
        except Exception as error:  # noqa: BLE001  # whatever a record holds, the run can be computed
            warn_once(f"The record of an identical run cannot be read, so the run is computed: {error}")
            self.run.serve(None)
            self.run.strats = []
            return None

    def _restored(self, key: str) -> list[Any] | None:
        """Give the strategies of the record of *key*, if there is one that may be served."""
        self._claim = self.store.claim(key, wait_s=WAIT_S)
        record = self._claim.run
        if record is None or not self._may_serve(record) or not self._is_sound(record):
            return None
        self.record = record.id
        strats: list[Any] | None = restore(self.run, record, record.manifest["result"]["shape"])
        if strats is not None:
            self._give_up_claim()
            self.store.note_use(record)
            self._note_fold(record)
        return strats

    def _note_fold(self, record: Any) -> None:
        """Let a record carry the fold within which its result is served."""
        fold = current_fold()
        if fold is None:
            return
        try:
            self.record = note_fold(self.store, record, fold)
        except StoreError as error:
            warn_once(f"That run {record.id} was served within a fold is not recorded: {error}")

    def _give_up_claim(self) -> None:
        """Let others compute the run, or take its record."""
        if self._claim is not None:
            self._claim.release()
            self._claim = None

    def _may_serve(self, record: Any) -> bool:
        manifest = record.manifest
        if not (manifest.get("result") or {}).get("servable"):
            return False
        if self.cache != "always" and manifest.get("purity") != ["pure"]:
            warn_once(
                f"Run {record.id} of the same key is not taken from the store: {', '.join(manifest['purity'])}. Its "
                "result may rest on something that the key does not know. cache='always' takes it all the same."
            )
            return False
        root = str(self.closure.root)
        return all(
            digest_of(os.path.join(root, *one["path"].split("/"))) == one.get("digest")
            for one in manifest.get("inputs") or ()
        )

    def _is_sound(self, record: Any) -> bool:
        """Tell whether the results of a record are as they were written; on a remote place they tell when read."""
        if self.store.files.remote or is_sound(self.store, record):
            return True
        warn_once(
            f"Run {record.id} of the same key is not taken from the store: some of its results are damaged. They were "
            "set aside, and the run is computed. `backtrail runs fsck` checks the rest of the store."
        )
        return False

    def start(self) -> None:
        """Note that the run begins."""
        try:
            name = self.description.params[0]["class"].__name__ if self.description.params else "none"
            with recording():
                self._work = self.store.begin(key=None if self.key is None else self.key.digest, strategy=name)
        except StoreError as error:
            warnings.warn(f"The run is not recorded: {error}", RecordWarning, stacklevel=4)
        self._log.attach()
        self._random = self.run.random.getstate()
        self.watch.start()
        self._started = (time.perf_counter(), time.process_time())

    # -- after the run -------------------------------------------------------------------------------------------

    def finished(self, strats: list[Any]) -> str | None:
        """Write the record of a finished run; give its id, None (and a warning) if that cannot be done."""
        try:
            with recording():
                return self._write("finished", strats, None)
        finally:
            self._give_up_claim()

    def failed(self, error: BaseException) -> str | None:
        """Write the record of a run that *error* ended."""
        try:
            with recording():
                return self._write("failed", list(self.run.strats), error)
        finally:
            self._give_up_claim()

    def _write(self, status: str, strats: list[Any], error: BaseException | None) -> str | None:
        wall, cpu = time.perf_counter() - self._started[0], time.process_time() - self._started[1]
        self.watch.stop()
        self._log.detach()
        work = self._work
        if work is None:
            return None
        try:
            with without_collection():
                manifest = self._manifest(status, strats, error, work)
                manifest["time"] = _time_entry(self.begun, wall, cpu)
                self._compare_with_record(manifest)
                run_id: str = work.commit(manifest)
        except Exception as fault:  # noqa: BLE001  # whatever it is, the result of the run is not lost
            warnings.warn(
                f"The run is {status} and its result is there; its record is not: {fault}",
                RecordWarning,
                stacklevel=5,
            )
            _release(work)
            return None
        return run_id

    def _compare_with_record(self, manifest: dict[str, Any]) -> None:
        """Warn if an identical run that rests on nothing else gave another result before."""
        if self.key is None or manifest["status"] != "finished" or manifest["purity"] != ["pure"]:
            return
        before = self.store.lookup(self.key.digest)
        if before is None or before.manifest.get("purity") != ["pure"]:
            return
        if before.manifest.get("inputs") != manifest["inputs"]:
            return
        for name, item in manifest["result"]["artifacts"].items():
            known = before.artifacts.get(name, {}).get("content")
            if known is not None and known != item.get("content"):
                warn_once(
                    f"An identical run, {before.id}, gave other {name} than this one: the result rests on something "
                    "that the key does not know, such as the clock. `backtrail runs diff` shows where they part."
                )
                return

    def _manifest(
        self, status: str, strats: list[Any], error: BaseException | None, work: Any
    ) -> dict[str, Any]:
        said, closure = self.description, self.closure
        env, blobs = env_entry(closure.root, closure.packages)
        for blob in blobs:
            work.put(blob)
        code, late = closure.manifest(), self.watch.late_code()
        code["files"] += [file.entry() for file in late]
        for file in (*closure.files, *late):
            if file.content is not None:
                work.put(file.content, private=bool(file.secrets))
        inputs, outside = self.watch.inputs()
        manifest: dict[str, Any] = {
            "status": status,
            "strategy": "+".join(one["class"].__name__ for one in said.params) or "none",
            "engine": engine_entry(),
            "code": code,
            "params": said.shown_params(),
            "config": said.shown_config(),
            "seed": {"python": said.seed, "PYTHONHASHSEED": os.environ.get("PYTHONHASHSEED")},
            "data": [self._data_entry(at, one, work) for at, one in enumerate(self.feeds)],
            "inputs": inputs,
            "env": env,
            "purity": self._purity(outside),
            "result": self._result(strats, status, work),
        }
        if self.key is None:
            manifest["uncacheable"] = self.uncacheable
        else:
            manifest["key"] = self.key.digest
            manifest["components"] = dict(self.key.components)
        fold = current_fold()
        if fold is not None:
            manifest["split"] = fold.entry()
        state = self.git.state()
        if state is not None:
            manifest["git"] = state.entry
            if state.diff is not None:
                manifest["git"] = _put_difference(state, work)
        try:
            manifest["recipe"] = said.recipe()
        except UnstorableValue as refusal:
            manifest["no_recipe"] = str(refusal)
        if error is not None:
            manifest["exit"] = {
                "type": type(error).__name__,
                "traceback": self._put_text(_told(error, closure.root), "the traceback", work),
            }
        self._say_secrets(manifest)
        return manifest

    def _put_text(self, text: bytes, where: str, work: Any) -> str:
        """Store *text*, which is its owner's alone if it seems to hold secrets; give its digest."""
        kinds = kinds_of_secrets(text)
        if kinds:
            self.secrets[where] = kinds
        digest: str = work.put(text, private=bool(kinds))
        return digest

    def _say_secrets(self, manifest: dict[str, Any]) -> None:
        """Note and warn of what looks like secrets in the record."""
        self.secrets.update(secrets_among(manifest["params"], "params"))
        if not self.secrets:
            return
        manifest["secrets"] = {where: list(kinds) for where, kinds in self.secrets.items()}
        places = "; ".join(f"{where}: {', '.join(kinds)}" for where, kinds in self.secrets.items())
        warn_once(
            f"The record of this run holds what looks like secrets ({places}). It stays where it is stored, and "
            "`backtrail runs pack` refuses it. Keys that are read from the environment where they are used are not "
            "recorded."
        )

    def _purity(self, outside: bool) -> list[str]:
        watch = self.watch
        reasons = [
            *self.description.effects,
            *(["network"] if watch.network else []),
            *(["programs"] if watch.programs else []),
            *(["writes"] if watch.wrote else []),
            *(["outside-input"] if outside else []),
            *sorted(self._asked.union(watch.late_asked()) - {"seed", SOURCE}),
        ]
        unseeded = self.description.seed is None and self.run.random.getstate() != self._random
        if (watch.chance or unseeded) and "chance" not in reasons:
            reasons.append("chance")
        return reasons or ["pure"]

    def _data_entry(self, at: int, feed: FeedFingerprint, work: Any) -> dict[str, Any]:
        """Give what a manifest says of a feed; its bars are kept, so that the run can be run again."""
        data = self.run.datas[at]
        entry = feed.manifest()
        source = data.p.dataname
        kind = type(data)
        path = isinstance(source, str | os.PathLike)
        entry["source"] = {
            "adapter": f"{kind.__module__}.{kind.__qualname__}",
            "uri": os.path.basename(source) if path else type(source).__name__,
        }
        entry["feed"] = feed_settings(data)
        if hasattr(feed.bars, "chunk_list"):
            entry["chunks"] = work.put(feed.bars.chunk_list())
        if not data.replaying and not feed.sources:
            lines = stored_lines(data)
            if sum(values.nbytes for values in lines.values()) <= LARGEST_SNAPSHOT:
                entry["snapshot"] = snapshot(self.store, work, feed.bars.digest, lines)
        return entry

    def _same_bars(self) -> list[bool]:
        """Tell of which feeds the run left the bars that were loaded before it."""
        run, told = self.run, self.feeds
        if len(told) != len(run.datas):
            return [False] * len(run.datas)
        if run.mode != "delivered" and all(data._source_ is None for data in run.datas):
            return [True] * len(told)
        return [
            not data.replaying and bars_digest(data) == one.bars.digest
            for data, one in zip(run.datas, told, strict=True)
        ]

    def _result(self, strats: list[Any], status: str, work: Any) -> dict[str, Any]:
        """Store tables, metrics and what a user reads after a run."""
        artifacts: dict[str, dict[str, Any]] = {}
        if self.run.ending is None:  # it failed before it began
            return {"metrics": {}, "artifacts": artifacts, "servable": False}
        result = self.run.result()
        tables = {}
        for name in TABLES:
            with contextlib.suppress(ResultError):  # not kept: exactbars, or a broker of the user's own
                tables[name] = getattr(result, name).to_arrow()
        log = self._log.table()
        if log is not None:
            tables["log"] = log
            kinds = kinds_of_secrets("\n".join(row[3] for row in self._log.rows).encode("utf-8", "replace"))
            self.secrets.update({"the log": kinds} if kinds else {})
        shape: dict[str, Any] = {}
        lacking = [f"the table {name} was not kept" for name in TABLES if name not in tables]
        if status == "finished":
            shaping = Shape(strats, self.run.datas)
            shape = shaping.of(self.given, self.run.broker, self._same_bars())
            lacking = shaping.lacking + lacking
            tables.update(shaping.tables)
        for name, stored in work.put_tables(tables).items():
            artifacts[name] = {"blob": stored.blob, "content": stored.content, "rows": tables[name].num_rows}
        if log is not None:
            del artifacts["log"]["content"]  # it has the times of this run
        try:
            metrics = dict(result.summary)
        except ResultError:
            metrics = {}
        made: dict[str, Any] = {"metrics": metrics, "artifacts": artifacts, "servable": False}
        if status == "finished":
            self.secrets.update(place(shape, artifacts, work))
            add_analyzer_metrics(metrics, shape)
            made["shape"] = shape
            made["servable"] = not lacking
            if lacking:
                made["lacking"] = lacking
                if self.cache is not None:
                    warn_once(
                        f"The record of this run does not replace it, for it lacks something: {lacking[0]}"
                    )
        return made


_SCALARS: Final = frozenset((type(None), bool, int, float, str))
_told_before: dict[Any, str] = {}


def _shortened(config: dict[str, Any]) -> dict[str, Any]:
    """Give *config* with the digests of its long lists of plain settings in their place: most runs share them."""
    broker = config["broker"]
    short = {**broker, **{name: _digest(broker[name]) for name in ("params", "options") if name in broker}}
    return {**config, "settings": _digest(config["settings"]), "broker": short}


def _digest(values: dict[str, Any]) -> Any:
    """Give the digest of plain *values*, worked out once; the values themselves if one is not plain."""
    if not all(type(value) in _SCALARS for value in values.values()):
        return values
    key = tuple((name, type(value), repr(value)) for name, value in values.items())
    known = _told_before.get(key)
    if known is None:
        if len(_told_before) > 256:
            _told_before.clear()
        known = _told_before[key] = part("config", values)
    return known


def _files_of(closure: Closure) -> list[str]:
    """Give the paths of the files of a closure: reading them is no input of its own."""
    return [file.source for file in closure.files if file.source is not None and file.how != "yaml"]


_closures: dict[Any, Closure] = {}


def _closure(classes: dict[Any, Role]) -> Closure:
    """Give the closure of *classes*; the one of the last time if nothing that it rests on has changed."""
    detection = detect_entry_point(sys._getframe(1))
    modules = (len(sys.modules), next(reversed(sys.modules), ""))
    key = (tuple(classes.items()), detection.file, detection.execution_context, modules, os.getcwd())
    try:
        known = _closures.get(key)
    except TypeError:  # a callable that cannot be hashed stands for a class
        return closure_of(list(classes), roles=classes, entry=None)
    if known is not None and is_current(known) and detection.execution_context == "script":
        return known
    made = closure_of(list(classes), roles=classes)
    _closures.clear()
    _closures[key] = made
    return made


def _put_difference(state: Any, work: Any) -> dict[str, Any]:
    """Store the difference to the last commit, without key stores; give what a manifest says of git."""
    entry = {name: value for name, value in state.entry.items() if name not in ("diff", "secrets")}
    kept, left_out = without_key_stores(state.diff)
    kinds = kinds_of_secrets(kept)
    entry["diff"] = work.put(kept, private=bool(kinds)) if kept else None
    entry.update({"secrets": list(kinds)} if kinds else {})
    entry.update({"left_out": left_out} if left_out else {})
    return entry


def _told(error: BaseException, root: Path) -> bytes:
    """Give the traceback of *error* without folders that name the user."""
    text = "".join(traceback.format_exception(error))
    for folder, shown in ((str(root), "."), (os.path.expanduser("~"), "~"), (sys.prefix, "<python>")):
        if len(folder) > 1:
            text = text.replace(folder, shown)
    return text.encode("utf-8", "replace")


def _time_entry(begun: float, wall: float, cpu: float) -> dict[str, Any]:
    entry = {
        "start": datetime.fromtimestamp(begun, UTC).isoformat(),
        "end": datetime.now(UTC).isoformat(),
        "wall": wall,
        "cpu": cpu,
    }
    try:
        import resource

        entry["peak_rss"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    except ImportError:  # Windows
        pass
    return entry


def _release(work: Any) -> None:
    try:
        work.release()
    except StoreError:
        return


__all__ = ["CACHE_CHOICES", "RecordWarning", "Recording", "begin", "open_store"]
