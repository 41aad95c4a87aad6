"""float16 weights: half the bytes, and the arithmetic stays float32.

onnxruntime's own converter turns the arithmetic to float16, too. It was decided against: x86 has no such kernels, so
onnxruntime widens around every node and nothing is faster; ARM has some, so the answers would depend on the processor;
and constants such as an epsilon of 1e-12 become 5.96e-8 in silence. Here only weights of products, recurrent layers and
embeddings become float16, each widened again by a Cast, which is exact.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from isoship.errors import UnsupportedModelError
from isoship.tensors.quantization.constants import as_initializers

#: Operator -> the places of its weights. Biases, epsilons, means and scales stay as they are.
WEIGHTS = {
    "Conv": (1,),
    "ConvTranspose": (1,),
    "Gemm": (0, 1),
    "MatMul": (0, 1),
    "Gather": (0,),
    "LSTM": (1, 2),
    "GRU": (1, 2),
    "RNN": (1, 2),
}
#: Below this many values a Cast costs more than it saves.
SMALLEST = 256


def with_float16_weights(model: onnx.ModelProto) -> tuple[onnx.ModelProto, list[str]]:
    """A copy with weights in float16, and the names of those that float16 cannot hold, which stay float32.

    Raises:
        UnsupportedModelError: no weight is left to convert.
    """
    made = onnx.ModelProto()
    made.CopyFrom(model)
    as_initializers(made)
    used = {node.input[at] for node in made.graph.node for at in WEIGHTS.get(node.op_type, ()) if at < len(node.input)}
    taken = {one.name for one in made.graph.initializer} | {name for n in made.graph.node for name in n.output}
    outside = {one.name for one in (*made.graph.input, *made.graph.output)}
    kept, casts = [], []
    for tensor in made.graph.initializer:
        sizable = tensor.data_type == TensorProto.FLOAT and int(np.prod(tensor.dims)) >= SMALLEST
        if not sizable or tensor.name not in used - outside:
            continue
        weight = numpy_helper.to_array(tensor)
        with np.errstate(over="ignore"):
            half = weight.astype(np.float16)
        if not _held(weight, half):
            kept.append(tensor.name)
            continue
        name, stored = tensor.name, f"{tensor.name}_float16"
        while stored in taken:
            stored += "_"
        tensor.CopyFrom(numpy_helper.from_array(half, stored))
        casts.append(helper.make_node("Cast", [stored], [name], name=f"{stored}_cast", to=TensorProto.FLOAT))
    if not casts:
        raise UnsupportedModelError(
            "--quantize float16",
            f"float16 cannot hold {', '.join(kept)}" if kept else f"no product has {SMALLEST} float32 weights or more",
            "Leave --quantize",
        )
    nodes = [*casts, *made.graph.node]
    del made.graph.node[:]
    made.graph.node.extend(nodes)
    onnx.checker.check_model(made)
    return made, kept


def _held(
    weight: np.ndarray[tuple[int, ...], np.dtype[np.float32]], half: np.ndarray[tuple[int, ...], np.dtype[np.float16]]
) -> bool:
    """Each value is within half a unit of float16 (2^-11) of itself, or of the largest beside it on both first axes.

    Values above 65504 become infinite, and those below 6e-5 lose digits; a tiny one beside large ones of its own sum is
    rounding, a row of tiny ones (an epsilon, an embedding of 1e-9) is not.
    """
    if not np.isfinite(half).all():
        return bool(np.array_equal(half.astype(np.float32), weight, equal_nan=True))
    error, size = np.abs(half.astype(np.float32) - weight), np.abs(weight)
    return all((_largest(error, axis) <= 2.0**-11 * _largest(size, axis)).all() for axis in _axes(weight.ndim))


def _axes(ndim: int) -> Iterable[int]:
    return range(min(ndim, 2))


def _largest(
    values: np.ndarray[tuple[int, ...], np.dtype[np.float32]], axis: int
) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    others = tuple(other for other in range(values.ndim) if other != axis)
    return np.asarray(values.max(axis=others, initial=0))
