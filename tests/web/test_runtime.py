"""load, predict, predictTensors and selftest in Node, on a model written by hand."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tiny_bundle
from node_script import run_node
from tiny_bundle import CLASSES, NUMBER


def probabilities(answer: Any) -> np.ndarray[Any, Any]:
    return np.array([[row["probabilities"][name] for name in CLASSES] for row in answer["ok"]])


def assert_right(answer: Any, rows: list[dict[str, Any]]) -> None:
    expected = tiny_bundle.answers(rows)
    assert [row["label"] for row in answer["ok"]] == expected["label"]
    np.testing.assert_allclose(probabilities(answer), expected["probabilities"], atol=1e-6)


@pytest.fixture
def damaged(bundle: Path, tmp_path: Path) -> Callable[..., Path]:
    """A copy of the bundle with one JSON file changed."""

    def change(name: str, edit: Callable[[Any], None]) -> Path:
        folder = tmp_path / "copy"
        shutil.copytree(bundle, folder)
        document = json.loads((folder / name).read_text(encoding="utf-8"))
        edit(document)
        (folder / name).write_text(json.dumps(document), encoding="utf-8")
        return folder

    return change


@pytest.mark.parametrize("backend", ["cpu", "wasm"])
def test_predict_answers_as_numpy_does_and_the_golden_rows_agree(backend: str, ask: Callable[..., Any]) -> None:
    rows = tiny_bundle.rows(50)
    made = ask(options={"backend": backend}, batches=[rows], selftest=True)
    assert made["backend"] == backend
    assert_right(made["answers"][0], rows)
    assert made["selftest"]["ok"] is True
    assert made["selftest"]["rows"] == 21
    assert 0 < made["selftest"]["worst"] < 1e-6


def test_a_small_model_runs_on_cpu_unasked(ask: Callable[..., Any]) -> None:
    assert ask()["backend"] == "cpu"


def test_batches_beyond_one_chunk_come_back_whole_and_in_order(ask: Callable[..., Any]) -> None:
    rows = tiny_bundle.rows(2500)
    made = ask(batches=[rows])
    assert_right(made["answers"][0], rows)
    assert made["tensors"]["probabilities"]["shape"] == [2500, 3]


@pytest.mark.parametrize("backend", ["cpu", "wasm"])
def test_calls_that_overlap_do_not_mix(backend: str, ask: Callable[..., Any]) -> None:
    batches = [tiny_bundle.rows(n, seed=n) for n in (1, 1500, 3, 1100, 2)]
    made = ask(options={"backend": backend}, batches=batches, together=True)
    for answer, rows in zip(made["answers"], batches, strict=True):
        assert_right(answer, rows)


def test_tensors_are_typed_arrays_by_output(ask: Callable[..., Any]) -> None:
    rows = tiny_bundle.rows(4)
    tensors = ask(batches=[rows])["tensors"]
    assert tensors["label"]["data"] == tiny_bundle.answers(rows)["label"]
    assert (tensors["probabilities"]["kind"], tensors["probabilities"]["dtype"]) == ("Float64Array", "double")


def test_no_rows_give_no_predictions(ask: Callable[..., Any]) -> None:
    made = ask(batches=[[]])
    assert made["answers"] == [{"ok": []}]
    assert made["tensors"]["probabilities"]["shape"] == [0, 3]


def test_one_bad_row_refuses_the_batch_and_the_next_batch_works(ask: Callable[..., Any]) -> None:
    good = tiny_bundle.rows(3)
    bad = [*good, {**good[0], "island": "Atlantis"}]
    made = ask(batches=[good, bad, good])
    assert made["answers"][1]["error"]["name"] == "InputError"
    assert (made["answers"][1]["error"]["row"], made["answers"][1]["error"]["column"]) == (3, "island")
    assert_right(made["answers"][2], good)


def test_a_tf_js_of_the_callers_own_serves_as_well(ask: Callable[..., Any]) -> None:
    rows = tiny_bundle.rows(5)
    made = ask(own="npm", options={"backend": "cpu"}, batches=[rows])
    assert_right(made["answers"][0], rows)


def test_webgl_with_16_bit_floats_is_refused(ask: Callable[..., Any]) -> None:
    error = ask(own="weak webgl")["error"]
    assert error["name"] == "BackendError"
    assert "16-bit" in error["message"]


def test_an_unknown_backend_and_one_that_node_lacks_are_errors(ask: Callable[..., Any]) -> None:
    assert ask(options={"backend": "webgpu"})["error"]["name"] == "BackendError"


def test_the_golden_rows_notice_other_weights(
    bundle: Path, damaged: Callable[..., Path], ask: Callable[..., Any]
) -> None:
    folder = damaged("manifest.json", lambda document: None)
    shard = np.frombuffer((bundle / "group1-shard1of1.bin").read_bytes(), "<f4").copy()
    shard[0] += 0.01
    (folder / "group1-shard1of1.bin").write_bytes(shard.tobytes())
    verdict = ask(folder, selftest=True)["selftest"]
    assert verdict["ok"] is False
    assert "probabilities: expected" in verdict["firstDifference"]


def test_the_golden_rows_notice_another_model_and_a_row_that_should_be_refused(
    damaged: Callable[..., Path], ask: Callable[..., Any], tmp_path: Path
) -> None:
    folder = damaged("golden.json", lambda golden: golden.update(digest="sha256:" + "cd" * 32))
    assert "belongs to digest" in ask(folder, selftest=True)["selftest"]["firstDifference"]
    shutil.rmtree(folder)
    folder = damaged("golden.json", lambda golden: golden["refused"][0]["row"].update(island="Biscoe"))
    assert "answered that the model refuses" in ask(folder, selftest=True)["selftest"]["firstDifference"]


def test_another_label_inside_the_margin_is_a_tie_and_outside_it_a_difference(
    damaged: Callable[..., Path], ask: Callable[..., Any]
) -> None:
    def flip(margin: float) -> Callable[[Any], None]:
        def edit(golden: Any) -> None:
            label = golden["expected"]["label"]
            label[0] = next(name for name in CLASSES if name != label[0])
            golden["margin"][0] = margin

        return edit

    folder = damaged("golden.json", flip(1e-7))
    verdict = ask(folder, selftest=True)["selftest"]
    assert (verdict["ok"], verdict["ties"]) == (True, 1)
    shutil.rmtree(folder)
    assert ask(damaged("golden.json", flip(1e-3)), selftest=True)["selftest"]["ok"] is False


@pytest.mark.parametrize(
    ("name", "edit", "words"),
    [
        ("manifest.json", lambda d: d.update(format=3), "manifest format 3"),
        ("program.json", lambda d: d.update(format=2), "program format 2"),
        ("program.json", lambda d: d["prefix"][0].update(op="Einsum"), 'no operator "Einsum"'),
        ("program.json", lambda d: d["constants"]["mean"].update(offset=8), "program.bin is shorter"),
        ("manifest.json", lambda d: d.update(encoder={"kind": "new"}), "encoder"),
        ("model.json", lambda d: d.update(format="layers-model"), "layers-model"),
        ("model.json", lambda d: d["weightsManifest"][0].update(paths=["gone.bin"]), "gone.bin"),
    ],
)
def test_a_bundle_that_this_runtime_cannot_read_does_not_load(
    name: str, edit: Callable[[Any], None], words: str, damaged: Callable[..., Path], ask: Callable[..., Any]
) -> None:
    error = ask(damaged(name, edit))["error"]
    assert error["name"] == "BundleError"
    assert words in error["message"]


def test_a_missing_wasm_file_is_an_error_and_not_a_wait(damaged: Callable[..., Path], ask: Callable[..., Any]) -> None:
    folder = damaged("manifest.json", lambda document: None)
    for path in (folder / "tfjs").glob("*.wasm"):
        path.unlink()
    error = ask(folder, options={"backend": "wasm"})["error"]
    assert error["name"] == "BundleError"
    assert ".wasm" in error["message"]


@pytest.mark.parametrize("backend", ["wasm", "auto"])
def test_a_wasm_module_that_does_not_compile_is_an_error_or_passed_over(
    backend: str, damaged: Callable[..., Path], ask: Callable[..., Any]
) -> None:
    """It is compiled before TF.js has it, which would wait for ever."""
    folder = damaged("manifest.json", lambda document: None)
    for path in (folder / "tfjs").glob("*.wasm"):
        path.write_bytes(b"no module at all")
    made = ask(folder, options={"backend": backend}, batches=[tiny_bundle.rows(2)])
    if backend == "auto":
        assert made["backend"] == "cpu"
    else:
        assert made["error"]["name"] == "BackendError"
        assert "does not compile here" in made["error"]["message"]


def test_rows_are_read_once(bundle: Path, tmp_path: Path) -> None:
    """What the caller does to its array while the answer is on its way changes nothing of the answer."""
    script = tmp_path / "rows.mjs"
    script.write_text(
        f"import {{ load }} from {json.dumps((bundle / 'index.js').as_uri())};\n"
        "let text = ''; for await (const part of process.stdin) text += part;\n"
        "const rows = JSON.parse(text), model = await load({ backend: 'cpu' });\n"
        "const right = await model.predict(rows), under_way = model.predict(rows);\n"
        "rows.length = 1;\n"
        "console.log(JSON.stringify([right, await under_way]));\n"
    )
    right, under_way = run_node(script, stdin=tiny_bundle.rows(5))
    assert len(right) == 5
    assert under_way == right


def test_an_output_in_another_shape_than_promised_is_an_error(
    damaged: Callable[..., Path], ask: Callable[..., Any]
) -> None:
    folder = damaged("manifest.json", lambda document: document["outputs"][1].update(shape=["N", 2]))
    error = ask(folder, batches=[tiny_bundle.rows(2)])["answers"][0]["error"]
    assert error["message"] == "output probabilities is [2,3], the manifest says [2,2]"


def test_a_model_without_a_graph_needs_no_tf_js(damaged: Callable[..., Path], ask: Callable[..., Any]) -> None:
    """A pipeline that only scales runs in JavaScript: doubles in, doubles out, bit for bit."""

    def only_prefix(program: Any) -> None:
        program.update(feeds=[], fetches=[], suffix=[], outputs={"transformed": "features"})

    folder = damaged("program.json", only_prefix)
    manifest = tiny_bundle.manifest()
    manifest["outputs"] = [{"name": "transformed", "kind": "transformed", "dtype": "double", "shape": ["N", 6]}]
    (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    (folder / "model.json").unlink()
    shutil.rmtree(folder / "tfjs")
    rows = tiny_bundle.rows(20)
    made = ask(folder, batches=[rows])
    assert made["backend"] == "javascript"
    scaled = [row["transformed"][0] for row in made["answers"][0]["ok"]]
    mean, scale = tiny_bundle.MEAN, tiny_bundle.SCALE
    assert scaled == [((mean if r[NUMBER] is None else r[NUMBER]) - mean) / scale for r in rows]
