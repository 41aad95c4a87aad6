"""Builds ONNX graphs node by node.

    g = GraphBuilder()
    centred = g.op("Sub", x, np.array([1.5, 2.0]))
    label = g.op("Gather", classes, g.op("ArgMax", scores, axis=1, keepdims=0), out="label")
    model = g.model(inputs, outputs)

Inputs of a node are tensor names or numpy values; values become initializers, equal ones only once.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

#: What every graph of ours declares (docs/architecture.md).
OPSET = 21
OPSET_ML = 5
IR_VERSION = 10
ML = "ai.onnx.ml"

Value = np.ndarray[Any, Any] | np.generic
Tensor = str | Value


class GraphBuilder:
    """Nodes in the order they are written, which is the order they run in. taken: names that are not to be used."""

    def __init__(self, taken: Iterable[str] = ()) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.initializers: list[onnx.TensorProto] = []
        self._constants: dict[bytes, str] = {}
        self._taken: set[str] = set(taken)

    def name(self, seed: str) -> str:
        """A tensor name not used before in this graph."""
        name, count = seed, 0
        while name in self._taken:
            count += 1
            name = f"{seed}_{count}"
        self._taken.add(name)
        return name

    def const(self, value: Value | Sequence[Any] | float | str, dtype: Any = None, name: str = "const") -> str:
        """The name of an initializer with this value. dtype is that of the value unless given; strings are str."""
        array = np.asarray(value, dtype=dtype)
        if array.dtype.kind in "UO":
            encoded: Any = [str(item).encode() for item in array.ravel()]
            tensor = helper.make_tensor("", TensorProto.STRING, array.shape, encoded)
        else:
            tensor = numpy_helper.from_array(np.ascontiguousarray(array).reshape(array.shape), name="")
        key = tensor.SerializeToString(deterministic=True)
        if key not in self._constants:
            self._constants[key] = tensor.name = self.name(name)
            self.initializers.append(tensor)
        return self._constants[key]

    def op(
        self, op_type: str, *inputs: Tensor, out: str | None = None, seed: str = "", ml: bool = False, **attributes: Any
    ) -> str:
        """Adds a node with one output and returns the output's name: `out` as it is, else a new one from `seed`.

        An input "" is an optional one left out. Attributes set to None are left out.
        """
        return self.ops(op_type, *inputs, outs=[out or self.name(seed or op_type.lower())], ml=ml, **attributes)[0]

    def ops(self, op_type: str, *inputs: Tensor, outs: Sequence[str], ml: bool = False, **attributes: Any) -> list[str]:
        """Adds a node with several outputs, whose names are `outs`."""
        names = [each if isinstance(each, str) else self.const(each) for each in inputs]
        attributes = {key: value for key, value in attributes.items() if value is not None}
        domain = ML if ml else ""
        node = helper.make_node(op_type, names, list(outs), name=f"{op_type}_{outs[0]}", domain=domain, **attributes)
        self._taken.update(outs)
        self.nodes.append(node)
        return list(outs)

    def cast(self, tensor: str, dtype: Any, out: str | None = None) -> str:
        """Adds a Cast to a numpy dtype."""
        return self.op("Cast", tensor, out=out, to=helper.np_dtype_to_tensor_dtype(np.dtype(dtype)))

    def model(self, inputs: Sequence[onnx.ValueInfoProto], outputs: Sequence[onnx.ValueInfoProto]) -> onnx.ModelProto:
        """The finished model, checked by onnx."""
        graph = helper.make_graph([], "isoship", list(inputs), list(outputs))
        opsets = [helper.make_opsetid("", OPSET), helper.make_opsetid(ML, OPSET_ML)]
        model = helper.make_model(graph, opset_imports=opsets, ir_version=IR_VERSION, producer_name="isoship")
        model.graph.node.extend(self.nodes)  # here, where they are copied once
        model.graph.initializer.extend(self.initializers)
        onnx.checker.check_model(model)
        return model
