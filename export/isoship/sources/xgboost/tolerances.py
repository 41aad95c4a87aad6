"""How near XGBoost's own answers can be met: it computes links in float32, with its own exp."""

from __future__ import annotations

from typing import Any

from isoship_edge.manifest import Tolerance

#: Objectives whose prediction is the margin itself, or a step of it: bit-equal.
_MARGINS = (
    "reg:squarederror",
    "reg:squaredlogerror",
    "reg:pseudohubererror",
    "reg:absoluteerror",
    "reg:quantileerror",
    "binary:logitraw",
    "binary:hinge",
    "rank:pairwise",
    "rank:ndcg",
    "rank:map",
)
_LINK = Tolerance(
    1e-9, 2.0**-22, "XGBoost computes its link in float32: two units in the last place of a float32, margins bit-equal"
)


def double_tolerance(estimator: Any) -> Tolerance | None:
    """What one fitted XGBoost estimator needs instead of 1e-9; None where its margins are its answers."""
    return None if getattr(estimator, "objective", None) in _MARGINS else _LINK
