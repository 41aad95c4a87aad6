"""Rows to tensors, by the signature and nothing else: what does not fit is refused, never bent.

JSON's types decide: booleans are no numbers, strings are no numbers, integer columns take integral numbers that a
double holds, null is missing and only where the model accepts it, an absent or unknown key is an error.
JavaScript refuses the same rows in the same words (`tests/vectors/rows.json`).
"""

from __future__ import annotations

import math
from array import array
from collections.abc import Mapping, Sequence

from isoship_edge.encoding.text import fault
from isoship_edge.encoding.words import expected_of, got, integer_within, listed, quoted, within
from isoship_edge.errors import InputError
from isoship_edge.inference.tensor import Tensor
from isoship_edge.manifest import MISSING_STRING, Column, Signature

TYPE_CHECKING = False  # `typing` is not imported on the way to a first answer (named.py)
if TYPE_CHECKING:
    from typing import Any

LARGEST_INTEGER = 2**53
MATRIX_INPUT = "X"


def decode_rows(rows: Any, signature: Signature, *, first: int = 0) -> dict[str, Tensor]:
    """A list of rows (dicts of JSON values) as the model's input tensors, [N, 1] a column or `X` [N, F].

    first: the number of the first row in messages, when the rows are one part of more.

    Raises:
        InputError: the first row that does not fit, and in it unknown keys before columns in the signature's order.
    """
    if not isinstance(rows, (list, tuple)):
        raise InputError(f"rows: expected an array, got {got(rows)}", seen=got(rows), expected="an array")
    names = [column.name for column in signature.columns]
    keys = set(names)
    for i, row in enumerate(rows):
        if type(row) is not dict or row.keys() != keys:
            wrong = _wrong_keys(first + i, row, signature)
            fitting = 0
            if type(row) is dict and wrong.column in names:
                fitting = names.index(wrong.column)
            columns = {name: [r[name] for r in rows[: i + (j < fitting)]] for j, name in enumerate(names)}
            _converted(columns, signature, first)
            raise wrong
    return decode_columns({name: [row[name] for row in rows] for name in names}, signature, len(rows), first=first)


def decode_columns(
    columns: Mapping[str, Sequence[Any]], signature: Signature, count: int, *, first: int = 0
) -> dict[str, Tensor]:
    """The same from columns of `count` values each."""
    data = _converted(columns, signature, first)
    if signature.layout == "columns":
        return {c.tensor: Tensor(c.dtype, (count, 1), flat) for c, flat in zip(signature.columns, data, strict=True)}
    width = len(signature.columns)
    if count == 1:
        return {MATRIX_INPUT: Tensor("double", (1, width), array("d", [flat[0] for flat in data]))}
    matrix = array("d", bytes(8 * count * width))
    for j, flat in enumerate(data):
        matrix[j::width] = array("d", list(flat))
    return {MATRIX_INPUT: Tensor("double", (count, width), matrix)}


def decode_column(values: Sequence[Any], column: Column, *, first: int = 0) -> Any:
    """One column of JSON values as a tensor's flat data: array of doubles or int64, bytearray, or list of strings.

    Raises:
        InputError: the first value that the column refuses.
    """
    return _CONVERT[column.dtype](values, column, first)


def sliced(tensors: Mapping[str, Tensor], start: int, stop: int) -> dict[str, Tensor]:
    """Rows `start` to `stop` of every input."""
    part = {}
    for name, tensor in tensors.items():
        width = math.prod(tensor.shape[1:])
        shape = (stop - start, *tensor.shape[1:])
        part[name] = Tensor(tensor.dtype, shape, tensor.data[start * width : stop * width])
    return part


def _converted(columns: Mapping[str, Sequence[Any]], signature: Signature, first: int) -> list[Any]:
    """Each column's flat data. Columns are checked one by one, and the first row at fault is the one reported."""
    data, faults = [], []
    for column in signature.columns:
        try:
            data.append(_CONVERT[column.dtype](columns[column.name], column, first))
        except InputError as err:
            faults.append(err)
    if faults:
        raise min(faults, key=lambda err: err.row or 0)
    return data


def _refusal(row: int, name: str | None, seen: str, expected: str) -> InputError:
    place = f"row {row}" if name is None else f"row {row}, column {quoted(name)}"
    return InputError(f"{place}: expected {expected}, got {seen}", row=row, column=name, seen=seen, expected=expected)


def _wrong_keys(row: int, seen: Any, signature: Signature) -> InputError:
    if type(seen) is not dict:
        return _refusal(row, None, got(seen), "an object")
    names = [column.name for column in signature.columns]
    for name in seen:
        if name not in names:
            return _refusal(row, name, "an unknown key", "one of the columns " + listed(names))
    absent = next(column for column in signature.columns if column.name not in seen)
    return _refusal(row, absent.name, "nothing (the key is absent)", expected_of(absent))


def _wrong_value(row: int, column: Column, value: Any, expected: str | None = None) -> InputError:
    return _refusal(row, column.name, got(value), expected_of(column, expected))


def _check_category(row: int, column: Column, value: Any) -> None:
    if column.categories is not None and value not in column.categories:
        raise _wrong_value(row, column, value, "one of " + listed(column.categories))


def _doubles(values: Sequence[Any], column: Column, first: int) -> array[float]:
    lowest, highest = column.lowest, column.highest
    if len(values) == 1 and column.categories is None:  # one row at a time is what a function mostly gets
        (value,) = values
        if type(value) is float and math.isfinite(value) and lowest <= value <= highest:
            return array("d", values)
    if column.categories is None and set(map(type, values)) <= {float, int}:
        try:
            fast = array("d", values)
        except OverflowError:
            fast = array("d", (math.inf,))
        # A finite sum proves every value finite; where the sum overflows they are looked at one by one.
        if math.isfinite(sum(fast)) and (not fast or (lowest <= min(fast) and max(fast) <= highest)):
            return fast
    out = array("d")
    for i, value in enumerate(values, first):
        if value is None and column.missing:
            out.append(math.nan)
            continue
        if type(value) is not float and type(value) is not int:
            raise _wrong_value(i, column, value)
        try:
            double = float(value)
        except OverflowError:
            double = math.inf if value > 0 else -math.inf
        if not math.isfinite(double):
            if math.isnan(double) or not column.infinity:
                raise _wrong_value(i, column, value, "a finite number")
        elif not lowest <= double <= highest:
            raise _wrong_value(i, column, value, within("a number", column))
        _check_category(i, column, value)
        out.append(double)
    return out


def _int64s(values: Sequence[Any], column: Column, first: int) -> array[int]:
    lowest, highest = max(-LARGEST_INTEGER, column.lowest), min(LARGEST_INTEGER, column.highest)
    plain = column.categories is None and set(map(type, values)) == {int}
    if plain and lowest <= min(values) and max(values) <= highest:
        return array("q", values)
    out = array("q")
    for i, value in enumerate(values, first):
        if type(value) is int:
            whole = value
        elif type(value) is float and value.is_integer():
            whole = int(value)
        else:
            raise _wrong_value(i, column, value)
        if not lowest <= whole <= highest:
            raise _wrong_value(i, column, value, integer_within(lowest, highest))
        _check_category(i, column, whole)
        out.append(whole)
    return out


def _bools(values: Sequence[Any], column: Column, first: int) -> bytearray:
    for i, value in enumerate(values, first):
        if type(value) is not bool:
            raise _wrong_value(i, column, value)
        _check_category(i, column, value)
    return bytearray(values)


def _strings(values: Sequence[Any], column: Column, first: int) -> list[str]:
    if column.categories is None and set(map(type, values)) <= {str} and fault("".join(values)) is None:
        return list(values)
    out = []
    for i, value in enumerate(values, first):
        if value is None and column.missing:
            out.append(MISSING_STRING)
            continue
        if type(value) is not str:
            raise _wrong_value(i, column, value)
        why = fault(value)
        if why is not None:
            raise _refusal(i, column.name, why[0], expected_of(column, why[1]))
        _check_category(i, column, value)
        out.append(value)
    return out


_CONVERT: dict[str, Any] = {"double": _doubles, "int64": _int64s, "bool": _bools, "string": _strings}
