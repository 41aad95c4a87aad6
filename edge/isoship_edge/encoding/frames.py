"""What Python callers hold (DataFrame, array, dicts, lists, strings) as input tensors, under the rules of `decode`.

None of pandas, polars, pyarrow and numpy is imported before the caller has: an object of theirs is recognised by what
it has. NaN, None, NA and null are missing.
"""

from __future__ import annotations

import math
import warnings
from array import array
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from isoship_edge.encoding.column_names import signature_names
from isoship_edge.encoding.decode import MATRIX_INPUT, decode_columns, decode_rows
from isoship_edge.encoding.words import listed, quoted
from isoship_edge.errors import InputError
from isoship_edge.inference.tensor import Tensor
from isoship_edge.manifest import Signature

_MISSING_TYPES = ("NAType", "NaTType")


class Frame(NamedTuple):
    """names: of the columns. values: those of the column at a place, as Python's own. height: how many rows."""

    names: list[Any]
    values: Callable[[int], list[Any]]
    height: int


def decode_python(rows: Any, signature: Signature) -> tuple[dict[str, Tensor], int]:
    """Input tensors and the number of rows.

    rows: a pandas or polars DataFrame or a pyarrow Table with the model's columns, a 2-D array or list of lists with
    columns in the signature's order, a list of dicts, or, for a model of one column, a list or 1-D array of its values.

    Raises:
        InputError: none of those, columns absent or unknown, or a value that does not fit.
    """
    frame = _frame(rows)
    if frame is not None:
        return _from_frame(frame, signature)
    if hasattr(rows, "ndim") and hasattr(rows, "tolist"):
        return _from_array(rows, signature)
    if isinstance(rows, (str, bytes, Mapping)) or not isinstance(rows, Sequence):
        raise InputError(
            f"expected rows as a list of dicts, a DataFrame or a 2-D array, got {type(rows).__name__}"
            + (". Put one row in a list: [row]" if isinstance(rows, Mapping) else "")
        )
    if rows and not isinstance(rows[0], Mapping):
        if isinstance(rows[0], (list, tuple)) or getattr(rows[0], "ndim", 0) == 1:
            return _from_lists([list(row) if isinstance(row, Sequence) else row.tolist() for row in rows], signature)
        return _from_lists([[value] for value in rows], signature)
    names = [column.name for column in signature.columns]
    plain_rows = [_plain_row(row, names) if isinstance(row, Mapping) else row for row in rows]
    return decode_rows(plain_rows, signature), len(plain_rows)


def plain(value: Any) -> Any:
    """A value as float, int, bool, str or None where it is one of those or numpy's or pandas's form of it."""
    kind = type(value)
    if kind is float:
        return None if value != value else value
    if kind is int or kind is str or kind is bool or value is None:
        return value
    if kind.__name__ in _MISSING_TYPES:
        return None
    if isinstance(value, str):
        return str(value)
    if hasattr(value, "dtype") and hasattr(value, "item") and getattr(value, "ndim", 1) == 0:
        item = value.item()
        return None if isinstance(item, float) and item != item else item
    return value


def _plain_row(row: Mapping[Any, Any], names: list[str]) -> dict[str, Any]:
    made = {name: plain(value) for name, value in row.items()}
    if all(type(name) is str for name in made):
        return made
    return dict(zip(signature_names(made, names), made.values(), strict=True))


def _frame(rows: Any) -> Frame | None:
    """A frame of pandas, polars or pyarrow (a Table or RecordBatch), by what it has; None for anything else."""
    if hasattr(rows, "columns") and hasattr(rows, "iloc"):
        return Frame(list(rows.columns), lambda place: list(rows.iloc[:, place].tolist()), len(rows))
    if hasattr(rows, "to_dicts") and hasattr(rows, "to_series"):
        return Frame(list(rows.columns), lambda place: list(rows.to_series(place).to_list()), len(rows))
    if hasattr(rows, "to_pylist") and hasattr(rows, "column_names"):
        return Frame(list(rows.column_names), lambda place: list(rows.column(place).to_pylist()), rows.num_rows)
    return None


def _from_frame(frame: Frame, signature: Signature) -> tuple[dict[str, Tensor], int]:
    names = [column.name for column in signature.columns]
    held = signature_names(frame.names, names)
    places = {name: held.index(name) for name in names if name in held}
    absent = [name for name in names if name not in places]
    twice = [name for name in places if held.count(name) > 1]
    moved = signature.layout == "matrix" and list(places.values()) != sorted(places.values())
    if absent or twice or moved:
        wrong = (
            f"lacks the columns {listed(absent)}" if absent
            else f"has the column {listed(twice)} twice" if twice
            else "has its columns in another order, and the model was trained without names and takes them in theirs"
        )  # fmt: skip
        raise InputError(f"the DataFrame {wrong}; expected {listed(names)}", column=next(iter(absent or twice), None))
    extra = [name for name in held if name not in places]
    if extra:
        message = f"columns of the DataFrame that the model does not take are ignored: {listed(extra)}"
        warnings.warn(message, stacklevel=5)  # who called `predict`
    columns = {name: [plain(value) for value in frame.values(place)] for name, place in places.items()}
    return decode_columns(columns, signature, frame.height), frame.height


def _from_array(values: Any, signature: Signature) -> tuple[dict[str, Tensor], int]:
    width = len(signature.columns)
    if values.ndim == 1 and width == 1:
        values = values.reshape(-1, 1)
    if values.ndim != 2 or values.shape[1] != width:
        shape = tuple(int(size) for size in values.shape)
        raise InputError(f"expected an array of shape [N, {width}], got {list(shape)}")
    simple = all(c.categories is None and (c.lowest, c.highest) == (-math.inf, math.inf) for c in signature.columns)
    if signature.layout == "matrix" and simple and values.dtype.kind == "f":
        import numpy as np  # the caller's array has loaded it

        doubles = values.astype("float64", order="C")
        if all(c.missing and c.infinity for c in signature.columns) or np.isfinite(doubles).all():
            matrix = array("d", doubles.tobytes())
            return {MATRIX_INPUT: Tensor("double", (len(values), width), matrix)}, len(values)
    columns = {c.name: [plain(v) for v in values[:, j].tolist()] for j, c in enumerate(signature.columns)}
    return decode_columns(columns, signature, len(values)), len(values)


def _from_lists(rows: list[list[Any]], signature: Signature) -> tuple[dict[str, Tensor], int]:
    names = [column.name for column in signature.columns]
    for i, row in enumerate(rows):
        if len(row) != len(names):
            raise InputError(
                f"row {i}: expected {len(names)} values ({listed(names)}), got {len(row)}"
                + (f", the first of them {quoted(row[0])}" if row and isinstance(row[0], str) else ""),
                row=i,
            )
    columns = {name: [plain(row[j]) for row in rows] for j, name in enumerate(names)}
    return decode_columns(columns, signature, len(rows)), len(rows)
