"""Text as numbers, a column at a time: what `cells.cell` says of plain decimal text, Arrow says of a million cells."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa

from isoship_edge.encoding.cells import cell
from isoship_edge.manifest import Column

#: Of these characters Arrow reads what `cells.NUMBER` and `cells.INTEGER` match, or nothing.
_OF_NUMBERS, _OF_INTEGERS = b"0123456789+-.eE", b"0123456789+-"


def read_cell(found: Any, column: Column, row: int) -> Any:
    """A CSV cell: None where it is empty, the empty text where it is empty in quotes.

    Raises:
        InputError: the text is none of the column's type.
    """
    return cell(found or "", column, row, in_quotes=found == "")


def plain_numbers(array: pa.Array, column: Column) -> pa.Array | None:
    """A text column of plain numbers as float64 or int64; None where one has to be looked at by itself."""
    if column.dtype not in ("double", "int64") or not pa.types.is_string(array.type):
        return None
    odd = bytes(text_of(array)).translate(None, _OF_NUMBERS if column.dtype == "double" else _OF_INTEGERS)
    if odd:
        return None
    try:
        return array.cast(pa.float64() if column.dtype == "double" else pa.int64())
    except pa.ArrowInvalid:
        return None


def text_of(array: pa.Array) -> memoryview:
    """The bytes of all texts of a string array, one behind the other."""
    _, offsets, data = array.buffers()
    if data is None or not len(array):
        return memoryview(b"")
    at = np.frombuffer(offsets, np.int32, len(array) + 1, array.offset * 4)
    return memoryview(data)[at[0] : at[-1]]
