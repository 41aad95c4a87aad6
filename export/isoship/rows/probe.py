"""Asks a canonical graph about itself: which columns a tensor depends on, and where it crosses a threshold.

No formula is inverted. The part of the graph in front of a tensor runs in onnxruntime on chosen rows, so that scalers,
imputers, powers and bins are all treated alike. A crossing is found to the last bit.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from isoship.onnx.live_bytes import bytes_a_row
from isoship.onnx.sessions import session_of
from isoship.rows.columns import Array, feeds_from_columns
from isoship.rows.halves import HalvingPlan
from isoship_edge.manifest import Signature

if TYPE_CHECKING:
    import onnx

IntArray = np.ndarray[Any, np.dtype[np.int64]]
FloatArray = np.ndarray[Any, np.dtype[np.float64]]

#: Rows and bytes of one question: a row of a kernel model or of a wide encoder is hundreds of kilobytes.
_MOST_ROWS, _MOST_BYTES = 8192, 2**26
_LARGEST = np.finfo(np.float64).max
_POSITIVE = (1e-300, 1e-30, 1e-9, 1e-3, 0.1, 1.0, 3.0, 10.0, 30.0, 100.0, 1e3, 1e4, 1e6, 1e9, 1e12, 1e30, 1e100)
#: Raw values at which a column is first tried: a function that is not monotone is bisected between neighbours here.
GRID: FloatArray = np.array([-_LARGEST, *(-v for v in reversed(_POSITIVE)), 0.0, *_POSITIVE, _LARGEST])

#: Where most crossings lie, in doubles from the threshold itself: at it, or where float32 rounds to it. These are asked
#: before the rest is bisected: nine questions instead of fifty.
_NEAR = (0, 1, -1, 2**28, 2**28 - 1, 2**28 + 1, -(2**28), -(2**28) - 1, -(2**28) + 1)


@dataclass(frozen=True, eq=False)
class Thresholds:
    """What features of one tensor may cross: `tensor[:, feature[i]]` lies below `value[i]` or not, [M] each.

    strict: below means `<`, else `<=`.
    """

    tensor: str
    feature: IntArray
    value: FloatArray
    strict: np.ndarray[Any, np.dtype[np.bool_]]

    def below(self, values: Array, pick: Any = slice(None)) -> Array:
        """values [R, M] -> bool [R, M]: below its threshold. NaN is not."""
        value, strict = self.value[pick], self.strict[pick]
        return np.asarray(np.where(strict, values < value, values <= value))


class Probe:
    """Intermediate tensors of a graph as functions of the raw columns.

    model: a canonical graph; tensors: the names to make available, each with the batch as its first axis.
    """

    def __init__(self, model: onnx.ModelProto, signature: Signature, tensors: Sequence[str], seed: int = 0) -> None:
        import onnxruntime as ort

        cut = upstream_of(model, tensors)
        self._session = session_of(cut)
        self._inputs = {i.name for i in self._session.get_inputs()}
        self._path = ort.RunOptions()
        self._path.only_execute_path_to_fetches = True
        self._signature = signature
        self._rows = max(1, min(_MOST_ROWS, _MOST_BYTES // bytes_a_row(cut)))
        self._standing: dict[str, Array] = {}
        self.base = _base_row(signature, seed)

    def values(self, tensor: str, columns: Mapping[str, Array]) -> Array:
        """The tensor for these columns, flattened to [N, K]; the other columns stand at the base row."""
        return np.concatenate([got for _, (got,) in self.pieces([tensor], columns)])

    def one_column_at_a_time(self, tensor: str, tried: Mapping[str, Array]) -> Iterator[tuple[str, int, Array]]:
        """The tensor for every value of every column, one column away from the base row at a time.

        Yields (column, place of the first value, the tensor for it and those after it, [values, K]), in order; a
        column's values may come in several pieces. Many columns share a question.
        """
        waiting = [(name, k) for name, values in tried.items() for k in range(0, len(values), self._rows)]
        batch: list[tuple[str, int, int]] = []
        used = 0
        for name, first in waiting:
            count = min(self._rows, len(tried[name]) - first)
            if used + count > self._rows:
                yield from self._asked(tensor, tried, batch)
                batch, used = [], 0
            batch.append((name, first, count))
            used += count
        yield from self._asked(tensor, tried, batch)

    def _asked(
        self, tensor: str, tried: Mapping[str, Array], batch: Sequence[tuple[str, int, int]]
    ) -> Iterator[tuple[str, int, Array]]:
        total = sum(count for _, _, count in batch)
        columns: dict[str, Array] = {}
        start = 0
        for name, first, count in batch:
            column = columns.setdefault(name, self._still(name, total))
            column[start : start + count] = tried[name][first : first + count]
            start += count
        start = 0
        got = self.values(tensor, columns) if total else np.empty((0, 0))
        for name, first, count in batch:
            yield name, first, got[start : start + count]
            start += count

    def _still(self, name: str, count: int) -> Array:
        return np.full(count, self.base[name], dtype=self.base[name].dtype)

    def pieces(self, tensors: Sequence[str], columns: Mapping[str, Array]) -> Iterator[tuple[int, list[Array]]]:
        """(number of the first row, each tensor as [rows, K]), a bounded number of rows at a time; the other columns
        stand at the base row."""
        count = len(next(iter(columns.values())))
        for start in range(0, count, self._rows):
            stop = min(start + self._rows, count)
            standing = self._standing_at(stop - start)
            feeds = {name: array for name, array in standing.items() if name in self._inputs}
            for i, column in enumerate(self._signature.columns):
                if column.name not in columns:
                    continue
                part = columns[column.name][start:stop]
                if self._signature.layout == "columns":
                    if column.tensor in feeds:
                        feeds[column.tensor] = part.reshape(-1, 1)
                elif feeds:
                    if feeds["X"] is standing["X"]:
                        feeds["X"] = standing["X"].copy()
                    feeds["X"][:, i] = part
            found = self._session.run(list(tensors), feeds, self._path)
            yield start, [np.asarray(got).reshape(stop - start, -1) for got in found]

    def _standing_at(self, count: int) -> dict[str, Array]:
        """The base row so many times as the graph's inputs, kept for the next question of this size."""
        if not self._standing or len(next(iter(self._standing.values()))) != count:
            self._standing = feeds_from_columns({name: self._still(name, count) for name in self.base}, self._signature)
        return self._standing

    def only_column(self, tensor: str, numeric: Sequence[str], text: Mapping[str, Sequence[str]]) -> list[str | None]:
        """For each feature of the tensor, the one column that it depends on, or None for none or several.

        text: what to try in each string column.
        """
        tried: dict[str, Array] = {name: self.raw(name, GRID) for name in numeric}
        tried |= {name: np.array(list(values), dtype=object) for name, values in text.items() if values}
        return self.owners(tensor, tried)

    def owners(self, tensor: str, tried: Mapping[str, Array]) -> list[str | None]:
        """The same by these values of these columns: None where none moves a feature, or several do."""
        split = HalvingPlan([len(values) for values in tried.values()])
        columns = {name: self._still(name, split.rows) for name in tried}
        for k, (name, values) in enumerate(tried.items()):
            rows, which = split.changed(k)
            columns[name][rows] = values[which]
        if not columns:  # a table of booleans alone
            name, at = next(iter(self.base.items()))
            columns = {name: np.full(1, at, dtype=at.dtype)}
        first: Array = np.empty((1, 0))
        for start, (got,) in self.pieces([tensor], columns):
            if start == 0:
                first = got[:1].copy()
            split.note(start, (got != first) & ~((got != got) & (first != first)))
        names = [*tried]
        return [None if k is None else names[k] for k in split.found()]

    def raw(self, column: str, values: FloatArray) -> Array:
        """Doubles as this column takes them: integers are cut to those that a double holds exactly."""
        dtype = self.base[column].dtype
        if dtype == np.int64:
            return np.clip(np.trunc(values), -(2.0**53), 2.0**53).astype(np.int64)
        return values.astype(dtype)

    def crossings(
        self, owners: Sequence[str | None], thresholds: Thresholds, between: Mapping[str, FloatArray] | None = None
    ) -> tuple[IntArray, FloatArray]:
        """Where columns carry features over their thresholds, all columns at once.

        owners: for each threshold, the column that its feature depends on; thresholds without one are left out.
        between: raw values of a column to try besides `GRID`.
        Returns (which threshold [C], the last raw value on the near side [C]); the next double (or integer) is on the
        other side. A threshold that is crossed twice appears twice; one that is not crossed, not at all.
        """
        names, code = numbered_names(owners)
        if not names:
            return np.empty(0, dtype=np.int64), np.empty(0)
        mine = places_by_name(names, code)
        brackets = [
            self._brackets(name, thresholds, places)
            for name, places in self._on_the_grid(thresholds, mine, between or {})
        ]
        which, low, high, side = (np.concatenate(parts) for parts in zip(*brackets, strict=True))
        integers = np.array([self.base[name].dtype == np.int64 for name in names], dtype=bool)
        whole = integers[code[which]]
        open_ = np.arange(len(which))
        near = _guesses(thresholds.value[which], whole)
        for turn in itertools.count():
            # neighbours in order: the distance of two orders of doubles may exceed an int64
            middle = (low[open_] >> 1) + (high[open_] >> 1) + (low[open_] & high[open_] & 1)
            open_, middle = open_[middle > low[open_]], middle[middle > low[open_]]
            if not len(open_):
                break
            if turn < len(_NEAR):
                guess = near[open_] + _NEAR[turn]
                tried = (low[open_] < guess) & (guess < high[open_])
                asked, point = open_[tried], guess[tried]
            else:
                asked, point = open_, middle
            if not len(asked):
                continue
            number = which[asked]
            raw = np.where(whole[asked], point.astype(np.float64), double_of_order(point))
            got = self.feature_values(
                thresholds.tensor, places_by_name(names, code[number]), raw, thresholds.feature[number]
            )
            same = thresholds.below(got, number) == side[asked]
            low[asked], high[asked] = np.where(same, point, low[asked]), np.where(same, high[asked], point)
        return which, np.where(whole, low.astype(np.float64), double_of_order(low))

    def _on_the_grid(
        self, thresholds: Thresholds, mine: Mapping[str, IntArray], between: Mapping[str, FloatArray]
    ) -> Iterator[tuple[str, tuple[IntArray, FloatArray, FloatArray]]]:
        """For each column: its thresholds, the grid as it takes it, and its features there."""
        tried = {name: np.concatenate([GRID, between.get(name, GRID[:0])]) for name in mine}
        grids = {name: np.unique(self.raw(name, values)).astype(np.float64) for name, values in tried.items()}
        longest = max(map(len, grids.values()), default=0)
        # a feature depends on its own column alone, so that all columns may move in one row
        rows = {name: self.raw(name, np.resize(grid, longest)) for name, grid in grids.items()}
        values = self.values(thresholds.tensor, rows).astype(np.float64) if rows else np.empty((0, 0))
        for name, which in mine.items():
            yield name, (which, grids[name], values[: len(grids[name]), thresholds.feature[which]])

    def _brackets(
        self, name: str, thresholds: Thresholds, found: tuple[IntArray, FloatArray, FloatArray]
    ) -> tuple[IntArray, ...]:
        """Neighbours on the grid around each crossing: (which threshold, low, high, side of low), as orders."""
        mine, grid, values = found
        below, defined = thresholds.below(values, mine), ~np.isnan(values)
        segment, which = np.nonzero((below[1:] != below[:-1]) & defined[1:] & defined[:-1])
        order = grid.astype(np.int64) if self.base[name].dtype == np.int64 else order_of_double(grid)
        return mine[which], order[segment], order[segment + 1], below[segment, which]

    def feature_values(
        self, tensor: str, places: Mapping[str, IntArray], raw: FloatArray, feature: IntArray
    ) -> FloatArray:
        """A feature of the tensor for each number of a column, on which alone the feature depends: [R].

        places: where in `raw` and `feature` each column's are. Numbers of different columns share a row.
        """
        turn = np.empty(len(raw), dtype=np.int64)
        longest = max(map(len, places.values()))
        columns = {name: self._still(name, longest) for name in places}
        for name, mine in places.items():
            turn[mine] = np.arange(len(mine))
            columns[name][: len(mine)] = self.raw(name, raw[mine])
        picked = np.empty(len(raw))
        for start, (got,) in self.pieces([tensor], columns):
            here = np.flatnonzero((turn >= start) & (turn < start + len(got)))
            picked[here] = got[turn[here] - start, feature[here]]
        return picked


def numbered_names(names: Sequence[str | None]) -> tuple[list[str], IntArray]:
    """The different names, and for each place the number of its name, -1 for none."""
    numbers = {name: k for k, name in enumerate(dict.fromkeys(name for name in names if name is not None))}
    return list(numbers), np.array([-1 if name is None else numbers[name] for name in names], dtype=np.int64)


def places_by_name(names: Sequence[str], code: IntArray) -> dict[str, IntArray]:
    """Where the number of each name stands, for those that occur."""
    order = np.argsort(code, kind="stable")
    ends = np.searchsorted(code[order], np.arange(len(names) + 1))
    parts = zip(names, ends[:-1].tolist(), ends[1:].tolist(), strict=True)
    return {name: order[start:end] for name, start, end in parts if end > start}


def _guesses(threshold: FloatArray, whole: np.ndarray[Any, np.dtype[np.bool_]]) -> IntArray:
    """The orders at which raw columns would cross these thresholds if they were the features themselves."""
    clipped = np.clip(np.floor(threshold), -(2.0**53), 2.0**53).astype(np.int64)
    return np.where(whole, clipped, order_of_double(threshold))


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
    cut = onnx.ModelProto(ir_version=model.ir_version, opset_import=model.opset_import, functions=model.functions)
    cut.graph.name = model.graph.name
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
