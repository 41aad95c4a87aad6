"""Lines of JSON by columns: a block is parsed in one call, and each column of the model's is looked at as a whole."""

from __future__ import annotations

import io
import json
import secrets
from collections.abc import Iterator
from typing import IO, Any

import numpy as np
import pyarrow as pa

from isoship.batch.columns import Decoded, decode
from isoship_edge.encoding.cells import value
from isoship_edge.encoding.decode import decode_column, decode_rows
from isoship_edge.encoding.rows_of_files import by_signature, json_lines, no_constant
from isoship_edge.errors import InputError
from isoship_edge.manifest import Column, Signature

#: Bytes of a block.
_BLOCK = 2**22
_ABSENT = object()
_NUMPY = {"double": np.float64, "int64": np.int64, "bool": np.uint8}
Records = list[dict[str, Any]]


def blocks(source: IO[bytes]) -> Iterator[bytes]:
    """Runs of whole lines of UTF-8."""
    held = b""
    while more := source.read(_BLOCK):
        held += more
        end = held.rfind(b"\n") + 1
        if end:
            yield held[:end]
            held = held[end:]
    if held:
        yield held


def records_of(block: bytes) -> Records:
    """The objects of a block.

    Raises:
        InputError: a line is no JSON object; its number is that in the block.
    """
    text = block.decode()
    lines = [line for line in text.split("\n") if line.strip()]
    # Between two lines stands what no line holds: lines that are JSON together only are not taken for two.
    between = secrets.token_hex(8)
    joined = f', "{between}", '.join(lines)
    try:
        found = json.loads(f"[{joined}]", parse_constant=no_constant)
    except (ValueError, RecursionError):
        found = []
    records: Records = found[::2]
    whole = len(found) == max(0, 2 * len(lines) - 1) and all(one == between for one in found[1::2])
    if not whole or not all(type(one) is dict for one in records):
        return list(json_lines(io.StringIO(text, newline="")))
    return records


def decoded(records: Records, signature: Signature) -> list[Decoded]:
    """The model's columns, in the signature's order."""
    return [_column([held.get(c.name, _ABSENT) for held in records], c) for c in signature.columns]


def why_refused(record: dict[str, Any], signature: Signature, row: int) -> InputError:
    """What is wrong with a record that `decoded` refuses. row: its number in the message."""
    try:
        decode_rows([by_signature(record, signature, row)], signature, first=row)
    except InputError as err:
        return err
    raise AssertionError("a column refuses what a row does not")


def _column(values: list[Any], column: Column) -> Decoded:
    kinds = set(map(type, values))
    try:
        if column.dtype == "string" and kinds <= {str, type(None)}:
            return decode(pa.array(values, pa.string()), column)
        if column.dtype != "string" and kinds <= {float, type(None)}:
            return decode(pa.array(values, pa.float64()), column)
        if column.dtype != "string" and kinds <= {int, type(None)}:
            return decode(pa.array(values, pa.int64()), column)
    except (pa.ArrowException, OverflowError, UnicodeEncodeError):  # integers beyond 2**63, half of a surrogate pair
        pass
    made: Any = [""] * len(values) if column.dtype == "string" else np.zeros(len(values), _NUMPY[column.dtype])
    refused = np.zeros(len(values), bool)
    for i, found in enumerate(values):
        try:
            if found is _ABSENT:
                raise InputError("absent")
            (made[i],) = decode_column([value(found, column, i)], column)
        except InputError:
            refused[i] = True
    some = refused if refused.any() else None
    if column.dtype != "string":
        return Decoded(made, refused=some)
    codes: dict[str, int] = {}
    places = np.array([codes.setdefault(text, len(codes)) for text in made], np.int32)
    return Decoded(places, list(codes), some)
