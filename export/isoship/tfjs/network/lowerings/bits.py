"""Bits of integers, as arithmetic: TF.js has no shifts, and what it has of `and` a graph model does not reach."""

from __future__ import annotations

import numpy as np

from isoship.tfjs.emitter import Tensor
from isoship.tfjs.network.emission import Emission
from isoship.tfjs.network.reading import Node
from isoship.tfjs.network.registry import CannotLower, lowering


@lowering("BitwiseNot", emits=["Sub"])
def bitwise_not(e: Emission, node: Node) -> Tensor:
    """-x - 1."""
    x, bound = e.data(node.inputs[0]), e.bound(node.inputs[0])
    if bound is None or e.dtype(node.inputs[0]).startswith("uint"):
        raise CannotLower("its integers have no sign")
    e.bounds[node.outputs[0]] = (-bound[1] - 1, -bound[0] - 1)
    return e.op("Sub", e.const(np.int32(-1)), x)
