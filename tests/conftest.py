"""Settings for every test: how much Hypothesis tries, and that each try can be repeated."""

from __future__ import annotations

import os

import pytest
from hypothesis import HealthCheck, Phase, settings

_SLOW = [HealthCheck.too_slow, HealthCheck.data_too_large]

# The same examples in each run, and none made smaller: HYPOTHESIS_PROFILE=dev does that.
_PHASES = (Phase.explicit, Phase.generate)
settings.register_profile(
    "ci", derandomize=True, max_examples=40, deadline=None, suppress_health_check=_SLOW, phases=_PHASES
)
settings.register_profile("dev", max_examples=200, deadline=None, suppress_health_check=_SLOW)
settings.register_profile("long", max_examples=5_000, deadline=None, suppress_health_check=_SLOW)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))


def pytest_configure(config: pytest.Config) -> None:
    """Declare the marker with which a test says which promises of run records it holds."""
    said = "row(*ids): the test holds these promises of tests/unit/record/test_promises.py"
    config.addinivalue_line("markers", said)
