"""load, predict, predictTensors and selftest of bundles of tensors, in Node."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from node_script import run_node
from web_bundles import arrays_of, asked, call_of, numbers_bundle

from isoship_edge.http.api import handle
from isoship_edge.manifest import read_manifest, sealed
from tensor_bundles import digits_reference, json_of, loaded, mixed_inputs, mixed_reference

PIXELS = np.random.default_rng(5).integers(0, 17, (3, 8, 8, 1), dtype="uint8")
#: Calls of the digits that nobody answers.
WRONG = [
    {},
    {"image": 3},
    {"image": PIXELS[:, :7].tolist()},
    {"image": []},
    {"image": [[[[256]] * 8] * 8]},
    {"image": [[[[0.5]] * 8] * 8]},
    {"image": [[["x"] * 8] * 8]},
    {"image": PIXELS.tolist(), "more": 1},
]


def posted(bundle: Path, inputs: Any) -> tuple[int, Any]:
    """POST /predict of the same bundle, without a socket."""
    model = loaded(bundle)
    body = json.dumps({"inputs": inputs}).encode()
    response = handle(model, "POST", "/predict", {"content-type": "application/json"}, body)
    model.close()
    return response.status, json.loads(response.body)


@pytest.mark.parametrize("backend", ["cpu", "wasm"])
def test_predict_answers_what_http_answers(digits: Path, backend: str) -> None:
    status, answer = posted(digits, {"image": PIXELS.tolist()})
    made = asked(digits, options={"backend": backend}, predict=[{"image": PIXELS.tolist()}])
    assert (status, made["model"]) == (200, {"engine": "tfjs", "backend": backend, "inputs": ["image"]})
    logits = made["predicted"][0]["ok"]["logits"]
    assert list(made["predicted"][0]["ok"]) == list(answer["outputs"]) == ["logits"]
    np.testing.assert_allclose(logits, answer["outputs"]["logits"], rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(logits, digits_reference({"image": PIXELS})["logits"], rtol=1e-5, atol=1e-5)


def test_what_http_refuses_is_refused_in_the_same_words(digits: Path) -> None:
    made = asked(digits, predict=WRONG)["predicted"]
    for inputs, answer in zip(WRONG, made, strict=True):
        status, problem = posted(digits, inputs)
        assert status == 422
        said = answer["error"]
        assert (said["name"], said["message"]) == ("InputError", problem["detail"])
        assert [said[key] for key in ("input", "index", "seen", "expected")] == [
            problem.get(key) for key in ("input", "index", "seen", "expected")
        ]


def held(count: int = 2) -> dict[str, np.ndarray[Any, Any]]:
    """Numbers of every dtype that TensorFlow.js holds."""
    made = mixed_inputs(count, kind="numbers")
    for name in ("x_int64", "x_uint64", "x_uint32"):
        made[name] = np.array([[0, 2**24]] * count, made[name].dtype)
    made["x_int64"][0, 0] = -(2**24)
    made["x_int32"] = made["x_int32"].clip(-(2**24), 2**24)
    made["x_double"] = made["x_double"].astype("float32").astype("float64")
    return made


@pytest.mark.parametrize("backend", ["cpu", "wasm"])
def test_every_dtype_goes_in_and_out_with_its_bits(numbers: Path, backend: str) -> None:
    call = held()
    answer = asked(numbers, options={"backend": backend}, tensors=[call_of(call)])["made"][0]["ok"]
    made, want = arrays_of(answer), mixed_reference(call)
    assert made.keys() == want.keys()
    for name, array in want.items():
        assert (made[name].dtype, made[name].shape) == (array.dtype, array.shape), name
        np.testing.assert_array_equal(made[name], array, err_msg=name)
    assert answer["x_int64_out"]["kind"] == "BigInt64Array"
    assert (answer["x_float16_out"]["kind"], answer["x_bool_out"]["kind"]) == ("Uint16Array", "Uint8Array")


def test_nested_lists_of_every_dtype_are_answered_as_over_http(numbers: Path) -> None:
    call = json_of(
        {name: array for name, array in held().items() if name != "x_double"} | {"x_double": [[1.5, -2.0]] * 2}
    )
    status, answer = posted(numbers, call)
    assert status == 200
    assert asked(numbers, predict=[call])["predicted"][0]["ok"] == answer["outputs"]


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("x_int64", 2**24 + 1, "from -16777216 to 16777216, as TensorFlow.js holds them, got a number 16777217"),
        ("x_int64", -(2**24) - 1, "an integer from -16777216 to 16777216"),
        ("x_int32", 2**24 + 1, "an integer from -16777216 to 16777216"),
        ("x_uint64", 2**64 - 1, "got a number 18446744073709552000"),
        ("x_double", 1e39, "a number that float32 holds, in which TensorFlow.js computes, got a number 1e+39"),
    ],
)  # fmt: skip
def test_numbers_that_tensorflow_js_does_not_hold_are_refused(numbers: Path, name: str, value: Any, words: str) -> None:
    call = held()
    call[name][1, 0] = value
    error = asked(numbers, tensors=[call_of(call)])["made"][0]["error"]
    assert (error["name"], error["input"], error["index"]) == ("InputError", name, [1, 0])
    assert words in error["message"]


def test_typed_arrays_are_never_converted_and_tell_their_shape_by_their_length(digits: Path) -> None:
    good = asked(digits, tensors=[call_of({"image": PIXELS})], bare=True)["made"][0]["ok"]
    assert good["logits"]["shape"] == [3, 10]
    wrong = [
        (PIXELS.astype("float32"), "expected an array of class Uint8Array, got one of class Float32Array"),
        (PIXELS.reshape(-1)[:70], "expected values for shape [N, 8, 8, 1], got 70"),
    ]
    for array, words in wrong:
        error = asked(digits, tensors=[call_of({"image": array})], bare=True)["made"][0]["error"]
        assert words in error["message"]
    call = call_of({"image": PIXELS})
    call["image"]["shape"] = [2, 8, 8, 1]
    error = asked(digits, tensors=[call])["made"][0]["error"]
    assert "expected 128 values for shape [2, 8, 8, 1], got 192" in error["message"]


@pytest.mark.parametrize("backend", ["cpu", "wasm"])
def test_the_callers_array_may_change_while_the_answer_is_on_its_way(numbers: Path, backend: str) -> None:
    """Every input of the model is handed through, so that none is spared by a conversion."""
    call = call_of(held())
    one, other = (
        asked(numbers, options={"backend": backend}, tensors=[call], changed=changed)["made"][0]["ok"]
        for changed in (False, True)
    )
    assert one == other


@pytest.mark.parametrize("backend", ["cpu", "wasm"])
def test_the_golden_calls_agree(digits: Path, backend: str) -> None:
    verdict = asked(digits, options={"backend": backend}, selftest=True)["selftest"]
    assert (verdict["ok"], verdict["rows"], verdict["firstDifference"]) == (True, 7, None)
    assert 0 < verdict["worst"] < 1e-5


def test_a_golden_answer_of_another_model_is_told(digits: Path, tmp_path: Path) -> None:
    changed = Path(shutil.copytree(digits, tmp_path / "changed"))
    document = json.loads((changed / "web" / "golden.json").read_bytes())
    at, length = document["asks"][1]["outputs"]["logits"]["at"]
    data = bytearray((changed / "web" / "golden.bin").read_bytes())
    logits = np.frombuffer(bytes(data[at : at + length]), "<f4").copy()
    logits[3] += 1
    data[at : at + length] = logits.tobytes()
    resealed(changed, {"golden.bin": bytes(data)})
    verdict = asked(changed, selftest=True)["selftest"]
    assert verdict["ok"] is False
    assert verdict["firstDifference"].startswith("call 1 (batch-1), logits at [0, 3]: expected")


def resealed(bundle: Path, files: dict[str, bytes]) -> None:
    """Writes files of web/ and a manifest that speaks of them."""
    import hashlib

    document = json.loads((bundle / "web" / "manifest.json").read_bytes())
    for name, data in files.items():
        (bundle / "web" / name).write_bytes(data)
        listed = name if name.startswith("golden") else f"web/{name}"
        document["files"][listed] = hashlib.sha256(data).hexdigest()
    (bundle / "web" / "manifest.json").write_bytes(sealed(document))


@pytest.mark.parametrize("name", ["group1-shard1of1.bin", "model.json", "program.json"])
def test_a_changed_file_is_named_before_anything_is_answered(digits: Path, tmp_path: Path, name: str) -> None:
    changed = Path(shutil.copytree(digits, tmp_path / "changed"))
    path = changed / "web" / name
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    error = asked(changed, predict=[{"image": PIXELS.tolist()}])["error"]
    assert error["name"] == "BundleError"
    assert f"{name} is damaged, or of another export" in error["message"]


def test_damaged_descriptions_of_ports_are_named(digits: Path, tmp_path: Path) -> None:
    changed = Path(shutil.copytree(digits, tmp_path / "changed"))
    program = json.loads((changed / "web" / "program.json").read_bytes())
    cases = [
        ({**program, "inputs": []}, 'has no input "image", which the manifest promises'),
        ({**program, "format": 1}, "a bundle of tensors has format 2"),
        ({**program, "outputs": [{**program["outputs"][0], "tfjs": "int32"}]}, '"logits" is float as int32 there'),
    ]
    for document, words in cases:
        resealed(changed, {"program.json": json.dumps(document).encode()})
        assert words in asked(changed)["error"]["message"]


def test_the_row_program_cannot_be_asked_for(digits: Path) -> None:
    error = asked(digits, options={"engine": "rows"})["error"]
    assert error["name"] == "BundleError"
    assert "this bundle takes tensors, and the row program takes rows" in error["message"]
    assert asked(digits, options={"engine": "tfjs"})["model"]["engine"] == "tfjs"


def test_convolutions_are_worth_wasm_and_what_wasm_lacks_is_answered_on_cpu(
    digits: Path, runtime: Path, tmp_path: Path
) -> None:
    assert asked(digits, predict=[{"image": PIXELS.tolist()}])["model"]["backend"] == "wasm"
    lacking = numbers_bundle(tmp_path / "numbers", runtime, extra="beyond wasm")
    call = held()
    made = asked(lacking, tensors=[call_of(call), call_of(call)])
    assert made["model"]["backend"] == "cpu"
    for answer in made["made"]:
        np.testing.assert_array_equal(arrays_of(answer["ok"])["x_float_out"], call["x_float"])
    named = asked(lacking, options={"backend": "wasm"}, tensors=[call_of(call)])["made"][0]["error"]
    assert named["name"] == "BundleError"
    assert "Kernel 'Einsum' not registered for backend 'wasm'" in named["message"]


@pytest.mark.parametrize("kind", ["digits", "numbers"])
def test_a_bundles_own_document_asks_it(kind: str, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    web = Path(shutil.copytree(request.getfixturevalue(kind) / "web", tmp_path / "web"))
    document = (web / "README.md").read_text(encoding="utf-8")
    (block,) = [text for text in re.findall(r"```js\n(.*?)```", document, re.DOTALL) if 'from "./index.js"' in text]
    (web / "asked.mjs").write_text(f"{block}console.log(JSON.stringify(Object.keys(answer)));\n", encoding="utf-8")
    manifest = read_manifest(web)
    assert run_node(web / "asked.mjs") == [output.name for output in manifest.outputs]
    types = "".join((web / name).read_text(encoding="utf-8") for name in ("index.d.ts", "types.d.ts"))
    for name in set(re.findall(r"\| `(?:model\.)?(\w+)", document)) - {manifest.name}:
        assert re.search(rf"\b{name}\b", types), name
    assert {path.name for path in web.glob("*.html")} == {"index.html"}
    assert {path.name for path in web.glob("*.md")} == {"README.md"}
    for path in [*web.glob("*.js"), *web.glob("*/*.js"), *web.glob("*/*/*.js")]:
        for target in re.findall(r"""(?:from|import)\s*\(?\s*["'](\.[^"']+)["']""", path.read_text(encoding="utf-8")):
            assert (path.parent / target).is_file(), f"{path.name} imports {target}"


@pytest.mark.parametrize("backend", ["cpu", "wasm"])
def test_operators_whose_results_have_sizes_of_their_own_are_run_asynchronously(
    runtime: Path, tmp_path: Path, backend: str
) -> None:
    dynamic, call = numbers_bundle(tmp_path / "numbers", runtime, extra="dynamic"), held()
    for answer in asked(dynamic, options={"backend": backend}, tensors=[call_of(call)] * 3)["made"]:
        np.testing.assert_array_equal(arrays_of(answer["ok"])["x_float_out"], call["x_float"])
