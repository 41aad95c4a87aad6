"""The same graph in float64: what its float32 answers would be without rounding, up to 1e-9 of it.

Weights, constants, casts and inputs become doubles; each node runs by itself where onnxruntime has no double kernel for
the graph as a whole. A node that has none anywhere runs as it was, in float32: its own rounding is then not seen.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import onnx
import onnx.inliner

from isoship.errors import ConversionError, InputError
from isoship.tensors.contract import Arrays
from isoship.tensors.double_kernels import KERNELS
from isoship.tensors.graph import captured, graphs_of, inputs_of, nodes_of, subgraphs, tensors_of
from isoship.tensors.run import Array, Runs

_NARROW = (onnx.TensorProto.FLOAT, onnx.TensorProto.FLOAT16, onnx.TensorProto.BFLOAT16)
_DOUBLE = onnx.TensorProto.DOUBLE
#: Attributes that name an element type.
_TYPES = ("to", "dtype", "output_datatype")
_Step = Callable[[list[Array | None]], list[Any]]


class DoubleGraph:
    """Calling it with inputs of the original dtypes gives every output that it can compute, floats as float64."""

    def __init__(self, model: onnx.ModelProto) -> None:
        self._original = onnx.inliner.inline_local_functions(model) if model.functions else model
        self._narrow = [v.name for v in inputs_of(model) if v.type.tensor_type.elem_type in _NARROW]
        self._model = onnx.ModelProto()
        self._model.CopyFrom(self._original)
        widen(self._model)
        self._whole: Runs | None = None
        self._steps: dict[int, _Step] = {}
        try:
            self._whole = Runs(self._model)
        except ConversionError:
            self._weights = {t.name: onnx.numpy_helper.to_array(t) for t in self._model.graph.initializer}

    def __call__(self, feeds: Arrays) -> dict[str, Array]:
        """Empty where the graph cannot be computed so."""
        wide = {name: array.astype(np.float64) if name in self._narrow else array for name, array in feeds.items()}
        try:
            return dict(self._whole(wide)) if self._whole is not None else self._node_by_node(wide)
        except Exception:  # noqa: BLE001 - sequences, and whatever else no node of the above can be shown by itself
            return {}

    def _node_by_node(self, feeds: Arrays) -> dict[str, Array]:
        values: dict[str, Any] = {**self._weights, **feeds}
        last = {name: i for i, node in enumerate(self._model.graph.node) for name in _taken(node)}
        outputs = [value.name for value in self._model.graph.output]
        for i, node in enumerate(self._model.graph.node):
            given = [values[name] if name else None for name in _taken(node)]
            if i not in self._steps:
                self._steps[i] = _step_for(self._model, node, self._original.graph.node[i], given)
            made = self._steps[i](given)
            values |= {name: value for name, value in zip(node.output, made, strict=False) if name}
            for name in _taken(node):
                if last[name] == i and name not in outputs and name not in self._weights:
                    values.pop(name, None)
        return {name: np.asarray(values[name]) for name in outputs}


def widen(model: onnx.ModelProto) -> None:
    """Makes every float of a graph a double, in place. Functions must be inlined."""
    for tensor in tensors_of(model):
        if tensor.data_type in _NARROW:
            tensor.CopyFrom(onnx.numpy_helper.from_array(_wide(onnx.numpy_helper.to_array(tensor)), tensor.name))
    for graph in graphs_of(model):
        graph.ClearField("value_info")
        for value in (*graph.input, *graph.output):
            _widen_type(value.type)
    for node in nodes_of(model):
        for attribute in node.attribute:
            if attribute.name in _TYPES and attribute.i in _NARROW:
                attribute.i = _DOUBLE
            if node.op_type == "Constant" and attribute.name in ("value_float", "value_floats"):
                values = np.float64(attribute.f) if attribute.name == "value_float" else np.float64(attribute.floats)
                attribute.CopyFrom(
                    onnx.helper.make_attribute("value", onnx.numpy_helper.from_array(np.asarray(values)))
                )
        if node.op_type == "ConstantOfShape" and not node.attribute:
            node.attribute.append(
                onnx.helper.make_attribute("value", onnx.numpy_helper.from_array(np.zeros(1, np.float64)))
            )


def _widen_type(kind: onnx.TypeProto) -> None:
    if kind.HasField("tensor_type") and kind.tensor_type.elem_type in _NARROW:
        kind.tensor_type.elem_type = _DOUBLE
    for which in ("sequence_type", "optional_type"):
        if kind.HasField(which):
            _widen_type(getattr(kind, which).elem_type)


def _wide(array: Array) -> Array:
    return np.asarray(array, np.float64)


def _taken(node: onnx.NodeProto) -> list[str]:
    """What a node takes, its own inputs first, then those of its subgraphs."""
    inner = sorted(set().union(*(captured(graph) for graph in subgraphs(node))) if subgraphs(node) else ())
    return [*node.input, *inner]


def _step_for(model: onnx.ModelProto, node: onnx.NodeProto, original: onnx.NodeProto, given: list[Any]) -> _Step:
    """How one node is computed: in doubles by onnxruntime, by a kernel of ours, by onnx's reference; else as it was."""
    if node.domain in ("", "ai.onnx") and node.op_type in KERNELS:
        kernel = KERNELS[node.op_type]
        attributes = {each.name: onnx.helper.get_attribute_value(each) for each in node.attribute}
        try:
            kernel(given, attributes)
        except NotImplementedError:
            pass
        else:
            return lambda arrays: kernel(arrays, attributes)
    alone = _alone(model, node, given, np.float64)
    try:
        step = _by_onnxruntime(alone, _taken(node))
        step(given)
    except (ConversionError, InputError):
        pass
    else:
        return step
    try:
        step = _by_reference(alone, _taken(node))
        step(given)
    except Exception:  # noqa: BLE001 - the reference raises whatever numpy does, and knows not every operator
        narrow = _by_onnxruntime(_alone(model, original, given, np.float32), _taken(original))
        return lambda arrays: [_wide(a) if _is_float(a) else a for a in narrow([_narrowed(a) for a in arrays])]
    return step


def _alone(model: onnx.ModelProto, node: onnx.NodeProto, given: list[Any], floats: Any) -> onnx.ModelProto:
    """A model of one node."""
    names = dict(zip(_taken(node), given, strict=True))
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


def _by_onnxruntime(alone: onnx.ModelProto, names: list[str]) -> _Step:
    run, outputs = Runs(alone), list(alone.graph.node[0].output)

    def step(arrays: list[Any]) -> list[Any]:
        made = run({name: array for name, array in zip(names, arrays, strict=True) if name})
        return [made.get(name) for name in outputs]

    return step


def _by_reference(alone: onnx.ModelProto, names: list[str]) -> _Step:
    from onnx.reference import ReferenceEvaluator

    evaluator, outputs = ReferenceEvaluator(alone), list(alone.graph.node[0].output)

    def step(arrays: list[Any]) -> list[Any]:
        feeds = {name: array for name, array in zip(names, arrays, strict=True) if name}
        made = dict(zip(evaluator.output_names, evaluator.run(None, feeds), strict=True))
        return [made.get(name) for name in outputs]

    return step


def _is_float(value: Any) -> bool:
    return isinstance(value, np.ndarray) and value.dtype.kind == "f"


def _narrowed(value: Any) -> Any:
    return value.astype(np.float32) if _is_float(value) else value
