"""Cast. Between reals nothing happens: all of them are float32 here."""

from __future__ import annotations

from typing import Any

from isoship.tfjs.canonical import Node
from isoship.tfjs.emitter import Tensor
from isoship.tfjs.lowering import CannotLower, Emission, lowering


@lowering("Cast")
def cast(e: Emission, node: Node) -> Tensor:
    tensor = e.raw(node.inputs[0])
    source, target = (e.graph.values[name].dtype for name in (node.inputs[0], node.outputs[0]))
    if target in ("double", "float"):
        return _keep_bounds(e, node, tensor) if tensor.dtype == "int32" else e.cast(tensor, "float32")
    if target == "bool":
        return e.cast(tensor, "bool")
    if source in ("double", "float") and tensor.dtype != "int32":
        raise CannotLower("it turns reals of unknown size into integers")
    return _keep_bounds(e, node, e.cast(tensor, "int32"))


def _keep_bounds(e: Emission, node: Node, tensor: Tensor) -> Tensor:
    """Integers stay int32 even where ONNX calls them real; whoever needs a real casts (`Emission.data`)."""
    bound: Any = e.interval(node.inputs[0])
    if bound is not None:
        e.bounds[node.outputs[0]] = bound
    return tensor
