"""How far rounding moves a graph's answers: the graph with each float moved by a last place at random (Monte Carlo
arithmetic; Parker 1997), in onnxruntime.

It serves where the source's library cannot be run in another precision. A graph that overflows where the source does
not says nothing of rounding there, so that such elements count as settled.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from isoship.errors import InputError
from isoship.tensors.contract import Arrays
from isoship.tensors.run import Runs

if TYPE_CHECKING:
    import onnx

Array = np.ndarray[Any, Any]
_DRAWS = 6
#: Operators that are near in parts of 1 and not in parts of each answer: onnxruntime's sigmoid is 0 from -18 on.
_OF_ONE = {"GRU", "LSTM", "RNN", "Sigmoid"}
#: Those that are near in parts of their largest answer: they compute places between values, or hold steps of their own.
_OF_LARGEST = {"GridSample", "If", "Loop", "Resize", "Scan", "Upsample"}
#: Outputs of these hold the values of their inputs, which have been moved already.
_SAME = {
    "Concat", "Constant", "Expand", "Flatten", "Gather", "Identity", "MaxPool", "Pad", "Relu", "Reshape", "Slice",
    "Split", "Squeeze", "Tile", "Transpose", "Unsqueeze",
}  # fmt: skip


class Rounding:
    """The answers' own rounding error for a call, by element."""

    def __init__(self, model: onnx.ModelProto, *, seed: int = 0) -> None:
        self._plain, self._moved = Runs(model), Runs(_moved(model, seed))

    def __call__(self, inputs: Arrays, answers: Arrays) -> dict[str, Array]:
        """Output name -> how far rounding moves each element; NaN where a value turns on it that is no float, and where
        the source's answer and the graph's are both below the smallest normal number, which libraries flush to zero.

        answers: the source's.
        """
        plain = self._plain(inputs)
        most = {name: np.zeros(array.shape) for name, array in plain.items()}
        for _ in range(_DRAWS):
            try:
                moved = self._moved(inputs)
            except InputError:  # a size that is computed came out otherwise
                continue
            for name, array in moved.items():
                most[name] = np.fmax(most[name], _apart(plain[name], array))
        for name, array in plain.items():
            if array.dtype.kind == "f":
                tiny = np.finfo(array.dtype).tiny
                with np.errstate(invalid="ignore"):
                    most[name][(np.abs(array) < tiny) & (np.abs(answers[name]) < tiny)] = np.nan
        return most


def _apart(one: Array, other: Array) -> Array:
    if one.shape != other.shape:
        return np.full(one.shape, np.nan)
    if one.dtype.kind != "f":
        return np.where(one != other, np.nan, 0.0)
    with np.errstate(invalid="ignore", over="ignore"):
        far = np.abs(one.astype(np.float64) - other.astype(np.float64))
    return np.where(np.isfinite(far), far, 0.0)


def _moved(model: onnx.ModelProto, seed: int) -> onnx.ModelProto:
    """The graph in which y + y * eps * u, u uniform in -1 to 1, stands for each float input and each float y that a
    node of it makes."""
    import onnx

    whole = onnx.shape_inference.infer_shapes(model)
    values = (*whole.graph.value_info, *whole.graph.output)
    kinds = {value.name: value.type.tensor_type.elem_type for value in values}
    eps: dict[int, float] = {
        onnx.TensorProto.FLOAT: float(np.finfo(np.float32).eps),
        onnx.TensorProto.DOUBLE: float(np.finfo(np.float64).eps),
        onnx.TensorProto.FLOAT16: float(np.finfo(np.float16).eps),
    }
    nodes: list[onnx.NodeProto] = []

    def move(name: str, to: str, kind: int, operator: str = "") -> None:
        size = eps[kind] * (2 if operator in _OF_ONE | _OF_LARGEST else 1)
        # drawn as float32 and cast: there is no kernel that draws float16
        wide = kind if kind == onnx.TensorProto.DOUBLE else onnx.TensorProto.FLOAT
        drawn = {"low": -size, "high": size, "seed": float(seed + len(nodes)), "dtype": wide}

        def add(operation: str, inputs: Sequence[str], made: str, **attributes: Any) -> str:
            nodes.append(onnx.helper.make_node(operation, inputs, [made], **attributes))
            return made

        part = add("RandomUniformLike", [name], f"{to}/u", **drawn)
        if wide != kind:
            part = add("Cast", [part], f"{to}/cast", to=kind)
        if operator in _OF_LARGEST:
            largest = add("ReduceMax", [add("Abs", [name], f"{to}/abs")], f"{to}/largest", keepdims=0)
            part = add("Mul", [part, largest], f"{to}/step")
        elif operator not in _OF_ONE:
            part = add("Mul", [part, name], f"{to}/step")
        add("Add", [part, name], to)

    renamed: dict[str, str] = {}
    for value in whole.graph.input:
        if value.type.tensor_type.elem_type in eps:
            renamed[value.name] = f"{value.name}/moved"
            move(value.name, renamed[value.name], value.type.tensor_type.elem_type)
    outputs = {value.name for value in whole.graph.output}
    for node in whole.graph.node:
        made = onnx.NodeProto()
        made.CopyFrom(node)
        for i, name in enumerate(made.input):
            made.input[i] = renamed.get(name, name)
        nodes.append(made)
        for i, name in enumerate(node.output):
            if kinds.get(name, 0) not in eps or node.op_type in _SAME:
                continue
            if name in outputs:  # an output keeps its name, and what makes it gets another
                made.output[i] = f"{name}/made"
                move(made.output[i], name, kinds[name], node.op_type)
            else:
                renamed[name] = f"{name}/moved"
                move(name, renamed[name], kinds[name], node.op_type)
    del whole.graph.node[:]
    whole.graph.node.extend(nodes)
    del whole.graph.value_info[:]
    return whole
