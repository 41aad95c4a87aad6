"""Networks for tests: TF.js operators as they are, and models of one ONNX operator."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import onnx
from onnx import helper, numpy_helper

from isoship.tfjs.emitter import GraphDef, Tensor
from isoship.tfjs.network import Network, Port

BACKENDS = ("cpu", "wasm")
_DTYPES = {"float32": "float", "int32": "int32", "int64": "int64", "bool": "bool"}


def raw(feeds: dict[str, Any], write: Callable[..., Tensor]) -> Network:
    """A graph of TF.js operators as they are: write(graph, *placeholders) -> its output, y."""
    graph = GraphDef()
    ports = []
    for name, x in feeds.items():
        tensor = graph.placeholder(name, str(x.dtype), x.shape)
        ports.append(Port(name, tensor.name, _DTYPES[str(x.dtype)], str(x.dtype), x.shape))
    made = write(graph, *(Tensor(port.node, port.dtype) for port in ports))
    return Network(graph, tuple(ports), (Port("y", made.name, _DTYPES[made.dtype], made.dtype, ()),))


def model(op: str, feeds: dict[str, Any], *, constants: dict[str, Any] | None = None, outputs: int = 1, opset: int = 21,
          shapes: dict[str, Any] | None = None, domain: str = "", **attrs: Any) -> onnx.ModelProto:  # fmt: skip
    """A model of one ONNX operator, whose inputs are the feeds and the constants, in order; `None` is absent."""
    constants = constants or {}
    names = [*feeds, *constants]
    node = helper.make_node(
        op,
        ["" if name in constants and constants[name] is None else name for name in names],
        ["y", *(f"y{i}" for i in range(1, outputs))],
        domain=domain,
        **attrs,
    )
    inputs = [
        helper.make_tensor_value_info(
            name, helper.np_dtype_to_tensor_dtype(np.asarray(x).dtype), (shapes or {}).get(name, np.shape(x))
        )
        for name, x in feeds.items()
    ]
    results = [onnx.ValueInfoProto(name=name) for name in node.output]
    given = [numpy_helper.from_array(np.asarray(x), name) for name, x in constants.items() if x is not None]
    imports = [helper.make_opsetid("", opset), helper.make_opsetid("ai.onnx.ml", 5)]
    made = helper.make_model(
        helper.make_graph([node], "one", inputs, results, given), opset_imports=imports, ir_version=10
    )
    made = onnx.shape_inference.infer_shapes(made)
    for out in made.graph.output:
        if not out.type.WhichOneof("value"):
            raise AssertionError(f"nothing is known of {out.name}")
    return made
