"""One node in float64: by onnxruntime, by a kernel of ours, or by onnx's reference; else in float32, as it was."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import onnx

from isoship.errors import ConversionError, InputError
from isoship.tensors.double.kernels import KERNELS
from isoship.tensors.graph import captured, subgraphs
from isoship.tensors.run import Array, Runs

#: Of the largest answer: what float32 and doubles may differ by in one node.
_ALIKE = 1e-3
#: Arrays of a node's inputs, in their order -> those of its outputs.
Step = Callable[[list[Any]], list[Any]]


def taken(node: onnx.NodeProto) -> list[str]:
    """What a node takes, its own inputs first, then those of its subgraphs."""
    inner = sorted(set().union(*(captured(graph) for graph in subgraphs(node))) if subgraphs(node) else ())
    return [*node.input, *inner]


def step_for(model: onnx.ModelProto, node: onnx.NodeProto, original: onnx.NodeProto, given: list[Any]) -> Step:
    """How one node is computed: in doubles by onnxruntime, by a kernel of ours, by onnx's reference; else as it was.

    What is not onnxruntime's is believed where it is near to what onnxruntime has in float32: onnx's reference answers
    some nodes otherwise (a GRU's activations, for one, are not looked at).
    """
    alone = _alone(model, node, given, np.float64)
    try:
        step = _by_onnxruntime(alone, taken(node))
        step(given)
    except (ConversionError, InputError):
        pass
    else:
        return step
    as_it_was = _as_it_was(model, original, given)
    narrow = as_it_was(given)
    for way in (_by_kernel, _by_reference):
        try:
            step = way(alone, taken(node))
            if _alike(step(given), narrow):
                return step
        except Exception:  # noqa: BLE001, S112 - the reference raises whatever numpy does, and knows not every operator
            continue
    return as_it_was


def _as_it_was(model: onnx.ModelProto, original: onnx.NodeProto, given: list[Any]) -> Step:
    run = _by_onnxruntime(_alone(model, original, given, np.float32), taken(original))
    return lambda arrays: [as_double(a) if _is_float(a) else a for a in run([_narrowed(a) for a in arrays])]


def _alike(made: Sequence[Any], narrow: Sequence[Any]) -> bool:
    """Whether answers differ by float32's rounding, and not in what they say."""
    for one, other in zip(made, narrow, strict=False):
        if one is None or other is None:
            continue
        if np.shape(one) != np.shape(other):
            return False
        if _is_float(one):
            with np.errstate(invalid="ignore", over="ignore"):
                error = np.nan_to_num(np.abs(one - other)).max(initial=0.0)
                if error > _ALIKE * max(1.0, float(np.nan_to_num(np.abs(other)).max(initial=0.0))):
                    return False
    return True


def _by_kernel(alone: onnx.ModelProto, _names: list[str]) -> Step:
    (node,) = alone.graph.node
    if node.domain not in ("", "ai.onnx") or node.op_type not in KERNELS:
        raise NotImplementedError
    kernel = KERNELS[node.op_type]
    attributes = {each.name: onnx.helper.get_attribute_value(each) for each in node.attribute}
    return lambda arrays: list(kernel(arrays, attributes))


def _alone(model: onnx.ModelProto, node: onnx.NodeProto, given: list[Any], floats: Any) -> onnx.ModelProto:
    """A model of one node."""
    names = dict(zip(taken(node), given, strict=True))
    info = []
    for name, value in names.items():
        if not name or value is None:
            continue
        kind = floats if _is_float(value) else value.dtype
        element = (
            onnx.TensorProto.STRING
            if value.dtype.kind in "OU"
            else onnx.helper.np_dtype_to_tensor_dtype(np.dtype(kind))
        )
        info.append(onnx.helper.make_tensor_value_info(name, element, None))
    made = onnx.ModelProto(ir_version=model.ir_version, opset_import=model.opset_import)
    made.graph.name = "alone"
    made.graph.node.append(node)
    made.graph.input.extend(info)
    made.graph.output.extend(onnx.ValueInfoProto(name=name) for name in node.output if name)
    return made


def _by_onnxruntime(alone: onnx.ModelProto, names: list[str]) -> Step:
    run, outputs = Runs(alone), list(alone.graph.node[0].output)

    def step(arrays: list[Any]) -> list[Any]:
        made = run({name: array for name, array in zip(names, arrays, strict=True) if name})
        return [made.get(name) for name in outputs]

    return step


def _by_reference(alone: onnx.ModelProto, names: list[str]) -> Step:
    from onnx.reference import ReferenceEvaluator

    evaluator, outputs = ReferenceEvaluator(alone), list(alone.graph.node[0].output)

    def step(arrays: list[Any]) -> list[Any]:
        feeds = {name: array for name, array in zip(names, arrays, strict=True) if name}
        with np.errstate(all="ignore"):  # infinities are answers, and compared as such
            made = dict(zip(evaluator.output_names, evaluator.run(None, feeds), strict=True))
        return [made.get(name) for name in outputs]

    return step


def _is_float(value: Any) -> bool:
    return isinstance(value, np.ndarray) and value.dtype.kind == "f"


def _narrowed(value: Any) -> Any:
    return value.astype(np.float32) if _is_float(value) else value


def as_double(array: Array) -> Array:
    return np.asarray(array, np.float64)
