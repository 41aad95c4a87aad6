"""A bundle that answers Arrow tables: what files, Spark and Ray ask.

model = BatchModel.load("bundle")
answered = model.answer(table)          # the columns that `isoship predict` writes
"""

from __future__ import annotations

import re
from array import array
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Any, Literal

import numpy as np
import pyarrow as pa

from isoship.batch.answers import arrays, empty, fields
from isoship.batch.columns import Decoded, Read, decode, refusal, whole
from isoship.batch.graph import BatchGraph, Places
from isoship_edge.encoding.cells import value
from isoship_edge.encoding.words import listed
from isoship_edge.errors import InputError
from isoship_edge.inference.model import Model, load, with_rows
from isoship_edge.inference.tensor import TYPECODES, Tensor
from isoship_edge.manifest import Output

Array = np.ndarray[Any, Any]
OnError = Literal["fail", "column"]

#: The column of refusals.
ERROR = "_error"
#: What a refusal begins with, and the column of refusals need not say.
_PLACE = re.compile(r"row \d+, ")
#: Rows from which the graph for batches is made: that takes 0.05 to 0.15 s.
MANY = 20_000
#: Of the first table so many rows are answered by both graphs.
_COMPARED = 2048


@dataclass(frozen=True)
class Answered:
    """columns: the model's outputs, [N] each, in the order of `BatchModel.fields`; null in refused rows.
    errors: what is wrong with a row, null where it is answered; None where no row is refused. refused: how many."""

    columns: list[pa.Array]
    errors: pa.Array | None = None
    refused: int = 0


class BatchModel:
    """A bundle's model over tables. For several threads."""

    def __init__(self, model: Model, *, many: bool = True) -> None:
        """many: make the graph for batches."""
        self.model = model
        self.signature = model.manifest.signature
        self.outputs: tuple[Output, ...] = model.manifest.outputs
        #: Whether the graph for batches is to be made.
        self.many = many
        self._graph: BatchGraph | None = None
        self._lock = Lock()

    @classmethod
    def load(cls, folder: str | Path, *, many: bool = True) -> BatchModel:
        """The bundle in a folder.

        Raises:
            BundleError, DamagedFile, RuntimeMissing: as `isoship.load`. InputError: it takes tensors.
        """
        return cls(with_rows(load(folder)), many=many)

    @property
    def names(self) -> list[str]:
        """The columns that are read."""
        return [column.name for column in self.signature.columns]

    @property
    def fields(self) -> list[pa.Field]:
        """The columns that are answered, each with its declared type."""
        return fields(self.outputs)

    def answer(
        self, table: pa.Table | pa.RecordBatch, *, first: int = 0, on_error: OnError = "fail", read: Read = value
    ) -> Answered:
        """Answers every row of a table; columns that the model does not know are not looked at.

        first: the number of the first row in messages. read: what a value means that is no plain number.

        Raises:
            InputError: the table lacks a column, or has it twice; with "fail", the first row that is refused.
            InferenceError: onnxruntime failed.
        """
        self.check_names(table.schema.names)
        held = [table.column(c.name) for c in self.signature.columns]
        decoded = [decode(values, c, read) for values, c in zip(held, self.signature.columns, strict=True)]

        def why(at: int) -> InputError:
            for values, column, one in zip(held, self.signature.columns, decoded, strict=True):
                if one.refused is not None and one.refused[at]:
                    return refusal(values, column, at, first + at, read)
            raise AssertionError("a refused row has a column that is at fault")

        return self.answer_decoded(decoded, table.num_rows, why, on_error=on_error)

    def answer_decoded(
        self, decoded: list[Decoded], count: int, why: Callable[[int], InputError], *, on_error: OnError = "fail"
    ) -> Answered:
        """The same for columns in the signature's order. why: what is wrong with a row that one of them refuses.

        Raises: as above.
        """
        refused = _either(decoded, count)
        if refused is None:
            return Answered(self._answered(decoded, count))
        places = np.flatnonzero(refused)
        if on_error == "fail":
            raise why(int(places[0]))
        kept = np.flatnonzero(~refused)
        some = self._answered([_taken(one, kept) for one in decoded], len(kept))
        back = np.full(count, -1, np.int64)
        back[kept] = np.arange(len(kept))
        spread = pa.array(back, mask=refused)
        messages: list[str | None] = [None] * count
        for at in places.tolist():
            messages[at] = _PLACE.sub("", str(why(at)))
        return Answered([one.take(spread) for one in some], pa.array(messages, pa.string()), len(places))

    def check_names(self, header: list[str]) -> None:
        """Raises:
        InputError: a table of these columns lacks one of the model's, or has it twice.
        """
        absent = [name for name in self.names if name not in header]
        twice = [name for name in self.names if header.count(name) > 1]
        if absent or twice:
            wrong = f"lacks the columns {listed(absent)}" if absent else f"has the column {listed(twice)} twice"
            raise InputError(f"the table {wrong}; it has {listed(header)}", column=(absent or twice)[0])

    def close(self) -> None:
        """Releases the sessions. No call may be under way."""
        if self._graph is not None:
            self._graph.close()
        self.model.close()

    def _answered(self, decoded: list[Decoded], count: int) -> list[pa.Array]:
        if not count:
            return empty(self.outputs)
        if self.many and self._graph is None:
            with self._lock:
                if self.many and self._graph is None:
                    self._graph = self._proven(decoded, count)
                    self.many = self._graph is not None
        made = self._plainly(decoded, count) if self._graph is None else self._graph.run(decoded, count)
        return arrays(self.outputs, made)

    def _proven(self, decoded: list[Decoded], count: int) -> BatchGraph | None:
        """The graph for batches, where it answers the first rows as model.onnx does, to the last bit."""
        native = self.model.session.backend != "rows"
        graph = BatchGraph.of(self.model.folder, self.model.manifest) if native else None
        if graph is None:
            return None
        some = min(count, _COMPARED)
        rows = [_taken(one, np.arange(some)) for one in decoded]
        ours, plain = graph.run(rows, some), self._plainly(rows, some)
        if all(_bits(ours[output.name]) == _bits(plain[output.name]) for output in self.outputs):
            return graph
        graph.close()
        return None

    def _plainly(self, decoded: list[Decoded], count: int) -> dict[str, Array | Places]:
        """The outputs by model.onnx itself, or by the row program where ONNX Runtime is not."""
        signature = self.signature
        decoded, padded = whole(decoded, count)
        inputs = {}
        if signature.layout == "columns":
            for column, one in zip(signature.columns, decoded, strict=True):
                inputs[column.tensor] = Tensor(column.dtype, (padded, 1), _flat(column.dtype, one))
        else:
            matrix = np.stack([one.data for one in decoded], axis=1)
            inputs["X"] = Tensor("double", matrix.shape, array("d", matrix.tobytes()))
        made = self.model.infer(inputs, padded)
        return {name: _as_array(tensor)[:count] for name, tensor in made.items()}


def _flat(dtype: str, one: Decoded) -> Any:
    if one.texts is not None:
        return np.array(one.texts, object)[one.data].tolist()
    return bytearray(one.data.tobytes()) if dtype == "bool" else array(TYPECODES[dtype], one.data.tobytes())


def _as_array(tensor: Tensor) -> Array:
    if tensor.dtype == "string":
        return np.array(tensor.data, object).reshape(tensor.shape)
    return np.frombuffer(tensor.data, np.uint8 if tensor.dtype == "bool" else tensor.data.typecode).reshape(
        tensor.shape
    )


def _either(decoded: list[Decoded], count: int) -> Array | None:
    refused = np.zeros(count, bool)
    for one in decoded:
        if one.refused is not None:
            refused |= one.refused
    return refused if refused.any() else None


def _taken(one: Decoded, kept: Array) -> Decoded:
    return Decoded(one.data[kept], one.texts)


def _bits(made: Array | Places) -> Any:
    if isinstance(made, Places):
        return [made.texts[i] for i in made.data.reshape(-1).tolist()]
    return made.reshape(-1).tolist() if made.dtype == object else (made.dtype.str, made.tobytes())


__all__ = ["ERROR", "MANY", "Answered", "BatchModel", "OnError"]
