"""What the fitted model knows about one column."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np

from isoship.parity.probe import FloatArray
from isoship_edge.manifest import Scalar


@dataclass(frozen=True, eq=False)
class ColumnProfile:
    """Fitted facts about one column in the user's own units; no statistic of a sample.

    categories: values that the model tells from others, in the model's order; with `closed` it refuses all others.
    boundaries: ascending doubles; between each and its next double (next integer for int64) something in the model
    changes side. low, high, typical: a range that contains what the model distinguishes; `fitted` is False where the
    model does not tell (no threshold, no scaler) and they are a guess. lowest, highest: the ends of the contract.
    """

    name: str
    dtype: str
    missing: bool
    infinity: bool
    categories: tuple[Scalar, ...] = ()
    closed: bool = False
    boundaries: FloatArray = field(default_factory=lambda: np.empty(0))
    low: float = -3.0
    high: float = 3.0
    typical: float = 0.0
    fitted: bool = False
    lowest: float = -math.inf
    highest: float = math.inf
    saturates: bool = False
