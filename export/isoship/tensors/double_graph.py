"""The same graph in float64: what its float32 answers would be without rounding, up to 1e-9 of it.

Weights, constants, casts and inputs become doubles; each node runs by itself where onnxruntime has no double kernel for
the graph as a whole. A node that has none anywhere runs as it was, in float32: its own rounding is then not seen.
"""

from __future__ import annotations

import contextlib
from typing import Any

import numpy as np
import onnx
import onnx.inliner

from isoship.errors import ConversionError, InputError
from isoship.tensors.contract import Arrays
from isoship.tensors.double.steps import Step, as_double, step_for, taken
from isoship.tensors.graph import graphs_of, inputs_of, nodes_of, tensors_of
from isoship.tensors.ranges import SIZES
from isoship.tensors.run import Array, Runs

_NARROW = (onnx.TensorProto.FLOAT, onnx.TensorProto.FLOAT16, onnx.TensorProto.BFLOAT16)
_DOUBLE = onnx.TensorProto.DOUBLE
#: Attributes that name an element type.
_TYPES = ("to", "dtype", "output_datatype")


class DoubleGraph:
    """Calling it with inputs of the original dtypes gives every output that it can compute, floats as float64.

    nudged: each weight is off by half a unit of its own last place, up or down (float32's, of a weight that has no
    doubles). What answers move by then is what a
    rounding anywhere in the graph may move them by: one evaluation in float32 may be right by luck, where numbers
    cancel, and another runtime's is not.
    """

    def __init__(self, model: onnx.ModelProto, *, nudged: bool = False) -> None:
        self._original = onnx.inliner.inline_local_functions(model) if model.functions else model
        self._narrow = [v.name for v in inputs_of(model) if v.type.tensor_type.elem_type in _NARROW]
        self._model = onnx.ModelProto()
        self._model.CopyFrom(self._original)
        widen(self._model)
        #: Whether anything in the graph was narrower than a double.
        self.widened = self._model != self._original
        if nudged:
            _nudge(self._model, self._original)
        self._whole: Runs | None = None
        self._steps: dict[int, Step] = {}
        self._weights: dict[str, Array] = {}
        with contextlib.suppress(ConversionError):
            self._whole = Runs(self._model)

    def __call__(self, feeds: Arrays) -> dict[str, Array]:
        """Empty where the graph cannot be computed so."""
        wide = {name: array.astype(np.float64) if name in self._narrow else array for name, array in feeds.items()}
        if self._whole is not None:
            try:
                return dict(self._whole(wide))
            except InputError:  # some kernels of onnxruntime's load and say only then that they know no doubles
                self._whole = None
        try:
            return self._node_by_node(wide)
        except Exception:  # noqa: BLE001 - sequences, and whatever else no node of the above can be shown by itself
            return {}

    def _node_by_node(self, feeds: Arrays) -> dict[str, Array]:
        if not self._weights:
            self._weights = {t.name: onnx.numpy_helper.to_array(t) for t in self._model.graph.initializer}
        values: dict[str, Any] = {**self._weights, **feeds}
        last = {name: i for i, node in enumerate(self._model.graph.node) for name in taken(node)}
        outputs = [value.name for value in self._model.graph.output]
        for i, node in enumerate(self._model.graph.node):
            given = [values[name] if name else None for name in taken(node)]
            if i not in self._steps:
                self._steps[i] = step_for(self._model, node, self._original.graph.node[i], given)
            made = self._steps[i](given)
            values |= {name: value for name, value in zip(node.output, made, strict=False) if name}
            for name in taken(node):
                if last[name] == i and name not in outputs and name not in self._weights:
                    values.pop(name, None)
        return {name: np.asarray(values[name]) for name in outputs}


def _nudge(model: onnx.ModelProto, original: onnx.ModelProto) -> None:
    """In place. Numbers that stand alone are exponents, epsilons and the like, and stay, as do those that sizes are
    computed from (a Resize's scales); so does a quantized graph, of which a step is far larger
    (`quantization/levels.py`)."""
    if any(node.op_type.startswith(("Quantize", "DynamicQuantize", "QLinear")) for node in nodes_of(model)):
        return
    rng = np.random.default_rng(24)
    sizes = {node.input[at] for node in nodes_of(model) for at in SIZES.get(node.op_type, ()) if at < len(node.input)}
    for tensor, own in zip(model.graph.initializer, original.graph.initializer, strict=True):
        half = 2.0**-53 if own.data_type == _DOUBLE else 2.0**-24
        if tensor.data_type == _DOUBLE and int(np.prod(tensor.dims)) > 1 and tensor.name not in sizes:
            array = onnx.numpy_helper.to_array(tensor)
            moved = array * (1.0 + rng.choice((-half, half), array.shape))
            tensor.CopyFrom(onnx.numpy_helper.from_array(moved, tensor.name))


def widen(model: onnx.ModelProto) -> None:
    """Makes every float of a graph a double, in place. Functions must be inlined."""
    for tensor in tensors_of(model):
        if tensor.data_type in _NARROW:
            tensor.CopyFrom(onnx.numpy_helper.from_array(as_double(onnx.numpy_helper.to_array(tensor)), tensor.name))
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
