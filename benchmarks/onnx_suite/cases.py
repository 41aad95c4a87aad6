"""The suite's node cases whose tensors are float32, bool, string, int32 or int64, as models and calls.

An input that carries a shape, axes or pads steers an operator and is no data: it is frozen to the case's value, as
TF.js has it as a constant, and the case says so.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto as T

_TAKEN = frozenset([T.FLOAT, T.BOOL, T.STRING, T.INT32, T.INT64])

#: Which inputs of an operator steer it.
STEERING: dict[str, tuple[int, ...]] = {
    "AffineGrid": (1,),
    "BlackmanWindow": (0,),
    "CenterCropPad": (1,),
    "Col2Im": (1, 2),
    "ConstantOfShape": (0,),
    "CumProd": (1,),
    "CumSum": (1,),
    "DFT": (1, 2),
    "Dropout": (1, 2),
    "Expand": (1,),
    "HammingWindow": (0,),
    "GRU": (4,),
    "HannWindow": (0,),
    "LSTM": (4,),
    "MaxUnpool": (2,),
    "MelWeightMatrix": (0, 1, 2, 3, 4),
    "NonMaxSuppression": (2, 3, 4),
    "OneHot": (1,),
    "Pad": (1, 3),
    "RNN": (4,),
    "Range": (0, 1, 2),
    "Reshape": (1,),
    "Resize": (1, 2, 3),
    "STFT": (1, 3),
    "Slice": (1, 2, 3, 4),
    "Split": (1,),
    "Squeeze": (1,),
    "Tile": (1,),
    "TopK": (1,),
    "Trilu": (1,),
    "Unsqueeze": (1,),
    "Upsample": (1,),
}


@dataclass(frozen=True)
class Case:
    """One case: its model with what steers frozen in it, what is fed, and what is expected."""

    name: str
    model: onnx.ModelProto
    feeds: dict[str, Any]
    expected: dict[str, Any]
    frozen: tuple[str, ...]
    rtol: float
    atol: float


@cache
def _suite() -> dict[str, Any]:
    from onnx.backend.test.loader import load_model_tests

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = {case.name: case for case in load_model_tests(kind="node")}
    return {name: found[name] for name in sorted(found) if _is_taken(found[name].model)}


def _is_taken(model: onnx.ModelProto) -> bool:
    values = (*model.graph.input, *model.graph.output)
    return all(v.type.WhichOneof("value") == "tensor_type" and v.type.tensor_type.elem_type in _TAKEN for v in values)


def names() -> list[str]:
    """The names of the cases that are taken, in order."""
    return list(_suite())


def operator_of(name: str) -> str:
    """The operator that a case is about, its domain in front where it has one."""
    base = name.partition(":")[0].partition("_expanded")[0]
    nodes = _suite().get(base, _suite()[name.partition(":")[0]]).model.graph.node
    node = next((n for n in nodes if n.op_type not in ("Constant", "Identity")), nodes[0])
    return f"{node.domain}.{node.op_type}" if node.domain else str(node.op_type)


def cases(only: str = "") -> Iterator[Case]:
    """Those whose name holds a text; a case with several calls is several."""
    for name, case in _suite().items():
        if only not in name:
            continue
        steering = _steering(name)
        for k, (given, expected) in enumerate(case.data_sets):
            inputs = [v.name for v in case.model.graph.input if v.name not in _weights(case.model)]
            feeds = dict(zip(inputs, map(np.asarray, given), strict=False))
            model = _frozen(case.model, {key: feeds.pop(key) for key in steering if key in feeds})
            outputs = dict(zip([v.name for v in model.graph.output], map(np.asarray, expected), strict=True))
            called = name if len(case.data_sets) == 1 else f"{name}:{k}"
            yield Case(called, model, feeds, outputs, tuple(sorted(steering)), case.rtol, case.atol)


def _weights(model: onnx.ModelProto) -> set[str]:
    return {t.name for t in model.graph.initializer}


def _steering(name: str) -> set[str]:
    """The inputs of a case that steer; of a definition written out those of the operator that it defines."""
    base = name.partition("_expanded")[0]
    graph = _suite().get(base, _suite()[name]).model.graph
    inputs = {v.name for v in graph.input}
    found = {node.input[i] for node in graph.node for i in STEERING.get(node.op_type, ()) if i < len(node.input)}
    found |= {n.input[1] for n in graph.node if n.op_type.startswith("Reduce") and len(n.input) > 1}
    return found & inputs


def _frozen(model: onnx.ModelProto, values: dict[str, Any]) -> onnx.ModelProto:
    made = onnx.ModelProto()
    made.CopyFrom(model)
    kept = [v for v in made.graph.input if v.name not in values]
    del made.graph.input[:]
    made.graph.input.extend(kept)
    made.graph.initializer.extend(onnx.numpy_helper.from_array(value, name) for name, value in values.items())
    return made
