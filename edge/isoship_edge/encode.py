"""Tensors to predictions, and predictions to bytes: strict JSON, shortest repr of doubles, null for what JSON lacks."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence

from isoship_edge.manifest import MISSING_STRING, Output, Scalar
from isoship_edge.tensor import Tensor, values

TYPE_CHECKING = False  # `typing` is not imported on the way to a first answer (named.py)
if TYPE_CHECKING:
    from typing import Any

_BY_CLASS = ("probabilities", "scores")


def class_key(value: Scalar) -> str:
    """A class as a JSON key: `str(class)`."""
    return str(value)


def plain_values(tensor: Tensor) -> list[Any]:
    """The flat data as JSON values: NaN, infinities and missing strings are None."""
    flat = values(tensor)
    if tensor.dtype in ("double", "float"):
        if math.isfinite(sum(flat)):
            return flat
        return [value if math.isfinite(value) else None for value in flat]
    if tensor.dtype == "string":
        return [None if value == MISSING_STRING else value for value in flat]
    return flat


def predictions(outputs: Sequence[Output], tensors: Mapping[str, Tensor]) -> list[dict[str, Any]]:
    """One object a row: output name -> a scalar, a list, or `{str(class): value}` for probabilities and scores."""
    by_output = [(output.name, _per_row(output, tensors[output.name])) for output in outputs]
    names = [name for name, _ in by_output]
    return [dict(zip(names, row, strict=True)) for row in zip(*(column for _, column in by_output), strict=True)]


def _per_row(output: Output, tensor: Tensor) -> list[Any]:
    flat = plain_values(tensor)
    width = math.prod(tensor.shape[1:])
    if len(output.shape) == 1:
        return flat
    rows = [flat[i : i + width] for i in range(0, len(flat), width)] if width else [[] for _ in range(tensor.shape[0])]
    if output.kind in _BY_CLASS and output.classes is not None and len(output.classes) == width:
        keys = [class_key(value) for value in output.classes]
        return [dict(zip(keys, row, strict=True)) for row in rows]
    return rows


def json_bytes(document: Any) -> bytes:
    """A document as UTF-8 JSON.

    Raises:
        ValueError: NaN or infinity inside, which JSON cannot carry.
    """
    return json.dumps(document, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()
