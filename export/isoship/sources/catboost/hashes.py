"""CatBoost's hashes of categories, and of combinations of them.

A category is hashed as text (7 is "7", True is "1") to 32 bits, which count as signed from there on. A combination is
folded into 64 bits, wrapping:  h <- M * (h + M * x)  for each x, starting at 0.  That is a sum of the x times powers
of M, so that the hash of a combination is the sum of what its parts contribute.
"""

from __future__ import annotations

import functools
import json
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

Hashes = np.ndarray[Any, np.dtype[np.uint64]]

_M = 0x4906BA494954CB65
_MASK = (1 << 64) - 1

#: Look-ups in one call of numpy: bounds the memory.
_AT_ONCE = 1_000_000


def hashes_of(texts: Sequence[str]) -> dict[str, int]:
    """The signed 32-bit hash of each text, by CatBoost itself: saving a model lists those of a pool's categories."""
    import catboost
    import pandas as pd

    if not texts:
        return {}
    probe = _probe()
    pool = catboost.Pool(pd.DataFrame({"c": pd.Series(list(dict.fromkeys(texts)), dtype=object)}), cat_features=["c"])
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "probe.json"
        probe.save_model(str(path), format="json", pool=pool)
        listed = json.loads(path.read_bytes())["features_info"]["cat_features_hash"]
    found = {each["value"]: signed(int(each["hash"])) for each in listed}
    return {text: found[text] for text in texts}


@functools.cache
def _probe() -> Any:
    """A model of one categorical column, which exists to be saved."""
    import catboost
    import pandas as pd

    options = {"iterations": 1, "depth": 1, "thread_count": 1, "verbose": False, "allow_writing_files": False}
    probe = catboost.CatBoostRegressor(**options)
    return probe.fit(pd.DataFrame({"c": ["a", "b", "c", "d"]}), [1, 2, 3, 4], cat_features=["c"])


def signed(value: int) -> int:
    """A 32-bit number, however written, as the signed one."""
    value &= 0xFFFFFFFF
    return value - (1 << 32) if value >= 1 << 31 else value


def contributions(values: Sequence[int], place: int, length: int) -> Hashes:
    """What each value adds to the hash of a combination of `length` parts when it is the part at `place`."""
    factor = pow(_M, length - place + 1, 1 << 64)
    return np.array([(factor * value) & _MASK for value in values], np.uint64)


def solve(wanted: Hashes, parts: Sequence[Hashes], limit: int) -> dict[int, list[tuple[int, ...]]] | None:
    """Every choice of one element a part whose sum (mod 2**64) is a wanted hash: place in `wanted` -> choices.

    The parts are cut in two runs; the sums of one run are sorted and looked up for each wanted hash less each sum of
    the other. None where that takes more than `limit` sums or look-ups.
    """
    sizes = [len(part) for part in parts]
    costs = []
    for cut in range(len(parts)):
        first, second = _count(sizes[:cut]), _count(sizes[cut:])
        costs.append((max(first * len(wanted), second), cut))
    cost, cut = min(costs)
    if cost > limit:
        return None
    left, right = _sums(parts[:cut]), _sums(parts[cut:])
    order = np.argsort(right, kind="stable")
    ascending = right[order]
    found: dict[int, list[tuple[int, ...]]] = {}
    run = max(1, _AT_ONCE // max(1, len(wanted)))
    for first in range(0, len(left), run):
        rest = wanted[None, :] - left[first : first + run, None]  # wraps, as it must
        start, end = np.searchsorted(ascending, rest, "left"), np.searchsorted(ascending, rest, "right")
        for i, place in zip(*np.nonzero(end > start), strict=True):
            for j in order[start[i, place] : end[i, place]]:
                choice = (*_digits(first + int(i), sizes[:cut]), *_digits(int(j), sizes[cut:]))
                found.setdefault(int(place), []).append(choice)
    return found


def _count(sizes: Sequence[int]) -> int:
    total = 1
    for size in sizes:
        total *= size
    return total


def _sums(parts: Sequence[Hashes]) -> Hashes:
    """All sums of one element a part; the last part counts fastest."""
    total = np.zeros(1, np.uint64)
    for part in parts:
        total = (total[:, None] + part[None, :]).ravel()
    return total


def _digits(number: int, sizes: Sequence[int]) -> tuple[int, ...]:
    digits = []
    for size in reversed(sizes):
        digits.append(number % size)
        number //= size
    return tuple(reversed(digits))
