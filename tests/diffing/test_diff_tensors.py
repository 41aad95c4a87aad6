"""Two networks compared: what they take and say, and their golden calls, each asked of both."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np
import pytest
from compared import SCHEMA

import isoship
from isoship.bundle.sums import sha256
from isoship.parity.runners.arrays import array_from_tensor
from isoship_edge.manifest import digest_of, read_manifest, sealed
from isoship_edge.tensors.golden import read_golden
from small_networks import image_network, text_network, write_network_bundle


@pytest.fixture
def images(tmp_path: Path) -> tuple[Path, Path]:
    old, new = (write_network_bundle(tmp_path / str(seed), image_network(seed)) for seed in (0, 1))
    return old, new


def golden_inputs(bundle: Path) -> list[dict[str, Any]]:
    asks, _ = read_golden(bundle, read_manifest(bundle))
    return [{name: array_from_tensor(t) for name, t in ask.inputs.items()} for ask in asks]


def test_golden_calls_of_both_are_asked_of_both(images: tuple[Path, Path]) -> None:
    report = isoship.diff(*images)
    document = json.loads(json.dumps(report.to_json(), allow_nan=False))
    jsonschema.validate(document, SCHEMA)
    models = [isoship.load(path) for path in images]
    answers = [[model.predict(inputs) for model in models] for path in images for inputs in golden_inputs(path)]
    (group,) = report.groups
    found = group.answered
    assert found is not None
    assert (found.rows, found.both, report.unit) == (len(answers), len(answers), "calls")
    by = {s.output: s for s in found.shifts}
    for name in ("logits", "probabilities"):
        moves = np.concatenate([(b[name].astype(float) - a[name]).ravel() for a, b in answers])
        assert by[name].largest == np.abs(moves).max()
        assert by[name].mean == pytest.approx(moves.mean(), abs=1e-12)
    differ = [a["probabilities"].argmax(-1) != b["probabilities"].argmax(-1) for a, b in answers]
    classes = sum(d.sum() for d in differ)
    assert found.labels_changed == sum(d.any() for d in differ) > 0
    (label,) = found.labels
    assert (label.output, label.changed) == ("probabilities", classes)
    assert (report.status, report.exit_code) == ("beyond limits", 1)
    assert "golden" in report.headline
    assert max(map(len, report.text().splitlines())) <= 80
    assert "Golden calls of both" in report.to_html()
    assert isoship.diff(*images, max_changed=1, max_shift=1e6).exit_code == 0


def test_one_network_is_equal_to_its_copy(images: tuple[Path, Path], tmp_path: Path) -> None:
    assert isoship.diff(images[0], shutil.copytree(images[0], tmp_path / "copy")).status == "equal"


def test_inputs_that_do_not_fit_are_said(images: tuple[Path, Path], tmp_path: Path) -> None:
    text = write_network_bundle(tmp_path / "text", text_network())
    with pytest.raises(isoship.InputError, match="no output in common"):
        isoship.diff(images[0], text)
    folder = write_network_bundle(tmp_path / "wide", image_network(2))
    document = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    document["signature"]["inputs"][0]["shape"] = ["N", 2, 8, 9]
    document["digest"] = digest_of(document["files"]["model.onnx"], document)
    golden = json.loads((folder / "golden.json").read_text(encoding="utf-8")) | {"digest": document["digest"]}
    (folder / "golden.json").write_text(json.dumps(golden), encoding="utf-8")
    document["files"]["golden.json"] = sha256(folder / "golden.json")
    (folder / "manifest.json").write_bytes(sealed(document))
    report = isoship.diff(images[0], folder, allow_schema=True)
    assert [c.text for c in report.breaking] == ['input "image" is float [N, 2, 8, 9], and was float [N, 2, 8, 8]']
    found = report.groups[0].answered
    assert found is not None
    assert found.both == 0
    assert {(r.by, r.column) for r in found.refused} == {("new", "image")}
    assert (report.status, report.exit_code) == ("beyond limits", 1)
