"""Tables as lines of CSV, column by column: the bytes that `isoship_edge.encoding.batch.CsvWriter` writes."""

from __future__ import annotations

import io
from collections.abc import Container, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from isoship.batch.cells import text_of
from isoship.batch.columns import distinct
from isoship_edge.encoding.batch import csv_value
from isoship_edge.encoding.formulas import defused

_QUOTED = (b",", b'"', b"\r", b"\n")
#: What a spreadsheet may run begins with one of these; behind one of the others, in a number's cell too.
_MARKS, _BEHIND = (b"=", b"+", b"-", b"@", b"\t", b"\r"), (b";", b"\t", b"\r", b"\n")
#: Whole numbers, and those that Python writes with an exponent where Arrow does not, or the other way round.
_SMALL, _LARGE = 1e-4, 1e10
#: A table of more bytes is written in two halves: the lines of one are one Arrow array.
_MOST = 2**29


def lines(columns: Sequence[pa.Array], numbers: Container[int] = (), *, as_they_are: int = 0) -> bytes:
    """The lines of columns of one length, null as nothing.

    numbers: places of text columns that hold numbers alone. as_they_are: so many columns in front are cells already.
    """
    count = len(columns[0])
    if count > 1 and sum(one.nbytes for one in columns) > _MOST:
        half = count // 2
        halves = [c[:half] for c in columns], [c[half:] for c in columns]
        return b"".join(lines(each, numbers, as_they_are=as_they_are) for each in halves)
    if not count:
        return b""
    cells = [c if j < as_they_are else _cells(c, number=j in numbers) for j, c in enumerate(columns)]
    whole = pc.binary_join_element_wise(*cells, ",", null_handling="replace", null_replacement="")
    whole = pc.binary_join_element_wise(whole, "", "\n")
    return b"".join(bytes(text_of(part)) for part in (whole.chunks if isinstance(whole, pa.ChunkedArray) else [whole]))


def _cells(array: pa.Array | pa.ChunkedArray, *, number: bool) -> pa.Array:
    """A column as text, null where a cell is empty."""
    if isinstance(array, pa.ChunkedArray):
        array = array.combine_chunks()
    kind = array.type
    if pa.types.is_integer(kind):
        return array.cast(pa.string())
    if pa.types.is_floating(kind):
        return _floats(array)
    if pa.types.is_boolean(kind):
        return array.cast(pa.string())
    if pa.types.is_string(kind) and not _needs_a_look(array, number=number):
        return array
    codes, found = distinct(array)
    texts = pa.array([written(one) for one in found], pa.string())
    return texts.take(pa.array(codes))


def _needs_a_look(array: pa.Array, *, number: bool) -> bool:
    text = bytes(text_of(array))
    if any(mark in text for mark in (*_QUOTED, *(_BEHIND if number else _MARKS))):
        return True
    at = np.frombuffer(array.buffers()[1], np.int32, len(array) + 1, array.offset * 4)
    return int((np.diff(at) == 0).sum()) > int(array.null_count)  # the empty text is written in quotes


def written(found: Any) -> str | None:
    """A value as a cell; None for nothing."""
    if found is None or (isinstance(found, float) and found != found):
        return None
    text = defused(found) if isinstance(found, str) else str(csv_value(found))
    if isinstance(found, str) and not text:
        return '""'
    return '"' + text.replace('"', '""') + '"' if any(mark in text for mark in ',"\r\n') else text


def _floats(array: pa.Array) -> pa.Array:
    """Doubles as Python writes them; NaN is nothing."""
    array = array.cast(pa.float64())
    held = array.to_numpy(zero_copy_only=False)
    with np.errstate(invalid="ignore"):
        size = np.abs(held)
        odd = (held == np.floor(held)) | (size < _SMALL) | (size >= _LARGE)  # infinities are whole, too
    texts = array.cast(pa.string())
    if odd.any():
        texts = pc.replace_with_mask(texts, pa.array(odd), pa.array(map(repr, held[odd].tolist()), pa.string()))
    missing = np.isnan(held)
    return texts if not missing.any() else pc.if_else(pa.array(missing), pa.scalar(None, pa.string()), texts)


def header_line(names: Sequence[str]) -> bytes:
    """The first line."""
    target = io.StringIO()
    target.write(",".join(written(name) or "" for name in names) + "\n")
    return target.getvalue().encode()
