"""The page of a bundle of tensors in a real Chromium: drawn into, given a picture, asked in JSON, verified."""

from __future__ import annotations

import base64
import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from node_script import WEB, run_node

from tensor_bundles import digits_reference

#: A stroke like a seven.
STROKES = [[0.25, 0.2], [0.75, 0.2], [0.45, 0.85]]
WRONG = {"image": [[[[300]] * 8] * 8]}


def visited(bundle: Path, **job: Any) -> Any:
    return run_node(Path(__file__).with_name("page.mjs"), str(bundle / "web"), str(WEB / "package.json"), stdin=job)


def png(pixels: np.ndarray[Any, Any]) -> str:
    from PIL import Image

    out = io.BytesIO()
    Image.fromarray(pixels).save(out, "png")
    return base64.b64encode(out.getvalue()).decode()


@pytest.fixture(scope="module")
def seen(digits: Path, tmp_path_factory: pytest.TempPathFactory) -> Any:
    shot = tmp_path_factory.mktemp("page") / "drawn.png"
    half = np.zeros((8, 8, 4), "uint8")
    half[:, 4:] = (255, 255, 255, 255)
    half[0, 0] = (255, 255, 255, 0)
    return visited(digits, strokes=STROKES, picture=png(half), worker=WRONG, shot=str(shot))


def logits_of(pixels: dict[str, Any]) -> np.ndarray[Any, Any]:
    array = np.array(pixels["data"], "uint8").reshape(pixels["shape"])
    return digits_reference({"image": array})["logits"][0]


def test_the_page_says_what_the_model_is(seen: Any) -> None:
    assert (seen["failure"], seen["title"]) == ("", "digits")
    assert "wasm backend" in seen["identity"]
    assert seen["speed"].startswith("answered in ")
    assert seen["speed"].endswith(" ms by TensorFlow.js on wasm, in float32")
    assert seen["ports"] == ["imageuint8[N, 8, 8, 1]", "logitsfloat[N, 10]"]
    assert seen["console"] == []
    assert not [url for url in seen["requests"] if "://" in url and not url.startswith("blob:")]
    assert seen["axe"] == []


def test_nothing_of_the_page_and_program_of_columns_is_fetched(seen: Any) -> None:
    assert {"tensors/page/page.js", "tensors/model.js", "program.json", "model.json"} <= set(seen["requests"])
    of_columns = {"page/page.js", "page/form.js", "page/files/files.js", "rows.json", "graph/webform.js", "program.js"}
    assert not {*of_columns, "ops/registry.js"} & set(seen["requests"])


def test_a_drawing_is_answered_as_the_formula_answers_its_pixels(seen: Any) -> None:
    drawn = seen["drawn"]
    assert drawn["classes"] == [str(k) for k in range(10)]
    assert 100 < sum(drawn["pixels"]["data"]) < 64 * 255 / 2, "a stroke, not a field"
    want = logits_of(drawn["pixels"])
    np.testing.assert_allclose(drawn["figures"], want, rtol=1e-4, atol=1e-4)
    assert drawn["best"] == [str(int(want.argmax()))]
    for empty in (seen["first"], seen["cleared"]):
        np.testing.assert_allclose(empty["figures"], np.zeros(10), atol=1e-6)


def test_a_picture_is_shown_to_the_model_transparent_as_black(seen: Any) -> None:
    pixels = np.array(seen["chosen"]["pixels"]["data"]).reshape(8, 8)
    # the canvas smooths the edge in the middle
    assert (pixels[:, :3] == 0).all()
    assert (pixels[:, 5:] == 255).all()
    np.testing.assert_allclose(seen["chosen"]["figures"], logits_of(seen["chosen"]["pixels"]), rtol=1e-4, atol=1e-4)
    assert seen["unreadable"] == "no.png is no picture that this browser reads"


def test_the_page_verifies_and_a_worker_answers_as_the_page_does(seen: Any) -> None:
    assert seen["verified"].startswith("Same as trained: 7 golden calls, largest difference ")
    assert seen["badge"].startswith("Same as trained: 7 calls, largest difference ")
    assert seen["worker"]["ok"] is True
    error = seen["worker"]["error"]
    assert (error["name"], error["input"], error["index"]) == ("InputError", "image", [0, 0, 0, 0])
    assert error["message"] == 'input "image" at [0, 0, 0, 0]: expected an integer from 0 to 255, got a number 300'


def test_other_models_are_asked_in_json(numbers: Path) -> None:
    good = '{"scalar": 1}'
    made = visited(numbers, call=["{", good])
    assert made["written"].startswith('{"x_float":[[0,0]]')
    assert made["failure"] == ""
    broken, absent = made["called"]
    assert broken["problem"].startswith("this is no JSON: ")
    assert absent["problem"] == 'input "x_float": expected a tensor, got nothing (the input is absent)'
    assert made["axe"] == []
