"""The values of a categorical column that reach an estimator: the sample's, through the graph written so far."""

from __future__ import annotations

from typing import Any

import numpy as np

from isoship.onnx.graph import GraphBuilder
from isoship.onnx.sessions import session_of
from isoship.sources.sklearn.walk.carrier import Carrier
from isoship.sources.sklearn.walk.frame import Block
from isoship_edge.manifest import MISSING_STRING

_ONNX = {"int64": 7, "string": 8}


def values_of(c: Carrier, block: Block) -> list[Any]:
    """The distinct values of a string or int64 block, [N, 1], on the sample's rows; missing ones are left out.

    Columns that an imputer or encoder changes come out as the estimator sees them. Empty without a sample.
    """
    feeds = c.examples()
    if not feeds:
        return []
    reached = feeds[block.name] if block.name in feeds else _run(c, block, feeds)
    values = list(dict.fromkeys(np.ravel(reached).tolist()))
    return [value for value in values if value != MISSING_STRING]


def column_of(c: Carrier, block: Block) -> str:
    """The graph's only input column that a block comes from; "" where there are several, or the layout is a matrix."""
    part = _up_to(c.g, block.name)
    made = {name for node in part.nodes for name in node.output}
    needed = {block.name, *(name for node in part.nodes for name in node.input)} - made
    columns = needed & {each.name for each in c.inputs} - {"X"}
    return columns.pop() if len(columns) == 1 else ""


def _run(c: Carrier, block: Block, feeds: dict[str, Any]) -> Any:
    """The graph up to this block, in onnxruntime."""
    from onnx import helper

    part = _up_to(c.g, block.name)
    inputs = [each for each in c.inputs if each.name in feeds]
    model = part.model(inputs, [helper.make_tensor_value_info(block.name, _ONNX[block.dtype], [None, 1])])
    session = session_of(model)
    wanted = {each.name for each in session.get_inputs()}
    return session.run([block.name], {name: feed for name, feed in feeds.items() if name in wanted})[0]


def _up_to(g: GraphBuilder, name: str) -> GraphBuilder:
    """The nodes and initializers that a tensor needs."""
    needed, part = {name}, GraphBuilder()
    for node in reversed(g.nodes):
        if needed.intersection(node.output):
            needed.update(node.input)
            part.nodes.insert(0, node)
    part.initializers = [each for each in g.initializers if each.name in needed]
    return part
