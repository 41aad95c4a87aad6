"""The Open Inference Protocol V2 over a bundle: one tensor a column, or `X` [N, F] for all-numeric models; a bundle of
tensors takes and gives them as they are (`isoship_edge.tensors.v2`).

Content errors are 400 and unknown models 404, both `{"error": "..."}`. Tensors may be binary. Other parameters
(priority, timeout, sequence_id, content_type) are left unread; `classification`, base64 text and shared memory, which
would change the answer or where it goes, are refused.
"""

from __future__ import annotations

from isoship_edge.encoding.decode import MATRIX_INPUT
from isoship_edge.encoding.encode import json_bytes, plain_values
from isoship_edge.encoding.text import is_unicode
from isoship_edge.encoding.words import got, listed, quoted
from isoship_edge.errors import InputError
from isoship_edge.http.body import check_media, content_of, parsed
from isoship_edge.http.response import Refusal, Response, answer
from isoship_edge.inference.tensor import Tensor
from isoship_edge.manifest import Column, Signature
from isoship_edge.tensors.signature import DATATYPES
from isoship_edge.v2 import binary as v2_binary
from isoship_edge.v2.inputs import columns_of, parameters_of

TYPE_CHECKING = False  # `typing` is not imported on the way to a first answer (named.py)
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from isoship_edge.http.api import Request
    from isoship_edge.inference.model import AnyModel

_GET = ("GET", "HEAD", "OPTIONS")
_POST = ("POST", "OPTIONS")


def methods(model: AnyModel, path: str) -> tuple[str, ...]:
    """The methods that a path under /v2 answers.

    Raises:
        Refusal: 404, naming the model or version that is not here.
    """
    return _POST if _target(model, path) == "infer" else _GET


def _target(model: AnyModel, path: str) -> str:
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


def describe(model: AnyModel, path: str) -> Response:
    """Server and model metadata, and health."""
    manifest, target = model.manifest, _target(model, path)
    if target == "server":
        return answer(
            {
                "name": "isoship",
                "version": str(manifest.provenance.get("isoship", "0")),
                "extensions": ["binary_tensor_data"],
            }
        )
    if target in ("live", "ready"):
        return answer({target: True})
    if target == "model-ready":
        return answer({"name": manifest.name, "ready": True})
    return answer(
        {
            "name": manifest.name,
            "versions": [manifest.version],
            "platform": "onnx_onnxv1",  # the protocol's name for ONNX under ONNX Runtime
            "inputs": [{"name": n, "datatype": d, "shape": s} for n, d, s in _inputs(manifest.signature)],
            "outputs": [
                {"name": o.name, "datatype": DATATYPES[o.dtype], "shape": _sizes(o.shape)} for o in manifest.outputs
            ],
        }
    )


def infer(model: AnyModel, request: Request) -> Response:
    """Runs one inference request; `data` may be flat, nested or bytes (`isoship_edge.v2.binary`), null is missing.

    Raises:
        Refusal, InputError: what does not fit.
    """
    document, rest = _read(request)
    if not isinstance(document, dict):
        raise InputError(f'expected an object {{"inputs": [...]}}, got {got(document)}')
    inputs = document.get("inputs")
    if not isinstance(inputs, list) or not inputs:
        raise InputError('expected "inputs" to be a list of tensors with name, shape, datatype and data')
    identity = document.get("id")
    if identity is not None and not isinstance(identity, str):
        raise InputError(f'expected "id" to be a string, got {got(identity)}')
    if identity is not None and not is_unicode(identity):  # it comes back, and would have no UTF-8
        raise InputError('expected "id" to be well-formed Unicode text, got a string with a lone surrogate')
    wanted = _wanted(model, document)
    tensors = _inferred(model, inputs, rest, request)
    made: dict[str, Any] = {"model_name": model.manifest.name, "model_version": model.manifest.version}
    if identity is not None:
        made["id"] = identity
    if not any(wanted.values()):
        return answer({**made, "outputs": [_output(name, tensors[name]) for name in wanted]})
    outputs, contents = [], []
    for name, binary in wanted.items():
        if binary:
            contents.append(v2_binary.content_of(name, tensors[name]))
            outputs.append({**_described(name, tensors[name]), "parameters": {"binary_data_size": len(contents[-1])}})
        else:
            outputs.append(_output(name, tensors[name]))
    return v2_binary.answer(json_bytes({**made, "outputs": outputs}), contents)


def _inferred(model: AnyModel, inputs: list[Any], rest: bytes | None, request: Request) -> dict[str, Tensor]:
    if model.takes == "tensors":
        from isoship_edge.tensors.v2 import inferred

        return inferred(model, inputs, rest, request)
    if rest is not None:
        inputs = v2_binary.with_data(inputs, rest)
    columns, count = columns_of(model.manifest.signature, inputs, request.limits)
    if rest is not None:
        columns = {c.name: _nan_is_missing(c, columns[c.name]) for c in model.manifest.signature.columns}
    if request.metrics is not None:
        request.metrics.rows(count)
    tensors = model.tensors_from_columns(columns, count)
    if request.watch is not None:
        request.watch(count, tensors)
    return tensors


def _read(request: Request) -> tuple[Any, bytes | None]:
    """The JSON document, and the bytes behind it where the request says how long the JSON is."""
    sized = v2_binary.LENGTH in request.headers
    media = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media != v2_binary.OCTETS:
        check_media(request.headers)
    elif not sized:
        raise Refusal(415, f"{v2_binary.OCTETS} needs Inference-Header-Content-Length; JSON is application/json")
    content = content_of(request.headers, request.body, request.limits)
    if not (sized and content):
        return parsed(content), None
    document, rest = v2_binary.split(request.headers, content)
    return parsed(document), rest


def _nan_is_missing(column: Column, data: list[Any]) -> list[Any]:
    if column.dtype != "double" or not column.missing:
        return data
    return [None if value != value else value for value in data]


def _sizes(shape: Sequence[str | int]) -> list[int]:
    """-1 for what may be of any size."""
    return [size if isinstance(size, int) else -1 for size in shape]


def _inputs(signature: Signature) -> list[tuple[str, str, list[int]]]:
    if signature.layout == "tensors":
        return [(spec.name, DATATYPES[spec.dtype], _sizes(spec.shape)) for spec in signature.inputs]
    if signature.layout == "matrix":
        return [(MATRIX_INPUT, "FP64", [-1, len(signature.columns)])]
    return [(column.tensor, DATATYPES[column.dtype], [-1, 1]) for column in signature.columns]


def _wanted(model: AnyModel, document: dict[str, Any]) -> dict[str, bool]:
    """The outputs to send, and whether each goes as bytes."""
    known = [output.name for output in model.manifest.outputs]
    outputs = document.get("outputs")
    every = _asked(document, "the request", "binary_data_output", default=False)
    if outputs is None or outputs == []:
        return dict.fromkeys(known, every)
    if not isinstance(outputs, list):
        raise InputError(f'expected "outputs" to be a list, got {got(outputs)}')
    wanted = {}
    for output in outputs:
        name = output.get("name") if isinstance(output, dict) else None
        if not isinstance(name, str) or name not in known:
            raise InputError(f'"outputs" may name {listed(known)}, got {got(name if name is not None else output)}')
        if name in wanted:
            raise InputError(f"the output {quoted(name)} is asked for twice")
        wanted[name] = _asked(output, f"output {quoted(name)}", "binary_data", default=every)
    return wanted


def _asked(holder: dict[str, Any], place: str, name: str, *, default: bool) -> bool:
    """A boolean among the parameters of a request or an output."""
    value = parameters_of(holder, place).get(name, default)
    if not isinstance(value, bool):
        raise InputError(f"{place}: expected {quoted(name)} to be true or false, got {got(value)}")
    return value


def _described(name: str, tensor: Tensor) -> dict[str, Any]:
    return {"name": name, "datatype": DATATYPES[tensor.dtype], "shape": list(tensor.shape)}


def _output(name: str, tensor: Tensor) -> dict[str, Any]:
    return {**_described(name, tensor), "data": plain_values(tensor)}
