"""A graph of doubles in float32, as TF.js computes it: how far its answers are then off the model's own."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import onnx
import onnx.inliner

from isoship.tensors.contract import Arrays, Ask
from isoship.tensors.double_graph import DoubleGraph
from isoship.tensors.graph import graphs_of, inputs_of, nodes_of, tensors_of
from isoship.tensors.run import Array, Runs
from isoship.tensors.tolerances import measured
from isoship_edge.manifest import Output, Tolerance

_FLOAT, _DOUBLE = onnx.TensorProto.FLOAT, onnx.TensorProto.DOUBLE
#: Attributes that name an element type.
_TYPES = ("to", "dtype", "output_datatype")


def float32_tolerances(graph: onnx.ModelProto, outputs: Sequence[Output], asks: Sequence[Ask]) -> dict[str, Tolerance]:
    """Outputs of doubles -> what they may be off where they are computed in float32; empty where there are none.

    Raises:
        UnsupportedModelError: float32 leaves nothing of such an output that could be told from a wrong one.
        ConversionError: onnxruntime does not run the graph in float32.
    """
    doubles = [output for output in outputs if output.dtype == "double"]
    if not doubles:
        return {}
    run, single = Runs(graph), SingleGraph(graph)
    nudged = DoubleGraph(single.model, nudged=True)
    pairs: dict[str, list[tuple[Array, Array]]] = {output.name: [] for output in doubles}
    for ask in asks:
        exact = run(ask.inputs)
        for answers in (single(ask.inputs), nudged(single.taken(ask.inputs))):
            for name, held in pairs.items():
                if name in answers and np.shape(answers[name]) == np.shape(exact[name]):
                    held.append((np.asarray(answers[name]), np.asarray(exact[name])))
    return {output.name: measured(output._replace(dtype="float"), pairs[output.name]) for output in doubles}


class SingleGraph:
    """Calling it with inputs of the original dtypes gives every output, doubles as float32."""

    def __init__(self, model: onnx.ModelProto) -> None:
        narrow = onnx.ModelProto()
        narrow.CopyFrom(onnx.inliner.inline_local_functions(model) if model.functions else model)
        self._doubles = [v.name for v in inputs_of(narrow) if v.type.tensor_type.elem_type == _DOUBLE]
        for tensor in tensors_of(narrow):
            if tensor.data_type == _DOUBLE:
                held = onnx.numpy_helper.to_array(tensor).astype(np.float32)
                tensor.CopyFrom(onnx.numpy_helper.from_array(held, tensor.name))
        for graph in graphs_of(narrow):
            graph.ClearField("value_info")
            for value in (*graph.input, *graph.output):
                if value.type.tensor_type.elem_type == _DOUBLE:
                    value.type.tensor_type.elem_type = _FLOAT
        for node in nodes_of(narrow):
            for attribute in node.attribute:
                if attribute.name in _TYPES and attribute.i == _DOUBLE:
                    attribute.i = _FLOAT
        self.model = narrow
        self._run = Runs(narrow)

    def __call__(self, feeds: Arrays) -> dict[str, Array]:
        return dict(self._run(self.taken(feeds)))

    def taken(self, feeds: Arrays) -> dict[str, Array]:
        """The inputs as the graph takes them."""
        with np.errstate(over="ignore"):
            return {name: a.astype(np.float32) if name in self._doubles else a for name, a in feeds.items()}
