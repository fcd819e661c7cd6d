"""`cached_backtest`: a function whose results are kept under the key of its code and of everything it is given."""

from __future__ import annotations

import copy
import functools
import inspect
import os
import sys
import time
import traceback
import warnings
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, TypeVar, cast

from ..errors import StoreError
from ..runs.encoding import UncacheableParameter
from ..runs.references import SOURCE
from . import places
from .code import changed_modules
from .explaining import explain_key
from .keys import Data, function_key, hash_of, is_data, kind_of_data, summary_of
from .model import CacheWarning, Explanation, InputMutated
from .reading import Reading, changed_inputs
from .records import Draft, is_servable, manifest_of, numbers_of, slots_of, value_of
from .values import fields_of

if TYPE_CHECKING:
    from ..runs.code import Closure
    from ..runs.key import RunKey
    from ..runs.store import Run
    from .backtests import BacktestCache

F = TypeVar("F", bound=Callable[..., Any])
_MISS = object()
_said: set[str] = set()


class Cached(Protocol):
    """What a decorated function has besides."""

    uncached: Callable[..., Any]
    """The function itself: runs and gives everything."""

    explain: Callable[..., Explanation]
    """Says for arguments whether the result is stored, and if not, in what the nearest run differs."""


def cached_backtest(
    strategy_name: str | None = None,
    save_trades: bool = True,
    *,
    name: str | None = None,
    ignore: Iterable[str] = (),
    cache: BacktestCache | None = None,
    wait_s: float = 60.0,
) -> Callable[[F], F]:
    """Keep the results of a backtest function under *strategy_name* (or *name*, which is the same).

    ::

        @cached_backtest("momentum")
        def run_backtest(data, params):
            ...
            return metrics, trades, equity_curve

    The key is made of the function's code with all of the user's code it rests on, of all arguments (positional or
    keyword, with defaults filled in; frames by value) except those named in *ignore*, of the engine and of the versions
    of libraries. A hit gives what the function returned, in the same shape. With ``save_trades=False`` the trades (the
    second of a tuple, or what is called ``trades``) are None on a miss and on a hit. *cache* is used instead of
    `get_backtest_cache()`. While another process computes the same key, a call waits up to *wait_s* seconds for its
    result (asynchronous functions do not wait).

    Methods work: an object counts by its class and attributes. What has no key runs uncached with one warning. No
    fault of the store loses a result. ``function.uncached(...)`` runs the function itself, ``function.explain(...)``
    says why a call is a hit or a miss. TypeError for generators: what they give cannot be stored without running them
    whole.
    """
    left_out = frozenset([ignore] if isinstance(ignore, str) else ignore)
    title = name if strategy_name is None else strategy_name
    if not isinstance(title, str) or (name is not None and name != title):
        raise TypeError(
            f"decorating a backtest - expected its name - found {title!r:.60} and {name!r:.60} - write "
            "@cached_backtest('name') with one name"
        )

    def decorate(function: F) -> F:
        if isinstance(function, staticmethod):
            return cast("F", staticmethod(decorate(cast("F", function.__func__))))
        call = _Function(function, title, save_trades, left_out, cache, wait_s)
        wrapper: Any
        if inspect.iscoroutinefunction(function):

            @functools.wraps(function)
            async def wrapper(*args: Any, **kwargs: Any) -> Any:
                one = _Call(call, args, kwargs)
                found = one.begin(0.0)
                if found is not _MISS:
                    return found
                try:
                    result = await function(*args, **kwargs)
                except BaseException as error:
                    one.failed(error)
                    raise
                return one.finished(result)

        else:

            @functools.wraps(function)
            def wrapper(*args: Any, **kwargs: Any) -> Any:
                one = _Call(call, args, kwargs)
                found = one.begin(wait_s)
                if found is not _MISS:
                    return found
                try:
                    result = function(*args, **kwargs)
                except BaseException as error:
                    one.failed(error)
                    raise
                return one.finished(result)

        wrapper.uncached = function
        wrapper.explain = call.explain
        return cast("F", wrapper)

    return decorate


@dataclass(frozen=True, slots=True)
class Keyed:
    """The key of a call, and the code, the arguments that are no data, and the data it is made of.

    ``asked`` is what the code asks for that the key does not tell, such as the clock.
    """

    key: RunKey
    closure: Closure
    rest: dict[str, Any]
    data: dict[str, Data]
    asked: frozenset[str]

    @property
    def entries(self) -> list[dict[str, Any]]:
        """What a record says of the data."""
        return [entry for one in self.data.values() for entry in one.entries]


class _Function:
    """A decorated function: how its calls are bound, keyed and described."""

    def __init__(
        self,
        function: Callable[..., Any],
        name: str,
        save_trades: bool,
        ignore: frozenset[str],
        cache: BacktestCache | None,
        wait_s: float,
    ) -> None:
        if isinstance(function, classmethod):
            raise TypeError(
                f"decorating {name!r} - expected a function - found a classmethod - put @classmethod "
                "above @cached_backtest"
            )
        if isinstance(function, type) or not callable(cast("object", function)):
            raise TypeError(f"decorating {name!r} - expected a function - found {type(function).__name__}")
        if inspect.isgeneratorfunction(function) or inspect.isasyncgenfunction(function):
            raise TypeError(
                f"decorating {name!r} - expected a function that returns its result - found the generator "
                f"{function.__qualname__} - return a list, or decorate the function that consumes it"
            )
        self.function = function
        self.name = name
        self.save_trades = save_trades
        self.signature = inspect.signature(function)
        unknown = sorted(ignore.difference(self.signature.parameters))
        if unknown and not any(one.kind is one.VAR_KEYWORD for one in self.signature.parameters.values()):
            raise TypeError(
                f"decorating {name!r} - expected ignore to name its parameters - found {unknown} - it has "
                f"{list(self.signature.parameters)}"
            )
        self.ignore = ignore
        self.cache = cache
        self.wait_s = wait_s
        self._checked: tuple[Any, frozenset[str], list[str]] = (None, frozenset(), [])

    def arguments(self, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> dict[str, Any]:
        """Give all arguments by name, defaults filled in; TypeError as the function itself would raise."""
        bound = self.signature.bind(*args, **kwargs)
        bound.apply_defaults()
        found: dict[str, Any] = {}
        for name, value in bound.arguments.items():
            if self.signature.parameters[name].kind is inspect.Parameter.VAR_KEYWORD:
                found.update({(key if key not in found else f"**{key}"): one for key, one in value.items()})
            else:
                found[name] = value
        return {name: value for name, value in found.items() if name not in self.ignore}

    def closure(self) -> Closure:
        """Give the code that the function rests on; UncacheableParameter if what runs is not what the files say."""
        from ..runs.code import closure_of

        found = closure_of([inspect.unwrap(self.function)], roles={}, runtime=False)
        if not found.keyable:
            raise UncacheableParameter(
                f"not all of the code that runs is known: {found.unknown}", "code"
            )
        loaded = frozenset(file.module for file in found.files if file.module in sys.modules)
        if self._checked[0] is not found or self._checked[1] != loaded:
            self._checked = (found, loaded, changed_modules(found))
        if self._checked[2]:
            raise UncacheableParameter(
                f"not all of the code that runs is known: {self._checked[2][0]}", "code"
            )
        return found

    def key(self, arguments: Mapping[str, Any]) -> Keyed:
        """Give the key of a call with what it is made of."""
        data = {name: Data(one, name) for name, one in arguments.items() if _counts_as_data(name, one)}
        kinds = {name: kind_of_data(arguments[name]) for name in data}
        rest = {name: one for name, one in arguments.items() if name not in data}
        closure = self.closure()
        asked: set[str] = set()
        key = function_key(self.name, self.function, closure, rest, data, kinds, [self.save_trades], asked)
        return Keyed(key, closure, rest, data, frozenset(asked))

    def explain(self, *args: Any, **kwargs: Any) -> Explanation:
        """Say whether the result of a call is stored, and if not, in what the nearest run differs."""
        arguments = self.arguments(args, kwargs)
        try:
            keyed = self.key(arguments)
        except UncacheableParameter as error:
            return Explanation(False, None, details=(str(error),))
        store = (self.cache or places.get_backtest_cache()).store
        found = explain_key(store, self.name, keyed.key, summary_of(keyed.rest.items()), keyed.entries)
        run = store.lookup(keyed.key.digest) if found.hit else None
        changed = [] if run is None else changed_inputs(run, keyed.closure.root)
        if not changed:
            return found
        said = tuple(f"file {path}: other content" for path in changed)
        return Explanation(False, found.run_id, found.run_id, ("inputs",), said)

    def without_trades(self, result: Any) -> Any:
        """Give *result* with nothing in the place of its trades, unless they are kept."""
        if self.save_trades:
            return result
        names = fields_of(type(result))
        if names is not None and "trades" in names:
            if isinstance(result, tuple):
                return cast("Any", result)._replace(trades=None)
            made = copy.copy(result)
            object.__setattr__(made, "trades", None)
            return made
        if type(result) is dict and "trades" in result and is_data(result["trades"]):
            return {**result, "trades": None}
        if type(result) is tuple and len(result) > 1:
            return (result[0], None, *result[2:])
        return result


def _counts_as_data(name: str, value: Any) -> bool:
    return name not in ("self", "cls") and is_data(value)


class _Call:
    """One call of a decorated function."""

    def __init__(self, function: _Function, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> None:
        self.function = function
        self.values = function.arguments(args, kwargs)
        self.begun = time.time()
        self.keyed: Keyed | None = None
        self.cache: BacktestCache | None = None
        self._shown: dict[str, Any] = {}
        self._claim: Any = None
        self._reading: Reading | None = None
        self._read: dict[str, Any] = {"inputs": [], "purity": ["pure"]}

    def begin(self, wait_s: float) -> Any:
        """Give the stored result of the call, or `_MISS` if it is to be computed."""
        function = self.function
        try:
            self.keyed = function.key(self.values)
        except UncacheableParameter as error:
            hint = (
                "Keep the function in a file"
                if error.where == "code"
                else "Name what decides nothing in ignore=[...]"
            )
            _warn_once(f"The backtest {function.name!r} runs uncached: {error}. {hint}")
            return _MISS
        try:
            self.cache = function.cache or places.get_backtest_cache()
            self._claim = self.cache.store.claim(self.keyed.key.digest, wait_s=wait_s)
            found = self._served(self._claim.run) if self._claim.run is not None else _MISS
        except Exception as error:  # noqa: BLE001  # a store that fails must not keep a backtest from running
            self.cache = self.cache if self._claim is not None else None
            _warn(f"The store cannot be asked for {function.name!r}, so it is run: {error}")
            found = _MISS
        if found is not _MISS:
            self._release()
        else:  # now, for the function may change what it is given
            self._shown = summary_of(self.keyed.rest.items())
            if self.cache is not None:
                self._reading = Reading(self.keyed.closure, self.cache.store)
                self._reading.start()
        return found

    def _served(self, run: Run) -> Any:
        if self.cache is None or self.keyed is None or not is_servable(run):
            return _MISS
        if changed_inputs(run, self.keyed.closure.root):
            return _MISS
        try:
            value = value_of(run)
        except (StoreError, ValueError, KeyError) as error:
            _warn(f"The stored result of {self.function.name!r} cannot be read, so it is run again: {error}")
            return _MISS
        from ..runs.splits import current_fold

        self.cache.store.note_use(run)
        self.cache.note_fold(run, current_fold())
        return value

    def finished(self, result: Any) -> Any:
        """Keep *result*, and give it as the caller is to see it."""
        function = self.function
        self._end_reading()
        if inspect.isgenerator(result) or inspect.isasyncgen(result):
            self._release()
            raise TypeError(
                f"running {function.name!r} - expected a result - found a generator, which cannot be "
                "stored - return a list"
            )
        try:
            result = function.without_trades(result)
            if self.keyed is not None and self.cache is not None:
                self._check_inputs()
                self._keep(self.keyed, self.cache, result)
        except Exception as error:  # noqa: BLE001  # whatever it is, the result that was computed is not lost
            _warn(f"The result of {function.name!r} is there and is not stored: {error}")
        finally:
            self._release()
        return result

    def _end_reading(self) -> None:
        if self._reading is None:
            return
        try:
            found, outside = self._reading.ended()
        except (OSError, ValueError) as error:
            found, outside = [], [str(error)]
        self._read["inputs"] = found
        asked = {*(self.keyed.asked if self.keyed is not None else ()), *self._reading.late_asked()}
        if self._reading.chance and "seed" not in asked:
            asked.add("chance")
        asked -= {"seed", SOURCE}
        self._read["purity"] = [*(["outside-input"] if outside else []), *sorted(asked)] or ["pure"]
        if outside:
            _warn_once(
                f"The backtest {self.function.name!r} is recorded and is computed again each time: it reads files "
                f"outside of its project ({', '.join(outside[:3])}), which may change. Give it what is in them"
            )
        if asked:
            _warn_once(
                f"The backtest {self.function.name!r} is recorded and is computed again each time: its code asks for "
                f"what no key can tell ({', '.join(sorted(asked))}). Give it as an argument"
            )

    def _check_inputs(self) -> None:
        try:
            after = self.function.key(self.values).key
        except UncacheableParameter as error:
            _warn(f"The backtest {self.function.name!r} changed what it was given: {error}", InputMutated)
            return
        changed = [
            name
            for name in ("params", "data")
            if self.keyed is not None and name in self.keyed.key.explain(after)
        ]
        if changed:
            _warn(
                f"The backtest {self.function.name!r} changed what it was given "
                f"({' and '.join(changed)}): whoever reads "
                "that afterwards sees the change on a miss and not on a hit. It is stored under what "
                "it was given; let it "
                "work on a copy",
                InputMutated,
            )

    def _manifest(self, keyed: Keyed, metrics: Mapping[str, float], more: dict[str, Any]) -> dict[str, Any]:
        more |= {"code": keyed.closure.manifest(), **self._read}
        return manifest_of(
            name=self.function.name, kind="function", key=keyed.key, parameters=self._shown, data=keyed.entries,
            data_hash=hash_of(list(keyed.data.values())), metrics=metrics, begun=self.begun, more=more,
        )  # fmt: skip

    def _keep(self, keyed: Keyed, cache: BacktestCache, result: Any) -> None:
        draft = Draft.of_result(result)
        if draft.left_out:
            _warn_once(
                f"The result of {self.function.name!r} is recorded and is computed again each time: {draft.left_out[0]}"
            )
        manifest = self._manifest(keyed, numbers_of(slots_of(result).get("metrics")), {})
        cache.keep_draft(draft, manifest, sources=_sources(keyed.closure))

    def failed(self, error: BaseException) -> None:
        """Record that the call failed, and how."""
        self._end_reading()
        try:
            if self.keyed is not None and self.cache is not None:
                store = self.cache.store
                text = _told(error, self.keyed.closure)
                with store.begin(key=self.keyed.key.digest, strategy=self.function.name) as work:
                    for source, private in _sources(self.keyed.closure):
                        work.put(source, private=private)
                    told = {"type": type(error).__name__, "traceback": work.put(text)}
                    work.commit(self._manifest(self.keyed, {}, {"status": "failed", "exit": told}))
        except Exception as fault:  # noqa: BLE001  # the failure itself is what the caller must see
            _warn(f"The failure of {self.function.name!r} is not recorded: {fault}")
        finally:
            self._release()

    def _release(self) -> None:
        if self._claim is not None:
            self._claim.release()
            self._claim = None


def _sources(closure: Closure) -> list[tuple[bytes, bool]]:
    """Give the files of *closure*, each with whether it seems to hold secrets."""
    return [(one.content, bool(one.secrets)) for one in closure.files if one.content is not None]


def _told(error: BaseException, closure: Closure) -> bytes:
    """Give the traceback of *error* without folders that name the user."""
    text = "".join(traceback.format_exception(error))
    for folder, shown in ((str(closure.root), "."), (os.path.expanduser("~"), "~"), (sys.prefix, "<python>")):
        if len(folder) > 1:
            text = text.replace(folder, shown)
    return text.encode("utf-8", "replace")


def _warn(text: str, kind: type[Warning] = CacheWarning) -> None:
    warnings.warn(text, kind, stacklevel=4)


def _warn_once(text: str) -> None:
    if text not in _said:
        _said.add(text)
        warnings.warn(text, CacheWarning, stacklevel=5)


__all__ = ["Cached", "cached_backtest"]
