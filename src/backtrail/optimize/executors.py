"""Run the combinations of an optimisation, here or in worker processes."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from concurrent.futures import Executor, Future, ProcessPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

T = TypeVar("T")


class SerialExecutor(Executor):
    """An executor that runs each call at once, in the calling thread."""

    def submit(self, fn: Callable[..., T], /, *args: Any, **kwargs: Any) -> Future[T]:
        """Call *fn* now and give its finished future."""
        future: Future[T] = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except BaseException as error:  # noqa: BLE001 the future carries it to whoever asks for the result
            future.set_exception(error)
        return future


# the last Cerebro a worker unpacked, by the file that it came in
_unpacked: dict[str, bytes] = {}


def run_set(path: str, combination: bytes) -> bytes:
    """Run one combination of the Cerebro stored at *path*, and give it with its record's id; called in workers."""
    from .transport import dumps, loads

    if path not in _unpacked:
        _unpacked.clear()
        _unpacked[path] = Path(path).read_bytes()
    cerebro, preloaded = loads(_unpacked[path])
    result = cerebro.runstrategies(loads(combination), predata=preloaded)
    return dumps((result, cerebro.run_id))


def run_sets(cerebro: Any, sets: list[Any], executor: Executor | None = None) -> None:
    """Run each of *sets* and collect the results, in order, in ``cerebro.runstrats``.

    *executor* may be any ``concurrent.futures`` executor whose workers see this host's files; by default a pool of
    processes, as many as ``maxcpus`` says (None: one per core). Callbacks get each combination's result in order.
    """
    from .transport import dumps, loads

    preloaded = cerebro.preload_for_workers()
    handle, name = tempfile.mkstemp(prefix="backtrail-", suffix=".run")
    own = executor is None
    pool: Executor = executor or ProcessPoolExecutor(cerebro.p.maxcpus or os.cpu_count())
    futures: list[Future[bytes]] = []
    try:
        with os.fdopen(handle, "wb") as out:
            out.write(dumps((cerebro, preloaded)))
        futures = [pool.submit(run_set, name, dumps(combination)) for combination in sets]
        for future in futures:
            result, cerebro.run_id = loads(future.result())
            cerebro.run_ids.append(cerebro.run_id)
            cerebro.runstrats.append(result)
            for callback in cerebro.optcbs:
                callback(result)
    finally:
        for future in futures:
            future.cancel()
        if own:
            pool.shutdown(wait=True, cancel_futures=True)
        Path(name).unlink(missing_ok=True)
