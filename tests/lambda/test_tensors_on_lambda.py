"""A bundle of tensors on Lambda: under the real runtime client, in the log, from a queue, and held by the hook."""

from __future__ import annotations

import base64
import copy
import io
import json
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import onnx
import pytest
from lambda_directory import Here
from onnx import numpy_helper
from PIL import Image
from test_lambda_imports import _FIRST_ANSWER, COSTLY, STANDARD, run
from test_sqs import batch, failures

from isoship.parity.runners.contract import RunnerCrashed
from isoship.parity.runners.lambda_events import predict_event
from isoship.parity.runners.lambda_process import LambdaFunction
from isoship_edge.inference.model import load
from isoship_edge.inference.session import open_session
from isoship_lambda.callers import breaks_callers, card_of
from isoship_lambda.hook import callers_lost, replay
from tensor_bundles import digits_reference, json_of, make_tensor_bundle, mixed_inputs, mixed_reference

Load = Callable[..., ModuleType]
IMAGES = np.random.default_rng(8).integers(0, 17, (2, 8, 8, 1), dtype="uint8")
PAYLOAD = {"inputs": {"image": IMAGES.tolist()}}
GOOD = predict_event(json.dumps(PAYLOAD))
BAD = {"inputs": {"image": [[[[1]] * 8] * 7 + [[[1]] * 7 + [[271828]]]]}}
MODEL_FILES = ("manifest.json", "model.onnx", "golden.json", "golden.bin")


@pytest.fixture(scope="module")
def bundles(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return {k: make_tensor_bundle(tmp_path_factory.mktemp(k), k) for k in ("digits", "mixed", "numbers")}


def directory(here: Here, bundle: Path, folder: Path) -> Here:
    """The Lambda directory with another bundle's files."""
    shutil.copytree(here.folder, folder, symlinks=True)
    for name in MODEL_FILES:
        shutil.copy(bundle / name, folder / name)
    return Here(here.interpreter, folder, here.client)


@pytest.fixture(scope="module")
def digits_here(here: Here, bundles: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Here:
    return directory(here, bundles["digits"], tmp_path_factory.mktemp("digits") / "task")


@pytest.fixture(scope="module")
def function(digits_here: Here) -> Iterator[LambdaFunction]:
    made = LambdaFunction(digits_here.interpreter, digits_here.folder, digits_here.client)
    yield made
    made.close()


def logits(answer: Any) -> Any:
    document = json.loads(answer["body"]) if "body" in answer else answer
    return document["outputs"]["logits"]


def check(answer: Any, images: Any = IMAGES) -> None:
    want = digits_reference({"image": images})["logits"]
    np.testing.assert_allclose(logits(answer), want, rtol=1e-5, atol=1e-4)


def test_lists_pictures_and_plain_payloads(function: LambdaFunction) -> None:
    check(function.invoke(GOOD))
    check(function.invoke(PAYLOAD))
    file = io.BytesIO()
    Image.fromarray(IMAGES[0, ..., 0]).save(file, "PNG")
    picture = {"inputs": {"image": {"png": base64.b64encode(file.getvalue()).decode()}}}
    check(function.invoke(predict_event(json.dumps(picture))), IMAGES[:1])
    check(function.invoke(picture), IMAGES[:1])


def test_a_refusal_leaves_no_value_in_the_log(digits_here: Here) -> None:
    function = LambdaFunction(digits_here.interpreter, digits_here.folder, digits_here.client)
    try:
        answer = function.invoke(predict_event(json.dumps(BAD)))
        assert answer["statusCode"] == 422
        assert json.loads(answer["body"])["index"] == [0, 7, 7, 0]
        told = json.loads(function.log().strip().splitlines()[-1])
        unknown = function.invoke(predict_event(json.dumps({"inputs": {"secretly": 1}})))
        assert unknown["statusCode"] == 422
        with pytest.raises(RunnerCrashed, match="expected an integer from 0 to 255"):
            function.invoke(BAD)
        with pytest.raises(RunnerCrashed, match=r'SQS, or {\\?"inputs\\?": {...}}'):
            function.invoke({"rows": []})
        log = function.log()
    finally:
        function.close()
    assert "271828" not in log
    assert "secretly" not in log
    assert "271828" not in json.dumps(told)
    assert (told["input"], told["index"], told["status"]) == ("image", [0, 7, 7, 0], 422)


def test_a_first_answer_of_tensors_imports_this_and_no_more(digits_here: Here) -> None:
    imported = set(run(digits_here, _FIRST_ANSWER, json.dumps(GOOD)))
    own = {module for module in imported if module.split(".")[0] in ("isoship_edge", "isoship_lambda")}
    assert not imported & COSTLY.keys()
    assert imported - own <= STANDARD
    assert "isoship_edge.tensors.model" in own
    assert own.isdisjoint({"isoship_lambda.app", "isoship_edge.tensors.png", "isoship_edge.tensors.arrays"})


def test_rows_of_columns_import_nothing_of_tensors(here: Here, event: Callable[[str], dict[str, Any]]) -> None:
    imported = run(here, _FIRST_ANSWER, json.dumps(event("http_api_predict")))
    assert not [name for name in imported if name.startswith("isoship_edge.tensors")]


@pytest.mark.parametrize("direct", ["1", "0"])
def test_one_line_a_request_counts_items(entry: Load, bundles: Any, capsys: Any, direct: str) -> None:
    module = entry(bundles["digits"], ISOSHIP_DIRECT=direct)
    check(module.handler(GOOD, None))
    [line] = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert (line["rows"], line["status"], line["message"]) == (2, 200, "POST /predict")


def test_messages_of_a_queue(entry: Load, bundles: Any, capsys: Any) -> None:
    handler = entry(bundles["digits"], ISOSHIP_LOG_ANSWERS="1").handler
    bodies = [json.dumps(PAYLOAD), json.dumps(BAD), "{", '{"rows": []}']
    assert failures(handler(batch(*bodies), None)) == ["m1", "m2", "m3"]
    answered, refused, *_ = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    check(answered)
    assert (refused["input"], refused["index"]) == ("image", [0, 7, 7, 0])
    assert "271828" not in json.dumps(refused)


@pytest.mark.parametrize("kind", ["digits", "mixed", "numbers"])
def test_the_hook_replays_golden_calls(entry: Load, bundles: Any, kind: str) -> None:
    handler = entry(bundles[kind]).handler

    def invoke(event: dict[str, Any]) -> Any:
        return json.loads(json.dumps(handler(json.loads(json.dumps(event)), None)))

    assert replay(bundles[kind], invoke) is None
    assert callers_lost(bundles[kind], invoke) is None


def test_the_hook_finds_another_model(entry: Load, bundles: Any, tmp_path: Path) -> None:
    folder = shutil.copytree(bundles["digits"], tmp_path / "b")
    module = entry(folder)
    model = onnx.load(folder / "model.onnx")
    [kernel] = [one for one in model.graph.initializer if one.name == "kernel"]
    kernel.CopyFrom(numpy_helper.from_array(numpy_helper.to_array(kernel) * np.float32(1.5), "kernel"))
    onnx.save(model, folder / "other.onnx")
    module.model.session.close()
    module.model.session = module.model.calls._session = open_session(folder / "other.onnx")
    wrong = replay(bundles["digits"], lambda event: module.handler(event, None))
    assert wrong is not None
    assert "logits at [0, " in wrong


def test_the_hook_names_what_is_no_answer(bundles: Any) -> None:
    card = {**card_of(load(bundles["digits"]).document)}

    def invoke(event: dict[str, Any]) -> Any:
        if event["rawPath"] == "/":
            return {"statusCode": 200, "body": json.dumps(card)}
        return {"statusCode": 502, "body": "bad gateway", "isBase64Encoded": False, "headers": {}}

    assert "/v2/models/digits/infer is answered with" in str(replay(bundles["digits"], invoke))


CARD = {
    "name": "digits", "version": "1", "digest": "sha256:0", "provenance": {},
    "signature": {"layout": "tensors", "inputs": [
        {"name": "image", "dtype": "uint8", "shape": ["N", 8, 8, 1], "image": {"color": "gray"}},
        {"name": "ids", "dtype": "int64", "shape": ["N", "L"], "minimum": 0, "maximum": 9, "largest": {"L": 7}},
        {"name": "x", "dtype": "float", "shape": [3], "nan": True, "infinity": True},
    ]},
    "outputs": [
        {"name": "logits", "kind": "tensor", "dtype": "float", "shape": ["N", 2], "classes": ["no", "yes"]},
        {"name": "hidden", "kind": "tensor", "dtype": "float", "shape": ["N", 7]},
    ],
}  # fmt: skip


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda c: c["signature"]["inputs"].pop(1), "takes no input 'ids' any more"),
        (lambda c: c["signature"]["inputs"].append({"name": "more", "dtype": "bool", "shape": []}), "needs the input"),
        (lambda c: c["signature"]["inputs"][0].pop("image"), "no pictures of gray"),
        (lambda c: c["signature"]["inputs"][0].update(shape=[1, 8, 8, 1]), "has the shape [1, 8, 8, 1]"),
        (lambda c: c["signature"]["inputs"][1].update(shape=["N", "L", 1]), "has the shape"),
        (lambda c: c["signature"]["inputs"][1].update(dtype="int32"), "is int32 and was int64"),
        (lambda c: c["signature"]["inputs"][1].update(minimum=1), "begins at 1 and began at 0"),
        (lambda c: c["signature"]["inputs"][1].update(maximum=8), "ends at 8 and ended at 9"),
        (lambda c: c["signature"]["inputs"][1].update(largest={"L": 5}), "takes L up to 5 and took it up to 7"),
        (lambda c: c["signature"]["inputs"][0].update(largest={"N": 5}), "input 'image' takes N up to 5"),
        (lambda c: c["signature"]["inputs"][2].update(nan=False), "takes no NaN any more"),
        (lambda c: c["signature"]["inputs"][2].update(infinity=False), "takes no infinite numbers"),
        (lambda c: c["outputs"].pop(1), "output 'hidden' is gone"),
        (lambda c: c["outputs"][1].update(dtype="double"), "is double and was float"),
        (lambda c: c["outputs"][1].update(shape=["N", 8]), "has the shape ['N', 8] and had ['N', 7]"),
        (lambda c: c["outputs"][1].update(shape=["N"]), "has the shape ['N']"),
        (lambda c: c["outputs"][0].update(classes=["yes", "no"]), "its classes in other places"),
        (lambda c: c.update(signature={"layout": "columns", "columns": []}), "it takes rows and took tensors"),
    ],
)
def test_what_callers_would_meet_is_named(change: Any, words: str) -> None:
    card = copy.deepcopy(CARD)
    change(card)
    assert any(words in line for line in breaks_callers(CARD, card)), breaks_callers(CARD, card)


def test_what_no_caller_meets_passes() -> None:
    card: Any = copy.deepcopy(CARD)
    card["signature"]["inputs"][1] |= {"maximum": 20, "shape": ["B", "M"], "largest": {"M": 7}}
    card["signature"]["inputs"][2] |= {"shape": ["K"]}
    card["outputs"][0] |= {"classes": ["no", "yes", "maybe"], "shape": ["N", 3]}
    assert breaks_callers(CARD, card) == []
    assert breaks_callers(CARD, CARD) == []


def test_lambda_gives_every_dtype_back(entry: Load, bundles: Any) -> None:
    given = mixed_inputs(2)
    given["x_double"][:] = 0.5
    answer = entry(bundles["mixed"]).handler({"inputs": json_of(given)}, None)
    for name, want in mixed_reference(given).items():
        assert answer["outputs"][name] == json_of({name: want})[name]


def test_primed_before_the_first_call(entry: Load, bundles: Any) -> None:
    """Provisioned concurrency and SnapStart replay the golden calls."""
    module = entry(bundles["digits"], AWS_LAMBDA_INITIALIZATION_TYPE="provisioned-concurrency")
    check(module.handler(GOOD, None))


def test_edge_run_on_the_same_files(digits_here: Here, tmp_path: Path) -> None:
    lines = tmp_path / "calls.jsonl"
    lines.write_text(json.dumps(PAYLOAD) + "\n\n" + json.dumps({"inputs": {"image": IMAGES[:1].tolist()}}) + "\n")
    ran = subprocess.run(
        [digits_here.interpreter, "-m", "isoship_edge", "predict", lines, "--bundle", digits_here.folder],
        cwd=digits_here.folder, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr
    first, second = map(json.loads, ran.stdout.splitlines())
    check(first)
    check(second, IMAGES[:1])
    assert "2 calls answered by digits 1.2.3" in ran.stderr
