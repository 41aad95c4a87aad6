"""What the fitted model knows about one column."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from isoship.rows.probe import FloatArray
from isoship_edge.manifest import Scalar


@dataclass(frozen=True, eq=False)
class ColumnProfile:
    """Fitted facts about one column in the user's own units; no statistic of a sample.

    categories: values that the model tells from others, in the model's order; with `closed` it refuses all others.
    boundaries: ascending doubles; between each and its next double (next integer for int64) something in the model
    changes side. angle_boundaries: where an angle that the model takes of the column is a multiple of a quarter of pi.
    low, high, typical: a range that contains what the model distinguishes; `fitted` is False where the model does not
    tell (no threshold, no scaler) and they are a guess. lowest, highest: the ends of the contract. saturates: trees
    alone read the model's features, so that numbers far outside answer as those at the end of the range do. bounded:
    beyond its first and its last boundary the answer is the same, in every row that was tried. enumerated: so are the
    answers to all values that are no categories.
    """

    name: str
    dtype: str
    missing: bool
    infinity: bool
    categories: tuple[Scalar, ...] = ()
    closed: bool = False
    boundaries: FloatArray = field(default_factory=lambda: np.empty(0))
    angle_boundaries: FloatArray = field(default_factory=lambda: np.empty(0))
    low: float = -3.0
    high: float = 3.0
    typical: float = 0.0
    fitted: bool = False
    lowest: float = -math.inf
    highest: float = math.inf
    saturates: bool = False
    bounded: bool = False
    enumerated: bool = False


def widened_to_sample(
    profiles: Mapping[str, ColumnProfile], sample: Sequence[Mapping[str, Any]]
) -> dict[str, ColumnProfile]:
    """The profiles with ranges that hold most of a sample: not every model tells where it was fitted.

    To two digits, so that no value of the sample gets into rows that a report shows.
    """
    return {name: _around(profile, [row[name] for row in sample]) for name, profile in profiles.items()}


def _around(profile: ColumnProfile, values: Sequence[Any]) -> ColumnProfile:
    numbers = [v for v in values if v is not None and math.isfinite(v)] if profile.dtype in ("double", "int64") else []
    if not numbers or profile.closed:
        return profile
    low, high = (float(f"{end:.2g}") for end in np.quantile(np.array(numbers, np.float64), (0.01, 0.99)))
    low, high = max(min(low, profile.low), profile.lowest), min(max(high, profile.high), profile.highest)
    return replace(profile, low=low, high=high)
