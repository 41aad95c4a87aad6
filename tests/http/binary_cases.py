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
    sent("binary as JSON", binary({"inputs": INPUTS}, *RAW), **JSON),
    sent("binary and JSON tensors", binary({"inputs": [INPUTS[0], *TENSORS[1:]]}, RAW[0])),
    sent("the header on JSON alone", binary({"inputs": TENSORS})),
    Case("binary, compressed", "POST", INFER, zlib.compress(binary({"inputs": INPUTS}, *RAW)[0]),
         headers={**binary({"inputs": INPUTS}, *RAW)[1], "content-encoding": "deflate"}),
    sent("an infinite double", binary(INFINITE[0], *INFINITE[1]), has='"data":['),
    sent("octets without the header", (as_bytes({"inputs": TENSORS}), {}), 415, **OCTETS),
    sent("a length beyond the body", binary({"inputs": INPUTS}, *RAW, length=10**30), 400, "Content-Length from 0 to"),
    sent("a length that is none", binary({"inputs": INPUTS}, *RAW, length="x"), 400, "Content-Length from 0 to"),
    sent("a negative length", binary({"inputs": INPUTS}, *RAW, length=-1), 400, "Content-Length from 0 to"),
    sent("a length too short", binary({"inputs": INPUTS}, *RAW, length=20), 400, "not JSON"),
    sent("bytes too few", binary({"inputs": INPUTS}, *RAW[:-1]), 400, "0 are left"),
    sent("bytes too many", binary({"inputs": INPUTS}, *RAW, b"x"), 400, "1 bytes follow"),
    sent("a size that is none", binary({"inputs": [{**INPUTS[0], "parameters": {"binary_data_size": True}}]}), 400,
         "number of bytes"),
    sent("a negative size", binary({"inputs": [{**INPUTS[0], "parameters": {"binary_data_size": -8}}]}), 400,
         "number of bytes"),
    sent("data and a size", binary({"inputs": [{**INPUTS[0], "data": [1, 2]}]}, RAW[0]), 400, "both"),
    infer("a size without the header", {"inputs": INPUTS}, has="no \\\"data\\\""),
    *[
        sent(name, binary(document, *tails), 400, has)
        for name, (document, tails), has in (
            ("half a double", changed("age", "FP64", bytes(12)), "no whole number of FP64"),
            ("three doubles for two rows", changed("age", "FP64", bytes(24)), "holds 2 values"),
            ("floats for doubles", changed("age", "FP32", bytes(8)), "expected datatype FP64"),
            ("an unknown datatype", changed("age", "FP16", bytes(4)), "FP16"),
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
    infer("parameters that say nothing of the answer", {"inputs": TENSORS, "parameters": {"priority": 3}}, 200),
    infer("parameters that are a list", {"inputs": TENSORS, "parameters": []}, has="an object"),
    infer("binary_data_output of a string", {"inputs": TENSORS, "parameters": {"binary_data_output": "yes"}},
          has="true or false"),
    infer("classification", {"inputs": TENSORS, "outputs": [{"name": "label", "parameters": {"classification": 2}}]},
          has="not offered"),
    infer("shared memory", {"inputs": [{**TENSORS[0], "parameters": {"shared_memory_region": "a"}}, *TENSORS[1:]]},
          has="not offered"),
    infer("an output twice", {"inputs": TENSORS, "outputs": [{"name": "label"}, {"name": "label"}]}, has="twice"),
]  # fmt: skip
