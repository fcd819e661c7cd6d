"""Mean, variance, standard deviation, and divisions that do not raise."""

from __future__ import annotations

import math

import pytest

from backtrail.analyzers.moments import average, log_ratio, ratio, standarddev, variance


def test_the_mean_is_correctly_rounded() -> None:
    assert average([1e16, 1.0, -1e16]) == 1.0 / 3.0


def test_infinities_of_both_signs_have_no_mean() -> None:
    assert math.isnan(average([math.inf, -math.inf]))


def test_a_sample_divides_by_one_less() -> None:
    assert average([1, 2, 4], bessel=True) == 3.5
    assert standarddev([1.0, 2.0, 4.0], bessel=True) == 1.5275252316519468
    assert standarddev([1.0, 2.0, 4.0]) == 1.247219128924647


def test_distances_are_taken_from_the_mean_given() -> None:
    assert variance([1, 2]) == [0.25, 0.25]
    assert variance([1, 2], 5) == [16.0, 9.0]


@pytest.mark.parametrize("values", [[], [1.0]])
def test_a_sample_needs_two_values(values: list[float]) -> None:
    with pytest.raises(ZeroDivisionError):
        standarddev(values, bessel=True)


def test_dividing_by_zero_is_as_hardware_does_it() -> None:
    assert ratio(1.0, 0.0) == math.inf
    assert ratio(-1.0, 0.0) == -math.inf
    assert ratio(1.0, -0.0) == -math.inf
    assert math.isnan(ratio(0.0, 0.0))
    assert math.isnan(ratio(math.nan, 0.0))
    assert ratio(1.0, 3.0) == 1.0 / 3.0


def test_the_logarithm_of_a_loss_of_everything_is_minus_infinity() -> None:
    assert log_ratio(0.0, 5.0) == -math.inf
    assert math.isnan(log_ratio(-1.0, 5.0))
    assert log_ratio(5.0, 5.0) == 0.0
