"""The schemas of a bundle of tensors, for `isoship_edge.http.openapi`."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from isoship_edge.tensors.nested import span
from isoship_edge.tensors.signature import DATATYPES, FLOATS, Input

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from isoship_edge.manifest import Manifest, Output

_LARGEST = {"float": 3.4028234663852886e38, "float16": 65504.0}
#: Strings without NUL and U+FDD0 (`isoship_edge.encoding.text`).
_CARRIED = "^[^\\u0000\ufdd0]*$"
#: Elements of an example, beyond which a page is no help.
_SHOWN = 1024


def schemas_of(manifest: Manifest) -> dict[str, Any]:
    """Components by name."""
    inputs = manifest.signature.inputs
    request = _object({"inputs": _object({spec.name: _input(spec) for spec in inputs})})
    example = {spec.name: _example(spec) for spec in inputs}
    if all(value is not None for value in example.values()):
        request["examples"] = [{"inputs": example}]
    outputs = _object({output.name: _output(output) for output in manifest.outputs})
    return {
        "PredictRequest": request,
        "PredictResponse": _object(
            {"model": {"const": manifest.name}, "version": {"const": manifest.version}, "outputs": outputs}
        ),
    }


def tensor_schema(manifest: Manifest) -> dict[str, Any]:
    """An input of an Open Inference Protocol request."""
    inputs = manifest.signature.inputs
    return {
        "name": {"type": "string", "enum": [spec.name for spec in inputs]},
        "shape": {"type": "array", "items": {"type": "integer", "minimum": 0}},
        "datatype": {"type": "string", "enum": sorted({DATATYPES[spec.dtype] for spec in inputs})},
        "data": {"type": "array"},
        "parameters": {"type": "object"},
    }


def _object(properties: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": list(properties), "additionalProperties": False}


def _input(spec: Input) -> dict[str, Any]:
    schema = _lists(_element(spec), spec.shape, spec.largest or {})
    if spec.image is None:
        return schema
    picture = _object({"png": {"type": "string", "contentEncoding": "base64", "contentMediaType": "image/png"}})
    several = [{"type": "array", "items": picture, "minItems": 1}] if len(spec.shape) == 4 else []
    return {"anyOf": [schema, picture, *several]}


def _lists(item: dict[str, Any], shape: Sequence[str | int], largest: Mapping[str, int]) -> dict[str, Any]:
    for size in reversed(shape):
        exact = {"minItems": size, "maxItems": size} if isinstance(size, int) else {"minItems": 1}
        item = {"type": "array", "items": item, **exact}
        if isinstance(size, str):
            item["description"] = size
            item |= {"maxItems": largest[size]} if size in largest else {}
    return item


def _element(spec: Input) -> dict[str, Any]:
    if spec.dtype == "string":
        return {"type": "string", "pattern": _CARRIED}
    if spec.dtype == "bool":
        return {"type": "boolean"}
    ends: dict[str, Any] = {}
    if spec.dtype not in FLOATS:
        ends["minimum"], ends["maximum"] = span(spec.dtype)
    elif spec.dtype in _LARGEST:
        ends = {"minimum": -_LARGEST[spec.dtype], "maximum": _LARGEST[spec.dtype]}
    ends |= {end: value for end in ("minimum", "maximum") if (value := getattr(spec, end)) is not None}
    kind = "number" if spec.dtype in FLOATS else "integer"
    return {"type": [kind, "null"] if spec.nan else kind, **ends}


def _output(output: Output) -> dict[str, Any]:
    # JSON has no NaN or infinity: they are null.
    item: dict[str, Any] = {"type": "integer"}
    if output.dtype in FLOATS:
        item = {"type": ["number", "null"]}
    elif output.dtype in ("string", "bool"):
        item = {"type": ["string", "null"] if output.dtype == "string" else "boolean"}
    for size in reversed(output.shape):
        exact = {"minItems": size, "maxItems": size} if isinstance(size, int) else {}
        item = {"type": "array", "items": item, **exact}
    if output.classes is not None:
        item["description"] = "last axis: " + ", ".join(map(str, output.classes))
    return item


def _example(spec: Input) -> Any:
    """Named dimensions of 1; None where it would be long."""
    sizes = [size if isinstance(size, int) else 1 for size in spec.shape]
    if math.prod(sizes) > _SHOWN:
        return None
    made: Any = "text" if spec.dtype == "string" else False if spec.dtype == "bool" else _inside(spec)
    for size in reversed(sizes):
        made = [made] * size
    return made


def _inside(spec: Input) -> float:
    low = -math.inf if spec.minimum is None else spec.minimum
    high = math.inf if spec.maximum is None else spec.maximum
    return min(max(0, low), high)
