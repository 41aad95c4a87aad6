"""Calls of a tensor model as HTTP bodies, and answers as arrays: JSON of POST /predict, and V2 with binary tensors.

V2's binary tensors are the extension "Binary Tensor Data" of the Open Inference Protocol: a JSON head whose length is
the header Inference-Header-Content-Length, and behind it each tensor's bytes, little-endian and row-major; a string is
its length in four bytes and its UTF-8.
"""

from __future__ import annotations

import json
import math
import struct
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from isoship.errors import InputError
from isoship.parity.runners.arrays import DTYPES, NUMPY, Array, objects
from isoship.parity.runners.contract import RunnerCrashed
from isoship.parity.runners.http_client import refusal_from_problem
from isoship_edge.manifest import Output
from isoship_edge.tensors.signature import DATATYPES

JSON, BINARY = "json", "binary"
HEAD_LENGTH = "inference-header-content-length"
_DTYPES = {datatype: dtype for dtype, datatype in DATATYPES.items()}


def request_of(inputs: Mapping[str, Array], transport: str, model: str) -> tuple[str, dict[str, str], bytes]:
    """(path, headers, body) of one call. model: the manifest's name."""
    if transport == JSON:
        return "/predict", {"content-type": "application/json"}, predict_body(inputs)
    length, body = infer_body(inputs)
    headers = {"content-type": "application/octet-stream", HEAD_LENGTH: str(length)}
    return f"/v2/models/{model}/infer", headers, body


def answer_of(
    transport: str, status: int, headers: Mapping[str, str], body: bytes, outputs: Sequence[Output], who: str
) -> dict[str, Array]:
    """The arrays of an answer. headers: names in lower case.

    Raises:
        InputError: 422 of /predict, 400 of V2. RunnerCrashed: any other status, or no such answer.
    """
    refused = 422 if transport == JSON else 400
    if status not in (200, refused):
        raise RunnerCrashed(f"{who} answered {status}: {body[:300]!r}")
    try:
        if status == refused:
            document = json.loads(body)
            raise refusal_from_problem(document) if transport == JSON else InputError(str(document.get("error")))
        return (
            outputs_from_document(json.loads(body)["outputs"], outputs)
            if transport == JSON
            else _inferred(headers, body)
        )
    except (ValueError, KeyError, TypeError, AttributeError) as err:
        raise RunnerCrashed(
            f"{who} answered {body[:200]!r}, which is no answer to the call: {type(err).__name__}: {err}"
        ) from err


def predict_body(inputs: Mapping[str, Array]) -> bytes:
    """`{"inputs": {...}}`, nested lists; NaN and infinities have no JSON, and are not to be sent."""
    return json.dumps({"inputs": inputs_document(inputs)}, allow_nan=False).encode()


def inputs_document(inputs: Mapping[str, Array]) -> dict[str, Any]:
    """Nested lists by input."""
    return {name: _nested(array) for name, array in inputs.items()}


def infer_body(inputs: Mapping[str, Array]) -> tuple[int, bytes]:
    """(length of the head, body)."""
    blobs, described = [], []
    for name, array in inputs.items():
        strings = array.dtype.kind in "OU"
        blob = _strings(array) if strings else np.ascontiguousarray(array).tobytes()
        blobs.append(blob)
        described.append({
            "name": name,
            "shape": list(array.shape),
            "datatype": DATATYPES[DTYPES.get(array.dtype, "string")],
            "parameters": {"binary_data_size": len(blob)},
        })  # fmt: skip
    head = json.dumps({"inputs": described, "parameters": {"binary_data_output": True}}).encode()
    return len(head), b"".join([head, *blobs])


def outputs_from_document(found: Any, outputs: Sequence[Output]) -> dict[str, Array]:
    """Nested lists by output as arrays.

    Raises:
        ValueError, TypeError, AttributeError: they are no such answer.
    """
    known = {o.name: o for o in outputs}
    unknown = set(found) - set(known)
    if unknown:
        raise ValueError(f"{sorted(unknown)} are not outputs")
    return {name: _array(known[name], nested) for name, nested in found.items()}


def _array(output: Output, nested: Any) -> Array:
    """Nested lists as an array; null is NaN in floats. JSON's types are kept apart, as numpy would not."""
    shape, flat = [], nested
    for _ in output.shape:
        shape.append(len(flat))
        if not flat:
            shape += [s if isinstance(s, int) else 0 for s in output.shape[len(shape) :]]
            break
        flat = flat[0]
    cells = nested
    for _ in range(len(output.shape) - 1):
        cells = [cell for part in cells for cell in part]
    cells = cells if output.shape else [cells]
    kind = np.dtype(NUMPY[output.dtype]).kind
    for cell in cells:
        whole = isinstance(cell, int) and not isinstance(cell, bool)
        fits = {"f": cell is None or whole or isinstance(cell, float), "b": isinstance(cell, bool),
                "O": isinstance(cell, str)}.get(kind, whole)  # fmt: skip
        if not fits:
            raise ValueError(f"{output.name}: {cell!r} is no {output.dtype}")
    if kind == "O":
        return objects(cells, shape)
    values = [math.nan if cell is None else cell for cell in cells]
    return np.array(values, dtype=NUMPY[output.dtype]).reshape(shape)


def _inferred(headers: Mapping[str, str], body: bytes) -> dict[str, Array]:
    length = int(headers.get(HEAD_LENGTH, len(body)))
    document, at = json.loads(body[:length]), length
    found = {}
    for entry in document["outputs"]:
        dtype, shape = _DTYPES[entry["datatype"]], entry["shape"]
        size = entry["parameters"]["binary_data_size"]
        blob, at = body[at : at + size], at + size
        found[entry["name"]] = _from_bytes(blob, dtype, shape)
    if at != len(body):
        raise ValueError(f"{len(body) - at} bytes more than its tensors take")
    return found


def _from_bytes(blob: bytes, dtype: str, shape: list[int]) -> Array:
    if dtype != "string":
        return np.frombuffer(blob, np.dtype(NUMPY[dtype]).newbyteorder("<")).reshape(shape).astype(NUMPY[dtype])
    words, at = [], 0
    while at < len(blob):
        (size,) = struct.unpack_from("<I", blob, at)
        words.append(blob[at + 4 : at + 4 + size].decode())
        at += 4 + size
    return objects(words, shape)


def _strings(array: Array) -> bytes:
    words = [word.encode() for word in array.ravel().tolist()]
    return b"".join(struct.pack("<I", len(word)) + word for word in words)


def _nested(array: Array) -> Any:
    return array.astype(np.float64).tolist() if array.dtype.kind == "f" else array.tolist()
