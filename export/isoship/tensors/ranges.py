"""The range of integers that a model takes in an input: where it looks something up, the size of what it looks into.

    token_ids -> Cast -> Gather(weight [30522, 384])        -30522 to 30521: an index below zero counts from the end
    k -> TopK(x [N, 8])                                     0 to 8: there are no more than 8
    n -> Range(0, n) -> Gather(positions [512, 384])        to 512

What the graph suggests is proven by asking: the end is answered and the next integer is refused.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import onnx

from isoship.tensors.graph import attribute, captured, subgraphs

#: Operators that hand on the values of their first input as they are.
_KEEP = {
    "Cast", "Expand", "Flatten", "Gather", "Identity", "Reshape", "Slice", "Split", "Squeeze", "Tile", "Transpose",
    "Unsqueeze",
}  # fmt: skip
#: Operators whose further inputs are sizes, counts or shapes: a large value there is memory, not a number.
SIZES = {
    "AffineGrid": (1,), "BitShift": (1,), "BlackmanWindow": (0,), "CenterCropPad": (1,), "Col2Im": (1, 2),
    "ConstantOfShape": (0,), "CumSum": (1,), "DFT": (1, 2), "Expand": (1,), "HammingWindow": (0,), "HannWindow":
    (0,), "Loop": (0,), "MaxUnpool": (2,), "MelWeightMatrix": (0, 1, 2), "OneHot": (1,), "Pad": (1,), "Range": (0,
    1, 2), "Reshape": (1,), "Resize": (1, 2, 3), "STFT": (1, 3), "Slice": (1, 2, 4), "Split": (1,), "Squeeze": (1,),
    "Tile": (1,), "TopK": (1,), "Trilu": (1,), "Unsqueeze": (1,), "Upsample": (1,),
}  # fmt: skip


@dataclass
class Use:
    """What an integer input is used for. lookups: sizes of what it is looked up in. size: it is a size or a count;
    counted: how many there may be of what it counts; unbounded: it is a size whose end cannot be asked for, since a
    large one is memory."""

    lookups: set[int] = field(default_factory=set)
    size: bool = False
    counted: set[int] = field(default_factory=set)
    unbounded: bool = False


def uses_of(model: onnx.ModelProto, name: str) -> Use:
    """Follows an input through the graph."""
    use = Use()
    shapes = axes_of(model)
    _follow(model.graph, {name}, {name}, use, shapes)
    return use


def _follow(
    graph: onnx.GraphProto, same: set[str], depends: set[str], use: Use, shapes: Mapping[str, list[int]]
) -> None:
    """same: names that hold the input's own values. depends: names computed from them."""
    for node in graph.node:
        inputs = list(node.input)
        for place in SIZES.get(node.op_type, ()) if node.domain in ("", "ai.onnx") else ():
            if place < len(inputs) and inputs[place] in depends:
                use.size = True
                if node.op_type == "TopK":
                    use.counted |= _along(node, shapes, -1)
                elif node.op_type == "Range":  # places, which are looked up somewhere
                    use.counted |= set().union(*(looked_up(each, shapes) for each in graph.node))
                else:
                    use.unbounded = True
        if len(inputs) > 1 and inputs[1] in same:
            use.lookups |= looked_up(node, shapes)
        if node.op_type == "EmbedLayerNormalization":
            use.lookups |= {
                shapes[inputs[at + 2]][0] for at in (0, 1) if inputs[at] in same and inputs[at + 2] in shapes
            }
        inner = subgraphs(node)
        for each in inner:
            _follow(each, set(same), set(depends), use, shapes)
        if inputs and inputs[0] in same and node.op_type in _KEEP:
            same |= set(node.output)
        if node.op_type in ("Shape", "Size"):
            continue
        if depends & set(inputs) or any(depends & captured(each) for each in inner):
            depends |= set(node.output)


def looked_up(node: onnx.NodeProto, shapes: Mapping[str, list[int]]) -> set[int]:
    """The size of what a node looks something up in, where it is known."""
    if node.op_type in ("Gather", "GatherElements"):
        return _along(node, shapes, 0)
    if node.op_type == "GatherND":
        return {size for size in shapes.get(node.input[0], [])[:1] if size > 0}
    return set()


def _along(node: onnx.NodeProto, shapes: Mapping[str, list[int]], otherwise: int) -> set[int]:
    """The size of a node's first input along its axis. otherwise: the axis where it names none."""
    axis, sizes = attribute(node, "axis"), shapes.get(node.input[0], [])
    at = axis.i if axis else otherwise
    return {sizes[at]} if -len(sizes) <= at < len(sizes) and sizes[at] > 0 else set()


def axes_of(model: onnx.ModelProto) -> dict[str, list[int]]:
    """Shapes of weights, and of what shape inference knows; an unknown size is -1."""
    try:
        inferred = onnx.shape_inference.infer_shapes(model, data_prop=True)
    except Exception:  # noqa: BLE001 - onnx raises what its C++ does; without shapes, ends are looked for by asking
        inferred = model
    shapes = {
        value.name: [dim.dim_value if dim.HasField("dim_value") else -1 for dim in value.type.tensor_type.shape.dim]
        for value in [*inferred.graph.value_info, *inferred.graph.input]
    }
    return shapes | {tensor.name: list(tensor.dims) for tensor in model.graph.initializer}


def ends_of(use: Use, answered: Callable[[int], bool], lowest: int, highest: int) -> tuple[int | None, int | None]:
    """The ends that an input has, None where the model takes all of the dtype or nothing is known of it.

    answered: whether the model answers a call with this integer throughout. lowest, highest: the dtype's.
    """
    if use.size:
        return _ends_of_counts(use, answered)
    return proven_ends(answered, use.lookups, lowest, highest) if answered(0) else (None, None)


def _ends_of_counts(use: Use, answered: Callable[[int], bool]) -> tuple[int | None, int | None]:
    if use.unbounded:
        return None, None
    least = next((number for number in (0, 1) if answered(number)), None)
    if least is None:
        return None, None
    minimum = None if any(map(answered, (-1, -2, -1000))) else least
    most = next((n for n in sorted(use.counted) if answered(n) and not any(map(answered, (n + 1, n + 2, 2 * n)))), None)
    return minimum, most


def proven_ends(
    answered: Callable[[int], bool], lookups: set[int], lowest: int, highest: int
) -> tuple[int | None, int | None]:
    """The ends that the model itself has, None where it takes all of the dtype.

    answered: whether the model answers a call with this integer throughout; 0 is answered. lowest, highest: the
    dtype's. What the graph suggests is tried first; else the end is bisected.
    """
    if answered(highest):
        maximum = None
    else:
        ends = (size - 1 for size in sorted(lookups))
        maximum = next((n for n in ends if n < highest and answered(n) and not answered(n + 1)), None)
        maximum = _last(answered, highest) if maximum is None else maximum
    if lowest == 0 or answered(lowest):
        return None, maximum
    minimum = next((-n for n in sorted(lookups) if answered(-n) and not answered(-n - 1)), None)
    return (-_last(lambda n: answered(-n), -lowest) if minimum is None else minimum), maximum


def _last(answered: Callable[[int], bool], refused: int) -> int:
    """The last integer from 0 that is answered, where one border is all there is."""
    known = 0
    while refused - known > 1:
        middle = known + (refused - known) // 2
        known, refused = (middle, refused) if answered(middle) else (known, middle)
    return known
