"""Every tensor between the nodes of a graph, as an output of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import onnx

#: Operators whose outputs are no tensors.
_NO_TENSOR = ("Sequence", "Optional")


def exposed(model: onnx.ModelProto) -> onnx.ModelProto:
    """The graph with every tensor between its nodes as one more output."""
    import onnx

    made = onnx.ModelProto()
    made.CopyFrom(model)
    known = {o.name for o in made.graph.output}
    for node in made.graph.node:
        if not any(word in node.op_type for word in _NO_TENSOR):
            made.graph.output.extend(
                onnx.helper.make_empty_tensor_value_info(t) for t in node.output if t and t not in known
            )
    return made
