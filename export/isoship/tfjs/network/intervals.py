"""Between what the results of an operator lie: whether integers stay where int32 holds them is proven by it.

Integers that a caller gives are at most `emission.MOST` in size: the runtime refuses others. Of reals something is
known where they are bounded by what made them.
"""

from __future__ import annotations

from collections.abc import Callable
from math import inf, isfinite, trunc
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from isoship.tfjs.network.emission import Emission
    from isoship.tfjs.network.reading import Node

Interval = tuple[float, float]
REALS = ("float", "double", "float16")

#: What reals may be beyond their bounds, relatively: a float32 is rounded at each step, bounds are not.
_ROUNDED = 1e-5

#: The results are among the elements of these inputs: all of them, or the first so many.
_MOVES = {
    **dict.fromkeys(
        ["Identity", "Reshape", "Flatten", "Squeeze", "Unsqueeze", "Transpose", "Slice", "Split", "Tile", "Expand"], 1
    ),
    **dict.fromkeys(["Gather", "GatherElements", "GatherND", "DepthToSpace", "SpaceToDepth", "Compress", "Dropout"], 1),
    **dict.fromkeys(["ReduceMax", "ReduceMin", "TopK", "ReverseSequence", "ArrayFeatureExtractor"], 1),
    **dict.fromkeys(["Concat", "Max", "Min"], 99),
}
#: Moved, or 0 beside them.
_WITH_ZERO = frozenset(["Trilu"])
_SHRINKS: dict[str, Interval] = {
    "Sigmoid": (0, 1),
    "Softmax": (0, 1),
    "Tanh": (-1, 1),
    "HardSigmoid": (0, 1),
    "Sin": (-1, 1),
    "Cos": (-1, 1),
    "Sign": (-1, 1),
    "Erf": (-1, 1),
}


def interval_of(node: Node, name: str, e: Emission) -> Interval | None:
    """The interval of an output, None where nothing is known."""
    made = _interval(node, name, e)
    return made if made is not None and isfinite(made[0]) and isfinite(made[1]) else None


def _interval(node: Node, name: str, e: Emission) -> Interval | None:
    if node.op in _SHRINKS:
        return _SHRINKS[node.op]
    if node.op in ("ArgMax", "ArgMin"):
        size = e.shape(node.inputs[0])[int(node.attrs.get("axis", 0))]
        return 0, size - 1 if isinstance(size, int) else 2**24
    if node.op == "TopK" and name == node.outputs[1]:
        size = e.shape(node.inputs[0])[int(node.attrs.get("axis", -1))]
        return 0, size - 1 if isinstance(size, int) else 2**24
    if node.op in ("NonZero", "Shape", "Size"):
        return 0, 2**24
    if node.op == "Where":
        return _union([e.bound(x) for x in node.inputs[1:3]])
    if node.op in ("ScatterElements", "ScatterND", "Scatter"):
        return (
            _union([e.bound(node.inputs[0]), e.bound(node.inputs[2])])
            if "none" in str(node.attrs.get("reduction", "none"))
            else None
        )
    if node.op == "Pad":
        fill = e.bound(node.inputs[2]) if e.has(node, 2) else (0.0, 0.0)
        return _union([e.bound(node.inputs[0]), fill])
    if node.op in _MOVES:
        return _union([e.bound(x) for x in node.inputs[: _MOVES[node.op]] if x])
    if node.op in _WITH_ZERO:
        return _union([e.bound(node.inputs[0]), (0.0, 0.0)])
    if node.op == "Clip":
        return _clipped(node, e)
    if node.op in ("Cast", "CastLike"):
        return _cast(node, name, e)
    if node.op == "Div":
        return _quotient(node, e)
    rule = _ARITHMETIC.get(node.op)
    if rule is None:
        return None
    given = [e.bound(x) for x in node.inputs if x]
    return None if any(x is None for x in given) else rule([x for x in given if x is not None])


def _union(given: list[Interval | None]) -> Interval | None:
    known = [x for x in given if x is not None]
    if len(known) < len(given) or not known:
        return None
    return min(x[0] for x in known), max(x[1] for x in known)


def _clipped(node: Node, e: Emission) -> Interval | None:
    """Both ends are raised to the least and lowered to the most, which wins."""
    ends = []
    for i, attribute, nothing in ((1, "min", -inf), (2, "max", inf)):
        if e.has(node, i):
            ends.append(e.bound(node.inputs[i]) or (-inf, inf))
        else:
            ends.append((float(node.attrs.get(attribute, nothing)),) * 2)
    low, high = ends
    x = e.bound(node.inputs[0]) or (-inf, inf)
    return min(max(x[0], low[0]), high[0]), min(max(x[1], low[1]), high[1])


def _cast(node: Node, name: str, e: Emission) -> Interval | None:
    """Reals are cut toward 0, after they may have been rounded a little further than what bounds them; what becomes
    float32 is rounded to it."""
    x, to = e.bound(node.inputs[0]), e.dtype(name)
    if to == "bool":
        return 0, 1
    if x is None:
        return None
    if e.dtype(node.inputs[0]) in REALS and to not in REALS:
        low, high = (0.0 if end == trunc(end) and abs(end) <= 2**24 else abs(end) * _ROUNDED for end in x)
        return trunc(x[0] - low), trunc(x[1] + high)
    return x


def _quotient(node: Node, e: Emission) -> Interval | None:
    """Of integers no larger than what is divided; of reals where the divisor has one sign."""
    x, y = (e.bound(name) for name in node.inputs)
    if x is None:
        return None
    if e.dtype(node.inputs[0]) not in REALS:
        return _largest([x])
    if y is None or y[0] <= 0 <= y[1]:
        return None
    return _corners(lambda a, b: a / b)([x, y])


def _corners(f: Callable[[float, float], float]) -> Callable[[list[Interval]], Interval]:
    def rule(given: list[Interval]) -> Interval:
        (a, b), (c, d) = given[0], given[-1]
        made = [f(x, y) for x in (a, b) for y in (c, d)]
        return min(made), max(made)

    return rule


def _largest(given: list[Interval]) -> Interval:
    most = max(abs(x) for x in given[0])
    return -most, most


def _sum(given: list[Interval]) -> Interval:
    return sum(x[0] for x in given), sum(x[1] for x in given)


_ARITHMETIC: dict[str, Callable[[list[Interval]], Interval]] = {
    "Add": _sum,
    "Sum": _sum,
    "Sub": _corners(lambda x, y: x - y),
    "Mul": _corners(lambda x, y: x * y),
    "Neg": lambda given: (-given[0][1], -given[0][0]),
    "Abs": lambda given: (0.0, _largest(given)[1]),
    "Mod": lambda given: (-_largest(given[1:])[1], _largest(given[1:])[1]),
    "Floor": lambda given: (given[0][0] - 1, given[0][1]),
    "Ceil": lambda given: (given[0][0], given[0][1] + 1),
    "Round": lambda given: (given[0][0] - 1, given[0][1] + 1),
}
