"""A progress bar that costs a run nothing: another thread looks now and then at which bar the run is."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TextIO


def position_of(cerebro: Any) -> tuple[int, int | None]:
    """Give how many cycles the run has made and how many there will be (None when that is not known).

    Between runs both are the number of bars of the longest feed.
    """
    run = cerebro._run_
    if run is None:
        bars = max((len(data) for data in cerebro.datas), default=0)
        return bars, bars
    timeline = run.timeline
    return run.clock.i + 1 + run.clock.dropped, None if timeline is None else timeline.cycles


@contextmanager
def progress(cerebro: Any, label: str = "Running", stream: TextIO | None = None) -> Iterator[None]:
    """Show on *stream* (stderr) how far *cerebro* has come while the block runs.

    A terminal gets a bar; anything else a line every two seconds, and one at the end.
    """
    out = sys.stderr if stream is None else stream
    show = _bar if out.isatty() else _lines
    with show(cerebro, label, out):
        yield


@contextmanager
def _bar(cerebro: Any, label: str, out: TextIO) -> Iterator[None]:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    class Watching(Progress):
        """Ask the run for its position whenever the bar is drawn."""

        def get_renderables(self) -> Any:
            done, total = position_of(cerebro)
            for task in self.tasks:
                shown = label if done or total else "Loading"
                self.update(task.id, completed=done, total=total or None, description=shown)
            return super().get_renderables()

    bar = Watching(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("bars"),
        TimeRemainingColumn(compact=True),
        console=Console(file=out),
        redirect_stdout=False,
        redirect_stderr=False,
    )
    with bar:
        bar.add_task(label, total=None)
        yield


@contextmanager
def _lines(cerebro: Any, label: str, out: TextIO) -> Iterator[None]:
    over = threading.Event()
    started = time.perf_counter()

    def tell() -> None:
        done, total = position_of(cerebro)
        of = f" of {total:,}" if total is not None else ""
        print(f"{label}: {done:,}{of} bars, {time.perf_counter() - started:.1f} s", file=out, flush=True)

    def watch() -> None:
        while not over.wait(2.0):
            tell()

    thread = threading.Thread(target=watch, name="backtrail-progress", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
        tell()
