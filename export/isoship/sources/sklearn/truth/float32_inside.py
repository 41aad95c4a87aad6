"""Where a model holds estimators of a library that answers in float32: how near such answers can be met."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from isoship.sources.sklearn.truth.answers import last_step
from isoship.sources.sklearn.walk.parts import fitted_parts
from isoship.sources.sklearn.walk.registry import record_of
from isoship_edge.manifest import Output, Tolerance

_CONTINUED = Tolerance(
    1e-6, 2.0**-20, "scikit-learn goes on in float32 with what XGBoost answers: sums and products of 24 bits"
)


def double_tolerances(model: Any, outputs: Sequence[Output]) -> dict[str, Tolerance]:
    """Output name -> what double precision cannot do better than, with its reason; empty for most models."""
    asked = [(part, float32) for part in fitted_parts(model) if (float32 := record_of(part).float32) is not None]
    held = [tolerances for part, float32 in asked if (tolerances := float32(part)) is not None]
    needed = [tolerance for tolerances in held for tolerance in tolerances]
    if held and record_of(last_step(model)).float32 is None:
        needed.append(_CONTINUED)
    if not needed:
        return {}
    widest = max(needed, key=lambda tolerance: tolerance.rtol)
    return {output.name: widest for output in outputs if output.kind != "label"}
