"""Which engine answers: the row program a few rows, ONNX Runtime more, and each alone where the other is not."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest

from bundles import VISITS_ROWS, make_bundle
from isoship.row_program.program import row_program_of
from isoship_edge.__main__ import main
from isoship_edge.errors import BundleError, DamagedFile, InferenceError, RuntimeMissing
from isoship_edge.inference.model import Model, load, with_rows
from isoship_edge.manifest import canonical_json, digest_of
from isoship_edge.rows.session import RowSession

EDGE = Path(__file__).resolve().parents[3] / "edge"
BORDER = 3
ROWS = VISITS_ROWS * 3


def bundle_with_rows(folder: Path, kind: str = "visits", **most_rows: int) -> Path:
    """make_bundle's, with a row program that answers requests of so many rows."""
    make_bundle(folder, kind)
    program = row_program_of(onnx.load(folder / "model.onnx"))
    assert not program.lacks
    for name, content in program.files.items():
        (folder / name).write_bytes(content)
    document = json.loads((folder / "manifest.json").read_bytes())
    document["row_program"] = {"libm": list(program.libm), "most_rows": most_rows}
    document["files"] |= {name: hashlib.sha256(content).hexdigest() for name, content in program.files.items()}
    document["digest"] = digest_of(document["files"]["model.onnx"], document)
    (folder / "manifest.json").write_bytes(canonical_json(document))
    golden = json.loads((folder / "golden.json").read_text())
    (folder / "golden.json").write_text(json.dumps({**golden, "digest": document["digest"]}))
    return folder


@pytest.fixture
def visits(tmp_path: Path) -> Path:
    return bundle_with_rows(tmp_path / "visits", edge=BORDER)


def opened(folder: Path, target: str | None = "edge") -> Model:
    return with_rows(load(folder, target=target))


def asked(model: Model, count: int) -> str:
    """The engine that answers so many rows; its answer is right."""
    backend = model.engines.of(count).backend
    rows = ROWS[:count]
    made, expected = model.predict_rows(rows), with_rows(load(model.folder, backend="binding")).predict_rows(rows)
    for one, other in zip(made, expected, strict=True):
        assert one["label"] == other["label"]
        assert np.allclose(list(one["probabilities"].values()), list(other["probabilities"].values()), 1e-12, 1e-15)
    return backend


def test_the_border_is_the_manifest_s(visits: Path) -> None:
    model = opened(visits)
    assert [asked(model, count) for count in (1, 2, BORDER, BORDER + 1, 10)] == ["rows"] * 3 + ["c_api"] * 2


@pytest.mark.parametrize("target", [None, "lambda"])
def test_a_target_without_a_border_asks_onnx_runtime(visits: Path, target: str | None) -> None:
    assert [asked(opened(visits, target), count) for count in (1, 5)] == ["c_api"] * 2


def test_a_row_has_one_answer_whatever_came_before_it(visits: Path) -> None:
    row, batch = ROWS[:1], ROWS
    first, second = opened(visits), opened(visits)
    second.predict_rows(batch)
    alone = first.tensors_from_json(row)
    assert alone == second.tensors_from_json(row) == first.tensors(row)
    columns = {name: [value] for name, value in row[0].items()}
    assert alone == first.tensors_from_columns(columns, 1), "whatever the way in"
    together = first.tensors_from_json(ROWS[:BORDER])
    assert [list(tensor.data)[: len(alone[name].data)] for name, tensor in together.items()] == [
        list(tensor.data) for tensor in alone.values()
    ]
    assert together == second.tensors_from_columns(
        {name: [one[name] for one in ROWS[:BORDER]] for name in row[0]}, BORDER
    )


def test_the_model_and_its_library_are_read_when_the_first_batch_comes(visits: Path) -> None:
    program = (
        "import json, sys\n"
        "from isoship_edge.inference.model import load\n"
        "model = load(sys.argv[1], target='edge')\n"
        "rows = json.loads(sys.argv[2])\n"
        "one = model.tensors_from_json(rows[:1])\n"
        "before = [name for name in ('ctypes', 'hashlib', 'pathlib', 'threading') if name in sys.modules]\n"
        "try:\n"
        "    model.tensors_from_json(rows)\n"
        "except Exception as err:\n"
        "    print(json.dumps([one['label'].data, before, type(err).__name__]))\n"
    )
    (visits / "model.onnx").write_bytes((visits / "model.onnx").read_bytes()[:-1] + b"\0")
    ran = subprocess.run(
        [sys.executable, "-S", "-c", program, visits, json.dumps(ROWS)],
        capture_output=True, text=True, check=False, env={"PYTHONPATH": str(EDGE), "PATH": os.defpath},
    )  # fmt: skip
    assert json.loads(ran.stdout) == [["middle"], [], "DamagedFile"], ran.stderr


@pytest.mark.parametrize(("engine", "answers"), [("rows", "rows"), ("onnxruntime", "c_api")])
def test_one_engine_alone(visits: Path, monkeypatch: pytest.MonkeyPatch, engine: str, answers: str) -> None:
    model = opened(visits, None)
    monkeypatch.setenv("ISOSHIP_ENGINE", engine)
    chosen = opened(visits)
    assert {chosen.engines.of(count).backend for count in (1, BORDER, 10)} == {answers}
    assert [one["label"] for one in chosen.predict_rows(ROWS)] == [one["label"] for one in model.predict_rows(ROWS)]


def test_an_engine_that_there_is_not(visits: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ISOSHIP_ENGINE", "tensorflow")
    with pytest.raises(BundleError, match="takes rows or onnxruntime"):
        load(visits)
    monkeypatch.setenv("ISOSHIP_ENGINE", "rows")
    with pytest.raises(BundleError, match="this bundle has no row program: it was written without one"):
        load(make_bundle(tmp_path / "older"))


def without_library(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("isoship_edge.inference.session.find_library", lambda: None)
    monkeypatch.setitem(sys.modules, "onnxruntime", None)


@pytest.mark.parametrize("target", [None, "edge"])
def test_without_onnx_runtime_the_row_program_answers_all_and_says_so_once(
    visits: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], target: str | None
) -> None:
    expected = [one["label"] for one in load(visits).predict_rows(ROWS)]
    without_library(monkeypatch)
    model = opened(visits, target)
    assert [one["label"] for one in model.predict_rows(ROWS)] == expected
    assert {model.engines.of(count).backend for count in (1, 10)} == {"rows"}
    model.predict_rows(ROWS)
    assert capsys.readouterr().err.count("the row program answers") == 1
    assert model.selftest().ok


@pytest.mark.parametrize(
    ("name", "value"),
    [("ISOSHIP_ENGINE", "onnxruntime"), ("ISOSHIP_BACKEND", "binding"), ("ISOSHIP_ORT_LIBRARY", "/none")],
)
def test_who_asks_for_onnx_runtime_gets_no_other(
    visits: Path, monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    if value != "/none":
        without_library(monkeypatch)
    monkeypatch.setenv(name, value)
    with pytest.raises(RuntimeMissing):
        opened(visits).predict_rows(ROWS)


def test_a_function_that_was_deployed_with_the_library_does_not_do_without(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = bundle_with_rows(tmp_path / "lambda", **{"lambda": BORDER})
    without_library(monkeypatch)
    assert len(opened(folder, "lambda").predict_rows(ROWS)) == len(ROWS), "--native never"
    assert capsys.readouterr().err == "", "its log is JSON"
    (folder / "lib").mkdir()
    model = opened(folder, "lambda")
    assert len(model.predict_rows(ROWS[:1])) == 1
    with pytest.raises(RuntimeMissing):
        model.predict_rows(ROWS)


def test_where_the_row_program_fails_onnx_runtime_answers(visits: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model = opened(visits)
    expected = load(visits).predict_rows(ROWS[:2])

    def failing(self: Any, given: Any) -> Any:
        raise InferenceError("TopK of NaN")

    monkeypatch.setattr("isoship_edge.rows.program.RowProgram.answer", failing)
    assert opened(visits).tensors_from_json(ROWS[:1])["label"].data == [expected[0]["label"]]
    assert model.predict_rows(ROWS[:2]) == expected
    monkeypatch.setenv("ISOSHIP_ENGINE", "rows")
    with pytest.raises(InferenceError, match="TopK of NaN"):
        opened(visits).tensors_from_json(ROWS[:1])


@pytest.mark.parametrize("engine", ["rows", "onnxruntime"])
def test_the_golden_rows_are_replayed_on_both_engines(
    visits: Path, monkeypatch: pytest.MonkeyPatch, engine: str
) -> None:
    assert opened(visits).selftest().ok
    place = RowSession if engine == "rows" else type(load(visits).session)
    run = place.run

    def other(self: Any, inputs: Any, outputs: Any) -> Any:
        made = run(self, inputs, outputs)
        return {**made, "label": made["label"]._replace(data=["low"] * len(made["label"].data))}

    monkeypatch.setattr(place, "run", other)
    verdict = opened(visits).selftest()
    assert not verdict.ok
    assert "expected 'middle', got 'low'" in str(verdict.first_difference)


def test_a_damaged_row_program_is_named_before_an_answer(visits: Path) -> None:
    content = (visits / "rows.json").read_bytes()
    (visits / "rows.json").write_bytes(content[:-1] + b" ")
    with pytest.raises(DamagedFile, match=r"rows\.json is damaged"):
        opened(visits)
    model = opened(visits, None)
    with pytest.raises(DamagedFile, match=r"rows\.json is damaged"):
        model.check_files()


@pytest.mark.parametrize(
    "change",
    [
        lambda program: program["inputs"].popitem(),
        lambda program: next(iter(program["inputs"].values())).update(shape=["N", 7]),
        lambda program: next(iter(program["inputs"].values())).update(dtype="int64"),
        lambda program: program["outputs"].update(dict.fromkeys(program["outputs"], next(iter(program["inputs"])))),
    ],
    ids=["an input too few", "a wider one", "one of another dtype", "other outputs"],
)
def test_a_row_program_of_other_inputs_or_outputs_is_refused(visits: Path, change: Any) -> None:
    program = json.loads((visits / "rows.json").read_bytes())
    change(program)
    content = json.dumps(program).encode()
    (visits / "rows.json").write_bytes(content)
    document = json.loads((visits / "manifest.json").read_bytes())
    document["files"]["rows.json"] = hashlib.sha256(content).hexdigest()
    document["digest"] = digest_of(document["files"]["model.onnx"], document)
    (visits / "manifest.json").write_bytes(canonical_json(document))
    with pytest.raises(BundleError, match=r"rows\.json"):
        opened(visits)


def test_a_file_of_rows_has_one_engine_however_its_rows_arrive(
    visits: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """With rows.json damaged, who would answer the last row of a stream by it cannot answer at all."""
    (visits / "rows.json").write_bytes(b"{}")
    (tmp_path / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in ROWS[:1]))
    assert main(["predict", "--bundle", str(visits), str(tmp_path / "rows.jsonl")]) == 0
    assert json.loads(capsys.readouterr().out)["label"] == "middle"
    assert main(["selftest", "--bundle", str(visits)]) == 3
