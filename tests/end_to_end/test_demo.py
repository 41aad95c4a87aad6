"""`isoship demo`: what a person sees in the end, and what the verdict rests on."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import Any

import pytest
from visiting import Road

from isoship.parity.runners import available
from isoship.parity.runners.contract import Shipped
from isoship.parity.verdict.integrity import integrity
from isoship_edge.manifest import read_manifest


@pytest.fixture(scope="module")
def verdict(road: Road) -> dict[str, Any]:
    assert road.code == 0, road.stderr
    document: dict[str, Any] = json.loads((road.bundle / "parity.json").read_bytes())
    return document


def test_every_runtime_agrees_on_a_thousand_rows_without_a_flip(verdict: dict[str, Any]) -> None:
    runs = {v["name"]: v for v in verdict["verdicts"] if v["name"] != "files"}
    assert set(runs) == set(available())
    assert verdict["ok"] is True
    assert verdict["evidence"] == "source"
    for name, run in runs.items():
        assert run["status"] == "agree", name
        assert max(run["rows"], run["chosen_from"]) >= 1000
        assert run["rows"] >= 1000 or (run["rows"] == 256 and "webg" in name and run["fewer"])
        assert run["flips"] == 0
        assert run["max_abs"] <= 1e-6, name


def test_rows_hold_missing_values_unseen_categories_thresholds_and_refusals(verdict: dict[str, Any]) -> None:
    kinds = verdict["rows"]["kinds"] if "kinds" in verdict["rows"] else verdict["rows"]
    for kind in ("missing", "unseen", "threshold", "boundary", "category", "sample"):
        assert kinds[kind] > 0, kind


def test_the_table_names_runtimes_rows_flips_ties_errors_and_times(road: Road) -> None:
    header = next(line for line in road.stdout.splitlines() if line.startswith("runtime"))
    for word in ("rows", "flips", "ties", "largest error", "ms"):
        assert word in header
    for name in available():
        assert f"\n{name} " in road.stdout
    for word in ("sizes", "lambda.zip", "next", "sam deploy", "edge/run serve"):
        assert word in road.stdout


def test_what_a_user_of_the_demo_finds(road: Road) -> None:
    found = {p.name for p in road.bundle.iterdir()}
    assert found == {
        ".isoship", "manifest.json", "model.onnx", "golden.json", "parity.json", "parity.html", "lambda", "lambda.zip",
        "rows.json", "rows.bin",
        "edge", "web", "template.yaml", "samconfig.toml", "SHA256SUMS",
    }  # fmt: skip


@pytest.mark.parametrize(("name", "said"), [
    ("web/worker.js", "changed after the export: web/worker.js"),
    ("web/model.json", "web/model.json was changed after the export"),
    ("lambda.zip", "changed after the export: lambda.zip"),
    ("lambda/isoship_edge/inference/model.py", "lambda.zip is not what lambda/ holds: isoship_edge/inference/model.py"),
    ("edge/golden.json", "edge/golden.json differs from the bundle's own"),
])  # fmt: skip
def test_one_byte_more_in_any_shipped_file_is_named(road: Road, tmp_path: Path, name: str, said: str) -> None:
    bundle = Path(shutil.copytree(road.bundle, tmp_path / "bundle", copy_function=os.link))
    shipped = Shipped(bundle, read_manifest(bundle), ("lambda", "edge", "web"))
    assert integrity(shipped).status == "agree"
    content = (bundle / name).read_bytes()
    (bundle / name).unlink()
    (bundle / name).write_bytes(content + b" ")
    verdict = integrity(shipped)
    assert verdict.status == "disagree"
    assert said in verdict.message
    assert verdict.message.count(name) == 1
