"""The HTTP contract's predictions as arrays, for every runner that speaks it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from isoship.errors import ParityError
from isoship_edge.manifest import Output

if TYPE_CHECKING:
    Array = np.ndarray[Any, Any]

_NUMPY = {"double": "float64", "float": "float32", "int64": "int64", "bool": "bool", "string": "object"}


def arrays_from_predictions(predictions: Sequence[Any], outputs: Sequence[Output]) -> dict[str, Array]:
    """The `predictions` of an answer as arrays, in the dtypes and shapes of the manifest.

    A null in a double or float output is NaN; in a string output it is None.

    Raises:
        ParityError: an output is absent or unknown, or a value is not of the output's type.
    """
    names = [output.name for output in outputs]
    for i, prediction in enumerate(predictions):
        if not isinstance(prediction, dict) or set(prediction) != set(names):
            seen = sorted(prediction) if isinstance(prediction, dict) else prediction
            raise ParityError(f"prediction {i} should hold {', '.join(names)}; it holds {seen!r}")
    return {output.name: _array(output, [p[output.name] for p in predictions]) for output in outputs}


def _array(output: Output, values: list[Any]) -> Array:
    flat: list[Any] = []
    width = 1
    if len(output.shape) == 1:
        flat = values
    else:
        rows = [_cells(output, value) for value in values]
        width = len(rows[0]) if rows else next((n for n in output.shape[1:] if isinstance(n, int)), 0)
        if any(len(row) != width for row in rows):
            raise ParityError(f"{output.name}: rows of different lengths: {sorted({len(row) for row in rows})}")
        flat = [cell for row in rows for cell in row]
    expected = next((n for n in output.shape[1:] if isinstance(n, int)), width)
    if width != expected:
        raise ParityError(f"{output.name}: {width} values a row where the manifest says {expected}")
    made = np.array([_scalar(output, cell) for cell in flat], dtype=_NUMPY[output.dtype])
    return made if len(output.shape) == 1 else made.reshape(len(values), width)


def _cells(output: Output, value: Any) -> list[Any]:
    if isinstance(value, list):
        return value
    keys = [str(c) for c in output.classes or ()]
    if isinstance(value, dict) and set(value) == set(keys):
        return [value[key] for key in keys]
    raise ParityError(f"{output.name}: expected a list or an object with the keys {keys}; got {value!r}")


def _scalar(output: Output, cell: Any) -> Any:
    """The cell when it is of the output's type: JSON's types are kept apart, as numpy would not."""
    fits = {
        "double": isinstance(cell, (float, int)) and not isinstance(cell, bool),
        "float": isinstance(cell, (float, int)) and not isinstance(cell, bool),
        "int64": isinstance(cell, int) and not isinstance(cell, bool),
        "bool": isinstance(cell, bool),
        "string": isinstance(cell, str),
    }[output.dtype]
    if fits:
        return cell
    if cell is None and output.dtype in ("double", "float", "string"):
        return math.nan if output.dtype != "string" else None
    raise ParityError(f"{output.name}: {cell!r} is no {output.dtype}")
