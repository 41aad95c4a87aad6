"""The categories that a canonical graph tells apart, for each column."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from isoship.onnx.attributes import attributes_of
from isoship.rows.thresholds import Graph
from isoship_edge.manifest import MISSING_STRING, Scalar, Signature

if TYPE_CHECKING:
    import onnx

_KEYS = ("keys_strings", "keys_int64s", "keys_floats", "keys_tensor", "cats_strings", "cats_int64s")
_LIMIT = 5000


def category_lookups(graph: Graph) -> Iterator[tuple[str, str, list[Scalar]]]:
    """(tensor asked, tensor answering, constants that it is compared with) for encoders and equality in the prefix."""
    for node in graph.nodes:
        if node.op_type in ("LabelEncoder", "OneHotEncoder", "CategoryMapper"):
            if graph.in_prefix(node.input[0]):
                yield node.input[0], _decided_at(graph, node.output[0]), _keys(node)
        elif node.op_type == "Equal" and graph.in_prefix(node.output[0]):
            for asked, other in (tuple(node.input), tuple(node.input)[::-1]):
                if other in graph.constants and asked not in graph.constants:
                    yield asked, node.output[0], _plain(graph.constants[other])


def _decided_at(graph: Graph, code: str) -> str:
    """Where a code says something of its own column: several columns may share one vocabulary, and a table of what
    each column knows of it then follows (`Add` of the column's offset, `Gather` from the table)."""
    for op_type in ("Add", "Gather"):
        users = [node for node in graph.nodes if code in node.input]
        if len(users) != 1 or users[0].op_type != op_type or not any(i in graph.constants for i in users[0].input):
            break
        code = users[0].output[0]
    return code


def candidates(graph: Graph, signature: Signature) -> dict[str, list[Scalar]]:
    """Column -> every constant that may be one of its categories, because it meets a tensor downstream of it."""
    found: dict[str, dict[Scalar, None]] = {c.name: {} for c in signature.columns}
    for asked, _answer, constants in category_lookups(graph):
        for column in signature.columns:
            source = "X" if signature.layout == "matrix" else column.tensor
            if source not in graph.upstream.get(asked, frozenset()):
                continue
            for value in constants:
                if _fits(value, column.dtype):
                    found[column.name][_as(value, column.dtype)] = None
    return {name: _spread(list(values)) for name, values in found.items()}


def _spread(values: list[Scalar]) -> list[Scalar]:
    """At most so many, from the first to the last: what is wrong with a category may be wrong with late ones alone."""
    places = np.unique(np.linspace(0, len(values) - 1, min(_LIMIT, len(values))).astype(np.int64))
    return [values[i] for i in places.tolist()]


def _keys(node: onnx.NodeProto) -> list[Scalar]:
    a = attributes_of(node)
    return [value for key in _KEYS if key in a for value in _plain(np.asarray(a[key], dtype=object))]


def _plain(values: Any) -> list[Scalar]:
    return [v.decode() if isinstance(v, bytes) else v for v in np.asarray(values).ravel().tolist()]


def _fits(value: Scalar, dtype: str) -> bool:
    if dtype == "string":
        return isinstance(value, str) and value != MISSING_STRING
    if isinstance(value, str) or dtype == "bool":
        return False
    return bool(np.isfinite(value)) and (dtype == "double" or float(value).is_integer())


def _as(value: Scalar, dtype: str) -> Scalar:
    if dtype == "double":
        return float(value)
    return int(value) if dtype == "int64" else value
