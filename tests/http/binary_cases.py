"""More of the table: compressed bodies, and the Open Inference Protocol's binary tensors and parameters."""

from __future__ import annotations

import gzip
import json
import math
import struct
import zlib
from typing import Any

from contract_cases import JSON, PROBLEM, TENSORS, Case, as_bytes, infer, rows

GZIP = {**JSON, "content-encoding": "gzip"}
OCTETS = {"content-type": "application/octet-stream"}
INFER = "/v2/models/visits/infer"


def packed(name: str, body: bytes, status: int, has: str = "", encoding: str = "gzip") -> Case:
    media = PROBLEM if status >= 400 else "application/json"
    return Case(name, "POST", "/predict", body, status, {}, has, {**JSON, "content-encoding": encoding}, media)


def texts(*values: bytes) -> bytes:
    return b"".join(struct.pack("<I", len(value)) + value for value in values)


def binary(document: dict[str, Any], *tails: bytes, length: int | str | None = None) -> tuple[bytes, dict[str, str]]:
    head = json.dumps(document).encode()
    return head + b"".join(tails), {"inference-header-content-length": str(len(head) if length is None else length)}


def as_binary(name: str, datatype: str, shape: list[int], size: Any) -> dict[str, Any]:
    return {"name": name, "datatype": datatype, "shape": shape, "parameters": {"binary_data_size": size}}


PARTS = [
    ("age", "FP64", struct.pack("<2d", 39.0, math.nan)),
    ("income", "FP64", struct.pack("<2d", 51000.5, 0.0)),
    ("visits", "INT64", struct.pack("<2q", 3, -7)),
    ("member", "BOOL", b"\1\0"),
    ("city", "BYTES", texts(b"Oslo", "Ærøskøbing".encode())),
    ("plan", "BYTES", texts(b"pro", b"basic")),
]
INPUTS = [as_binary(name, datatype, [2, 1], len(raw)) for name, datatype, raw in PARTS]
RAW = [raw for _, _, raw in PARTS]


def changed(name: str, datatype: str, raw: bytes) -> tuple[dict[str, Any], list[bytes]]:
    """The whole request with one tensor in another form."""
    inputs = [as_binary(n, datatype if n == name else d, [2, 1], len(raw if n == name else r)) for n, d, r in PARTS]
    return {"inputs": inputs}, [raw if n == name else r for n, _, r in PARTS]


HEAD = len(json.dumps({"inputs": INPUTS}))
NARROW = changed("visits", "INT16", struct.pack("<2h", 1, 2))
INFINITE = changed("income", "FP64", struct.pack("<2d", math.inf, 1))


def sent(name: str, body: tuple[bytes, dict[str, str]], status: int = 200, has: str = "", **headers: str) -> Case:
    return Case(name, "POST", INFER, body[0], status, {}, has, {**body[1], **headers})


def answered_binary(name: str, document: dict[str, Any], has: str) -> Case:
    body, headers = binary(document, *RAW)
    return Case(name, "POST", INFER, body, 200, {}, has, headers, "application/octet-stream")


BINARY = [
    # Compressed bodies
    packed("gzip", gzip.compress(as_bytes(rows())), 200, '"label":"middle"'),
    packed("x-gzip", gzip.compress(as_bytes(rows())), 200, encoding="X-GZip"),
    packed("deflate", zlib.compress(as_bytes(rows())), 200, encoding="deflate"),
    packed("identity", as_bytes(rows()), 200, encoding="identity"),
    packed("gzip that is none", as_bytes(rows()), 422, "not gzip"),
    packed("gzip cut short", gzip.compress(as_bytes(rows()))[:-9], 422, "ends too early"),
    packed("gzip with a wrong checksum", gzip.compress(as_bytes(rows()))[:-8] + bytes(8), 422, "not gzip"),
    packed("gzip with something behind it", gzip.compress(as_bytes(rows())) + b"x", 422, "1 bytes follow"),
    packed("gzip twice over", gzip.compress(gzip.compress(as_bytes(rows()))), 422, "not UTF-8"),
    packed("nothing, compressed", gzip.compress(b""), 422, "empty"),
    packed("nothing said to be compressed", b"", 422, "ends too early"),
    packed("a compressed bomb", gzip.compress(bytes(20_000_000), 1), 413, "unpacks to more than 600000 bytes"),
    packed("one byte above the limit", gzip.compress(as_bytes(rows()).ljust(600_001)), 413, "unpacks"),
    packed("the limit itself", gzip.compress(as_bytes(rows()).ljust(600_000)), 200),
    Case("infer, compressed", "POST", INFER, gzip.compress(as_bytes({"inputs": TENSORS})), headers=GZIP),
    Case("infer of a bomb", "POST", INFER, gzip.compress(bytes(10_000_000)), 413, has='{"error":', headers=GZIP),
    Case("infer, too large a body", "POST", INFER, bytes(700_000), 413, has='{"error":'),
    # Binary tensors
    answered_binary("binary in and out", {"inputs": INPUTS, "parameters": {"binary_data_output": True}},
                    '"binary_data_size":48'),
    answered_binary("one output binary", {"inputs": INPUTS, "outputs": [{"name": "label"}, {
        "name": "probabilities", "parameters": {"binary_data": True}}]}, '"data":["middle","high"]'),
    answered_binary("one output not binary", {"inputs": INPUTS, "parameters": {"binary_data_output": True}, "outputs": [
        {"name": "label", "parameters": {"binary_data": False}}, {"name": "probabilities"}]}, '["middle","high"]'),
    sent("binary in, JSON out", binary({"id": "7", "inputs": INPUTS}, *RAW), has='"id":"7"'),
    sent("binary with its media type", binary({"inputs": INPUTS}, *RAW), **OCTETS),
    sent("binary with a parameter of its media type", binary({"inputs": INPUTS}, *RAW),
         **{"content-type": 'Application/Octet-Stream; x="1"'}),
    sent("binary as JSON", binary({"inputs": INPUTS}, *RAW), **JSON),
    sent("binary and JSON tensors", binary({"inputs": [INPUTS[0], *TENSORS[1:]]}, RAW[0])),
    sent("the header on JSON alone", binary({"inputs": TENSORS})),
    Case("binary, compressed", "POST", INFER, zlib.compress(binary({"inputs": INPUTS}, *RAW)[0]),
         headers={**binary({"inputs": INPUTS}, *RAW)[1], "content-encoding": "deflate"}),
    sent("an infinite double", binary(INFINITE[0], *INFINITE[1]), has='"data":['),
    sent("narrower integers", binary(NARROW[0], *NARROW[1]), has='"data":['),
    sent("octets without the header", (as_bytes({"inputs": TENSORS}), {}), 415, "needs Inference-Header-Content-Length",
         **OCTETS),
    *[
        sent(f"a length {name}", binary({"inputs": INPUTS}, *RAW, length=length), 400, "Content-Length from 1 to")
        for name, length in (
            ("beyond the body", 10**30), ("that is none", "x"), ("below zero", -1),
            ("twice", "600, 600"), ("of 21 digits", "600".zfill(21)), ("of nothing", 0), ("that is empty", ""),
        )
    ],
    sent("a length of 20 digits", binary({"inputs": INPUTS}, *RAW, length=str(HEAD).zfill(20))),
    sent("a length of an empty body", (b"", {"inference-header-content-length": "5"}), 400, "empty"),
    sent("a length too short", binary({"inputs": INPUTS}, *RAW, length=20), 400, "not JSON"),
    sent("bytes too few", binary({"inputs": INPUTS}, *RAW[:-1]), 400,
         'input \\"plan\\": expected 16 bytes of data, and 0 are left'),
    sent("bytes too many", binary({"inputs": INPUTS}, *RAW, b"x"), 400, "1 bytes follow"),
    sent("a size that is none", binary({"inputs": [{**INPUTS[0], "parameters": {"binary_data_size": True}}]}), 400,
         "number of bytes"),
    sent("a negative size", binary({"inputs": [{**INPUTS[0], "parameters": {"binary_data_size": -8}}]}), 400,
         "number of bytes"),
    sent("bytes of a tensor without a name", binary({"inputs": [{**INPUTS[0], "name": 5}]}, RAW[0]), 400, "a number 5"),
    sent("bytes of what is no tensor", binary({"inputs": [7]}, RAW[0]), 400, "as an object, got a number 7"),
    sent("data and a size", binary({"inputs": [{**INPUTS[0], "data": [1, 2]}]}, RAW[0]), 400, "both"),
    infer("a size without the header", {"inputs": INPUTS}, has="no \\\"data\\\""),
    *[
        sent(name, binary(document, *tails), 400, has)
        for name, (document, tails), has in (
            ("half a double", changed("age", "FP64", bytes(12)), 'input \\"age\\": 12 bytes hold'),
            ("three doubles for two rows", changed("age", "FP64", bytes(24)), "holds 2 values"),
            ("floats for doubles", changed("age", "FP32", bytes(8)), "expected datatype FP64"),
            ("an unknown datatype", changed("age", "FP16", bytes(4)), 'BYTES, got \\"FP16\\"'),
            ("a boolean of 2", changed("member", "BOOL", b"\1\2"), "0 and 1, got 2"),
            ("no UTF-8 in bytes", changed("city", "BYTES", texts(b"a", b"\xff")), "element 1 is not UTF-8"),
            ("bytes longer than said", changed("city", "BYTES", struct.pack("<I", 9) + b"a"), "longer"),
            ("a length cut short", changed("city", "BYTES", texts(b"a") + b"\0\0"), "longer"),
            ("an unseen category in bytes", changed("plan", "BYTES", texts(b"pro", b"gold")), "one of"),
            ("NaN where nothing may be missing", changed("income", "FP64", struct.pack("<2d", 1, math.nan)), "NaN"),
            ("an integer beyond 2^53, binary", changed("visits", "INT64", struct.pack("<2q", 1, 2**53 + 2)), "integer"),
        )
    ],
    # Parameters
    infer("parameters that say nothing of the answer", {
        "inputs": [{**tensor, "parameters": {"content_type": "np"}} for tensor in TENSORS],
        "parameters": {"priority": 3, "timeout": 9, "sequence_id": 7, "sequence_start": True, "content_type": "pd"},
        "outputs": [{"name": "label", "parameters": {"content_type": "str"}}]}, 200),
    infer("null for parameters", {"inputs": [{**t, "parameters": None} for t in TENSORS], "parameters": None}, 200),
    infer("an input's parameters that are a list", {"inputs": [{**TENSORS[0], "parameters": []}, *TENSORS[1:]]},
          has='input \\"age\\": expected \\"parameters\\" to be an object, got an array'),
    infer("text said to be base64", {"inputs": [*TENSORS[:4], {**TENSORS[4], "parameters": {"content_type": "base64"}},
          TENSORS[5]]}, has='input \\"city\\": base64 is not decoded here'),
    infer("parameters that are a list", {"inputs": TENSORS, "parameters": []}, has="an object"),
    infer("binary_data_output of a string", {"inputs": TENSORS, "parameters": {"binary_data_output": "yes"}},
          has="true or false"),
    infer("classification", {"inputs": TENSORS, "outputs": [{"name": "label", "parameters": {"classification": 2}}]},
          has="not offered"),
    infer("shared memory", {"inputs": [{**TENSORS[0], "parameters": {"shared_memory_region": "a"}}, *TENSORS[1:]]},
          has="not offered"),
    infer("an empty list of outputs", {"inputs": TENSORS, "outputs": []}, 200, has='"name":"probabilities"'),
    infer("an empty id", {"id": "", "inputs": TENSORS}, 200, has='"id":""'),
    infer("an id that is a number", {"id": 7, "inputs": TENSORS}, has="a number 7"),
    infer("another datatype", {"inputs": [{**TENSORS[0], "datatype": "FP32"}, *TENSORS[1:]]},
          has='input \\"age\\": expected datatype FP64, got \\"FP32\\"'),
    infer("an output twice", {"inputs": TENSORS, "outputs": [{"name": "label"}, {"name": "label"}]}, has="twice"),
    # Routes
    Case("the platform by the protocol's name", "GET", "/v2/models/visits", expected={"platform": "onnx_onnxv1"}),
    *[
        Case(f"{method} {path}", method, path, status=404, has='{"error":')
        for method, path in (
            ("GET", "/v2/models"), ("GET", "/v2/health"), ("GET", "/v2/models/visits/versions"),
            ("GET", "/v2/models/visits/config"), ("GET", "/v2/models/stats"), ("POST", "/v2/repository/index"),
            ("POST", "/v2/repository/models/visits/load"), ("POST", "/v2/models/visits/generate"),
        )
    ],
    Case("ready, posted", "POST", "/v2/health/ready", status=405, has='{"error":',
         answer_headers={"allow": "GET, HEAD, OPTIONS"}),
]  # fmt: skip
