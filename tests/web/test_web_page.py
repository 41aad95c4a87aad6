"""The page in a real Chromium: a person fills the form, uploads a file and asks for the proof."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tiny_bundle
from node_script import HERE, WEB, run_node
from tiny_bundle import CLASSES, HOSTILE, ISLANDS, NUMBER

BATCH = tiny_bundle.rows(7, seed=11)
NUMBER_TYPED = 51.25


def csv_of(batch: list[dict[str, Any]]) -> str:
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(["note", *batch[0]])
    for row in batch:
        cells = ["" if v is None else str(v).lower() if isinstance(v, bool) else v for v in row.values()]
        writer.writerow(["=1+2", *cells])
    return out.getvalue()


@pytest.fixture(scope="module")
def seen(bundle: Path, tmp_path_factory: pytest.TempPathFactory) -> Any:
    shots = tmp_path_factory.mktemp("screenshots")
    job = {"csv": csv_of(BATCH), "number": NUMBER_TYPED, "rows": BATCH}
    return run_node(HERE / "page.mjs", str(bundle), str(WEB / "package.json"), str(shots), stdin=job)


def expected(**changes: Any) -> tuple[str, list[float]]:
    start = {NUMBER: 44, "island": HOSTILE, "eggs": 1, "tagged": True}
    answers = tiny_bundle.answers([{**start, **changes}])
    return answers["label"][0], answers["probabilities"][0]


def assert_shows(answer: Any, label: str, probabilities: list[float]) -> None:
    order = np.argsort(probabilities)[::-1]
    assert answer["label"] == [label]
    assert answer["classes"] == [CLASSES[k] for k in order]
    assert answer["figures"] == [f"{100 * probabilities[k]:.1f} %" for k in order]
    assert answer["problem"] is None


def test_the_page_loads_from_a_sub_folder_and_asks_no_other_host(seen: Any) -> None:
    assert seen["failure"] is None
    assert seen["title"] == "tiny"
    assert "version 1.2.3" in seen["identity"]
    assert "cpu backend" in seen["identity"]
    # page.mjs strips its own origin: what still has a scheme went elsewhere.
    elsewhere = [url for url in seen["requests"] if not url.startswith("/models/my%20model/")]
    assert elsewhere in ([], [u for u in elsewhere if u.startswith("blob:")])


def test_the_console_stays_silent(seen: Any) -> None:
    """TF.js reports what it gets wrong as warnings; the policy reports what it blocks as errors."""
    noise = [line for line in seen["console"] if "GPU stall due to ReadPixels" not in line]  # software webgl's own
    assert noise == []


def test_the_form_answers_with_its_default_values(seen: Any) -> None:
    assert_shows(seen["first"], *expected())


def test_a_typed_number_and_enter_give_another_answer(seen: Any) -> None:
    assert_shows(seen["second"], *expected(**{NUMBER: NUMBER_TYPED}))


def test_an_empty_field_means_missing_where_the_model_accepts_it(seen: Any) -> None:
    assert_shows(seen["missing"], *expected(**{NUMBER: None}))


def test_a_value_that_the_model_refuses_is_named_and_focused(seen: Any) -> None:
    assert seen["refused"]["problem"] == "eggs: expected an integer, got a number 1.5"
    assert seen["refused"]["label"] == []
    assert seen["focused"] == "field-2"


def test_every_control_has_its_label_and_names_are_text(seen: Any) -> None:
    assert seen["labels"] == [NUMBER, "island", "eggs", "tagged"]
    assert seen["unlabelled"] == 0
    assert seen["choices"] == ISLANDS
    assert seen["hacked"] is None
    assert seen["markup"] == 0


def test_the_golden_rows_prove_the_model_on_every_backend(seen: Any) -> None:
    assert seen["verify"].startswith("The same: 21 golden rows, largest difference ")
    for backend in ("wasm", "webgl", "webgpu"):
        identity, verdict = seen["backends"][backend]
        assert f"on the {backend} backend" in identity
        assert verdict.startswith("The same: 21 golden rows")


def test_a_file_is_answered_and_comes_back_without_formulas(seen: Any) -> None:
    answers = tiny_bundle.answers(BATCH)
    header, *lines = csv.reader(io.StringIO(seen["download"]))
    made = ["label", *(f"probabilities_{name}" for name in CLASSES)]
    assert header == ["note", *BATCH[0], *made]
    assert seen["header"] == [*made, "note", *BATCH[0]], "answers first"
    assert [line[0] for line in lines] == ["'=1+2"] * len(BATCH)
    assert [line[5] for line in lines] == answers["label"]
    numbers = np.array([[float(cell) for cell in line[6:]] for line in lines])
    np.testing.assert_allclose(numbers, answers["probabilities"], atol=1e-6)
    assert seen["cells"][:1] == answers["label"][:1]
    assert seen["cells"][4] == "=1+2"
    assert seen["filename"] == "rows-answers.csv"


def test_a_file_in_another_encoding_is_refused_as_on_the_command_line(seen: Any) -> None:
    problem, shown = seen["latin"]
    assert problem == 'the file is not UTF-8 (line 2). Save it as UTF-8 ("CSV UTF-8" in spreadsheets)'
    assert shown is False


def test_the_page_fits_a_phone(seen: Any) -> None:
    assert seen["scrolls"] <= 0


def test_an_application_gets_the_same_from_a_worker(seen: Any) -> None:
    worker = seen["worker"]
    assert worker["backends"] == ["cpu", "wasm"]
    assert [row["label"] for row in worker["there"]] == tiny_bundle.answers(BATCH)["label"]
    assert [row["label"] for row in worker["here"]] == tiny_bundle.answers(BATCH)["label"]
    assert worker["ok"] is True
    assert worker["kind"] == "Float64Array"
    name = f'row 0, column "{NUMBER}": expected a number or null, got nothing (the key is absent)'
    assert worker["error"] == [True, 0, name]
