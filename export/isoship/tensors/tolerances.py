"""How far a shipped form may be from the source, for each output: measured, not chosen.

Each call is answered by the graph as it is, by the same graph in float64, and once more so with every weight off by
half a unit of its last place. What they differ by is the rounding error of an evaluation in float32; another
runtime, or another processor, sums in another order and is as far off on the other side. Where answers keep their
digits however small they are (`_relative`), the tolerance is relative; else it is absolute, and of an answer that is
large beside it a few units of the last place remain.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from isoship.errors import UnsupportedModelError
from isoship.tensors.asks import asks_for
from isoship.tensors.contract import Ask
from isoship.tensors.graph import nodes_of
from isoship.tensors.rounding import Rounding
from isoship.tensors.run import Array
from isoship.tensors.work import work_of
from isoship_edge.manifest import Output, Signature, Tolerance
from isoship_edge.tensors.signature import FLOATS

if TYPE_CHECKING:
    import onnx

    from isoship.tensors.sizes import Found

#: Two evaluations, each as far from the exact answer as the one measured, and twice that for calls not yet seen.
FACTOR = 4
#: Calls of fewer multiplications than this are followed by others of this seed. Time would do for a measure, and make
#: tolerances, and so a bundle's digest, another one on a slower machine.
_LITTLE, _OTHERS = 5e8, 7919
#: Units of the last place that any operator may differ by between two releases of a runtime.
_LAST_PLACES = 4
_EPS = {"double": 2.0**-52, "float": 2.0**-23, "float16": 2.0**-10}
#: Below this an element type has no whole mantissa.
_SUBNORMAL = {"double": 2.3e-308, "float": 1.2e-38, "float16": 6.2e-5}
_EXACT = Tolerance(0.0, 0.0, "compared for equality; calls whose answer float32 does not settle are not asked")
_MOVES = Tolerance(
    0.0, 0.0, "no operator of the graph rounds: its answers are the bits of its inputs, weights and leaves"
)
_DOUBLE = Tolerance(
    1e-9, 1e-9, "doubles throughout; only the order of sums and the last bits of exp and log differ between runtimes"
)
#: Of the largest answer of a call: below this a sum would have lost its digits.
_FAR_BELOW = 1e-4
#: How many answers must lie there, and units of the last place that they may be off by: far fewer than a sum would be.
_ENOUGH, _STILL_RELATIVE = 16, 1000.0
#: A tolerance of more than this part of the largest answer, or of an answer itself, holds nothing any more.
_MOST = 0.02
#: Below this float32 has no whole mantissa any more.
_SMALLEST = 1e-35
#: Operators that move, choose or compare numbers and round none.
_NO_ROUNDING = {
    "And", "ArgMax", "ArgMin", "ArrayFeatureExtractor", "Binarizer", "Cast", "CastLike", "CategoryMapper", "Clip",
    "Compress", "Concat", "Constant", "ConstantOfShape", "DepthToSpace", "Equal", "Expand", "FeatureVectorizer",
    "Flatten", "Gather", "GatherElements", "GatherND", "Greater", "GreaterOrEqual", "Identity", "If", "Imputer",
    "IsInf", "IsNaN", "LabelEncoder", "Less", "LessOrEqual", "Max", "MaxPool", "Min", "Neg", "Not", "OneHot",
    "OneHotEncoder", "Or", "Pad", "Relu", "Reshape", "ReverseSequence", "ScatterElements", "ScatterND", "Shape",
    "Sign", "Size", "Slice", "SpaceToDepth", "Split", "Squeeze", "StringNormalizer", "Tile", "TopK", "Transpose",
    "Trilu", "Unique", "Unsqueeze", "Where", "Xor",
}  # fmt: skip


def tolerances_for(
    graph: onnx.ModelProto,
    signature: Signature,
    outputs: Sequence[Output],
    asks: Sequence[Ask],
    say: Callable[[str], None],
    found: Found | None = None,
) -> dict[str, dict[str, Tolerance]]:
    """Output -> the one precision that it is compared in -> its tolerance.

    asks: those of which the answers are known; none of the user's own values leave in a reason.
    found: as of `asks_for`.
    """
    rounding = Rounding(graph)
    say("measuring rounding errors against the same graph in float64")
    pairs: dict[str, list[tuple[Array, Array]]] = {output.name: [] for output in outputs}
    for ask in _with_more(graph, signature, asks, found):
        wide = rounding.exact(ask.inputs) if ask.exact is None else ask.exact
        for answers in (rounding.run(ask.inputs), rounding.nudged(ask.inputs)):
            for name in pairs:
                if name in wide and name in answers and np.shape(wide[name]) == np.shape(answers[name]):
                    pairs[name].append((np.asarray(answers[name]), np.asarray(wide[name])))
    rounds = any(not _keeps_bits(node) for node in nodes_of(graph) if node.op_type not in ("If", "Loop", "Scan"))
    return {output.name: _tolerance(output, pairs[output.name], rounds=rounds) for output in outputs}


def _with_more(graph: onnx.ModelProto, signature: Signature, asks: Sequence[Ask], found: Found | None) -> Iterator[Ask]:
    """The calls, and as many others where they compute little."""
    yield from asks
    first = asks[0].inputs
    elements = [sum(array.size for array in ask.inputs.values()) for ask in asks]
    if work_of(graph, first) * sum(elements) / max(1, elements[0]) < _LITTLE:
        samples = [ask.inputs for ask in asks if ask.kind == "sample"][:1]
        yield from asks_for(graph, signature, samples=samples, found=found, seed=_OTHERS, budget=len(asks))


def _keeps_bits(node: onnx.NodeProto) -> bool:
    if node.op_type.startswith("TreeEnsemble"):
        post = next((a for a in node.attribute if a.name == "post_transform"), None)
        return post is None or (post.s in (b"", b"NONE") and post.i == 0)
    return node.op_type in _NO_ROUNDING


def _tolerance(output: Output, pairs: Sequence[tuple[Array, Array]], *, rounds: bool) -> dict[str, Tolerance]:
    if output.dtype not in FLOATS:
        return {"double": _EXACT}
    precision = "double" if output.dtype == "double" else "float32"
    if not rounds:
        return {precision: _MOVES}
    sizes, errors = _finite(pairs)
    largest = float(errors.max(initial=0.0))
    if output.dtype == "double" and largest <= 1e-12 * max(1.0, float(sizes.max(initial=0.0))):
        return {precision: _DOUBLE}
    floor = _LAST_PLACES * _EPS[output.dtype] if output.dtype != "double" else 1e-9
    if not largest:
        return {precision: Tolerance(
            _SUBNORMAL[output.dtype], _up(floor), f"no rounding error was seen on {len(pairs) // 2} calls against the"
            f" same graph in float64; {_LAST_PLACES} units of the last place remain for other runtimes"
        )}  # fmt: skip
    said = (
        f"{FACTOR} times what {output.dtype} and float64 evaluations of the graph differ by on {len(pairs) // 2} calls"
    )
    share = _relative(pairs, _EPS[output.dtype])
    if share is not None:
        rtol = max(FACTOR * share, floor)
        reason = f"{said}, a share of {share:.2g} of answers of every size, which span decades within a call"
        held = Tolerance(_SUBNORMAL[output.dtype], _up(rtol), reason)
        return {precision: _held(output, held, float(sizes.max()), largest)}
    absolute = (
        f"{said}, {largest:.2g} where answers reach {float(sizes.max()):.2g}: sums have the error of their largest term"
    )
    held = Tolerance(_up(FACTOR * largest), _up(floor), absolute)
    return {precision: _held(output, held, float(sizes.max()), largest)}


def _held(output: Output, tolerance: Tolerance, largest: float, error: float) -> Tolerance:
    """The tolerance, which is a small part of the answers.

    Raises:
        UnsupportedModelError: it would let nearly every answer pass.
    """
    if tolerance.atol <= _MOST * largest and tolerance.rtol <= _MOST:
        return tolerance
    raise UnsupportedModelError(
        f"the output {output.name!r}",
        f"rounding alone moves it by up to {error:.2g} where answers reach {largest:.2g}, so another runtime's answer"
        " could not be told from a wrong one. Something in front of it jumps (ArgMax, Round, a comparison), or numbers"
        " cancel",
        "Give calls that the model settles (--sample calls.npz), export it in float64, or export the numbers that stand"
        " in front of the jump",
    )


def _finite(pairs: Sequence[tuple[Array, Array]]) -> tuple[Array, Array]:
    """|exact| and |error| of every finite element."""
    with np.errstate(invalid="ignore", over="ignore"):
        both = [(np.abs(wide).ravel(), np.abs(got.astype(np.float64) - wide).ravel()) for got, wide in pairs]
    sizes = np.concatenate([size for size, _ in both]) if both else np.zeros(0)
    errors = np.concatenate([error for _, error in both]) if both else np.zeros(0)
    finite = np.isfinite(sizes) & np.isfinite(errors)
    return sizes[finite], errors[finite]


def _relative(pairs: Sequence[tuple[Array, Array]], eps: float) -> float | None:
    """The largest error as a share of its own answer, where that is what an error of this output is; else None.

    Exponentials, and so probabilities, keep their digits however small they are; a sum that cancels does not. Which it
    is shows in answers far below the largest one of their call: there an error of a sum is a large share.
    """
    shares, small = [0.0], 0
    for got, wide in pairs:
        size, error = _finite([(got, wide)])
        held = size > _SMALLEST
        share = error[held] / size[held]
        far_below = size[held] < _FAR_BELOW * size.max(initial=0.0)
        small += int(far_below.sum())
        shares.append(float(share.max(initial=0.0)))
    return max(shares) if small >= _ENOUGH and max(shares) <= _STILL_RELATIVE * eps else None


def measured(output: Output, pairs: Sequence[tuple[Array, Array]]) -> Tolerance:
    """An output's tolerance by what evaluations of a graph that rounds gave, each beside the exact answer.

    Raises: as `tolerances_for`.
    """
    return next(iter(_tolerance(output, pairs, rounds=True).values()))


def _up(value: float) -> float:
    """Two digits, rounded up."""
    if value == 0:
        return 0.0
    unit = 10.0 ** (math.floor(math.log10(value)) - 1)
    return float(f"{math.ceil(value / unit - 1e-9) * unit:.2g}")


def only(tolerances: Mapping[str, Mapping[str, Tolerance]]) -> dict[str, Tolerance]:
    """The tolerance that each output of a model of tensors has in its own precision: the first."""
    return {name: next(iter(held.values())) for name, held in tolerances.items()}
