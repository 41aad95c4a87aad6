"""What a column of a CSV or JSON file is where neither the model nor `--dtype` says it.

The rule is the one that makes the same rows the same in CSV, JSON and Parquet: whole numbers in every row are int64;
numbers with a point, an exponent or a missing value among them are double; true and false are bool; the rest is text.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from isoship.errors import SampleError
from isoship_edge.encoding.cells import BOOLEANS, INTEGER, NUMBER

_CODE = re.compile(r"[+-]?0\d")


def dtype_of_text(name: str, cells: Sequence[str], *, hashed: bool = False) -> str:
    """The type of a CSV column. hashed: the model takes the column for categories and knows their texts' hashes, so
    that text is never wrong, and numbers are only what Python writes as it stands there.

    Raises:
        SampleError: it is ambiguous.
    """
    filled = [c for c in cells if c != ""]
    if hashed:
        same = len(filled) == len(cells) and all(INTEGER.fullmatch(c) and str(int(c)) == c for c in filled)
        return "int64" if same and all(abs(int(c)) <= 2**53 for c in filled) else "string"
    if not filled:
        raise _no_type(name, "empty cells")
    numbers = [c for c in filled if NUMBER.fullmatch(c)]
    codes = [c for c in numbers if _CODE.match(c)]
    if codes:
        raise SampleError(
            f'column "{name}" holds {codes[0]!r}: a number, or a code whose zeros matter?'
            f" Say --dtype {name}=string or --dtype {name}=double"
        )
    if len(numbers) == len(filled):
        if len(filled) == len(cells) and all(map(INTEGER.fullmatch, filled)):
            return _integers(name, [int(c) for c in filled])
        return "double"
    if all(c.lower() in BOOLEANS for c in filled):
        return "bool"
    if len(numbers) > len(filled) / 2:
        other = next(c for c in filled if not NUMBER.fullmatch(c))
        raise SampleError(
            f'column "{name}" holds {len(numbers)} numbers and {len(filled) - len(numbers)} other values, such as'
            f" {other!r}. Only the empty cell is missing: empty those cells, or say --dtype {name}=string"
        )
    return "string"


def dtype_of_values(name: str, values: Sequence[Any]) -> str:
    """The type of a column of JSON.

    Raises:
        SampleError: it holds values of several kinds, or none.
    """
    kinds = {_kind(v) for v in values if v is not None}
    if not kinds:
        raise _no_type(name, "null")
    if kinds <= {"int64", "double"}:
        if kinds == {"int64"} and None not in values:
            return _integers(name, values)
        return "double"
    if len(kinds) > 1 or not kinds <= {"bool", "string"}:
        raise SampleError(
            f'column "{name}" holds values of several kinds ({", ".join(sorted(kinds))}); make them one, or say --dtype'
            f" {name}=TYPE"
        )
    return kinds.pop()


def _integers(name: str, values: Sequence[int]) -> str:
    largest = max(map(abs, values))
    if largest >= 2**63:
        raise SampleError(
            f'column "{name}" holds {largest}, which has more than 64 bits. Say --dtype {name}=string for identifiers,'
            f" or --dtype {name}=double for amounts, whose last digits are rounded"
        )
    return "int64"


def _no_type(name: str, what: str) -> SampleError:
    return SampleError(
        f'column "{name}" holds only {what}, which does not say its type. Give a sample with values, or say'
        f" --dtype {name}=double or --dtype {name}=string"
    )


def _kind(found: Any) -> str:
    if isinstance(found, bool):
        return "bool"
    if isinstance(found, (int, float)):
        return "int64" if isinstance(found, int) else "double"
    return "string" if isinstance(found, str) else type(found).__name__
