"""Refused orders are part of these runs; the log of them is not."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest


@pytest.fixture(autouse=True)
def quiet_log() -> Iterator[None]:
    """Leave out what the broker logs."""
    logger = logging.getLogger("backtrail.broker")
    level = logger.level
    logger.setLevel(logging.CRITICAL)
    yield
    logger.setLevel(level)
