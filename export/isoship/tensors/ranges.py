"""The range of integers that a model takes in an input: where it looks something up, the size of what it looks into.

    token_ids -> Cast -> Gather(weight [30522, 384])        -30522 to 30521: an index below zero counts from the end

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
_SIZES = {
    "AffineGrid": (1,), "BitShift": (1,), "BlackmanWindow": (0,), "CenterCropPad": (1,), "Col2Im": (1, 2),
    "ConstantOfShape": (0,), "CumSum": (1,), "DFT": (1, 2), "Expand": (1,), "HammingWindow": (0,), "HannWindow":
    (0,), "Loop": (0,), "MaxUnpool": (2,), "MelWeightMatrix": (0, 1, 2), "OneHot": (1,), "Pad": (1,), "Range": (0,
    1, 2), "Reshape": (1,), "Resize": (1, 2, 3), "STFT": (1, 3), "Slice": (1, 2, 4), "Split": (1,), "Squeeze": (1,),
    "Tile": (1,), "TopK": (1,), "Trilu": (1,), "Unsqueeze": (1,), "Upsample": (1,),
}  # fmt: skip


@dataclass
class Use:
    """What an integer input is used for. ends: sizes of what it is looked up in. size: it is a size or a count."""

    lookups: set[int] = field(default_factory=set)
    size: bool = False


def uses_of(model: onnx.ModelProto, name: str) -> Use:
    """Follows an input through the graph."""
    use = Use()
    shapes = _axes(model)
    _follow(model.graph, {name}, {name}, use, shapes)
    return use


def _follow(
    graph: onnx.GraphProto, same: set[str], depends: set[str], use: Use, shapes: Mapping[str, list[int]]
) -> None:
    """same: names that hold the input's own values. depends: names computed from them."""
    for node in graph.node:
        inputs = list(node.input)
        for place in _SIZES.get(node.op_type, ()) if node.domain in ("", "ai.onnx") else ():
            if place < len(inputs) and inputs[place] in depends:
                use.size = True
        if node.op_type in ("Gather", "GatherElements") and len(inputs) > 1 and inputs[1] in same:
            axis = attribute(node, "axis")
            sizes = shapes.get(inputs[0], [])
            at = axis.i if axis else 0
            if -len(sizes) <= at < len(sizes) and sizes[at] > 0:
                use.lookups.add(sizes[at])
        if node.op_type == "GatherND" and len(inputs) > 1 and inputs[1] in same and shapes.get(inputs[0], [0])[0] > 0:
            use.lookups.add(shapes[inputs[0]][0])
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


def _axes(model: onnx.ModelProto) -> dict[str, list[int]]:
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
