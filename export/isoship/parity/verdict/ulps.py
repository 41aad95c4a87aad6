"""Differences in units of the last place (ulp): how many floating-point numbers lie between two answers."""

from __future__ import annotations

from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]

#: The histogram's bins: a row's largest difference is at most so many ulp. What is larger is "more".
BINS = (0, 1, 2, 4, 16, 256, 65536)

_BITS = {"double": (np.float64, np.int64), "float32": (np.float32, np.int32), "float16": (np.float16, np.int16)}


def ulp_distance(want: Array, got: Array, precision: str) -> Array:
    """float64 array of the same shape: ulp between the two, both rounded to the precision (double, float32, float16).

    0 where both are NaN or not finite in the same way, infinite where one alone is NaN.
    """
    kind: Any = _BITS[precision]
    with np.errstate(over="ignore", invalid="ignore"):
        a, b = want.astype(kind[0]), got.astype(kind[0])
        places_a, places_b = _places(a, kind[1]), _places(b, kind[1])
        rough = np.abs(places_a.astype(np.float64) - places_b.astype(np.float64))
        exact = np.abs(places_a - places_b).astype(np.float64)
    # beyond 2^62 the whole numbers overflow, and no bin is that fine
    distance = np.where(rough < 2.0**62, exact, rough)
    lone = np.isnan(a) != np.isnan(b)
    return np.where(lone, np.inf, np.where((a == b) | np.isnan(a), 0.0, distance))


def histogram(largest: Array) -> dict[str, int]:
    """{bin: rows} of each row's largest difference [N]; empty bins are left out."""
    places = np.searchsorted(np.array(BINS, dtype=np.float64), largest, side="left")
    names = [*map(str, BINS), "more"]
    return {name: int(n) for name, n in zip(names, np.bincount(places, minlength=len(names)), strict=True) if n}


def _places(values: Array, whole: Any) -> Array:
    """Each number's place among all numbers, as int64: 0 for both zeros, 1 for the smallest above."""
    bits = values.view(whole).astype(np.int64)
    return np.asarray(np.where(bits < 0, np.int64(np.iinfo(whole).min) - bits, bits))
