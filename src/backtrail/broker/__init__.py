"""Brokers: who takes the orders, fills them and keeps the account."""

from ..base.legacy import answering

__getattr__ = answering(__name__)
