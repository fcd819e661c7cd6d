"""The Cerebro that scripts get under the name ``backtrader``: it warns of what backtrail's own refuses."""

from __future__ import annotations

from .. import cerebro


class Cerebro(cerebro.Cerebro):
    """Run strategies; bars of the future may be read, as in backtrader, with one warning."""

    _default_future_reads = "warn"
