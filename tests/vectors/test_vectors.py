"""Python and JavaScript read golden values, manifests and rows alike: both sides pass the same vectors."""

from __future__ import annotations

import json
import math
import struct
import subprocess
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from isoship_edge.encoding import golden
from isoship_edge.encoding.decode import decode_rows
from isoship_edge.encoding.encode import class_key
from isoship_edge.encoding.file_encoding import open_text
from isoship_edge.errors import BundleError, InputError
from isoship_edge.inference.agreement import compared, tie_margin
from isoship_edge.inference.tensor import values
from isoship_edge.manifest import Output, Tolerance, manifest_from_json, output_to_json, signature_to_json
from isoship_edge.tensors.contract import check
from isoship_edge.tensors.json_inputs import tensors_from_json
from isoship_edge.tensors.signature import inputs_from_json

HERE = Path(__file__).parent
GOLDEN = json.loads((HERE / "golden_values.json").read_text(encoding="utf-8"))
MANIFESTS = json.loads((HERE / "manifests.json").read_text(encoding="utf-8"))
TENSORS = json.loads((HERE / "tensors.json").read_text(encoding="utf-8"))
#: What JSON Schema cannot say: that two inputs have different names.
BEYOND_SCHEMA = ("two inputs of one name",)
CALLS = json.loads((HERE / "tensor_calls.json").read_text(encoding="utf-8"))["cases"]
ROWS = json.loads((HERE / "rows.json").read_text(encoding="utf-8"))["cases"]
AGREEMENT = json.loads((HERE / "agreement.json").read_text(encoding="utf-8"))
ENCODINGS = json.loads((HERE / "encodings.json").read_text(encoding="utf-8"))["cases"]
GOLDEN_CASES = [*GOLDEN["cases"], *GOLDEN["plain_integers"]]


@pytest.fixture(scope="session")
def javascript() -> Any:
    """What web/src makes of every vector, in the order of the files."""
    source = HERE.parents[1] / "web" / "src"
    done = subprocess.run(
        ["node", str(HERE / "vectors.mjs"), str(source)], capture_output=True, text=True, encoding="utf-8", timeout=60
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def terms(value: Any) -> dict[str, Any]:
    """A decoded golden value in the terms of golden_values.json."""
    if value is None:
        return {"missing": True}
    if isinstance(value, bool):
        return {"bool": value}
    if isinstance(value, int):
        return {"int64": str(value)}
    if isinstance(value, str):
        return {"string": [ord(c) for c in value]}
    return {"double": "nan" if math.isnan(value) else struct.pack(">d", value).hex()}


def ids(cases: list[dict[str, Any]]) -> list[str]:
    return [case["name"] for case in cases]


def expected_terms(case: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in case.items() if key != "encoded"}


@pytest.mark.parametrize("index", range(len(GOLDEN_CASES)))
def test_a_golden_value_decodes_to_the_same_bits_in_python_and_javascript(index: int, javascript: Any) -> None:
    case = GOLDEN_CASES[index]
    assert terms(golden.decode(case["encoded"])) == expected_terms(case)
    assert javascript["golden"][index]["terms"] == expected_terms(case)


@pytest.mark.parametrize("index", range(len(GOLDEN_CASES)))
def test_a_golden_value_survives_encoding_and_json_in_both(index: int, javascript: Any) -> None:
    case = GOLDEN_CASES[index]
    text = json.dumps(golden.encode(golden.decode(case["encoded"])), allow_nan=False)
    assert terms(golden.decode(json.loads(text))) == expected_terms(case)
    assert javascript["golden"][index]["again"] == expected_terms(case)


@pytest.mark.parametrize("index", range(len(GOLDEN["refused"])), ids=lambda i: json.dumps(GOLDEN["refused"][i]))
def test_what_is_no_golden_value_is_refused_by_both(index: int, javascript: Any) -> None:
    assert javascript["goldenRefused"][index]["refused"]["name"] == "BundleError"
    with pytest.raises(BundleError):
        golden.decode(GOLDEN["refused"][index])


@pytest.mark.parametrize("index", range(len(MANIFESTS["accepted"])), ids=lambda i: MANIFESTS["accepted"][i]["name"])
def test_a_manifest_is_read_by_both_with_the_keys_that_python_writes(index: int, javascript: Any) -> None:
    case = MANIFESTS["accepted"][index]
    classes = manifest_from_json(case["manifest"]).outputs[-1].classes
    keys = None if classes is None else [class_key(value) for value in classes]
    assert javascript["manifests"][index] == {"keys": keys}
    assert case["expect"].get("keys", keys) == keys


@pytest.mark.parametrize("index", range(len(MANIFESTS["refused"])), ids=lambda i: MANIFESTS["refused"][i]["name"])
def test_a_damaged_or_newer_manifest_is_refused_by_both(index: int, javascript: Any) -> None:
    case = MANIFESTS["refused"][index]
    refused = javascript["manifests"][len(MANIFESTS["accepted"]) + index]["refused"]
    assert refused["name"] == "BundleError"
    with pytest.raises(BundleError) as raised:
        manifest_from_json(case["manifest"])
    if case["why"] == "newer":
        named = f"manifest format {case['manifest']['format']}; this isoship reads formats up to"
        assert f"{named} 2" in refused["message"]
        assert f"{named} 2" in str(raised.value)


@pytest.mark.parametrize("index", range(len(TENSORS["accepted"])), ids=lambda i: TENSORS["accepted"][i]["name"])
def test_a_manifest_of_tensors_is_read_by_both(index: int, javascript: Any) -> None:
    document = TENSORS["accepted"][index]["manifest"]
    manifest = manifest_from_json(document)
    written = signature_to_json(manifest.signature)
    held = [{name: value for name, value in one.items() if name != "more"} for one in document["signature"]["inputs"]]
    assert written == {"layout": "tensors", "inputs": held}
    assert [output_to_json(output) for output in manifest.outputs] == document["outputs"]
    read = [
        {**one._asdict(), "shape": list(one.shape), "image": one.image and one.image._asdict()}
        for one in manifest.signature.inputs
    ]
    assert javascript["tensors"][index] == read


@pytest.mark.parametrize("index", range(len(TENSORS["refused"])), ids=lambda i: TENSORS["refused"][i]["name"])
def test_a_damaged_manifest_of_tensors_is_refused_by_both(index: int, javascript: Any) -> None:
    with pytest.raises(BundleError, match="this manifest is damaged"):
        manifest_from_json(TENSORS["refused"][index]["manifest"])
    refused = javascript["tensors"][len(TENSORS["accepted"]) + index]["refused"]
    assert (refused["name"], "this manifest is damaged" in refused["message"]) == ("BundleError", True)


@pytest.mark.parametrize("index", range(len(CALLS)), ids=ids(CALLS))
def test_calls_of_tensors_are_read_or_refused_alike_and_in_the_same_words(index: int, javascript: Any) -> None:
    case = CALLS[index]
    made = called(case)
    if "tensors" in case:
        expected = {
            name: {**one, "values": [terms(golden.decode(v)) for v in one["values"]]}
            for name, one in case["tensors"].items()
        }
        assert made == {"tensors": expected}
        assert javascript["calls"][index] == {"tensors": expected}
        return
    refused = {**case["refused"], "name": "InputError"}
    assert made == {"refused": refused}
    assert javascript["calls"][index] == {"refused": {**refused, "row": None, "column": None}}


@pytest.mark.parametrize("case", [*TENSORS["accepted"], *TENSORS["refused"]], ids=lambda case: case["name"])
def test_the_published_schema_says_the_same_of_tensors(case: dict[str, Any]) -> None:
    schema = json.loads((HERE.parents[1] / "edge" / "isoship_edge" / "manifest.schema.json").read_text("utf-8"))
    fits = Draft202012Validator(schema).is_valid(case["manifest"])
    assert fits == (case in TENSORS["accepted"] or case["name"] in BEYOND_SCHEMA)


@pytest.mark.parametrize("case", MANIFESTS["accepted"], ids=lambda case: case["name"])
def test_the_published_schema_takes_columns(case: dict[str, Any]) -> None:
    schema = json.loads((HERE.parents[1] / "edge" / "isoship_edge" / "manifest.schema.json").read_text("utf-8"))
    Draft202012Validator(schema).validate(case["manifest"])


@pytest.mark.parametrize("index", range(len(ROWS)), ids=ids(ROWS))
def test_rows_are_accepted_or_refused_alike_and_in_the_same_words(index: int, javascript: Any) -> None:
    case = ROWS[index]
    python = decoded(case)
    if "columns" in case:
        expected = {name: [terms(golden.decode(v)) for v in column] for name, column in case["columns"].items()}
        assert python == {"columns": expected}
        assert javascript["rows"][index] == {"columns": expected}
        return
    refused = case["refused"]
    message = refused.get("message", f"{place(refused)}: expected {refused['expected']}, got {refused['seen']}")
    expected = {"refused": {**refused, "name": "InputError", "message": message}}
    assert python == expected
    assert javascript["rows"][index] == expected


@pytest.mark.parametrize("index", range(len(AGREEMENT["compared"])), ids=lambda i: AGREEMENT["compared"][i]["name"])
def test_labels_are_compared_and_numbers_subtracted_by_both(index: int, javascript: Any) -> None:
    case = AGREEMENT["compared"][index]
    output = Output("y", case["kind"], case["dtype"], ("N",))
    tolerance = Tolerance(*case["tolerance"], "")
    made = compared(output, tolerance, golden.decode(case["got"]), golden.decode(case["want"]))
    assert made == (case["difference"], case["fits"])
    assert javascript["compared"][index] == {"difference": case["difference"], "fits": case["fits"]}


@pytest.mark.parametrize("index", range(len(AGREEMENT["ties"])), ids=lambda i: AGREEMENT["ties"][i]["name"])
def test_both_call_the_same_margins_a_tie(index: int, javascript: Any) -> None:
    case = AGREEMENT["ties"][index]
    outputs = [Output(name, kind, "double", ("N",)) for name, kind in case["outputs"]]
    tolerances = {name: Tolerance(*parts, "") for name, parts in case["tolerances"].items()}
    assert tie_margin(outputs, tolerances, case["precision"]) == case["margin"]
    assert javascript["ties"][index] == case["margin"]


@pytest.mark.parametrize("index", range(len(ENCODINGS)), ids=ids(ENCODINGS))
def test_files_are_utf_8_or_marked_utf_16_to_both(index: int, javascript: Any, tmp_path: Path) -> None:
    case = ENCODINGS[index]
    path = tmp_path / "rows.csv"
    path.write_bytes(bytes.fromhex(case["bytes"]))
    if "text" in case:
        with open_text(path) as source:
            assert source.read() == case["text"]
        assert javascript["encodings"][index] == {"text": case["text"]}
        return
    with pytest.raises(InputError) as raised:
        open_text(path)
    refused = javascript["encodings"][index]["refused"]
    assert str(raised.value) == refused["message"] == case["refused"]
    assert refused["name"] == "InputError"


def called(case: dict[str, Any]) -> dict[str, Any]:
    expected = inputs_from_json(case["inputs"])
    try:
        tensors = tensors_from_json(case["call"], expected, 2**30)
        check(tensors, expected)
    except InputError as err:
        fault = {"input": err.input, "index": err.index, "seen": err.seen, "expected": err.expected}
        return {"refused": {**fault, "name": "InputError", "message": str(err)}}
    return {
        "tensors": {
            name: {
                "shape": list(tensor.shape),
                "values": [terms(bool(v) if tensor.dtype == "bool" else v) for v in values(tensor)],
            }
            for name, tensor in tensors.items()
        }
    }


def place(refused: dict[str, Any]) -> str:
    if refused["row"] is None:
        return "rows"
    row = f"row {refused['row']}"
    return row if refused["column"] is None else f'{row}, column "{refused["column"]}"'


def decoded(case: dict[str, Any]) -> dict[str, Any]:
    document = {**MANIFESTS["accepted"][0]["manifest"], "signature": case["signature"]}
    signature = manifest_from_json(document).signature
    try:
        tensors = decode_rows(case["rows"], signature)
    except InputError as err:
        fault = {"row": err.row, "column": err.column, "seen": err.seen, "expected": err.expected}
        return {"refused": {**fault, "name": "InputError", "message": str(err)}}
    columns = {}
    for j, column in enumerate(signature.columns):
        flat = values(tensors["X" if signature.layout == "matrix" else column.name])
        own = flat[j :: len(signature.columns)] if signature.layout == "matrix" else flat
        columns[column.name] = [{"bool": bool(v)} if column.dtype == "bool" else terms(v) for v in own]
    return {"columns": columns}


@pytest.mark.parametrize(("kind", "cases"), [("rows", ROWS), ("calls", CALLS)])
def test_the_first_of_all_problems_is_what_is_refused(kind: str, cases: list[dict[str, Any]], javascript: Any) -> None:
    for case, answer, problems in zip(cases, javascript[kind], javascript["explained"][kind], strict=True):
        if kind == "rows" and not isinstance(case["rows"], list):
            continue  # one row alone may be explained
        first = [answer["refused"]["message"]] if "refused" in answer else []
        assert problems[:1] == first, case["name"]
