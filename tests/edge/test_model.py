"""Loading, chunking, and the self-test with which a bundle proves itself."""

from __future__ import annotations

import json
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import isoship
from bundles import VISITS_ROWS, make_bundle, visits_reference
from isoship_edge.errors import BundleError, DamagedFile, InputError
from isoship_edge.inference.model import load
from isoship_edge.manifest import digest_of


def edited(folder: Path, name: str, change: Any) -> None:
    document = json.loads((folder / name).read_bytes())
    change(document)
    (folder / name).write_text(json.dumps(document))


def test_isoship_load_is_this_load(visits: Path) -> None:
    assert isoship.load is load
    assert isoship.load(visits).predict_rows(VISITS_ROWS[:1])[0]["label"] == "middle"


def test_a_large_batch_in_chunks_answers_as_row_by_row(visits: Path) -> None:
    model = load(visits)
    rows = VISITS_ROWS * 50
    whole = model.predict(rows)
    model.chunk = 7
    parts = model.predict(rows)
    assert parts["label"].tolist() == whole["label"].tolist()
    assert parts["probabilities"] == pytest.approx(whole["probabilities"], abs=1e-15)
    assert whole["probabilities"] == pytest.approx(np.tile(visits_reference(VISITS_ROWS)["probabilities"], (50, 1)))


@pytest.mark.parametrize(("row_bytes", "rows"), [(None, 4096), (100, 4096), (160_000, 104), (2**30, 1)])
def test_rows_of_one_call_fit_into_sixteen_megabytes(row_bytes: int | None, rows: int, tmp_path: Path) -> None:
    folder = make_bundle(tmp_path)
    if row_bytes is not None:
        edited(folder, "manifest.json", lambda document: document.update(row_bytes=row_bytes))
    assert load(folder).chunk == rows


@pytest.mark.parametrize("row_bytes", [0, -1, 1.5, "12"])
def test_a_size_of_a_row_that_is_none_is_a_damaged_manifest(row_bytes: Any, tmp_path: Path) -> None:
    folder = make_bundle(tmp_path)
    edited(folder, "manifest.json", lambda document: document.update(row_bytes=row_bytes))
    with pytest.raises(BundleError, match="row_bytes"):
        load(folder)


def test_a_few_large_batches_compute_at_a_time_whatever_the_number_of_threads(visits: Path) -> None:
    model = load(visits)
    limit, run = len(model._turns._turns), model.session.run
    running: list[int] = []
    most: list[int] = []

    class Watched:
        def run(self, inputs: Any, outputs: Any) -> Any:
            running.append(1)
            most.append(len(running))
            time.sleep(0.01)
            try:
                return run(inputs, outputs)
            finally:
                running.pop()

    model.engines._native = Watched()  # type: ignore[assignment]
    rows = VISITS_ROWS * 200
    with ThreadPoolExecutor(4 * limit) as pool:
        answers = list(pool.map(model.predict_rows, [rows] * 4 * limit))
    assert max(most) == limit
    assert all(answer == answers[0] for answer in answers)
    most.clear()
    with ThreadPoolExecutor(4 * limit) as pool:
        list(pool.map(model.predict_rows, [rows[:20]] * 4 * limit))
    assert max(most) > limit, "small ones do not wait"


def test_no_rows_are_no_predictions(visits: Path) -> None:
    model = load(visits)
    assert model.predict_rows([]) == []
    assert {name: array.shape for name, array in model.predict([]).items()} == {"label": (0,), "probabilities": (0, 3)}


@pytest.mark.parametrize("kind", ["visits", "yield"])
@pytest.mark.parametrize("backend", ["c_api", "binding"])
def test_a_sound_bundle_passes_its_selftest(kind: str, backend: str, tmp_path: Path) -> None:
    verdict = load(make_bundle(tmp_path, kind), backend=backend).selftest()
    assert verdict.ok, verdict
    assert (verdict.rows, verdict.ties, verdict.first_difference) == (5, 0, None)
    assert verdict.worst <= 1e-12


def test_a_number_beyond_its_tolerance_fails(tmp_path: Path) -> None:
    folder = make_bundle(tmp_path)

    def change(golden: dict[str, Any]) -> None:
        golden["expected"]["probabilities"][2][1] += 1e-9

    edited(folder, "golden.json", change)
    verdict = load(folder).selftest()
    assert not verdict.ok
    assert verdict.worst == pytest.approx(1e-9, rel=1e-3)
    assert verdict.first_difference is not None
    assert verdict.first_difference.startswith("row 2, probabilities: expected 1e-09")


@pytest.mark.parametrize(("margin", "ok", "ties"), [(1e-13, True, 1), (0.1, False, 0)])
def test_another_label_is_a_tie_only_inside_the_margin(margin: float, ok: bool, ties: int, tmp_path: Path) -> None:
    folder = make_bundle(tmp_path)

    def change(golden: dict[str, Any]) -> None:
        golden["expected"]["label"][0] = "low"
        golden["margin"][0] = margin

    edited(folder, "golden.json", change)
    verdict = load(folder).selftest()
    assert (verdict.ok, verdict.ties) == (ok, ties)


def test_a_row_that_should_be_refused_and_is_answered_fails(tmp_path: Path) -> None:
    folder = make_bundle(tmp_path)

    def change(golden: dict[str, Any]) -> None:
        golden["refused"][0]["row"]["plan"] = "pro"

    edited(folder, "golden.json", change)
    verdict = load(folder).selftest()
    assert not verdict.ok
    assert verdict.first_difference == "a row is answered that the model refuses: unseen in 'plan'"


def test_another_model_under_the_same_manifest_fails(tmp_path: Path) -> None:
    folder = make_bundle(tmp_path / "a")
    content = (folder / "model.onnx").read_bytes()
    assert content.count(b"middle") == 1
    model = load(folder)
    (folder / "model.onnx").write_bytes(content.replace(b"middle", b"muddle"))
    for ask in (model.selftest, lambda: load(folder)):
        with pytest.raises(DamagedFile, match=r"model\.onnx is damaged: its sha256 is"):
            ask()


def test_an_edited_manifest_fails(tmp_path: Path) -> None:
    folder = make_bundle(tmp_path)
    edited(folder, "manifest.json", lambda m: m["tolerances"]["probabilities"]["double"].update(atol=1.0))
    with pytest.raises(DamagedFile, match=r"model\.onnx and manifest\.json beside it do not belong together"):
        load(folder)


def test_golden_rows_of_another_bundle_fail(tmp_path: Path) -> None:
    folder = make_bundle(tmp_path)
    edited(folder, "golden.json", lambda g: g.update(digest="sha256:0"))
    assert "golden.json belongs to" in str(load(folder).selftest().first_difference)


@pytest.mark.parametrize("content", [None, b"{", b"{}", b'{"format": 1, "rows": [1]}', b'{"format": 2}', b"[]"])
def test_damaged_golden_rows_are_a_bundle_error(content: bytes | None, tmp_path: Path) -> None:
    folder = make_bundle(tmp_path)
    (folder / "golden.json").unlink()
    if content is not None:
        (folder / "golden.json").write_bytes(content)
    with pytest.raises(BundleError, match="golden"):
        load(folder).selftest()


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda m: m.update(format=3), "formats up to 2"),
        (lambda m: m.pop("outputs"), "damaged"),
        (lambda m: m["outputs"][0].update(name="other"), "lacks the manifest's outputs other"),
        (lambda m: m.update(encoder={"steps": []}), "encoder"),
    ],
)
def test_bundles_that_cannot_be_loaded(change: Any, says: str, tmp_path: Path) -> None:
    folder = make_bundle(tmp_path)
    edited(folder, "manifest.json", change)
    if "outputs" in json.loads((folder / "manifest.json").read_bytes()):
        edited(folder, "manifest.json", lambda m: m.update(digest=digest_of(m["files"]["model.onnx"], m)))
    with pytest.raises(BundleError, match=says):
        load(folder)


def test_a_folder_without_a_bundle_says_what_to_give(tmp_path: Path) -> None:
    with pytest.raises(BundleError, match="isoship export"):
        load(tmp_path)


def test_predict_rows_refuses_as_http_does(visits: Path) -> None:
    with pytest.raises(InputError) as caught:
        load(visits).predict_rows([{**VISITS_ROWS[0], "plan": "gold"}])
    assert (caught.value.row, caught.value.column) == (0, "plan")
