"""Levels of evidence, what has to run, and exit codes."""

import dataclasses
import json

import joblib
import numpy as np
import pytest

from formula import OUTPUTS, WEIGHTS, FormulaSource, formula_graph
from isoship.bundle.model_files import remember
from isoship.errors import BundleError, InputError, ModelFileError
from isoship.parity import check as module
from isoship.parity.case import Question, case_for
from isoship.parity.check import check, verify_before_move
from isoship.parity.verdict.compare import Verdict
from isoship.parity.verdict.evidence import read_golden
from isoship_edge.manifest import read_manifest

STOCK = "tfjs-stock-node-cpu"


@pytest.fixture(autouse=True)
def no_model_file(monkeypatch):
    """The model files that are named here are nowhere: the source is made by hand."""
    monkeypatch.setattr("isoship.sources.read_files", lambda model, sample, dtypes: (model, sample, []))


@pytest.fixture
def given(monkeypatch):
    """`open_source` reads the formula, whatever it is given."""
    source = FormulaSource()
    monkeypatch.setattr("isoship.parity.verdict.evidence.open_source", lambda model, **options: source)
    return source


def test_without_a_model_only_golden_rows_are_asked_and_the_report_says_so(bundle):
    report = check(bundle, runtimes=["onnxruntime"])
    assert (report.evidence, report.exit_code, report.partial) == ("golden", 0, True)
    assert report.verdicts[1].rows == len(json.loads((bundle / "golden.json").read_text())["rows"])
    assert "golden rows" in report.notes[0]


def test_with_the_model_fresh_rows_are_asked_in_every_runtime_named(bundle, given):
    report = check(bundle, "model.joblib", runtimes=["onnxruntime", STOCK])
    assert (report.evidence, report.exit_code) == ("source", 0)
    assert [v.name for v in report.verdicts] == ["files", "onnxruntime", STOCK]
    assert all(v.rows >= 1500 for v in report.verdicts[1:])
    assert {"missing", "unseen", "boundary", "extreme", "text"} <= set(report.kinds)
    assert report.verdicts[2].max_abs < 1e-6


def test_software_graphics_are_asked_rows_chosen_among_all_unless_all_are_wanted(bundle, given):
    """Far rows, which float32 has no digits for, are none of them."""
    report = check(bundle, "model.joblib", runtimes=["onnxruntime", "tfjs-stock-chromium-webgl"])
    _, onnxruntime, webgl = report.verdicts
    assert (onnxruntime.status, webgl.status) == ("agree", "agree"), report.table()
    assert (webgl.rows, onnxruntime.fewer) == (256, "")
    assert 256 < webgl.chosen_from <= onnxruntime.rows
    assert set(onnxruntime.kinds) - {"far"} == set(webgl.kinds), "every kind is among them"
    assert report.headline.endswith(f"on {onnxruntime.rows:,} rows, 1 runtime on 256 of these")


def test_rows_max_asks_software_graphics_every_row(shipped, source, bundle):
    question = Question(shipped, read_golden(shipped), source, budget="max")
    assert case_for(question, print).cover is None
    some = case_for(dataclasses.replace(question, budget=None), print)
    assert some.cover is not None
    assert len(some.cover()) == 256
    assert "far" not in {some.kinds[i] for i in some.cover()}


def test_a_graph_proven_at_level_source_carries_later_checks_without_the_model(bundle, given):
    check(bundle, "model.joblib", runtimes=["onnxruntime"], rows=50)
    again = check(bundle, runtimes=["onnxruntime"], rows=50)
    assert (again.evidence, again.ok) == ("graph", True)
    (bundle / "model.onnx").write_bytes((bundle / "model.onnx").read_bytes() + b"\x00")
    assert check(bundle, runtimes=["onnxruntime"]).evidence == "golden", "another file was not proven"


def test_the_model_that_was_exported_is_used_while_its_sha256_holds(bundle, given, tmp_path, monkeypatch):
    monkeypatch.setenv("ISOSHIP_CACHE", str(tmp_path / "cache"))
    path = tmp_path / "model.joblib"
    joblib.dump({"any": "thing"}, path)
    remember(bundle, read_manifest(bundle).digest, path)
    moved = bundle.rename(tmp_path / "moved")
    assert check(moved, runtimes=["onnxruntime"], rows=20).evidence == "source"
    bundle = moved
    path.write_bytes(path.read_bytes() + b" ")
    (bundle / "parity.json").unlink()
    report = check(bundle, runtimes=["onnxruntime"])
    assert report.evidence == "golden"
    assert "changed since the export" in report.notes[0]


def test_a_stale_model_beside_the_manifest_is_caught_by_digest_and_by_rows(bundle, given):
    swapped = WEIGHTS[[1, 0, 2, 3, 4]]
    (bundle / "model.onnx").write_bytes(formula_graph(swapped).SerializeToString())
    report = check(bundle, "model.joblib", runtimes=["onnxruntime"], rows=200)
    assert report.exit_code == 1
    files, onnxruntime = report.verdicts
    assert (files.status, onnxruntime.status) == ("disagree", "disagree")
    assert onnxruntime.flips > 10


def test_programs_of_a_bundle_whose_files_were_changed_are_not_run(bundle, given, tmp_path):
    """Here a program that says so, beside a model that is another than the manifest speaks of."""
    (bundle / "edge").mkdir(exist_ok=True)
    (bundle / "edge" / "run").write_text(f"#!/bin/sh\ntouch {tmp_path}/ran\nexec sleep 5\n")
    (bundle / "edge" / "run").chmod(0o755)
    (bundle / "model.onnx").write_bytes(formula_graph(WEIGHTS * 0.5).SerializeToString())
    report = check(bundle, "model.joblib", runtimes=["onnxruntime", "edge", "http"], rows=50)
    assert report.exit_code == 1
    files, onnxruntime, edge, http = report.verdicts
    assert (files.status, onnxruntime.status, edge.status, http.status) == (*["disagree"] * 2, *["unavailable"] * 2)
    assert edge.message.startswith("not run: files of this bundle are not those that were exported")
    assert f"\nedge, http: {edge.message}\n" in report.table()
    assert "<b>edge, http</b> unavailable" in report.to_html()
    assert onnxruntime.cause.reproduction == "isoship check . --runtimes onnxruntime"
    assert not (tmp_path / "ran").exists()


def test_a_target_that_ran_nowhere_is_exit_code_2(bundle, given, monkeypatch):
    monkeypatch.setattr("isoship.parity.runners.available", lambda layout: ("onnxruntime", "edge"))
    (bundle / "edge").mkdir()
    report = check(bundle, "model.joblib", rows=50)
    assert report.exit_code == 2
    assert report.unproven == ("edge", "web", "tfjs-stock")
    assert {v.status for v in report.verdicts if v.name == "edge"} == {"unavailable"}


def test_another_model_is_refused_by_name(bundle, monkeypatch):
    class Other(FormulaSource):
        outputs = OUTPUTS[:1]

    monkeypatch.setattr("isoship.parity.verdict.evidence.open_source", lambda model, **options: Other())
    with pytest.raises(ModelFileError, match="not the one that was exported"):
        check(bundle, "other.joblib")


def test_what_the_source_refuses_and_the_contract_lets_through_is_a_disagreement(bundle, monkeypatch):
    class Strict(FormulaSource):
        def answers(self, rows):
            if any(row["height"] is None for row in rows):
                raise InputError("Input contains NaN")
            return super().answers(rows)

    monkeypatch.setattr("isoship.parity.verdict.evidence.open_source", lambda model, **options: Strict())
    report = check(bundle, "model.joblib", runtimes=["onnxruntime"], rows=200)
    assert report.exit_code == 1
    assert "answers a row that must be refused" in report.verdicts[1].message


def test_sample_values_are_asked_and_stand_in_no_report(bundle, given, monkeypatch):
    monkeypatch.setattr("isoship.parity.verdict.compare._WORST", 1000)
    sample = [{"height": 171.0625 + i, "weight": 61.03125, "city": "Atlantis Secreta"} for i in range(30)]
    (bundle / "model.onnx").write_bytes(formula_graph(WEIGHTS * 0.5).SerializeToString())
    report = check(bundle, "model.joblib", runtimes=["onnxruntime"], rows=80, sample=sample)
    assert report.kinds["sample"] >= 10
    assert any(w.kind == "sample" for v in report.verdicts for w in v.worst)
    for name in ("parity.json", "parity.html"):
        text = (bundle / name).read_text(encoding="utf-8")
        assert "Atlantis" not in text
        assert "61.03125" not in text


def test_verification_before_the_move_needs_no_runtime_beside_onnxruntime(bundle, monkeypatch):
    monkeypatch.setenv("PATH", "/nowhere")
    report = verify_before_move(bundle, FormulaSource(), targets=("web",))
    assert (report.exit_code, report.unproven) == (2, ()), "the only form ran nowhere, which is no fault of the model's"
    assert "web ran in no runtime here" in report.headline
    assert "agree" not in report.headline
    assert [(v.name, v.status) for v in report.verdicts[1:]] == [
        ("onnxruntime", "agree"),
        ("web-node-wasm", "unavailable"),
    ]
    assert report.verdicts[1].rows >= module._VERIFY_ROWS


def test_an_unknown_runtime_and_a_damaged_bundle_are_errors(bundle):
    with pytest.raises(InputError, match="there is no runtime 'onnx'"):
        check(bundle, runtimes=["onnx"])
    (bundle / "golden.json").write_text("{}")
    with pytest.raises(BundleError, match=r"golden\.json"):
        check(bundle)


def test_the_report_is_written_into_the_bundle(bundle):
    report = check(bundle, runtimes=["onnxruntime"])
    document = json.loads((bundle / "parity.json").read_text())
    assert document == report.to_json()
    assert document["ok"] is True
    assert np.isfinite(document["verdicts"][1]["milliseconds"])
    assert (bundle / "parity.html").read_text().startswith("<!doctype html>")


def test_rows_of_the_sample_that_the_model_refuses_are_said_and_not_shown(bundle, given, tmp_path):
    (tmp_path / "sample.csv").write_text("height,weight,city\n170,60,Oslo\n171,,Rome\n")
    report = check(bundle, "model.joblib", runtimes=["onnxruntime"], rows=60, sample=tmp_path / "sample.csv")
    assert any("1 row of the sample is refused by the model" in note and "'weight'" in note for note in report.notes)


@pytest.mark.parametrize(("names", "large"), [
    (("web-node-wasm", "web-chromium-wasm", "web-chromium-webgl"), [True, False, True]),
    (("web-chromium-wasm", "tfjs-stock-node-wasm"), [True, True]),
])  # fmt: skip
def test_chromium_leaves_the_largest_batch_to_node_only_where_node_is_asked(bundle, given, monkeypatch, names, large):
    asked = {}

    def tried(runner, _shipped, case, _say):
        asked[runner.name] = case.large_batch
        return Verdict(runner.name, runner.target, runner.precision, "agree")

    monkeypatch.setattr("isoship.parity.check.try_runner", tried)
    check(bundle, "model.joblib", runtimes=names, rows=50)
    assert [asked[name] for name in names] == large
