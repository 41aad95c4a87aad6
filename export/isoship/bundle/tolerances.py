"""How far a shipped form may be from the source model, per output and precision, and why.

A tolerance is a claim. Double forms differ from the source library only in the order of sums and in the last bits of
`exp` and `log`; the float32 forms (TF.js has no doubles) round every intermediate to 24 bits.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

from isoship_edge.manifest import Output, Tolerance

_DOUBLE = Tolerance(
    1e-9, 1e-9, "doubles throughout; only the order of sums and the last bits of exp and log differ from the source"
)
_PROBABILITIES = Tolerance(1e-6, 0.0, "TF.js computes in float32: 24 bits, values in [0, 1]")
_EXACT = Tolerance(0.0, 0.0, "labels are compared for equality")


def tolerances_for(
    outputs: Iterable[Output], golden: Mapping[str, Any], double: Mapping[str, Tolerance] | None = None
) -> dict[str, dict[str, Tolerance]]:
    """Tolerances for every output.

    golden: output name -> the source model's answers on the golden rows ([N] or [N, K] nested lists of numbers);
    their largest magnitude scales the float32 tolerance of unbounded outputs.
    double: output name -> what the source itself needs instead of 1e-9, with its reason.
    """
    chosen: dict[str, dict[str, Tolerance]] = {}
    for output in outputs:
        if output.kind == "label":
            chosen[output.name] = {"double": _EXACT, "float32": _EXACT}
            continue
        if output.kind == "probabilities":
            single = _PROBABILITIES
        else:
            scale = 1.0 + _largest(golden.get(output.name, []))
            single = Tolerance(
                float(f"{1e-5 * scale:.2g}"), 0.0, "TF.js computes in float32: 1e-5 of 1 + the largest golden output"
            )
        chosen[output.name] = {"double": (double or {}).get(output.name, _DOUBLE), "float32": single}
    return chosen


def tolerances_to_json(tolerances: Mapping[str, Mapping[str, Tolerance]]) -> dict[str, Any]:
    return {name: {p: t._asdict() for p, t in by_precision.items()} for name, by_precision in tolerances.items()}


def _largest(values: Any) -> float:
    if isinstance(values, (list, tuple)):
        return max((_largest(v) for v in values), default=0.0)
    return abs(values) if isinstance(values, (int, float)) and math.isfinite(values) else 0.0
