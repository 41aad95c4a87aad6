"""The Open Inference Protocol V2 over a bundle: one tensor a column, or `X` [N, F] for all-numeric models.

Content errors are 400 and unknown models 404, both `{"error": "..."}`.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from isoship_edge.decode import MATRIX_INPUT
from isoship_edge.encode import plain_values
from isoship_edge.errors import InputError
from isoship_edge.manifest import Column, Signature
from isoship_edge.response import Refusal, Response, answer
from isoship_edge.tensor import Tensor
from isoship_edge.words import got, listed, quoted

if TYPE_CHECKING:
    from isoship_edge.api import Limits
    from isoship_edge.metrics import Metrics
    from isoship_edge.model import Model

DATATYPES = {"double": "FP64", "float": "FP32", "int64": "INT64", "int32": "INT32", "bool": "BOOL", "string": "BYTES"}

_GET = ("GET", "HEAD", "OPTIONS")
_POST = ("POST", "OPTIONS")


def methods(model: Model, path: str) -> tuple[str, ...]:
    """The methods that a path under /v2 answers.

    Raises:
        Refusal: 404, naming the model or version that is not here.
    """
    return _POST if _target(model, path) == "infer" else _GET


def _target(model: Model, path: str) -> str:
    parts = path.strip("/").split("/")[1:]
    if not parts:
        return "server"
    if parts in (["health", "live"], ["health", "ready"]):
        return parts[1]
    if parts[0] != "models" or len(parts) < 2:
        raise Refusal(404, f"there is nothing at {quoted(path)}")
    name, rest = parts[1], parts[2:]
    if name != model.manifest.name:
        raise Refusal(404, f"there is no model {quoted(name)} here; there is {quoted(model.manifest.name)}")
    if rest[:1] == ["versions"] and len(rest) > 1:
        if rest[1] != model.manifest.version:
            raise Refusal(404, f"there is no version {quoted(rest[1])} here; there is {quoted(model.manifest.version)}")
        rest = rest[2:]
    if not rest:
        return "model"
    if rest in (["ready"], ["infer"]):
        return "model-ready" if rest == ["ready"] else "infer"
    raise Refusal(404, f"there is nothing at {quoted(path)}")


def describe(model: Model, path: str) -> Response:
    """Server and model metadata, and health."""
    manifest, target = model.manifest, _target(model, path)
    if target == "server":
        return answer({"name": "isoship", "version": str(manifest.provenance.get("isoship", "0")), "extensions": []})
    if target in ("live", "ready"):
        return answer({target: True})
    if target == "model-ready":
        return answer({"name": manifest.name, "ready": True})
    return answer(
        {
            "name": manifest.name,
            "versions": [manifest.version],
            "platform": "onnx_onnxruntime",
            "inputs": [{"name": n, "datatype": d, "shape": s} for n, d, s in _inputs(manifest.signature)],
            "outputs": [
                {"name": o.name, "datatype": DATATYPES[o.dtype], "shape": [-1, *o.shape[1:]]} for o in manifest.outputs
            ],
        }
    )


def infer(model: Model, document: Any, limits: Limits, metrics: Metrics | None) -> Response:
    """Runs one inference request; `data` may be flat or nested, null is missing.

    Raises:
        Refusal, InputError: what does not fit.
    """
    if not isinstance(document, dict):
        raise InputError(f'expected an object {{"inputs": [...]}}, got {got(document)}')
    inputs = document.get("inputs")
    if not isinstance(inputs, list) or not inputs:
        raise InputError('expected "inputs" to be a list of tensors with name, shape, datatype and data')
    identity = document.get("id")
    if identity is not None and not isinstance(identity, str):
        raise InputError(f'expected "id" to be a string, got {got(identity)}')
    names = _wanted(model, document.get("outputs"))
    columns, count = _columns(model.manifest.signature, inputs, limits)
    if metrics is not None:
        metrics.rows(count)
    tensors = model.tensors_from_columns(columns, count)
    made: dict[str, Any] = {"model_name": model.manifest.name, "model_version": model.manifest.version}
    if identity is not None:
        made["id"] = identity
    return answer({**made, "outputs": [_output(name, tensors[name]) for name in names]})


def _inputs(signature: Signature) -> list[tuple[str, str, list[int]]]:
    if signature.layout == "matrix":
        return [(MATRIX_INPUT, "FP64", [-1, len(signature.columns)])]
    return [(column.name, DATATYPES[column.dtype], [-1, 1]) for column in signature.columns]


def _wanted(model: Model, outputs: Any) -> list[str]:
    known = [output.name for output in model.manifest.outputs]
    if outputs is None or outputs == []:
        return known
    if not isinstance(outputs, list):
        raise InputError(f'expected "outputs" to be a list, got {got(outputs)}')
    names = []
    for output in outputs:
        name = output.get("name") if isinstance(output, dict) else None
        if not isinstance(name, str) or name not in known:
            raise InputError(f'"outputs" may name {listed(known)}, got {got(name if name is not None else output)}')
        names.append(name)
    return names


def _columns(signature: Signature, inputs: list[Any], limits: Limits) -> tuple[dict[str, list[Any]], int]:
    from isoship_edge.api import check_count

    tensors: dict[str, tuple[list[int], Any, Any]] = {}
    for tensor in inputs:
        name, shape, datatype, data = _members(tensor)
        if name in tensors:
            raise InputError(f"the input {quoted(name)} is given twice", column=name)
        tensors[name] = (shape, datatype, data)
    counts = {shape[0] if shape else -1 for shape, _, _ in tensors.values()}
    if len(counts) != 1:
        raise InputError("the inputs have different numbers of rows: " + listed(sorted(counts)))
    count = counts.pop()
    check_count(count, limits)
    names = [column.name for column in signature.columns]
    numeric = all(column.dtype in ("double", "int64") for column in signature.columns)
    if list(tensors) == [MATRIX_INPUT] and names != [MATRIX_INPUT] and (numeric or signature.layout == "matrix"):
        shape, datatype, data = tensors[MATRIX_INPUT]
        if datatype != "FP64" or shape != [count, len(names)]:
            raise InputError(
                f"input {quoted(MATRIX_INPUT)}: expected FP64 of shape [N, {len(names)}], got {datatype} of {shape}"
            )
        flat = _flat(MATRIX_INPUT, shape, data)
        return {name: flat[j :: len(names)] for j, name in enumerate(names)}, count
    columns = {}
    for column in signature.columns:
        if column.name not in tensors:
            raise InputError(f"the input {quoted(column.name)} is absent; expected {listed(names)}", column=column.name)
        columns[column.name] = _column(column, *tensors[column.name])
    unknown = [name for name in tensors if name not in columns]
    if unknown:
        raise InputError(f"unknown inputs {listed(unknown)}; expected {listed(names)}", column=unknown[0])
    return columns, count


def _members(tensor: Any) -> tuple[str, list[int], Any, Any]:
    if not isinstance(tensor, dict):
        raise InputError(f"expected an input tensor as an object, got {got(tensor)}")
    name, shape = tensor.get("name"), tensor.get("shape")
    if not isinstance(name, str):
        raise InputError(f'expected an input\'s "name" to be a string, got {got(name)}')
    if "data" not in tensor:
        raise InputError(f'input {quoted(name)} has no "data"; binary tensors are not accepted', column=name)
    sizes = isinstance(shape, list) and 1 <= len(shape) <= 2 and all(type(s) is int and 0 <= s < 2**31 for s in shape)
    if not sizes:
        raise InputError(f'input {quoted(name)}: expected "shape" as [N] or [N, K]', column=name)
    return name, list(shape or []), tensor.get("datatype"), tensor["data"]


def _column(column: Column, shape: list[int], datatype: Any, data: Any) -> list[Any]:
    expected = DATATYPES[column.dtype]
    if datatype != expected:
        seen = quoted(datatype) if isinstance(datatype, str) else got(datatype)
        raise InputError(f"input {quoted(column.name)}: expected datatype {expected}, got {seen}", column=column.name)
    if shape[1:] not in ([], [1]):
        raise InputError(f"input {quoted(column.name)}: expected shape [N] or [N, 1], got {shape}", column=column.name)
    return _flat(column.name, shape, data)


def _flat(name: str, shape: list[int], data: Any) -> list[Any]:
    """Flat data of a tensor that came flat, or nested as its shape says."""
    if not isinstance(data, list):
        raise InputError(f'input {quoted(name)}: expected "data" to be a list, got {got(data)}', column=name)
    count = math.prod(shape)
    if len(shape) == 2 and len(data) == shape[0] and all(isinstance(row, list) for row in data):
        if any(len(row) != shape[1] for row in data):
            raise InputError(f'input {quoted(name)}: "data" does not have shape {shape}', column=name)
        return [value for row in data for value in row]
    if len(data) != count:
        raise InputError(
            f"input {quoted(name)}: shape {shape} holds {count} values, the data has {len(data)}", column=name
        )
    return data


def _output(name: str, tensor: Tensor) -> dict[str, Any]:
    datatype = DATATYPES[tensor.dtype]
    return {"name": name, "datatype": datatype, "shape": list(tensor.shape), "data": plain_values(tensor)}
