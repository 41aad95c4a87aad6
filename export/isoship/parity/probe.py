"""Asks a canonical graph about itself: which columns a tensor depends on, and at which raw value it crosses a level.

No formula is inverted. The part of the graph in front of a tensor runs in onnxruntime on chosen rows, so scalers,
imputers, powers and bins are all treated alike, and a crossing is found to the last bit.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from isoship.parity.columns import Array, feeds_from_columns
from isoship_edge.manifest import Signature

if TYPE_CHECKING:
    import onnx

IntArray = np.ndarray[Any, np.dtype[np.int64]]
FloatArray = np.ndarray[Any, np.dtype[np.float64]]

_CHUNK, _MOST_VALUES = 8192, 4_000_000
_LARGEST = np.finfo(np.float64).max
_POSITIVE = (1e-300, 1e-30, 1e-9, 1e-3, 0.1, 1.0, 3.0, 10.0, 30.0, 100.0, 1e3, 1e4, 1e6, 1e9, 1e12, 1e30, 1e100)
#: Raw values at which a column is first tried: a function that is not monotone is bisected between neighbours here.
GRID: FloatArray = np.array([-_LARGEST, *(-v for v in reversed(_POSITIVE)), 0.0, *_POSITIVE, _LARGEST])


@dataclass(frozen=True, eq=False)
class Levels:
    """Levels that features of one tensor may cross: `tensor[:, feature[i]]` and `threshold[i]`, [M] each.

    strict: below means `<`, else `<=`.
    """

    tensor: str
    feature: IntArray
    threshold: FloatArray
    strict: np.ndarray[Any, np.dtype[np.bool_]]

    def below(self, values: Array, pick: Any = slice(None)) -> Array:
        """values [R, M] -> bool [R, M]: below its level. NaN is not."""
        threshold, strict = self.threshold[pick], self.strict[pick]
        return np.asarray(np.where(strict, values < threshold, values <= threshold))


class Probe:
    """Intermediate tensors of a graph as functions of the raw columns.

    model: a canonical graph; tensors: the names to make available, each with the batch as its first axis.
    """

    def __init__(self, model: onnx.ModelProto, signature: Signature, tensors: Sequence[str], seed: int = 0) -> None:
        os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
        import onnxruntime as ort

        options = ort.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_DISABLE_ALL
        options.log_severity_level = 4
        cut = upstream_of(model, tensors)
        self._session = ort.InferenceSession(cut.SerializeToString(), options, providers=["CPUExecutionProvider"])
        self._inputs = {i.name for i in self._session.get_inputs()}
        self._signature = signature
        self.base = _base_row(signature, seed)

    def values(self, tensor: str, columns: Mapping[str, Array]) -> Array:
        """The tensor for these columns, flattened to [N, K]; the other columns stand at the base row."""
        count = len(next(iter(columns.values())))
        parts = []
        for start in range(0, count, _CHUNK):
            stop = min(start + _CHUNK, count)
            full = {name: np.full(stop - start, value, dtype=value.dtype) for name, value in self.base.items()}
            full |= {name: values[start:stop] for name, values in columns.items()}
            feeds = feeds_from_columns(full, self._signature)
            (got,) = self._session.run([tensor], {k: v for k, v in feeds.items() if k in self._inputs})
            parts.append(np.asarray(got).reshape(stop - start, -1))
        return np.concatenate(parts)

    def only_column(self, tensor: str, numeric: Sequence[str], text: Mapping[str, Sequence[str]]) -> list[str | None]:
        """For each feature of the tensor, the one column that it depends on, or None for none or several.

        text: what to try in each string column.
        """
        name, at = next(iter(self.base.items()))
        owners: list[str | None] = [None] * self.values(tensor, {name: np.full(1, at, dtype=at.dtype)}).shape[1]
        several: set[int] = set()
        tried: dict[str, Array] = {name: self.raw(name, GRID) for name in numeric}
        tried |= {name: np.array(list(values), dtype=object) for name, values in text.items() if values}
        for name, values in tried.items():
            got = self.values(tensor, {name: values})
            moves = np.any((got != got[:1]) & ~((got != got) & (got[:1] != got[:1])), axis=0)
            for k in np.flatnonzero(moves).tolist():
                if owners[k] is not None:
                    several.add(k)
                owners[k] = name
        return [None if k in several else owner for k, owner in enumerate(owners)]

    def raw(self, column: str, values: FloatArray) -> Array:
        """Doubles as this column takes them: integers are cut to those that a double holds exactly."""
        dtype = self.base[column].dtype
        if dtype == np.int64:
            return np.clip(np.trunc(values), -(2.0**53), 2.0**53).astype(np.int64)
        return values.astype(dtype)

    def crossings(
        self, owners: Sequence[str | None], levels: Levels, between: Mapping[str, FloatArray] | None = None
    ) -> tuple[IntArray, FloatArray]:
        """Where columns carry features over their levels, all columns at once.

        owners: for each level, the column that its feature depends on; levels without one are left out.
        between: raw values of a column to try besides `GRID`.
        Returns (which level [C], the last raw value on the near side [C]); the next double (or integer) is on the
        other side. A level that is crossed twice appears twice; one that is not crossed, not at all.
        """
        more = between or {}
        names_of = [name for name in dict.fromkeys(owners) if name is not None]
        brackets = [self._brackets(name, owners, levels, more.get(name, GRID[:0])) for name in names_of]
        if not brackets:
            return np.empty(0, dtype=np.int64), np.empty(0)
        which, low, high, side = (np.concatenate(parts) for parts in zip(*brackets, strict=True))
        names = np.array([owners[k] for k in which.tolist()], dtype=object)
        whole = np.array([self.base[n].dtype == np.int64 for n in names], dtype=bool)
        while True:
            middle = (low >> 1) + (high >> 1) + (low & high & 1)
            if not np.any(middle > low):
                break
            raw = np.where(whole, middle.astype(np.float64), double_of_order(middle))
            same = levels.below(self._one_each(levels.tensor, names, raw, levels.feature[which]), which) == side
            low, high = np.where(same, middle, low), np.where(same, high, middle)
        return which, np.where(whole, low.astype(np.float64), double_of_order(low))

    def _brackets(
        self, name: str, owners: Sequence[str | None], levels: Levels, more: FloatArray
    ) -> tuple[IntArray, ...]:
        """Neighbours on the grid between which a level is crossed: (which level, low, high, side of low), as orders."""
        mine = np.array([k for k, owner in enumerate(owners) if owner == name], dtype=np.int64)
        grid = np.unique(self.raw(name, np.concatenate([GRID, more]))).astype(np.float64)
        values = self.values(levels.tensor, {name: self.raw(name, grid)})[:, levels.feature[mine]].astype(np.float64)
        below, defined = levels.below(values, mine), ~np.isnan(values)
        segment, which = np.nonzero((below[1:] != below[:-1]) & defined[1:] & defined[:-1])
        order = grid.astype(np.int64) if self.base[name].dtype == np.int64 else order_of_double(grid)
        return mine[which], order[segment], order[segment + 1], below[segment, which]

    def _one_each(self, tensor: str, names: Array, raw: FloatArray, feature: IntArray) -> FloatArray:
        """For each row one column away from the base row, and one feature of the tensor: [R]."""
        chunk = max(64, min(_CHUNK, _MOST_VALUES // max(1, len(self.base))))
        picked = np.empty(len(raw))
        for start in range(0, len(raw), chunk):
            part = slice(start, min(start + chunk, len(raw)))
            columns: dict[str, Array] = {}
            for name in dict.fromkeys(names[part].tolist()):
                mine = names[part] == name
                column = np.full(len(mine), self.base[name], dtype=self.base[name].dtype)
                column[mine] = self.raw(name, raw[part][mine])
                columns[name] = column
            values = self.values(tensor, columns)
            picked[part] = values[np.arange(len(values)), feature[part]]
        return picked


def order_of_double(values: FloatArray) -> IntArray:
    """Doubles as integers in the same order: neighbours differ by one, both zeros are 0."""
    bits = np.ascontiguousarray(values, dtype=np.float64).view(np.int64)
    return np.where(bits < 0, -(bits & np.int64(0x7FFFFFFFFFFFFFFF)), bits)


def double_of_order(order: IntArray) -> FloatArray:
    """The inverse of `order_of_double`."""
    order = np.asarray(order, dtype=np.int64)
    return np.where(order < 0, -(np.abs(order).view(np.float64)), order.view(np.float64))


def upstream_of(model: onnx.ModelProto, tensors: Sequence[str]) -> onnx.ModelProto:
    """The model cut to what computes these tensors, with them as its outputs."""
    import onnx

    made_by = {name: node for node in model.graph.node for name in node.output}
    needed: set[int] = set()
    waiting, seen = list(tensors), set(tensors)
    while waiting:
        node = made_by.get(waiting.pop())
        if node is None:
            continue
        needed.add(id(node))
        for name in node.input:
            if name and name not in seen:
                seen.add(name)
                waiting.append(name)
    cut = onnx.ModelProto()
    cut.CopyFrom(model)
    del cut.graph.node[:], cut.graph.output[:], cut.graph.input[:], cut.graph.initializer[:], cut.graph.value_info[:]
    cut.graph.node.extend(node for node in model.graph.node if id(node) in needed)
    cut.graph.input.extend(i for i in model.graph.input if i.name in seen)
    cut.graph.initializer.extend(i for i in model.graph.initializer if i.name in seen)
    cut.graph.output.extend(onnx.helper.make_empty_tensor_value_info(name) for name in dict.fromkeys(tensors))
    return cut


def _base_row(signature: Signature, seed: int) -> dict[str, Any]:
    """A row whose numbers are neither 0 nor 1 nor equal, so that products and differences show what they depend on."""
    rng = np.random.default_rng(seed)
    base: dict[str, Any] = {}
    for column in signature.columns:
        if column.categories and column.dtype != "string":
            base[column.name] = np.asarray(column.categories[0], dtype=_NUMBERS[column.dtype])[()]
        elif column.dtype == "string":
            base[column.name] = np.array(column.categories[0] if column.categories else "isoship", dtype=object)
        elif column.dtype == "bool":
            base[column.name] = np.bool_(True)
        elif column.dtype == "int64":
            base[column.name] = np.int64(rng.integers(2, 40))
        else:
            base[column.name] = np.float64(rng.uniform(1.1, 2.9))
    return base


_NUMBERS: dict[str, Any] = {"double": np.float64, "int64": np.int64, "bool": np.bool_}
