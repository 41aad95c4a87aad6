"""One value of a file as the JSON value that its column takes: files are read by the signature, whatever they are.

    text of a CSV cell        -> cell(text, column, row)
    value of JSON or Parquet  -> value(found, column, row)

A zip code stays a string, the country "NA" is no missing value, and only the empty cell is missing, or is the empty
text where the column knows that (`Column.empty`). The kinds of value that files have for one thing are one value:

| column | also taken |
|---|---|
| string | integers, decimals and booleans, as Python writes them; no floats, whose digits are a matter of taste |
| double, int64 | text that is a number, with spaces and tabs around it, decimals, true and false as 1 and 0 |
| bool | true and false in any case, 1 and 0 |

What is none of these is refused by row and column. HTTP and Python callers are held to JSON's own types (`decode`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any

from isoship_edge.encoding.words import expected_of, got, quoted
from isoship_edge.errors import InputError
from isoship_edge.manifest import Column

NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)
INTEGER = re.compile(r"[+-]?\d+", re.ASCII)
#: Of these characters Python's float and int read what the patterns match, and nothing else.
_OF_NUMBERS, _OF_INTEGERS = b"0123456789+-.eE\n", b"0123456789+-\n"
#: Beyond Python's limit on the digits of an integer, a text is no integer of ours.
_LONG = 4000
BOOLEANS = {"true": True, "false": False}
_INFINITE = ("inf", "+inf", "-inf")


def cell(text: str, column: Column, row: int, *, in_quotes: bool = False) -> Any:
    """A CSV cell. in_quotes: the file has it in quotes, which tells the empty text from the empty cell.

    Raises:
        InputError: the text is none of the column's type.
    """
    if text == "":
        return "" if column.empty == "value" or (in_quotes and column.empty == "quoted") else None
    if column.dtype == "string":
        return text
    bare = text.strip(" \t")
    word = bare.lower()
    if word in BOOLEANS:
        return BOOLEANS[word] if column.dtype == "bool" else int(BOOLEANS[word])
    if column.dtype == "int64" and INTEGER.fullmatch(bare) and len(bare) < _LONG:
        return int(bare)
    if NUMBER.fullmatch(bare) or (word in _INFINITE and column.dtype != "bool"):
        found = float(bare)
        if column.dtype == "int64" and found.is_integer() and abs(found) < 2**63:
            exact = _exact(bare)
            if exact is None or exact != found:
                # The neighbour that a double holds is not what the file says.
                if exact is None or exact != exact.to_integral_value():
                    raise _refused(text, column, row)
                return int(exact)
        if column.dtype != "bool":
            return found
        if found in (0.0, 1.0):
            return found == 1.0
    raise _refused(text, column, row)


def _exact(text: str) -> Decimal | None:
    """The text's own value; None for exponents that Decimal does not take."""
    try:
        return Decimal(text)
    except InvalidOperation:
        return None


def column_of_cells(texts: Sequence[str], column: Column) -> list[Any] | None:
    """A column's cells, as `cell` has each; None where they have to be looked at one by one."""
    if column.empty is not None or column.dtype == "bool":
        return None
    if column.dtype == "string":
        return [text or None for text in texts] if "" in texts else list(texts)
    kept = [text for text in texts if text] if "" in texts else texts
    lines = "\n".join(kept) + "\n" if kept else ""
    double = column.dtype == "double"
    kind: Callable[[str], Any] = float if double else int
    odd = lines.encode(errors="replace").translate(None, _OF_NUMBERS if double else _OF_INTEGERS)
    if odd or lines.count("\n") != len(kept) or max(map(len, kept), default=0) >= _LONG:
        return None
    try:
        return list(map(kind, kept)) if kept is texts else [kind(text) if text else None for text in texts]
    except ValueError:
        return None


def value(found: Any, column: Column, row: int) -> Any:
    """A value out of JSON, Arrow or pandas, None and NaN missing.

    Raises:
        InputError: the column's type has no such value.
    """
    if found is None or type(found).__name__ in ("NAType", "NaTType"):
        return None
    found = found.item() if hasattr(found, "item") else found
    if isinstance(found, (float, Decimal)) and found != found:
        return None
    if isinstance(found, str):
        return found if column.dtype == "string" else cell(found, column, row)
    number = isinstance(found, (int, float, Decimal))
    if column.dtype == "string":
        if number and not isinstance(found, float):
            return str(found)
    elif column.dtype == "bool":
        if number and found in (0, 1):
            return bool(found)
    elif number:
        if isinstance(found, Decimal):
            whole = column.dtype == "int64" and found.is_finite() and found == found.to_integral_value()
            return int(found) if whole else float(found)
        return int(found) if isinstance(found, bool) else found
    raise _refused(found, column, row)


def _refused(found: Any, column: Column, row: int) -> InputError:
    expected, seen = expected_of(column), got(found)
    advice = ""
    if column.dtype == "string" and isinstance(found, float):
        advice = ". A float has no one text: store the column as strings, or as integers with nulls for its gaps"
    return InputError(
        f"row {row}, column {quoted(column.name)}: expected {expected}, got {seen}{advice}",
        row=row,
        column=column.name,
        seen=seen,
        expected=expected,
    )
