"""The encoding of golden values: JSON that Python and JavaScript read back to the same bits.

| value | encoded |
|---|---|
| finite double | a JSON number, shortest repr, always with `.`, `e` or `-0.0` on the Python side |
| NaN, +inf, -inf | `{"$": "nan"}`, `{"$": "inf"}`, `{"$": "-inf"}` |
| int64 | `{"$": "int64", "v": "<decimal>"}` |
| string, boolean, missing | JSON string, boolean, null |

Both parsers pass `tests/vectors/golden_values.json`.
"""

from __future__ import annotations

import math
import re

from isoship_edge.errors import BundleError

TYPE_CHECKING = False  # `typing` is not imported on the way to a first answer (named.py)
if TYPE_CHECKING:
    from typing import Any

_DECIMAL = re.compile("-?[0-9]{1,19}")
_SPECIAL = {"nan": math.nan, "inf": math.inf, "-inf": -math.inf}


def encode(value: Any) -> Any:
    """A value (float, int, bool, str, None, or nested lists of them) as JSON. Ints become tagged int64.

    Raises:
        TypeError: a value that has no encoding.
        OverflowError: an int outside int64.
    """
    if value is None or isinstance(value, (bool, str)):
        return value
    if isinstance(value, float):
        if math.isfinite(value):
            return value
        return {"$": "nan" if math.isnan(value) else "inf" if value > 0 else "-inf"}
    if isinstance(value, int):
        if not -(2**63) <= value < 2**63:
            raise OverflowError(f"{value} is outside int64")
        return {"$": "int64", "v": str(value)}
    if isinstance(value, (list, tuple)):
        return [encode(item) for item in value]
    raise TypeError(f"no golden encoding for {type(value).__name__}")


def decode(value: Any) -> Any:
    """The inverse of `encode`: doubles as float, int64 as int, missing as None.

    Raises:
        BundleError: an unknown or damaged tag.
    """
    if isinstance(value, list):
        return [decode(item) for item in value]
    if isinstance(value, dict):
        tag, digits = value.get("$"), value.get("v")
        if isinstance(tag, str) and tag in _SPECIAL:
            return _SPECIAL[tag]
        if tag == "int64" and isinstance(digits, str) and _DECIMAL.fullmatch(digits):
            return int(digits)
        raise BundleError(f"unknown golden value {value!r}")
    if isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    return value
