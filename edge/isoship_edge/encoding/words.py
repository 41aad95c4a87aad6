"""The words of a refusal, shared with JavaScript (`tests/vectors/rows.json`): what was expected, what was seen."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable

from isoship_edge.manifest import Column

TYPE_CHECKING = False  # `typing` is not imported on the way to a first answer (named.py)
if TYPE_CHECKING:
    from typing import Any

_EXPECTED = {"double": "a number", "int64": "an integer", "bool": "true or false", "string": "a string"}
_SHOWN = 10
_LONGEST = 40


def quoted(text: str) -> str:
    """A string as JSON, cut after 40 code points, lone surrogates escaped."""
    shown = json.dumps(text[:_LONGEST], ensure_ascii=False)
    shown = shown.encode(errors="backslashreplace").decode()
    return shown if len(text) <= _LONGEST else shown + "..."


def number(value: float) -> str:
    """A number as JavaScript writes it: 39 for 39.0, 1e+21, 1e-7, Infinity (ECMA-262, Number::toString)."""
    try:
        value = float(value)
    except OverflowError:
        value = math.inf if value > 0 else -math.inf
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    if value == 0:
        return "0"
    mantissa, _, exponent = f"{abs(value)!r}e0".partition("e")
    whole, _, fraction = mantissa.partition(".")
    digits = (whole + fraction).lstrip("0")
    point = len(whole) + int(exponent.partition("e")[0])
    point -= len(whole + fraction) - len(digits)
    digits = digits.rstrip("0")
    if len(digits) <= point <= 21:
        shown = digits.ljust(point, "0")
    elif 0 < point <= 21:
        shown = f"{digits[:point]}.{digits[point:]}"
    elif -6 < point <= 0:
        shown = "0." + "0" * -point + digits
    else:
        shown = digits[0] + ("." + digits[1:] if len(digits) > 1 else "") + f"e{point - 1:+d}"
    return ("-" if value < 0 else "") + shown


def listed(values: Iterable[Any]) -> str:
    """The first ten, as JSON."""
    every = list(values)
    shown = ", ".join(
        quoted(v) if isinstance(v, str) else str(v).lower() if isinstance(v, bool) else number(v)
        for v in every[:_SHOWN]
    )
    return shown + (f" and {len(every) - _SHOWN} more" if len(every) > _SHOWN else "")


def expected_of(column: Column, what: str | None = None) -> str:
    """What a column accepts (`what`, where its type alone does not say it), and ` or null` where it does."""
    nullable = column.missing and column.dtype in ("double", "string")
    return (what or _EXPECTED[column.dtype]) + (" or null" if nullable else "")


def within(what: str, column: Column) -> str:
    """`what` in the range of a column that has one end or two: `a number above 0 and at most 10`."""
    if column.minimum is not None and column.maximum is not None:
        return f"{what} from {number(column.minimum)} to {number(column.maximum)}"
    ends = (
        ("at least", column.minimum),
        ("above", column.exclusive_minimum),
        ("at most", column.maximum),
        ("below", column.exclusive_maximum),
    )
    return f"{what} " + " and ".join(f"{words} {number(end)}" for words, end in ends if end is not None)


def integer_within(lowest: float, highest: float) -> str:
    """`an integer from 0 to 10`; a column of integers that no double holds says what to do."""
    if lowest > highest:
        return "an integer that a double holds, which this column has none of (train on doubles or text, export again)"
    return f"an integer from {number(lowest)} to {number(highest)}"


def got(value: Any) -> str:
    """A JSON value named by its type, never walked into: `a string "x"`, `a number 1.5`, `an array`."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "a boolean true" if value else "a boolean false"
    if isinstance(value, str):
        return f"a string {quoted(value)}"
    if isinstance(value, (int, float)):
        return f"a number {number(value)}"
    if isinstance(value, (list, tuple)):
        return "an array"
    if isinstance(value, dict):
        return "an object"
    return f"a value of type {type(value).__name__}"
