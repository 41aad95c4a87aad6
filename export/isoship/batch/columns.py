"""A column of an Arrow table as the model takes it, by the signature: what `cells.value` says of one value, for many.

Numbers are compared as arrays; everything else (text, decimals, dictionaries) is looked at once for each distinct
value, by the functions that look at a single row. So a table means what the same rows in a file or a request mean.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from isoship.batch.cells import plain_numbers
from isoship_edge.encoding.cells import value
from isoship_edge.encoding.decode import LARGEST_INTEGER, decode_column
from isoship_edge.errors import InputError
from isoship_edge.manifest import Column

Array = np.ndarray[Any, Any]
#: One value out of a table, its column and its row -> the JSON value that the column takes. Raises InputError.
Read = Callable[[Any, Column, int], Any]

#: Rows that every vector unit's width goes into.
EVEN = 16
_NUMPY = {"double": np.float64, "int64": np.int64, "bool": np.uint8}


@dataclass(frozen=True, eq=False)
class Decoded:
    """A column of N rows.

    data: float64 (NaN is missing), int64, uint8 (of bool), or int32 places in `texts`; [N].
    texts: of a string column what the places stand for, `MISSING_STRING` among them.
    refused: [N] bool, the rows whose value the column refuses, whose data means nothing; None: no row.
    """

    data: Array
    texts: list[str] | None = None
    refused: Array | None = None


def whole(columns: list[Decoded], count: int) -> tuple[list[Decoded], int]:
    """The same with the last row repeated up to a multiple of `EVEN` rows; at least one row.

    onnxruntime computes what is left behind the last full vector in another way than the rest, so a row's last bits
    would hang on the length of the table that it stands in, and on where a file is cut into pieces.
    """
    more = -count % EVEN
    if not more:
        return columns, count
    return [Decoded(np.append(one.data, one.data[-1:].repeat(more)), one.texts) for one in columns], count + more


def decode(values: pa.Array | pa.ChunkedArray, column: Column, read: Read = value) -> Decoded:
    """A column of a table. read: what a value that is no plain number means."""
    array = values.combine_chunks() if isinstance(values, pa.ChunkedArray) else values
    plain = plain_numbers(array, column)
    array = array if plain is None else plain
    kind = array.type
    if column.dtype != "string" and (
        pa.types.is_floating(kind) or pa.types.is_integer(kind) or pa.types.is_boolean(kind)
    ):
        return _numbers(array, column)
    return _by_distinct(array, column, read)


def refusal(values: pa.Array | pa.ChunkedArray, column: Column, at: int, row: int, read: Read = value) -> InputError:
    """Why the value at a place that `decode` refuses is refused; `row` is its number in the message."""
    try:
        decode_column([read(values[at].as_py(), column, row)], column, first=row)
    except InputError as err:
        return err
    raise AssertionError(f"{column.name}: a column refuses what a row does not")


def _numbers(array: pa.Array, column: Column) -> Decoded:
    """Floats, integers and booleans in a number or boolean column."""
    missing = np.zeros(len(array), bool)
    if array.null_count:
        missing = array.is_null().to_numpy(zero_copy_only=False)
        array = pc.fill_null(array, False if pa.types.is_boolean(array.type) else 0)
    held = array.to_numpy(zero_copy_only=False)
    if held.dtype.kind == "f":
        held = held.astype(np.float64, copy=False)
        missing = missing | np.isnan(held)
    if column.dtype == "double":
        return _doubles(held, missing, column)
    with np.errstate(invalid="ignore"):
        if column.dtype == "bool":
            data = (held == 1).astype(np.uint8)
            refused = missing | ((held != 0) & (held != 1))
        else:
            lowest, highest = max(-LARGEST_INTEGER, column.lowest), min(LARGEST_INTEGER, column.highest)
            refused = missing | (held < lowest) | (held > highest)
            if held.dtype.kind == "f":
                refused |= held != np.floor(held)
            data = np.where(refused, 0, held).astype(np.int64)
    if column.categories is not None:
        refused = refused | ~np.isin(data, np.array(column.categories, dtype=data.dtype))
    return Decoded(data, refused=refused if refused.any() else None)


def _doubles(held: Array, missing: Array, column: Column) -> Decoded:
    data = np.array(held, np.float64)  # a copy: it is written to
    if missing.any():
        data[missing] = np.nan
    finite = np.isfinite(data)
    every = bool(finite.all())
    refused = np.zeros(len(data), bool)
    if not every:
        if not column.missing:
            refused |= missing
        if not column.infinity:
            refused |= np.isinf(data)
    if column.lowest > -np.inf or column.highest < np.inf:
        with np.errstate(invalid="ignore"):
            refused |= finite & ((data < column.lowest) | (data > column.highest))
    if column.categories is not None:
        refused |= ~missing & ~np.isin(data, np.array(column.categories, np.float64))
    return Decoded(data, refused=refused if refused.any() else None)


def _by_distinct(array: pa.Array, column: Column, read: Read) -> Decoded:
    codes, found = distinct(array)
    data: Any
    try:
        data = decode_column([read(one, column, 0) for one in found], column)
        wrong = None
    except InputError:
        data, wrong = _one_by_one(found, column, read)
    refused = None if wrong is None else wrong[codes]
    if refused is not None and not refused.any():
        refused = None
    if column.dtype == "string":
        return Decoded(codes, list(data), refused)
    return Decoded(np.frombuffer(data, _NUMPY[column.dtype])[codes] if len(found) else _none(column), refused=refused)


def _one_by_one(found: list[Any], column: Column, read: Read) -> tuple[Any, Array]:
    """What the column takes of some values, and which it refuses."""
    data: Any = [""] * len(found) if column.dtype == "string" else np.zeros(len(found), _NUMPY[column.dtype])
    wrong = np.zeros(len(found), bool)
    for i, one in enumerate(found):
        try:
            (data[i],) = decode_column([read(one, column, 0)], column)
        except InputError:
            wrong[i] = True
    return data, wrong


def distinct(array: pa.Array) -> tuple[Array, list[Any]]:
    """Places int32 [N] in a list of Python values, None among them where a value is missing."""
    kind = array.type
    if pa.types.is_null(kind):
        return np.zeros(len(array), np.int32), [None] if len(array) else []
    if kind in (pa.string_view(), pa.binary_view()):
        array = array.cast(pa.large_string() if kind == pa.string_view() else pa.large_binary())
    if not pa.types.is_dictionary(kind):
        try:
            array = array.dictionary_encode()
        except (pa.ArrowNotImplementedError, pa.ArrowInvalid, AttributeError):  # lists, structs, types of users' own
            found = array.to_pylist()
            return np.arange(len(found), dtype=np.int32), found
    found = array.dictionary.to_pylist()
    codes = array.indices
    if codes.null_count:
        codes = pc.fill_null(codes.cast(pa.int32()), len(found))
        found = [*found, None]
    return codes.to_numpy(zero_copy_only=False).astype(np.int32, copy=False), found


def _none(column: Column) -> Array:
    return np.zeros(0, _NUMPY[column.dtype])
