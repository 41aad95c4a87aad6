"""The OpenAPI 3.1 document of one bundle, written from its signature: every skin serves these bytes."""

from __future__ import annotations

from typing import Any

from isoship_edge.encoding.decode import LARGEST_INTEGER, MATRIX_INPUT
from isoship_edge.encoding.encode import class_key
from isoship_edge.manifest import ENDS, Column, Manifest, Output

_TYPES = {
    "double": "number",
    "float": "number",
    "int64": "integer",
    "bool": "boolean",
    "string": "string",
}
#: Strings without NUL and U+FDD0, which tensors cannot hold (`isoship_edge.encoding.text`).
_CARRIED = "^[^\\u0000\ufdd0]*$"
_EXAMPLES: dict[str, Any] = {"double": 1.5, "int64": 1, "bool": True, "string": "text"}


def openapi(manifest: Manifest, *, metrics: bool = False) -> dict[str, Any]:
    """The document; `metrics` where the server has /metrics."""
    model = f"/v2/models/{manifest.name}"
    tensors = manifest.signature.layout == "tensors"
    paths: dict[str, Any] = {
        "/": {"get": _get("Model card", "ModelCard", "The model's name, version, digest, inputs and outputs.")},
        "/predict": {"post": _predict(tensors)},
        "/v2": {"get": _get("Server metadata")},
        "/v2/health/live": {"get": _get("Liveness")},
        "/v2/health/ready": {"get": _get("Readiness")},
    }
    for base in (model, f"{model}/versions/{manifest.version}"):
        paths[base] = {"get": _get("Model metadata")}
        paths[f"{base}/ready"] = {"get": _get("Model readiness")}
        paths[f"{base}/infer"] = {"post": _infer()}
    if metrics:
        text = {"text/plain": {"schema": {"type": "string"}}}
        paths["/metrics"] = {
            "get": {"summary": "Prometheus metrics", "responses": {"200": {"description": "Counters", "content": text}}}
        }
    return {
        "openapi": "3.1.0",
        "info": {
            "title": manifest.name,
            "version": manifest.version,
            "description": f"{manifest.provenance.get('estimator', 'A model')}, shipped by isoship. {manifest.digest}",
        },
        "servers": [{"url": "./"}],
        "paths": paths,
        "components": {
            "schemas": {
                **_schemas(manifest),
                "InferRequest": _infer_request(manifest),
                "InferResponse": _infer_response(),
                "ModelCard": {"type": "object"},
                "Problem": _problem(),
                "InferError": _object({"error": {"type": "string"}}),
            }
        },
    }


def _schemas(manifest: Manifest) -> dict[str, Any]:
    """What /predict takes and gives."""
    if manifest.signature.layout == "tensors":
        from isoship_edge.tensors.openapi import schemas_of

        return schemas_of(manifest)
    return {
        "Row": _row(manifest),
        "Prediction": _prediction(manifest),
        "PredictRequest": _object({"rows": {"type": "array", "items": _ref("Row")}}),
        "PredictResponse": _object(
            {
                "model": {"const": manifest.name},
                "version": {"const": manifest.version},
                "predictions": {"type": "array", "items": _ref("Prediction")},
            }
        ),
    }


def _ref(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{name}"}


def _object(properties: dict[str, Any], required: list[str] | None = None) -> dict[str, Any]:
    names = list(properties) if required is None else required
    return {"type": "object", "properties": properties, "required": names, "additionalProperties": False}


def _content(schema: str, media: str = "application/json") -> dict[str, Any]:
    return {media: {"schema": _ref(schema)}}


def _get(summary: str, schema: str | None = None, description: str = "JSON") -> dict[str, Any]:
    content = _content(schema) if schema else {"application/json": {"schema": {"type": "object"}}}
    return {"summary": summary, "responses": {"200": {"description": description, "content": content}}}


def _predict(tensors: bool) -> dict[str, Any]:
    what = "Inputs" if tensors else "A row"
    refusals = {"413": "Too many rows or bytes", "415": "No JSON", "422": f"{what} that the model's contract refuses"}
    answers = "Every output" if tensors else "One prediction a row, in order"
    return {
        "summary": "Predict" if tensors else "Predict rows",
        "operationId": "predict",
        "requestBody": {"required": True, "content": _content("PredictRequest")},
        "responses": {
            "200": {"description": answers, "content": _content("PredictResponse")},
            **{
                status: {"description": text, "content": _content("Problem", "application/problem+json")}
                for status, text in refusals.items()
            },
        },
    }


def _infer() -> dict[str, Any]:
    refusals = {"400": "Tensors that do not fit", "413": "Too many rows or bytes", "415": "No JSON"}
    # With Inference-Header-Content-Length a body is JSON and the bytes of tensors behind it (v2_binary).
    octets = {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}
    return {
        "summary": "Open Inference Protocol V2",
        "requestBody": {"required": True, "content": _content("InferRequest")},
        "responses": {
            "200": {"description": "Output tensors", "content": {**_content("InferResponse"), **octets}},
            **{status: {"description": text, "content": _content("InferError")} for status, text in refusals.items()},
        },
    }


def _row(manifest: Manifest) -> dict[str, Any]:
    columns = manifest.signature.columns
    schema = _object({column.name: column_schema(column) for column in columns})
    return {**schema, "examples": [{column.name: _example(column) for column in columns}]}


def column_schema(column: Column) -> dict[str, Any]:
    """The JSON schema of one column's values."""
    kind, nullable = _TYPES[column.dtype], column.missing and column.dtype in ("double", "string")
    schema: dict[str, Any] = {"type": [kind, "null"] if nullable else kind}
    if column.dtype == "int64":
        schema |= {"minimum": -LARGEST_INTEGER, "maximum": LARGEST_INTEGER}
    if column.dtype == "string" and column.categories is None:
        schema["pattern"] = _CARRIED
    ends = ((key, getattr(column, name)) for name, key in ENDS.items())
    schema |= {key: end for key, end in ends if end is not None}
    if column.categories is not None:
        schema["enum"] = [*column.categories, *([None] if nullable else [])]
    return schema


def _example(column: Column) -> Any:
    return column.categories[0] if column.categories else _EXAMPLES[column.dtype]


def _prediction(manifest: Manifest) -> dict[str, Any]:
    return _object({output.name: _output(output) for output in manifest.outputs})


def _output(output: Output) -> dict[str, Any]:
    kind = _TYPES[output.dtype]
    # JSON has no NaN or infinity: they are null.
    item: dict[str, Any] = {"type": [kind, "null"] if kind == "number" else kind}
    if output.kind == "label" and output.classes is not None:
        item = {"enum": list(output.classes)}
    if len(output.shape) == 1:
        return item
    if output.kind in ("probabilities", "scores") and output.classes is not None:
        return _object({class_key(value): item for value in output.classes})
    size = output.shape[1]
    exact = {"minItems": size, "maxItems": size} if isinstance(size, int) else {}
    return {"type": "array", "items": item, **exact}


def _infer_request(manifest: Manifest) -> dict[str, Any]:
    tensor = _object(_tensor(manifest), ["name", "shape", "datatype", "data"])
    outputs = {"type": "array", "items": {"type": "object", "required": ["name"]}}
    properties = {"id": {"type": "string"}, "parameters": {"type": "object"}, "outputs": outputs}
    return {
        "type": "object",
        "properties": {**properties, "inputs": {"type": "array", "items": tensor}},
        "required": ["inputs"],
    }


def _tensor(manifest: Manifest) -> dict[str, Any]:
    if manifest.signature.layout == "tensors":
        from isoship_edge.tensors.openapi import tensor_schema

        return tensor_schema(manifest)
    names = [column.tensor for column in manifest.signature.columns]
    if manifest.signature.layout == "matrix":
        names = [MATRIX_INPUT, *(name for name in names if name != MATRIX_INPUT)]
    return {
        "name": {"type": "string", "enum": names},
        "shape": {"type": "array", "items": {"type": "integer", "minimum": 0}, "minItems": 1, "maxItems": 2},
        "datatype": {"type": "string", "enum": ["FP64", "INT64", "BOOL", "BYTES"]},
        "data": {"type": "array"},
        "parameters": {"type": "object"},
    }


def _infer_response() -> dict[str, Any]:
    tensor = {
        "name": {"type": "string"},
        "datatype": {"type": "string"},
        "shape": {"type": "array"},
        "data": {"type": "array"},
    }
    properties = {
        "model_name": {"type": "string"},
        "model_version": {"type": "string"},
        "id": {"type": "string"},
        "outputs": {"type": "array", "items": _object(tensor)},
    }
    return _object(properties, ["model_name", "model_version", "outputs"])


def _problem() -> dict[str, Any]:
    properties = {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "row": {"type": "integer", "description": "counted from 0"},
        "column": {"type": "string"},
        "input": {"type": "string"},
        "index": {"type": "array", "items": {"type": "integer"}, "description": "where in the input, counted from 0"},
        "seen": {"type": "string"},
        "expected": {"type": "string"},
    }
    return {"type": "object", "properties": properties, "required": ["type", "title", "status", "detail"]}
