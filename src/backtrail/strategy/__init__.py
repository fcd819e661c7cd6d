"""Strategies: hooks, orders, trades, timers, signals."""

from ..base.legacy import answering

__getattr__ = answering(__name__)
