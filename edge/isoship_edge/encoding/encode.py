"""Tensors to predictions, and predictions to bytes: strict JSON, shortest repr of doubles, null for what JSON lacks."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence

from isoship_edge.inference.tensor import TYPECODES, Tensor, values
from isoship_edge.manifest import MISSING_STRING, Output, Scalar

TYPE_CHECKING = False  # `typing` is not imported on the way to a first answer (named.py)
if TYPE_CHECKING:
    from typing import Any

_BY_CLASS = ("probabilities", "scores")
_json = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode


def class_key(value: Scalar) -> str:
    """A class as a JSON key: `str(class)`."""
    return str(value)


def plain_values(tensor: Tensor) -> list[Any]:
    """The flat data as JSON values: NaN, infinities and missing strings are None."""
    flat = values(tensor)
    if tensor.dtype in ("double", "float", "float16"):
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


class RowWriter:
    """The answer to POST /predict for one row as text, by a template that is made once."""

    def __init__(self, name: str, version: str, outputs: Sequence[Output]) -> None:
        head = f'{{"model":{_json(name)},"version":{_json(version)},"predictions":[{{'.replace("%", "%%")
        self._template = head + ",".join(map(_template, outputs)) + "}]}"
        self._shapes = [(output.name, (1, *output.shape[1:])) for output in outputs]

    def __call__(self, tensors: Mapping[str, Tensor]) -> bytes | None:
        """None where an output is not of the manifest's shape: `predictions` sees to that."""
        shown: list[str] = []
        for name, shape in self._shapes:
            tensor = tensors[name]
            if tensor.shape != shape:
                return None
            flat = tensor.data
            if tensor.dtype in TYPECODES and math.isfinite(sum(flat)):  # numbers as Python writes them
                shown += map(repr, flat)
            else:
                shown += map(_json, plain_values(tensor))
        return (self._template % tuple(shown)).encode()


def _template(output: Output) -> str:
    places = "%s"
    if len(output.shape) > 1:
        width = math.prod(size for size in output.shape[1:] if isinstance(size, int))
        if output.kind in _BY_CLASS and output.classes is not None and len(output.classes) == width:
            keys = [_json(class_key(value)).replace("%", "%%") for value in output.classes]
            places = "{" + ",".join(f"{key}:%s" for key in keys) + "}"
        else:
            places = "[" + ",".join(["%s"] * width) + "]"
    return f"{_json(output.name).replace('%', '%%')}:{places}"


def json_bytes(document: Any) -> bytes:
    """A document as UTF-8 JSON.

    Raises:
        ValueError: NaN or infinity inside, which JSON cannot carry.
    """
    return _json(document).encode()
