"""Requests and events that nobody would write: no 5xx, no answer to what the contract refuses, both paths alike."""

from __future__ import annotations

import base64
import gzip
import importlib
import json
import math
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from contract_cases import Case
from hypothesis import HealthCheck, event, example, given, settings
from hypothesis import strategies as st
from test_direct_path import EVENTS, by_both

from bundles import VISITS_ROWS, visits_reference

#: The same cases in every run; ISOSHIP_FUZZ=5000 draws that many others.
MORE = int(os.environ.get("ISOSHIP_FUZZ", 0))
FUZZ = settings(
    max_examples=MORE or 150, deadline=None, derandomize=not MORE, database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)  # fmt: skip

#: Small alphabets: hypothesis takes seconds to draw up all of Unicode.
TEXT = st.text('aZ0 é🐧"\\/\0\n\x7f\u2028\ud83d\ufdd0\uffff', max_size=8)
ASCII = st.text([chr(code) for code in range(33, 127)], max_size=15)

#: JSON as it is sent, so that what no Python value writes is among it.
LITERALS = st.one_of(
    st.sampled_from([
        "null", "true", "false", "NaN", "Infinity", "-Infinity", "1e400", "-1e400", "1e-400", "-0.0", "0", "3", "3.0",
        "-7", "1.5", "1000", "1000.0000000000001", "-1000", "9007199254740992", "9007199254740993", "-9007199254740994",
        "9" * 400, "9" * 5000, "01", "1.", ".5", "+1", "0x1", '"39"', '""', '"pro"', '"basic"', '"Pro"', '"gold"',
        '"Oslo"', '"Os\\u0000lo"', '"\\ud800"', '"\\ufdd0"', '"\ufdd0"', '"\u2028"', '"🐧"', "[]", "[1]", "{}",
        '{"a": 1}', "nul", "'a'", '"', "",
    ]),
    st.floats(allow_nan=False, allow_infinity=False).map(repr),
    st.integers().map(repr),
    TEXT.map(json.dumps),
    TEXT.map(lambda text: json.dumps(text, ensure_ascii=False)),
)  # fmt: skip
GOOD = {name: json.dumps(value) for name, value in VISITS_ROWS[0].items()}
ROWS = st.lists(st.dictionaries(st.sampled_from(list(GOOD)), LITERALS, max_size=2), min_size=1, max_size=3)


@pytest.fixture(scope="module")
def entry(visits: Path) -> Iterator[ModuleType]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ISOSHIP_BUNDLE", str(visits))
        patch.setenv("ISOSHIP_MAX_BODY", "20000")
        sys.modules.pop("isoship_lambda.handler", None)
        yield importlib.import_module("isoship_lambda.handler")


def accepted(name: str, literal: str) -> bool:
    """The contract of the `visits` bundle, written again."""

    def refuse(constant: str) -> Any:
        raise ValueError(constant)

    try:
        value = json.loads(literal, parse_constant=refuse)
    except ValueError:
        return False
    number = type(value) in (int, float)
    if name == "age":
        return value is None or (number and -1000 <= value <= 1000)
    if name == "income":
        return number
    if name == "visits":
        return number and abs(value) <= 2**53 and value == math.floor(value)
    if name == "member":
        return type(value) is bool
    if name == "plan":
        return value in ("basic", "pro")
    if value is None:
        return True
    surrogate = type(value) is str and any("\ud800" <= letter <= "\udfff" for letter in value)
    return type(value) is str and not surrogate and "\0" not in value and "\ufdd0" not in value


def sent(entry: ModuleType, path: str, body: bytes, shape: Any, headers: dict[str, str]) -> Any:
    case = Case("", "POST", path, body, headers={"content-type": "application/json", **headers})
    direct, mangum = by_both(entry, shape(case, base64.b64encode(body).decode(), True))
    assert direct == mangum
    return json.loads(direct)


@FUZZ
@given(changes=ROWS, shape=st.sampled_from(EVENTS), packed=st.booleans())
def test_rows_are_answered_exactly_where_the_contract_accepts_them(
    changes: list[dict[str, str]], shape: Any, packed: bool, entry: ModuleType
) -> None:
    rows = [{**GOOD, **change} for change in changes]
    listed = ", ".join("{" + ", ".join(f'"{n}": {v}' for n, v in row.items()) + "}" for row in rows)
    body = f'{{"rows": [{listed}]}}'.encode("utf-8", "surrogatepass")
    fits = all(accepted(name, literal) for row in rows for name, literal in row.items())
    headers = {"content-encoding": "gzip"} if packed else {}
    answer = sent(entry, "/predict", gzip.compress(body) if packed else body, shape, headers)
    event(f"answered: {fits}")
    assert (answer["statusCode"] == 200) == fits, answer["body"]
    assert answer["statusCode"] in (200, 413, 422)
    document = json.loads(answer["body"], parse_constant=lambda name: pytest.fail(name))
    if fits:
        values = [{name: json.loads(literal) for name, literal in row.items()} for row in rows]
        for row in values:
            row["income"] = as_double(row["income"])
        if all(math.isfinite(row["income"]) for row in values):
            check(document["predictions"], values)
    tensors = as_tensors(rows)
    protocol = sent(entry, "/v2/models/visits/infer", tensors, shape, {})
    assert (protocol["statusCode"] == 200) == fits, protocol["body"]
    assert protocol["statusCode"] in (200, 400, 413)


def as_double(number: float) -> float:
    try:
        return float(number)
    except OverflowError:
        return math.inf


def check(predictions: list[dict[str, Any]], rows: list[dict[str, Any]]) -> None:
    want = visits_reference(rows)["probabilities"]
    for prediction, expected in zip(predictions, want, strict=True):
        got = list(prediction["probabilities"].values())
        assert all(
            (a is None and not math.isfinite(b)) or a == pytest.approx(b, abs=1e-9)
            for a, b in zip(got, expected, strict=True)
        )


def as_tensors(rows: list[dict[str, str]]) -> bytes:
    datatypes = ("FP64", "FP64", "INT64", "BOOL", "BYTES", "BYTES")
    inputs = [
        f'{{"name": "{name}", "datatype": "{datatype}", "shape": [{len(rows)}], '
        f'"data": [{", ".join(row[name] for row in rows)}]}}'
        for name, datatype in zip(GOOD, datatypes, strict=True)
    ]
    return f'{{"inputs": [{", ".join(inputs)}]}}'.encode("utf-8", "surrogatepass")


HEADERS = st.dictionaries(
    st.sampled_from(["content-type", "content-encoding", "inference-header-content-length", "accept", "x-a"]),
    st.one_of(
        st.sampled_from(["application/json", "application/octet-stream", "gzip", "deflate", "br", "0", "2", "-1"]),
        ASCII,
    ),
    max_size=3,
)  # fmt: skip
BODIES = st.one_of(
    st.binary(max_size=60),
    st.sampled_from([b'{"rows": []}', b'{"inputs": []}', b"[" * 5000, b'{"rows": [{}]}', b"x" * 20_001]),
    st.sampled_from([b'{"rows": []}', bytes(50_000)]).map(gzip.compress),
    st.recursive(st.none() | st.booleans() | st.integers() | TEXT,
                 lambda inner: st.lists(inner, max_size=3) | st.dictionaries(
                     st.sampled_from(["rows", "inputs", "name", "shape", "datatype", "data", "parameters", "outputs"]),
                     inner, max_size=4), max_leaves=12).map(lambda value: json.dumps(value).encode()),
)  # fmt: skip
PATHS = st.one_of(
    st.sampled_from(["/predict", "/v2/models/visits/infer", "/v2/models/visits/versions/1.2.3/infer"]),
    st.sampled_from(["/", "/predict", "/v2", "/v2/models/visits/infer", "/v2/models/visits/versions/1.2.3/infer",
                     "/v2/models/%76isits/infer", "/docs", "/docs/../api.py", "//predict", "/predict//", "/metrics"]),
    ASCII.map(lambda text: "/" + text),
)  # fmt: skip


# refused for its size by one way, and for its media type by the other
@example(
    method="POST", path="/predict", headers={"content-type": "application/octet-stream"}, body=b"x" * 20_001,
    shape=EVENTS[0],
)  # fmt: skip
@FUZZ
@given(
    method=st.sampled_from(["GET", "POST", "POST", "POST", "PUT", "HEAD", "OPTIONS", "BREW"]), path=PATHS,
    headers=HEADERS, body=BODIES, shape=st.sampled_from(EVENTS),
)  # fmt: skip
def test_no_request_is_a_fault_of_ours(
    method: str, path: str, headers: dict[str, str], body: bytes, shape: Any, entry: ModuleType
) -> None:
    made = shape(Case("", method, path, body, headers=headers), base64.b64encode(body).decode(), True)
    direct, mangum = by_both(entry, made)
    assert direct == mangum
    answer = json.loads(direct)
    event(f"status: {answer['statusCode']}")
    assert 200 <= answer["statusCode"] < 500
    assert "Traceback" not in answer["body"]


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.floats() | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=5,
)


@FUZZ
@given(data=st.data(), shape=st.sampled_from(EVENTS), encoded=st.booleans())
def test_no_event_is_a_fault_of_ours(data: st.DataObject, shape: Any, encoded: bool, entry: ModuleType) -> None:
    """A real event with members taken away or made something else, at any depth."""
    made = shape(Case("", "POST", "/predict", headers={}), json.dumps({"rows": VISITS_ROWS}), encoded)
    for _ in range(data.draw(st.integers(1, 3))):
        held: Any = made
        while True:
            name = data.draw(st.sampled_from(sorted(held)))
            if isinstance(held[name], dict) and held[name] and data.draw(st.booleans()):
                held = held[name]
                continue
            break
        if data.draw(st.booleans()):
            del held[name]
            if not made:
                break
        else:
            held[name] = data.draw(JSON_VALUES)
    for direct in (True, False):
        entry.DIRECT = direct
        try:
            answer = entry.handler(made, None)
        except entry.InvocationRefused:
            continue
        finally:
            entry.DIRECT = True
        assert 200 <= answer["statusCode"] < 500, answer["body"]


@FUZZ
@given(payload=JSON_VALUES | st.fixed_dictionaries({"rows": JSON_VALUES}))
def test_no_plain_payload_is_a_fault_of_ours(payload: Any, entry: ModuleType) -> None:
    try:
        answer = entry.handler(payload, None)
    except entry.InvocationRefused:
        return
    assert answer["predictions"] == []  # nothing drawn here is a row
