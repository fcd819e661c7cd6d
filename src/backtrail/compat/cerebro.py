"""The Cerebro that scripts get under the name ``backtrader``: it warns of what backtrail's own refuses."""

from __future__ import annotations

from typing import Any

from .. import cerebro


class Cerebro(cerebro.Cerebro):
    """Run strategies; bars of the future may be read, as in backtrader, with one warning."""

    _default_future_reads = "warn"

    @property
    def runningstrats(self) -> list[Any]:
        """The strategies of the run that goes on, or of the last one."""
        run = self._run_ or self._last_run
        return [] if run is None else run.strats
