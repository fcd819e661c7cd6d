"""Watch the runs of a script from outside: progress while they go on, and a summary of each."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ..cerebro import Cerebro
from ..report.progress import position_of, progress


@dataclass(frozen=True, slots=True)
class RunSummary:
    """One call of ``Cerebro.run``; *cycles* counts the steps of the last set of strategies."""

    strategies: list[str]
    datas: list[str]
    cycles: int
    seconds: float
    start_cash: float
    final_value: float


class Watch:
    """Collect a summary of every run in ``runs``; show their progress on request."""

    def __init__(self, show_progress: bool) -> None:
        self.show_progress = show_progress
        self.runs: list[RunSummary] = []

    @contextlib.contextmanager
    def watching(self) -> Iterator[None]:
        """Watch every Cerebro for the duration of the block."""
        original = Cerebro.run

        def run(cerebro: Cerebro, **kwargs: Any) -> list[Any]:
            shown = progress(cerebro) if self.show_progress else contextlib.nullcontext()
            started = time.perf_counter()
            with shown:
                result = original(cerebro, **kwargs)
            self.runs.append(_summary(cerebro, time.perf_counter() - started))
            return result

        Cerebro.run = run  # type: ignore[method-assign, assignment]  # put back below
        try:
            yield
        finally:
            Cerebro.run = original  # type: ignore[method-assign]


def _summary(cerebro: Cerebro, seconds: float) -> RunSummary:
    return RunSummary(
        strategies=[build.cls.__name__ for choices in cerebro.strats for build in list(choices)[:1]],
        datas=[data._name for data in cerebro.datas],
        cycles=position_of(cerebro)[0],
        seconds=seconds,
        start_cash=cerebro.broker.startingcash,
        final_value=cerebro.broker.getvalue(),
    )
