"""Distances in units of the last place, counted by stepping from number to number."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from isoship.parity.verdict.ulps import BINS, histogram, ulp_distance


def stepped(start: float, steps: int, dtype: Any) -> Any:
    value = dtype(start)
    for _ in range(abs(steps)):
        value = np.nextafter(value, dtype(np.inf if steps > 0 else -np.inf))
    return value


@pytest.mark.parametrize(("precision", "dtype"), [("double", np.float64), ("float32", np.float32)], ids=str)
@pytest.mark.parametrize("start", [1.0, -1.0, 0.0, 0.1, 1e30, -5e-40])
@pytest.mark.parametrize("steps", [0, 1, -1, 2, -7, 20])
def test_steps_are_counted(precision: str, dtype: Any, start: float, steps: int) -> None:
    want, got = np.array([dtype(start)]), np.array([stepped(start, steps, dtype)])
    assert ulp_distance(want, got, precision).tolist() == [abs(steps)]


def test_across_zero_and_from_end_to_end() -> None:
    tiny = 5e-324
    assert ulp_distance(np.array([tiny]), np.array([-tiny]), "double").tolist() == [2]
    assert ulp_distance(np.array([0.0]), np.array([-0.0]), "double").tolist() == [0]
    largest = np.finfo(np.float64).max
    assert ulp_distance(np.array([largest]), np.array([-largest]), "double")[0] == pytest.approx(2 * 0x7FEFFFFFFFFFFFFF)


def test_numbers_that_are_not_finite() -> None:
    want = np.array([np.nan, np.nan, np.inf, np.inf, 1.0])
    got = np.array([np.nan, 1.0, np.inf, -np.inf, np.nan])
    assert ulp_distance(want, got, "double").tolist()[:3] == [0, np.inf, 0]
    assert ulp_distance(want, got, "double")[3] > 2.0**62
    assert ulp_distance(want, got, "double")[4] == np.inf


def test_a_double_is_rounded_before_it_is_compared_in_float32() -> None:
    third = np.array([1 / 3])
    assert ulp_distance(third, third.astype(np.float32).astype(np.float64), "float32").tolist() == [0]
    assert ulp_distance(third, third.astype(np.float32), "double")[0] > 2**20


def test_rows_are_counted_by_bin() -> None:
    assert BINS[:4] == (0, 1, 2, 4)
    assert histogram(np.array([0.0, 0.0, 1.0, 3.0, 4.0, 5.0, 65536.0, 65537.0, np.inf])) == {
        "0": 2, "1": 1, "4": 2, "16": 1, "65536": 1, "more": 2,
    }  # fmt: skip
