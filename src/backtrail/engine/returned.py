"""What a Cerebro gives after its runs: the result of the last one, and what an optimisation keeps of each."""

from __future__ import annotations

from typing import Any

from ..base.info import Info
from ..errors import ResultError


class OptReturn:
    """What an optimisation keeps of a strategy: its class, parameters and analyzers, and the id of its record."""

    run_id: str | None = None

    @property
    def result(self) -> Any:
        """Say that the tables of the runs of an optimisation are not kept."""
        raise ResultError(
            "The result of a run was asked for; an optimisation keeps parameters and analyzers only. "
            "Use Cerebro(optreturn=False), or run this combination by itself."
        )

    def __init__(self, params: Any, **kwargs: Any) -> None:
        self.p = self.params = params
        for name, value in kwargs.items():
            setattr(self, name, value)


def opt_return(strat: Any, run_id: str | None = None) -> OptReturn:
    """Give what an optimisation keeps of *strat*, whose record is *run_id*; its analyzers let go of the run."""
    for analyzer in strat.analyzers:
        analyzer._detach_()
    params: Info = strat.params
    return OptReturn(params, analyzers=strat.analyzers, strategycls=type(strat), run_id=run_id)


class ResultOfLastRun:
    """``cerebro.result``: the tables of the last run, unless a subclass has an attribute of that name itself."""

    def __get__(self, cerebro: Any, owner: type | None = None) -> Any:
        if cerebro is None:
            return self
        last = cerebro.__dict__.get("_last_run")
        if last is None:
            raise ResultError(
                "The result of a run was asked for; this Cerebro has none: call run() first. The combinations of an "
                "optimisation have one each: strategy.result, with Cerebro(optreturn=False)."
            )
        return last.result()


__all__ = ["OptReturn", "ResultOfLastRun", "opt_return"]
