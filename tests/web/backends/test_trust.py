"""The visitor's graphics processor on trial; a patched kernel of TF.js stands for a driver that computes otherwise."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import tiny_bundle
from in_chromium import in_chromium
from strokes import assert_right, loading, reseal

#: webgl's rectifier lets what is below 0 pass.
LIES = {"one": {"tfjs/webgl.js": [("x * vec4(greaterThanEqual(x, vec4(0.0)))", "x")]}}


def test_a_backend_that_answers_otherwise_is_left_and_the_verdict_kept(web: Path, logits: Any) -> None:
    run = {"run": loading(backend=["webgl", "wasm"])}
    first, second, alone = (
        seen["result"] for seen in in_chromium({"one": web}, run, run, {"run": loading(backend="webgl")}, patches=LIES)
    )
    assert_right(first, logits)
    assert first["backend"] == second["backend"] == "wasm"
    [trial] = first["trust"]["tried"]
    assert (trial["backend"], trial["ok"], trial["kept"]) == ("webgl", False, False)
    assert "expected" in trial["why"]
    assert "SwiftShader" in trial["adapter"]
    assert trial["rows"] > 10
    assert second["trust"]["tried"] == [{**trial, "kept": True}]
    assert_right(second, logits)
    name, message = alone["error"]
    assert name == "BackendError"
    assert message.startswith("webgl does not answer on this machine as the trained model did: ")


def test_a_second_visit_replays_nothing_and_another_model_json_is_asked_again(
    web: Path, logits: Any, tmp_path: Path
) -> None:
    """Golden rows are read when they are replayed, and never otherwise."""
    other = tmp_path / "other"
    shutil.copytree(web, other)
    path = other / "model.json"
    document = json.loads(path.read_bytes())
    document["userDefinedMetadata"] = {"made": "again"}
    path.write_text(json.dumps(document))
    reseal(other)
    run = {"run": loading(backend=["webgl", "wasm"])}
    seen = in_chromium({"one": web}, run, run, {**run, "folders": {"one": str(other)}}, run)
    assert [step["result"]["backend"] for step in seen] == ["webgl"] * 4
    assert [step["result"]["trust"]["tried"][0]["kept"] for step in seen] == [False, True, False, True]
    replayed = ["/one/golden.bin" in step["requests"] for step in seen]
    assert replayed == [True, False, True, False]
    for step in seen:
        assert_right(step["result"], logits)


def test_a_model_of_columns_is_tried_as_well(bundle: Path) -> None:
    batch = tiny_bundle.rows(3, seed=8)
    run = f"""
const {{ load }} = await import("/one/index.js");
const model = await load({{ backend: ["webgpu", "webgl", "wasm"] }});
return [model.backend, model.trust, (await model.predict({json.dumps(batch)})).map((row) => row.label)];
"""
    [seen] = in_chromium({"one": bundle}, {"run": run})
    backend, trust, labels = seen["result"]
    assert (backend, trust["ok"]) == ("webgpu", True)
    assert [(one["backend"], one["ok"]) for one in trust["tried"]] == [("webgpu", True)]
    assert labels == tiny_bundle.answers(batch)["label"]


def test_what_is_not_there_is_passed_over_and_said(web: Path, logits: Any) -> None:
    run = "Object.defineProperty(Navigator.prototype, 'gpu', { value: undefined });" + loading(
        backend=["webgpu", "cpu"]
    )
    [seen] = in_chromium({"one": web}, {"run": run})
    found = seen["result"]
    assert found["backend"] == "cpu"
    assert [(one["backend"], one["ok"]) for one in found["trust"]["tried"]] == [("webgpu", False)]
    assert_right(found, logits)


def test_without_a_trial_it_is_taken_as_it_is(web: Path, logits: Any) -> None:
    [seen] = in_chromium({"one": web}, {"run": loading(backend="webgl", trial=False)}, patches=LIES)
    assert seen["result"]["backend"] == "webgl"
    assert seen["result"]["trust"] is None


def test_float16_textures_are_refused_before_any_trial(web: Path, logits: Any) -> None:
    flags = (("WEBGL_FORCE_F16_TEXTURES", "true"), ("WEBGL_RENDER_FLOAT32_ENABLED", "false"))
    loads = 'if (backend === "webgl") await import("../tfjs/webgl.js");'
    force = "".join(f'if (backend === "webgl") tf.env().set("{flag}", {value});' for flag, value in flags)
    patches = {"one": {"graph/backend.js": [(loads, loads + force)]}}
    [seen] = in_chromium({"one": web}, {"run": loading(backend=["webgl", "cpu"])}, patches=patches)
    [trial] = seen["result"]["trust"]["tried"]
    assert "16-bit floats" in trial["why"]
    assert seen["result"]["backend"] == "cpu"


PAGE = """
const byId = (id) => document.getElementById(id);
return { trust: byId("trust").textContent, identity: byId("identity").textContent, badge: byId("badge").textContent };
"""


def test_the_page_says_what_is_not_trusted_and_what_answers_instead(web: Path) -> None:
    visit = {"visit": "/one/index.html?backend=webgl", "wait": "#offline[data-kept=true]", "run": PAGE}
    first, second = in_chromium({"one": web}, visit, visit, patches=LIES)
    for seen, when in ((first, "on this device: "), (second, "on this device")):
        said = seen["result"]
        assert "TensorFlow.js on webgl" in said["trust"]
        assert f"was not trusted {when}" in said["trust"]
        assert "expected" in said["trust"]
        assert "Answers are computed" in said["trust"]
        assert "wasm" in said["identity"]
    assert first["result"]["trust"] != second["result"]["trust"], "the second says that the verdict is an earlier one's"


#: As on a machine whose graphics are fast, whatever the time here.
FAST = {"graph/trust.js": [("WORTHWHILE_MS = 50", "WORTHWHILE_MS = 0"), ("FASTER = 0.8", "FASTER = 1e9")]}


def test_unasked_a_small_network_stays_off_graphics(web: Path, logits: Any) -> None:
    [seen] = in_chromium({"one": web}, {"run": loading()})
    assert (seen["result"]["backend"], seen["result"]["trust"]) == ("wasm", None)
    assert not [name for name in seen["requests"] if "webg" in name or "/golden.bin" in name]
    assert_right(seen["result"], logits)


def test_unasked_graphics_answer_where_they_are_faster_and_right(web: Path, logits: Any) -> None:
    first, second = in_chromium({"one": web}, {"run": loading()}, {"run": loading()}, patches={"one": FAST})
    for seen, kept in ((first, False), (second, True)):
        assert seen["result"]["backend"] == "webgpu"
        [trial] = seen["result"]["trust"]["tried"]
        assert (trial["backend"], trial["ok"], trial["kept"]) == ("webgpu", True, kept)
        assert ("/one/golden.bin" in seen["requests"]) is not kept
        assert_right(seen["result"], logits)


def test_unasked_graphics_that_are_wrong_or_slow_are_left(web: Path, logits: Any) -> None:
    """webgpu is taken away. Software graphics are slower than wasm: the second verdict is the machine's own."""
    gone = "Object.defineProperty(Navigator.prototype, 'gpu', { value: undefined });"
    wrong = {"one": {**FAST, **LIES["one"]}}
    slow = {"one": {"graph/trust.js": FAST["graph/trust.js"][:1]}}
    for patches, why in ((wrong, "expected"), (slow, "it is not faster: a call takes")):
        first, second = in_chromium({"one": web}, *[{"run": gone + loading()}] * 2, patches=patches)
        for seen, kept in ((first, False), (second, True)):
            assert seen["result"]["backend"] == "wasm"
            [trial] = seen["result"]["trust"]["tried"]
            assert (trial["backend"], trial["ok"], trial["kept"]) == ("webgl", False, kept)
            assert why in trial["why"]
            assert trial.get("slow", False) is (patches is slow)
            assert_right(seen["result"], logits)


def test_whoever_names_a_backend_that_was_slow_has_it_tried(web: Path, logits: Any) -> None:
    """And what was tried by name is still not taken unasked where it is slow."""
    gone = "Object.defineProperty(Navigator.prototype, 'gpu', { value: undefined });"
    unasked, named = {"run": gone + loading()}, {"run": gone + loading(backend="webgl")}
    slow = {"one": {"graph/trust.js": FAST["graph/trust.js"][:1]}}
    seen = [step["result"] for step in in_chromium({"one": web}, unasked, named, unasked, patches=slow)]
    assert [answer.get("backend") for answer in seen] == ["wasm", "webgl", "wasm"], seen
    assert [answer["trust"]["tried"][0]["ok"] for answer in seen] == [False, True, False]
    for answer in seen:
        assert_right(answer, logits)
