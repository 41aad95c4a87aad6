"""skl2onnx's own graph of one estimator, inlined: the fallback for those that were measured exact in double.

skl2onnx converts the estimator alone, on a matrix of doubles; its nodes then join the graph under new names. A
converter of ours asks for it by name, since much of what skl2onnx converts is wrong without a word. Nothing is
registered with skl2onnx, which belongs to everybody in the process.
"""

from __future__ import annotations

from typing import Any

from isoship.onnx.graph import OPSET, OPSET_ML
from isoship.sources.sklearn.walk.carrier import Carrier, Parts
from isoship.sources.sklearn.walk.frame import Block, Frame

#: onnx.TensorProto's numbers for the types that a block can have.
_DTYPES = {1: "float", 7: "int64", 8: "string", 9: "bool", 11: "double"}


def by_skl2onnx(c: Carrier, estimator: Any, frame: Frame, *methods: str) -> Parts:
    """Adds an estimator by way of skl2onnx. methods: what its outputs there answer, in their order.

    Raises:
        UnsupportedModelError: skl2onnx refuses this configuration of it.
    """
    x = c.doubles(frame, estimator)
    blocks = _inlined(c, _converted(c, estimator, x), x)
    return {method: (block,) for method, block in zip(methods, blocks, strict=True)}


def _converted(c: Carrier, estimator: Any, x: Block) -> Any:
    """skl2onnx's model of the estimator alone."""
    from skl2onnx import convert_sklearn
    from skl2onnx.common.data_types import DoubleTensorType

    try:
        return convert_sklearn(
            estimator,
            initial_types=[("x", DoubleTensorType([None, x.width]))],
            target_opset={"": OPSET, "ai.onnx.ml": OPSET_ML},
            model_optim=False,  # it takes out identities by copying every node; `_inlined` moves past them
        )
    except (RuntimeError, NotImplementedError, ValueError, TypeError, KeyError, AttributeError) as err:
        first = str(err).strip().splitlines()[0] if str(err).strip() else type(err).__name__
        raise c.unsupported(
            estimator,
            f"skl2onnx refuses this configuration ({first[:160]})",
            "Use another configuration, or ask for it with an issue",
        ) from err


def _inlined(c: Carrier, model: Any, x: Block) -> list[Block]:
    """Moves the model's nodes under new names, and returns its outputs.

    Its own names count up through the process, and with them a graph would tell what was converted before it.
    """
    from onnx import numpy_helper

    graph = model.graph
    named = {graph.input[0].name: x.name}
    for tensor in graph.initializer:
        value = numpy_helper.to_array(tensor)
        named[tensor.name] = c.g.const(value.astype(str) if value.dtype == object else value)
    for node in graph.node:
        if node.op_type == "Identity":
            named[node.output[0]] = named[node.input[0]]
            continue
        node.input[:] = [named[name] if name else "" for name in node.input]
        for name in node.output:
            named[name] = c.g.name(node.op_type.lower()) if name else ""
        node.output[:] = [named[name] if name else "" for name in node.output]
        node.name = f"{node.op_type}_{node.output[0]}"
        for attribute in node.attribute:
            if attribute.HasField("g"):
                _rename(attribute.g)
        c.g.nodes.append(node)
    blocks = []
    for output in graph.output:
        tensor_type = output.type.tensor_type
        shape = tensor_type.shape.dim
        width = shape[1].dim_value if len(shape) > 1 else None
        blocks.append(Block(named[output.name], _DTYPES[tensor_type.elem_type], width))
    return blocks


def _rename(body: Any) -> None:
    """Numbers the names inside the body of a Loop or Scan, which reads nothing of the graph around it."""
    names: dict[str, str] = {"": ""}
    for each in (*body.input, *body.initializer):
        names[each.name] = f"body_{len(names)}"
        each.name = names[each.name]
    for node in body.node:
        node.input[:] = [names[name] for name in node.input]
        for name in node.output:
            names[name] = f"body_{len(names)}" if name else ""
        node.output[:] = [names[name] for name in node.output]
        node.name = f"{node.op_type}_{node.output[0]}"
    for output in body.output:
        output.name = names[output.name]
