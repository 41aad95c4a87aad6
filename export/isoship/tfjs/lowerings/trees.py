"""Tree ensembles by rank, all trees at once in int32, and sums over trees that float32 does not blur.

ranks [N, K] -> Gather (root columns, axis 1) -> Greater -> slots [N, T]
  -> (Gather (column) -> + row * K -> Gather (ranks, flat) -> Greater (position) -> + first child) per level
  -> Gather (leaf weights) [N, T]
"""

from __future__ import annotations

import math

import numpy as np

from isoship.tfjs.canonical import Array, Node
from isoship.tfjs.emitter import Tensor
from isoship.tfjs.lowering import CannotLower, Emission, lowering
from isoship.tfjs.program import ranks_of
from isoship.tfjs.trees import layout_of


@lowering("ml.TreeEnsemble")
def tree_ensemble(e: Emission, node: Node) -> Tensor:
    layout = layout_of(node)
    ranks = e.feed(ranks_of(node))
    width = len(layout.columns)
    column, position, first_child = (
        e.const(table.astype(np.int32)) for table in (layout.column, layout.position, layout.first_child)
    )
    roots = slice(0, layout.roots)
    rank = e.gather(ranks, e.control(layout.column[roots]), axis=1)
    slot = _step(e, rank, e.const(layout.position[None, roots]), e.const(layout.first_child[None, roots]))
    if layout.depth > 1:
        flat = e.op("Reshape", ranks, e.control([-1]), Tshape={"type": "DT_INT32"})
        offset = e.op("Mul", e.row_numbers(ranks), e.const(np.int32(width)))
        # [N, T] once: on cpu an operator that broadcasts costs some fifteen times one of equal shapes
        offset = e.op("AddV2", offset, e.const(np.zeros((1, layout.roots), np.int32)))
        for _ in range(layout.depth - 1):
            rank = e.gather(flat, e.op("AddV2", e.gather(column, slot), offset))
            slot = _step(e, rank, e.gather(position, slot), e.gather(first_child, slot))
    weights = layout.leaf_weight
    if (weights == np.rint(weights)).all():
        e.bounds[node.outputs[0]] = layout.least[None].astype(np.int64), layout.greatest[None].astype(np.int64)
        return e.gather(e.const(weights.astype(np.int32)), slot)
    return e.gather(e.const(weights.astype(np.float32)), slot)


def total_along_trees(e: Emission, node: Node, axis: int, indices: Array) -> Tensor | None:
    """`CumSum` along an axis and its last element are a sum; None where this Gather is not that.

    A sum over values from a constant table is split: each value into a part on a grid so coarse that float32 adds all
    of them without rounding, in any order, and a small rest. What remains is the rounding of the result itself.
    """
    shape = e.shape(node.inputs[0])
    last = shape[axis]
    running = e.producers.get(node.inputs[0])
    if running is None or running.op != "CumSum" or indices.size != 1 or not isinstance(last, int):
        return None
    along = int(e.constant(running.inputs[1], "axis").ravel()[0]) % len(shape)
    plain = not running.attrs["exclusive"] and not running.attrs["reverse"]
    if not plain or along != axis or int(indices.ravel()[0]) % last != last - 1:
        return None
    total = _split_total(e, running.inputs[0], axis, last)
    if total is None:
        total = e.reduce("Sum", e.data(running.inputs[0]), [axis])
    return e.reshape(total, e.shape(node.outputs[0])) if indices.ndim else total


def _split_total(e: Emission, values: str, axis: int, terms: int) -> Tensor | None:
    shape = e.shape(values)
    lookup = _lookup_of(e, values)
    if lookup is None:
        return None
    table, index, reshaped = lookup
    by_class = reshaped and table.ndim == 2  # [C, N, T] of a table [U, C]
    if by_class and (axis != 2 or shape[0] != table.shape[1] or e.shape(index)[1:] != shape[2:]):
        return None
    if not np.isfinite(table).all():
        return None
    rows = e.data(index)
    if reshaped and not by_class:
        rows = e.reshape(rows, shape)
    if not np.abs(table.astype(np.float32)).max(initial=0) < np.finfo(np.float32).max / (2 * terms):
        raise CannotLower("its leaves are too large for float32")
    parts = split_by_grid(table.astype(np.float64), terms)
    rests = parts[..., 1].any()
    picked = e.gather(e.const(parts if rests else parts[..., 0]), rows)
    total = e.reduce("Sum", picked, [1 if by_class else axis])
    if rests:
        total = e.reduce("Sum", total, [2 if by_class else len(shape) - 1])
    return e.op("Transpose", total, e.control([1, 0]), Tperm={"type": "DT_INT32"}) if by_class else total


def _lookup_of(e: Emission, values: str) -> tuple[Array, str, bool] | None:
    """The constant table behind these values, one row a leaf, the rows picked from it, and whether a Reshape followed.

    None where they are no lookup, or may leave the table.
    """
    producer, reshaped = e.producers.get(values), False
    while producer is not None and producer.op == "Reshape":
        producer, reshaped = e.producers.get(producer.inputs[0]), True
    if producer is None:
        return None
    table = e.graph.constant(producer.inputs[0])
    if producer.op == "ml.ArrayFeatureExtractor" and table is not None and table.ndim == 2 and reshaped:
        table = table[0] if len(table) == 1 else table.T
    elif (
        producer.op != "Gather"
        or int(producer.attrs["axis"]) != 0
        or (reshaped and table is not None and table.ndim != 1)
    ):
        return None
    if table is None or table.dtype.kind != "f" or not e.inside(producer.inputs[1], len(table)):
        return None
    return table, producer.inputs[1], reshaped


def split_by_grid(table: Array, terms: int) -> Array:
    """[..., 2] float32: a multiple of a power of two, coarse enough that `terms` of them add exactly, and the rest."""
    largest = float(np.abs(table).max(initial=0.0))
    grid = 2.0 ** math.ceil(math.log2(largest * terms / 2**24)) if largest else 1.0
    coarse = np.rint(table / grid) * grid
    return np.stack([coarse, table - coarse], axis=-1).astype(np.float32)


def _step(e: Emission, rank: Tensor, position: Tensor, first_child: Tensor) -> Tensor:
    above = e.op("Greater", rank, position, dtype="bool")
    return e.op("AddV2", first_child, e.cast(above, "int32"))
