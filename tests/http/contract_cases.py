"""Requests and the answers that the contract gives them: one table for every skin."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from bundles import VISITS_ROWS

ROW = VISITS_ROWS[0]
JSON = {"content-type": "application/json"}
PROBLEM = "application/problem+json"


class Case(NamedTuple):
    """`expected`: members of the JSON answer, compared for equality; a str member may be given as a part in `has`."""

    name: str
    method: str
    path: str
    body: Any = b""
    status: int = 200
    expected: Mapping[str, Any] = MappingProxyType({})
    has: str = ""
    headers: Any = JSON
    media: str = "application/json"
    answer_headers: Mapping[str, str] = MappingProxyType({})


def rows(*changes: dict[str, Any], drop: str | None = None) -> dict[str, Any]:
    made = [{**ROW, **change} for change in changes] or [dict(ROW)]
    if drop is not None:
        del made[-1][drop]
    return {"rows": made}


def refused(name: str, body: Any, **expected: Any) -> Case:
    has = expected.pop("has", "")
    return Case(name, "POST", "/predict", body, 422, {"status": 422, **expected}, has, media=PROBLEM)


def tensor(name: str, datatype: str, data: list[Any], shape: list[int] | None = None) -> dict[str, Any]:
    return {"name": name, "shape": shape or [len(data), 1], "datatype": datatype, "data": data}


TENSORS = [
    tensor("age", "FP64", [39.0, None]),
    tensor("income", "FP64", [51000.5, 0.0]),
    tensor("visits", "INT64", [3, -7], [2]),
    tensor("member", "BOOL", [True, False]),
    tensor("city", "BYTES", [["Oslo"], [None]]),
    tensor("plan", "BYTES", ["pro", "basic"]),
]


def infer(name: str, body: Any, status: int = 400, has: str = "", path: str = "/v2/models/visits/infer") -> Case:
    return Case(name, "POST", path, body, status, {}, has)


CASES = [
    # What works
    Case("one row", "POST", "/predict", rows(), expected={"model": "visits", "version": "1.2.3"}),
    Case("no rows", "POST", "/predict", {"rows": []}, expected={"predictions": []}),
    Case("a query string is ignored", "POST", "/predict?x=1", rows(), expected={"model": "visits"}),
    Case("a trailing slash is ignored", "POST", "/predict/", rows(), expected={"model": "visits"}),
    Case("no content type means JSON", "POST", "/predict", rows(), headers={}),
    Case("a charset parameter", "POST", "/predict", rows(),
         headers={"content-type": "application/json; charset=UTF-8"}),
    Case("null where it is accepted", "POST", "/predict", rows({"age": None, "city": None})),
    Case("a whole double in an integer column", "POST", "/predict", rows({"visits": 3.0})),
    Case("the largest integer", "POST", "/predict", rows({"visits": -(2**53)})),
    Case("infinite input, no NaN in the answer", "POST", "/predict",
         json.dumps(rows()).replace("51000.5", "1e400").encode(),
         has='"probabilities":{"low":null'),
    Case("the model card", "GET", "/", expected={"name": "visits", "version": "1.2.3"}, headers={}),
    Case("the model card as a page", "GET", "/", has="<h1>visits 1.2.3</h1>",
         headers={"accept": "text/html,application/xhtml+xml"}, media="text/html; charset=utf-8"),
    Case("the documentation page", "GET", "/docs", has="<!doctype html>", headers={}, media="text/html; charset=utf-8"),
    Case("the documentation's start script", "GET", "/docs/start.js", has="openapi.json", headers={},
         media="text/javascript; charset=utf-8"),
    Case("the documentation page without its slash", "GET", "/docs/", status=308, headers={}, media="",
         answer_headers={"location": "../docs"}),
    Case("the OpenAPI document", "GET", "/openapi.json", has='"maximum":9007199254740992', headers={}),
    Case("HEAD has no body", "HEAD", "/", headers={}),
    Case("OPTIONS names the methods", "OPTIONS", "/predict", status=204, headers={}, media="",
         answer_headers={"allow": "POST, OPTIONS"}),
    Case("OPTIONS of a page", "OPTIONS", "/", status=204, headers={}, media="",
         answer_headers={"allow": "GET, HEAD, OPTIONS"}),
    # What is refused: content
    refused("an empty body", b"", has="empty"),
    refused("a blank body", b" \n", has="empty"),
    refused("no JSON", b"{rows: 1}", has="not JSON"),
    refused("JSON cut short", b'{"rows": [', has="not JSON"),
    refused("a byte order mark", b"\xef\xbb\xbf{}", has="not JSON"),
    refused("no UTF-8", b'{"rows": ["\xff"]}', has="not UTF-8"),
    refused("UTF-16", json.dumps(rows()).encode("utf-16"), has="not UTF-8"),
    refused("NaN", json.dumps(rows({"age": math.nan})).encode(), has="NaN is no JSON number"),
    refused("Infinity", json.dumps(rows({"age": math.inf})).encode(), has="Infinity is no JSON number"),
    refused("deep nesting", b'{"rows":' + b"[" * 100_000, has="nested too deeply"),
    refused("deep objects", b'{"rows":' + b'{"a":' * 100_000, has="nested too deeply"),
    refused("a list at the top", [ROW], has="got an array"),
    refused("a string at the top", b'"rows"', has='got a string \\"rows\\"'),
    refused("no rows key", {"instances": []}, has='\\"instances\\"'),
    refused("a key beside rows", {"rows": [], "extra": 1}, has='\\"extra\\"'),
    refused("rows that are an object", {"rows": ROW}, seen="an object", expected="an array"),
    refused("rows that are null", {"rows": None}, seen="null"),
    refused("a key twice", b'{"rows": [{"age": 1, "age": 2}]}', has='\\"age\\" stands twice'),
    refused("a row that is a list", {"rows": [ROW, [1, 2]]}, row=1, seen="an array", expected="an object"),
    refused("a column is missing", rows({}, drop="city"), row=0, column="city", seen="nothing (the key is absent)"),
    refused("an unknown column", rows({"agee": 1}), row=0, column="agee", seen="an unknown key"),
    refused("a string for a number", rows({}, {"age": "39"}), row=1, column="age", seen='a string "39"',
            expected="a number or null", detail='row 1, column "age": expected a number or null, got a string "39"'),
    refused("a boolean for a number", rows({"age": True}), column="age", seen="a boolean true"),
    refused("a boolean for an integer", rows({"visits": False}), column="visits", expected="an integer"),
    refused("a number for a boolean", rows({"member": 1}), column="member", expected="true or false"),
    refused("a number for a string", rows({"city": 7}), column="city", seen="a number 7"),
    refused("null where it is not accepted", rows({"visits": None}), column="visits", seen="null"),
    refused("a fraction for an integer", rows({"visits": 1.5}), column="visits", seen="a number 1.5"),
    refused("an integer beyond 2^53", rows({"visits": 2**53 + 2}), column="visits",
            expected="an integer from -9007199254740992 to 9007199254740992"),
    refused("an integer of 400 digits", rows({"age": 10**400}), column="age", seen="a number Infinity"),
    refused("an integer of 5,000 digits", b'{"rows": [{"age": ' + b"9" * 5000 + b"}]}", has="thousands of digits"),
    refused("1e400", json.dumps(rows()).replace("39.0", "1e400").encode(), column="age", seen="a number Infinity"),
    refused("a list for a number", rows({"age": [39]}), column="age", seen="an array"),
    refused("an object for a string", rows({"city": {"a": 1}}), column="city", seen="an object"),
    refused("an unseen category", rows({"plan": "gold"}), column="plan", expected='one of "basic", "pro"'),
    refused("beyond the limit", rows({"age": -1000.5}), column="age", expected="a number from -1000 to 1000 or null"),
    refused("NUL in a string", rows({"city": "Os\0lo"}), column="city", seen="a string with a NUL character"),
    refused("a lone surrogate", rows({"city": "\ud83d"}), column="city", seen="a string with a lone surrogate"),
    refused("the reserved character", rows({"city": "\ufdd0"}), column="city", seen="a string with U+FDD0"),
    refused("a lone surrogate as a key", rows({"\ud83d": 1}), seen="an unknown key", column="\\ud83d"),
    # What is refused: the request
    Case("an unknown path", "GET", "/nothing", status=404, media=PROBLEM, headers={}),
    Case("an unknown path, posted", "POST", "/predictions", rows(), 404, media=PROBLEM),
    Case("a path out of the documentation", "GET", "/docs/..%2Fapi.py", status=404, media=PROBLEM, headers={}),
    Case("the wrong method", "GET", "/predict", status=405, media=PROBLEM, headers={},
         answer_headers={"allow": "POST, OPTIONS"}),
    Case("a method of one's own", "BREW", "/predict", status=405, media=PROBLEM, headers={},
         answer_headers={"allow": "POST, OPTIONS"}),
    Case("DELETE of the card", "DELETE", "/", status=405, media=PROBLEM, headers={},
         answer_headers={"allow": "GET, HEAD, OPTIONS"}),
    Case("the wrong media type", "POST", "/predict", rows(), 415, media=PROBLEM, headers={"content-type": "text/csv"}),
    Case("a form", "POST", "/predict", b"rows=1", 415, media=PROBLEM,
         headers={"content-type": "application/x-www-form-urlencoded"}),
    Case("another charset", "POST", "/predict", rows(), 415, media=PROBLEM,
         headers={"content-type": "application/json; charset=latin-1"}),
    Case("an unknown compression", "POST", "/predict", rows(), 415, media=PROBLEM,
         headers={**JSON, "content-encoding": "br"}, answer_headers={"accept-encoding": "gzip, deflate"}),
    Case("two compressions", "POST", "/predict", rows(), 415, media=PROBLEM,
         headers={**JSON, "content-encoding": "gzip, gzip"}),
    Case("too many rows", "POST", "/predict", {"rows": [ROW] * 101}, 413, {"status": 413}, media=PROBLEM),
    Case("too large a body", "POST", "/predict", {"rows": [{**ROW, "city": "x" * 700_000}]}, 413, {"status": 413},
         media=PROBLEM),
    # Open Inference Protocol
    Case("server metadata", "GET", "/v2",
         expected={"name": "isoship", "version": "0.1.0", "extensions": ["binary_tensor_data"]}),
    Case("live", "GET", "/v2/health/live", expected={"live": True}),
    Case("ready", "GET", "/v2/health/ready", expected={"ready": True}),
    Case("model metadata", "GET", "/v2/models/visits", expected={
        "name": "visits", "versions": ["1.2.3"],
        "outputs": [{"name": "label", "datatype": "BYTES", "shape": [-1]},
                    {"name": "probabilities", "datatype": "FP64", "shape": [-1, 3]}]}),
    Case("model metadata by version", "GET", "/v2/models/visits/versions/1.2.3", expected={"name": "visits"}),
    Case("model ready", "GET", "/v2/models/visits/ready", expected={"name": "visits", "ready": True}),
    Case("version ready", "GET", "/v2/models/visits/versions/1.2.3/ready", expected={"ready": True}),
    Case("infer", "POST", "/v2/models/visits/infer", {"id": "a", "inputs": TENSORS},
         expected={"model_name": "visits", "model_version": "1.2.3", "id": "a"}),
    Case("infer by version, one output", "POST", "/v2/models/visits/versions/1.2.3/infer",
         {"inputs": TENSORS, "outputs": [{"name": "label"}]},
         expected={"outputs": [{"name": "label", "datatype": "BYTES", "shape": [2], "data": ["middle", "high"]}]}),
    Case("infer with narrower integers", "POST", "/v2/models/visits/infer",
         {"inputs": [dict(TENSORS[0], datatype="UINT8", data=[39, 41]), *TENSORS[1:]], "outputs": [{"name": "label"}]},
         expected={"model_name": "visits"}),
    infer("more than a narrow integer holds", {"inputs": [tensor("age", "INT8", [39, 128]), *TENSORS[1:]]},
          has="a number 128 is no INT8"),
    infer("a fraction for a narrow integer", {"inputs": [tensor("age", "INT32", [39.5, 1]), *TENSORS[1:]]},
          has="a number 39.5 is no INT32"),
    infer("a narrow integer for text",
          {"inputs": [{**t, "datatype": "INT32"} if t["name"] == "city" else t for t in TENSORS]},
          has="expected datatype BYTES"),
    Case("another model", "GET", "/v2/models/other", status=404, has='{"error":'),
    Case("another version", "GET", "/v2/models/visits/versions/9/ready", status=404, has='{"error":'),
    Case("infer of another model", "POST", "/v2/models/other/infer", {"inputs": TENSORS}, 404, has='{"error":'),
    Case("infer by GET", "GET", "/v2/models/visits/infer", status=405, has='{"error":',
         answer_headers={"allow": "POST, OPTIONS"}),
    infer("infer without JSON", b"{", has="not JSON"),
    infer("infer without inputs", {}, has="inputs"),
    infer("infer of a list", [], has="got an array"),
    infer("an identity that is no text", {"id": "\ud83d", "inputs": TENSORS}, has="lone surrogate"),
    infer("an identity that is no string", {"id": 7, "inputs": TENSORS}, has="to be a string"),
    Case("an identity with NUL", "POST", "/v2/models/visits/infer", {"id": "a\0b", "inputs": TENSORS},
         expected={"id": "a\0b"}),
    infer("a tensor too few", {"inputs": TENSORS[1:]}, has='\\"age\\" is absent'),
    infer("a tensor too many", {"inputs": [*TENSORS, tensor("x", "FP64", [1, 2])]}, has='\\"x\\"'),
    infer("a tensor twice", {"inputs": [*TENSORS, TENSORS[0]]}, has="twice"),
    infer("a wrong datatype", {"inputs": [tensor("age", "FP32", [1, 2]), *TENSORS[1:]]}, has="expected datatype FP64"),
    infer("a datatype that is a list", {"inputs": [{**TENSORS[0], "datatype": []}, *TENSORS[1:]]}, has="an array"),
    infer("a wrong shape", {"inputs": [tensor("age", "FP64", [1, 2], [1, 2]), *TENSORS[1:]]}, has="numbers of rows"),
    infer("a shape of strings", {"inputs": [{**TENSORS[0], "shape": ["2"]}]}, has="shape"),
    infer("a huge shape", {"inputs": [{**TENSORS[0], "shape": [2**31 - 1]}]}, 413, has="rows"),
    infer("fewer values than the shape", {"inputs": [{**TENSORS[0], "data": [1]}, *TENSORS[1:]]}, has="holds 2 values"),
    infer("different numbers of rows", {"inputs": [tensor("age", "FP64", [1]), *TENSORS[1:]]}, has="numbers of rows"),
    infer("a value that does not fit", {"inputs": [tensor("age", "FP64", [1, "2"]), *TENSORS[1:]]},
          has='row 1, column \\"age\\": expected a number or null, got a string \\"2\\"'),
    infer("an unknown output", {"inputs": TENSORS, "outputs": [{"name": "x"}]}, has='\\"label\\"'),
    infer("no tensor", {"inputs": [1]}, has="a number 1"),
    infer("X for columns of strings", {"inputs": [tensor("X", "FP64", [1, 2], [1, 2])]}, has='\\"age\\" is absent'),
]  # fmt: skip


def as_bytes(body: Any) -> bytes:
    return body if isinstance(body, bytes) else json.dumps(body).encode()
