"""Exit codes, the table, and the document."""

import json
import math

import pytest

from isoship.parity.verdict.compare import Verdict, Worst
from isoship.parity.verdict.report import ParityReport
from isoship.parity.verdict.wording import number


def _verdict(name="onnxruntime", target="model", status="agree", rows=10, **more):
    return Verdict(name, target, "double", status, rows=rows, **more)


def _report(*verdicts, **more):
    given = {"required": ("model",), "evidence": "source", **more}
    return ParityReport("m", "1", "sha256:0", given.pop("evidence"), tuple(verdicts), **given)


@pytest.mark.parametrize(("statuses", "code"), [
    (("agree", "agree"), 0),
    (("agree", "unavailable"), 0),
    (("agree", "disagree"), 1),
    (("agree", "crashed"), 1),
    (("agree", "hung"), 1),
    (("unavailable", "unavailable"), 2),
    (("unavailable", "disagree"), 1),
])  # fmt: skip
def test_exit_codes_follow_the_verdicts(statuses, code):
    report = _report(*(_verdict(f"r{i}", status=s) for i, s in enumerate(statuses)))
    assert report.exit_code == code
    assert report.ok is (code == 0)


def test_a_required_target_that_ran_nowhere_is_exit_code_2_and_named():
    report = _report(_verdict(), _verdict("edge", "edge", "unavailable"), required=("model", "edge"))
    assert (report.exit_code, report.unproven) == (2, ("edge",))
    assert "edge" in report.headline


def test_the_headline_speaks_of_what_answered():
    away = _verdict("web-node-wasm", "web", "unavailable", rows=0)
    alone = _report(_verdict(), away, partial=True, shipped=("web",))
    assert (alone.exit_code, alone.headline) == (2, "not checked: web ran in no runtime here")
    beside = _report(_verdict(), _verdict("edge", "edge"), away, partial=True, shipped=("edge", "web"))
    assert beside.ok
    assert beside.headline == "The 2 runtimes asked agree with the reference on 10 rows; web ran in no runtime here"
    assert beside.to_json()["unproven"] == ["web"]
    due = _report(_verdict(), _verdict("edge", "edge"), away, required=("edge", "web"), shipped=("edge", "web"))
    said = "not checked: web ran in no runtime here; the 2 runtimes asked agree with the reference on 10 rows"
    assert (due.exit_code, due.headline) == (2, said)
    elsewhere = _report(_verdict("web-node-cpu", "web"), away, required=("web",), shipped=("web",))
    assert elsewhere.headline == "The runtime asked agrees with the reference on 10 rows; 1 more is not here"
    assert _report(_verdict()).headline == "Every runtime agrees with the reference on 10 rows"


FEWER = {"rows": 256, "chosen_from": 1617, "fewer": "chosen as golden rows are: SwiftShader (--rows max asks all)"}


def test_no_headline_claims_rows_that_a_runtime_was_not_asked():
    slow = [_verdict(f"web-chromium-{name}", "web", **FEWER) for name in ("webgl", "webgpu")]
    report = _report(_verdict(rows=1617), *slow)
    assert report.headline == "Every runtime agrees with the reference on 1,617 rows, 2 runtimes on 256 of these"
    assert "web-chromium-webgl, web-chromium-webgpu: 256 of 1,617 rows, chosen as golden rows are" in report.table()
    assert report.to_json()["verdicts"][1]["chosen_from"] == 1617
    narrow = _report(_verdict(rows=1617), _verdict("web-node-wasm", "web", rows=1570), slow[0])
    assert narrow.headline == (
        "Every runtime agrees with the reference on 1,570 to 1,617 rows, 1 runtime on 256 of these"
    )
    alone = _report(slow[0], required=("web",))
    assert alone.headline == "Every runtime agrees with the reference on 256 of 1,617 rows"


def test_the_table_has_a_line_a_runtime_and_says_what_is_wrong_and_how_sure_it_is():
    report = _report(
        _verdict(flips=3, max_abs=0.25, milliseconds=12.3, status="disagree", message="3 rows have another label"),
        _verdict("web-node-cpu", "web", "unavailable", rows=0, message="apt-get install nodejs"),
        evidence="golden",
        partial=True,
    )
    lines = report.table().splitlines()
    assert lines[0].split() == ["runtime", "rows", "flips", "ties", "largest", "error", "relative", "ms", "verdict"]
    assert lines[2].split() == ["onnxruntime", "10", "3", "0", "2.5e-01", "0", "12", "disagree"]
    assert lines[3].split() == ["web-node-cpu", "unavailable"]
    assert "onnxruntime: 3 rows have another label" in lines
    assert "web-node-cpu: apt-get install nodejs" in lines
    assert lines[-1] == "1 of 1 checks failed: onnxruntime (evidence: golden, partial)"


def test_the_document_is_strict_json_with_the_worst_rows_inputs_and_none_of_the_sample():
    worst = (
        Worst(4, "threshold", "p", [0.5], [math.nan], math.inf, False),
        Worst(5, "sample", "p", 1.0, 2.0, 1.0, False),
    )
    report = _report(_verdict(status="disagree", worst=worst, max_abs=math.inf), shown={4: {"a": -0.0}, 5: None})
    document = json.loads(json.dumps(report.to_json(), allow_nan=False))
    first, second = document["verdicts"][0]["worst"]
    assert (first["input"], first["value"], first["error"]) == ({"a": -0.0}, ["nan"], "inf")
    assert second["input"] is None
    assert document["exit_code"] == 1


def test_errors_are_printed_short():
    assert [number(v) for v in (0.0, 2.220446e-16, math.inf)] == ["0", "2.2e-16", "inf"]


def test_a_partial_report_that_agrees_leaves_a_full_one_and_one_that_disagrees_does_not(tmp_path):
    full, some = _report(_verdict(), seed=1), _report(_verdict(), partial=True, seed=2)
    assert some.write(tmp_path).name == "parity.html"
    assert full.write(tmp_path).name == "parity.html"
    assert some.write(tmp_path).name == "parity-partial.html"
    assert json.loads((tmp_path / "parity.json").read_bytes())["seed"] == 1
    assert json.loads((tmp_path / "parity-partial.json").read_bytes())["seed"] == 2
    bad = _report(_verdict(flips=1, status="disagree"), partial=True, seed=3)
    assert bad.write(tmp_path).name == "parity.html"
    assert json.loads((tmp_path / "parity.json").read_bytes())["seed"] == 3


def test_a_full_report_of_other_files_is_replaced(tmp_path):
    _report(_verdict(), model_sha256="an older model.onnx").write(tmp_path)
    assert _report(_verdict(), partial=True).write(tmp_path).name == "parity.html"
