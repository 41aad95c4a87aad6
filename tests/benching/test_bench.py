"""Every shipped form is measured or named, nothing wrong is timed, and a bundle stays as it is."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np
import onnx
import pytest
from networks import small_cnn

import isoship
from formula import FormulaSource, write_formula_bundle
from isoship.errors import BundleError, DamagedFile, InputError
from isoship.sources.contract import Answers, Row
from small_networks import image_network, write_network_bundle

ROOT = Path(__file__).resolve().parents[2]
SCHEMA = json.loads(Path(__file__).with_name("bench.schema.json").read_text(encoding="utf-8"))
SOON = 0.2


def held(report: isoship.BenchReport) -> dict[str, Any]:
    """The document, which is as the schema says and survives JSON."""
    document = json.loads(json.dumps(report.to_json(), allow_nan=False))
    jsonschema.validate(document, SCHEMA)
    return {one["form"]: one for one in document["forms"]} | {"": document}


def content(bundle: Path) -> dict[str, tuple[int, bytes]]:
    return {
        str(p.relative_to(bundle)): (p.stat().st_mtime_ns, p.read_bytes()) for p in bundle.rglob("*") if p.is_file()
    }


def test_every_form_of_a_table_is_measured_and_nothing_is_written(table: Path) -> None:
    before, said = content(table), list[str]()
    report = isoship.bench(table, seconds=SOON, progress=said.append)
    assert content(table) == before
    assert (report.exit_code, report.unit, report.rows, report.note) == (0, "row", 1000, ""), report.table()
    found = held(report)
    assert list(found) == ["python", "edge", "lambda", "web", ""]
    sizes = isoship.Bundle.open(table).sizes()
    for name, key in (("python", "model.onnx"), ("edge", "edge/"), ("lambda", "lambda/"), ("web", "web/")):
        one = found[name]
        assert one["status"] == "measured", one["message"]
        assert one["size_bytes"] == sizes[key]
        cold = one["cold_start"]
        assert cold["wall_ms"]["minimum"] <= cold["wall_ms"]["median"] <= cold["wall_ms"]["maximum"]
        assert cold["cpu_ms"]["median"] > 5
        assert one["one"]["median_ms"] <= one["one"]["p99_ms"]
        assert (one["one"]["rows"], one["batch"]["rows"]) == (1, 1000)
        assert one["batch"]["median_ms"] > one["one"]["median_ms"]
        assert one["batch"]["rows_per_second"] == pytest.approx(1e6 / one["batch"]["median_ms"])
        assert 5 * 2**20 < one["peak_bytes"] < 2**30, "of a process that has an interpreter and a model"
        assert any(line.startswith(f"{name}: ") for line in said)
    assert found["lambda"]["zip_bytes"] == sizes["lambda.zip"]
    assert found["lambda"]["environment"]["path"] == "direct"
    assert found["web"]["environment"]["backend"]
    assert found[""]["lambda"]["memory_mb"] * 0.75 * 2**20 >= found["lambda"]["peak_bytes"]
    lines = report.table().splitlines()
    assert [line.split()[0] for line in lines[2:6]] == ["python", "edge", "lambda", "web"]
    assert "GB-seconds" in report.table()
    assert lines[-1] == "The 4 forms were held against golden rows before they were timed"
    (shown,) = re.findall(r"```text\n(form .*?)```", (ROOT / "docs" / "bench.md").read_text("utf-8"), re.DOTALL)
    assert words(shown) == words(report.table()), "the table in docs/bench.md is what a bench prints"


def words(table: str) -> list[list[str]]:
    """The lines of a table, each number as #."""
    return [re.sub(r"\d[\d.,]*|-{3,}", "#", line).split() for line in table.splitlines()]


def test_every_form_of_a_network_is_measured(network: Path) -> None:
    report = isoship.bench(network, seconds=SOON)
    found = held(report)
    assert (report.exit_code, report.unit, report.rows) == (0, "call", 32), report.table()
    assert list(found) == ["python", "edge", "lambda", ""]
    assert all(found[name]["batch"]["rows"] == 32 * found[name]["one"]["rows"] for name in ("python", "edge", "lambda"))
    assert "batch of 32" in report.table()


def test_a_network_in_web_is_asked_calls(tmp_path: Path) -> None:
    onnx.save(small_cnn().model, tmp_path / "small.onnx")
    bundle = isoship.export(tmp_path / "small.onnx", out=tmp_path / "bundle", targets="web").path
    (web,) = isoship.bench(bundle, form="web", seconds=SOON).forms
    assert (web.form, web.status, web.message) == ("web", "measured", "")
    assert web.one is not None
    assert web.batch is not None


def test_forms_are_chosen_and_those_that_do_not_ship_are_refused(network: Path) -> None:
    report = isoship.bench(network, form="python", seconds=SOON)
    assert [one.form for one in report.forms] == ["python"]
    assert report.on_lambda is None
    assert "Lambda" not in report.table()
    with pytest.raises(InputError, match="ships no web/, only python, edge, lambda"):
        isoship.bench(network, form=["python", "web"])
    with pytest.raises(InputError, match="no form 'browser': choose from python, edge, lambda, web"):
        isoship.bench(network, form="browser")
    for seconds in (0, -1, float("nan"), float("inf")):
        with pytest.raises(InputError, match="seconds"):
            isoship.bench(network, seconds=seconds)


def test_what_is_missing_here_is_named_with_the_line_that_installs_it(
    table: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    report = isoship.bench(table, form=["python", "web"], seconds=SOON)
    found = held(report)
    assert (found["python"]["status"], found["web"]["status"]) == ("measured", "unavailable")
    assert report.exit_code == 2
    assert "web: unavailable: Node 18 or newer is not on PATH: apt-get install nodejs" in report.table()
    assert report.headline == "not measured: web (unavailable)"


def test_a_table_that_answers_otherwise_than_golden_is_not_timed(tmp_path: Path) -> None:
    class Other(FormulaSource):
        def answers(self, rows: list[Row]) -> Answers:
            right = super().answers(rows)
            return Answers({**right.outputs, "probabilities": right.outputs["probabilities"][:, ::-1]}, right.margin)

    report = isoship.bench(write_formula_bundle(tmp_path / "bundle", source=Other()), seconds=SOON)
    (python,) = report.forms
    assert (python.status, python.cold_start, python.one, report.exit_code) == ("wrong", None, None, 2)
    assert "probabilities of golden row 0 is [" in python.message
    assert "where the model says [" in python.message
    assert held(report)["python"]["status"] == "wrong"


def test_a_network_that_answers_otherwise_than_golden_is_not_timed(tmp_path: Path) -> None:
    bundle = write_network_bundle(tmp_path / "bundle", image_network(), image_network(seed=1).model)
    report = isoship.bench(bundle, seconds=SOON)
    (python,) = report.forms
    assert (python.status, report.exit_code) == ("wrong", 2)
    assert "of golden call 1 is " in python.message, "the call of zeros is passed over"


def test_a_right_network_of_the_same_make_is_timed(tmp_path: Path) -> None:
    bundle = write_network_bundle(tmp_path / "bundle", image_network())
    assert isoship.bench(bundle, seconds=SOON).exit_code == 0


def test_an_answer_that_is_wrong_in_the_batch_alone_is_wrong(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Golden rows beside the first are answered there, too."""
    monkeypatch.setattr("isoship.benching.asks.ALONE", 1)

    class LastRowElse(FormulaSource):
        def answers(self, rows: list[Row]) -> Answers:
            right = super().answers(rows)
            shifted = right.outputs["probabilities"].copy()
            shifted[-1] = np.roll(shifted[-1], 1)
            return Answers({**right.outputs, "probabilities": shifted}, right.margin)

    report = isoship.bench(write_formula_bundle(tmp_path / "bundle", source=LastRowElse()), seconds=SOON)
    last = len(json.loads((tmp_path / "bundle" / "golden.json").read_text())["rows"]) - 1
    assert f"probabilities of golden row {last} is" in report.forms[0].message


def test_a_form_that_ends_is_a_failure_that_is_said(network: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("isoship.benching.loaded._CHILD", "raise SystemExit('no such device')")
    report = isoship.bench(network, form="python", seconds=SOON)
    assert (report.forms[0].status, report.exit_code) == ("failed", 2)
    assert "isoship.load ended with exit code 1" in report.forms[0].message
    assert "no such device" in report.table()


def test_nothing_of_a_changed_bundle_is_run(table: Path, tmp_path: Path) -> None:
    bundle = Path(shutil.copytree(table, tmp_path / "bundle"))
    (bundle / "edge" / "run").write_text(f"#!/bin/sh\ntouch {tmp_path}/ran\n")
    with pytest.raises(DamagedFile, match=r"nothing of it is run: .*edge/run"):
        isoship.bench(bundle, seconds=SOON)
    assert not (tmp_path / "ran").exists()
    (bundle / "golden.json").unlink()
    with pytest.raises(BundleError):
        isoship.bench(bundle, seconds=SOON)


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    program = str(Path(sys.executable).with_name("isoship"))
    return subprocess.run([program, *arguments], capture_output=True, text=True, timeout=300, check=False)


def test_the_command_prints_a_table_or_json_alone(network: Path) -> None:
    told = run("bench", str(network), "--form", "python", "--seconds", "0.2")
    assert told.returncode == 0, told.stderr
    assert told.stdout.splitlines()[0].split()[:4] == ["form", "cold", "start", "ms"]
    assert "  python: " in told.stderr
    quiet = run("-q", "bench", str(network), "--form", "python", "--seconds", "0.2", "--json")
    assert (quiet.returncode, quiet.stderr) == (0, "")
    jsonschema.validate(json.loads(quiet.stdout), SCHEMA)


@pytest.mark.parametrize(
    ("more", "words"),
    [(("--form", "web"), "ships no web/"), (("--seconds", "0"), "seconds is 0"), (("--form", "browser"), "'browser'")],
)
def test_the_command_says_what_it_cannot_do(network: Path, more: tuple[str, str], words: str) -> None:
    told = run("bench", str(network), *more)
    assert (told.returncode, told.stdout) == (2, "")
    assert words in told.stderr
    assert "Traceback" not in told.stderr


def test_a_folder_that_is_no_bundle(tmp_path: Path) -> None:
    told = run("bench", str(tmp_path))
    assert (told.returncode, told.stdout) == (2, "")
    assert "manifest" in told.stderr
