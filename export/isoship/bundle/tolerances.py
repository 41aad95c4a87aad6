"""How far a shipped form may be from the source model, per output and precision, and why.

A tolerance is a claim. Double forms differ from the source library only in the order of sums and in the last bits of
`exp` and `log`; the float32 forms (TF.js has no doubles) round every intermediate to 24 bits.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from isoship.onnx.exponentials import exponential_outputs
from isoship.onnx.tree_sums import TreeSum, tree_sums
from isoship_edge.manifest import Output, Tolerance

if TYPE_CHECKING:
    import onnx

_DOUBLE = Tolerance(
    1e-9, 1e-9, "doubles throughout; only the order of sums and the last bits of exp and log differ from the source"
)
_PROBABILITIES = Tolerance(1e-6, 0.0, "TF.js computes in float32: 24 bits, values in [0, 1]")
#: What float32 leaves of a sum, beside 1 and the largest of them.
_SINGLE = 1e-5
#: Of an answer of any size: some of float32's last places, which hold 6e-8 each.
_LAST_PLACES = 1e-6
#: 2^-24 of the largest exponent whose exponential doubles hold: what an exponent of any size is rounded by.
_ANY_EXPONENT = 4.3e-5
#: Below this a float32 has no whole 24 bits.
_SUBNORMAL = 1.2e-38
#: Beyond this logit a probability is 1 in float32.
_SATURATED = 17.0
_EXACT = Tolerance(0.0, 0.0, "labels are compared for equality")


def tolerances_for(
    outputs: Iterable[Output],
    golden: Mapping[str, Any],
    double: Mapping[str, Tolerance] | None = None,
    graph: onnx.ModelProto | None = None,
) -> dict[str, dict[str, Tolerance]]:
    """Tolerances for every output.

    golden: output name -> the source model's answers on the golden rows ([N] or [N, K] nested lists of numbers);
    their largest magnitude scales the float32 tolerance of unbounded outputs.
    double: output name -> what the source itself needs instead of 1e-9, with its reason.
    graph: the canonical one, which tells outputs that are exponentials: their answers span decades, and an error of
    the exponent is a relative one; and the trees that each output adds up.
    """
    exponentials = {} if graph is None else exponential_outputs(graph)
    sums = {} if graph is None else tree_sums(graph)
    chosen: dict[str, dict[str, Tolerance]] = {}
    for output in outputs:
        if output.kind == "label":
            chosen[output.name] = {"double": _EXACT, "float32": _EXACT}
            continue
        if output.kind == "probabilities":
            single = _of_probabilities(golden.get(output.name, []), sums.get(output.name))
        elif output.name in exponentials:
            single = _of_exponent(golden.get(output.name, []), shifted=exponentials[output.name].shifted)
        else:
            scale = 1.0 + _largest(golden.get(output.name, []))
            single = Tolerance(
                _rounded(_SINGLE * scale), _LAST_PLACES, "TF.js computes in float32, where a sum has the error of its"
                " largest term: 1e-5 of 1 + the largest golden output; and 24 bits of whatever an answer is"
            )  # fmt: skip
        chosen[output.name] = {"double": (double or {}).get(output.name, _DOUBLE), "float32": single}
    return chosen


def tolerances_to_json(tolerances: Mapping[str, Mapping[str, Tolerance]]) -> dict[str, Any]:
    return {name: {p: t._asdict() for p, t in by_precision.items()} for name, by_precision in tolerances.items()}


def _of_probabilities(answers: Any, added: TreeSum | None) -> Tolerance:
    """1e-6, and for many trees what adding their leaves in float32 leaves.

    T additions round a sum of size S by 2^-24 x S each at most, and independently: 2^-24 x S x sqrt(T) together. A link
    takes a quarter of that over at most (the slope of a sigmoid). XGBoost itself adds so, in an order that TF.js's
    backends do not keep: 2,000 trees whose sum is 0.427225 answer 0.427221. Sums of scores are S times as long; means
    of leaves are at most 1. Raw scores and values need nothing of this kind below 28,000 trees, where their 1e-5 ends.
    """
    if added is None:
        return _PROBABILITIES
    size = min(_largest_logit(answers), _SATURATED) / 4 if added.linked else 1.0
    error = _rounded(2.0**-24 * math.sqrt(added.trees) * size)
    if error <= _PROBABILITIES.atol:
        return _PROBABILITIES
    terms = f"scores up to {4 * size:.2g}, of which a probability takes a quarter" if added.linked else "shares"
    return Tolerance(error, 0.0, f"TF.js adds {added.trees} trees in float32: 2^-24 x sqrt({added.trees}) of {terms}")


def _of_exponent(answers: Any, *, shifted: bool) -> Tolerance:
    """e^x, and with `shifted` e^x - 1: the error of x in float32 is a relative error of the answer, of any size."""
    exponents = [math.log(abs(v) + (1.0 if shifted else 0.0)) for v in _numbers(answers) if v != 0 or shifted]
    error = _rounded(max(_SINGLE * (1.0 + max(map(abs, exponents), default=0.0)), _ANY_EXPONENT))
    reason = (
        "TF.js computes the exponent in float32, 1e-5 of 1 + the largest and 24 bits of any, and that is a relative"
        " error of its"
    )
    if shifted:
        return Tolerance(error, error, f"{reason} exponential, from which a constant is taken")
    return Tolerance(_SUBNORMAL, error, f"{reason} exponential; the absolute part is what float32 cannot hold")


def _rounded(value: float) -> float:
    return float(f"{value:.2g}")


def _numbers(values: Any) -> list[float]:
    if isinstance(values, (list, tuple)):
        return [number for value in values for number in _numbers(value)]
    return [float(values)] if isinstance(values, (int, float)) and math.isfinite(values) else []


def _largest_logit(probabilities: Any) -> float:
    inner = [p for p in _numbers(probabilities) if 0 < p < 1]
    return max((abs(math.log(p) - math.log1p(-p)) for p in inner), default=0.0)


def _largest(values: Any) -> float:
    return max(map(abs, _numbers(values)), default=0.0)
