"""Files that were changed, swapped or left behind after an export."""

import json
import shutil
import zipfile
from pathlib import Path

import pytest

from isoship.parity.runners.contract import Shipped
from isoship.parity.verdict.integrity import integrity
from isoship_edge.manifest import read_manifest


@pytest.fixture
def whole(bundle):
    """A bundle with an edge folder and a lambda.zip that carry the same model."""
    (bundle / "edge").mkdir()
    with zipfile.ZipFile(bundle / "lambda.zip", "w") as archive:
        for name in ("manifest.json", "model.onnx", "golden.json"):
            shutil.copy(bundle / name, bundle / "edge" / name)
            archive.write(bundle / name, name)
    return Shipped(bundle, read_manifest(bundle), ("edge", "web"))


def test_a_bundle_as_exported_is_whole(whole):
    assert integrity(whole).status == "agree"


def _flip_a_byte(path):
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


@pytest.mark.parametrize(("name", "said"), [
    ("model.onnx", "digests differ"),
    ("golden.json", "golden.json was changed"),
    ("edge/model.onnx", "edge/model.onnx differs"),
])  # fmt: skip
def test_one_changed_bit_is_named(whole, name, said):
    if name == "golden.json":
        path = whole.folder / name
        path.write_text(path.read_text() + " ")
    else:
        _flip_a_byte(whole.folder / name)
    verdict = integrity(whole)
    assert verdict.status == "disagree"
    assert said in verdict.message


def test_golden_rows_of_another_model_are_named(whole):
    path = whole.folder / "golden.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "digest": "sha256:0"}))
    assert "belongs to another model" in integrity(whole).message


def test_golden_rows_that_the_zip_alone_holds_are_missing(whole):
    (whole.folder / "golden.json").unlink()
    assert "golden.json is missing" in integrity(whole).message


def test_a_stale_zip_is_named(whole):
    with zipfile.ZipFile(whole.folder / "lambda.zip", "w") as archive:
        archive.writestr("model.onnx", b"of last week")
    assert "lambda.zip holds another model.onnx" in integrity(whole).message


def test_a_target_that_was_exported_and_is_gone_is_a_disagreement(tmp_path: Path) -> None:
    """The manifest says what was exported; a missing folder must not shrink what is demanded."""
    import numpy as np
    from sklearn.linear_model import LogisticRegression

    from isoship.bundle.bundle import Bundle
    from isoship.exporting import export

    x = np.random.default_rng(0).normal(size=(40, 2))
    model = LogisticRegression().fit(x, x[:, 0] > 0)
    out = export(
        model, sample=x, out=tmp_path / "b", name="b", targets="edge", edge_arch=("x86_64",), offline=True
    ).path
    opened = Bundle.open(out)
    shipped = Shipped(out, opened.manifest, opened.targets)
    assert integrity(shipped).status == "agree"
    shutil.rmtree(out / "edge")
    opened = Bundle.open(out)
    assert opened.targets == ("edge",)
    verdict = integrity(Shipped(out, opened.manifest, opened.targets))
    assert verdict.status == "disagree"
    assert "edge/model.onnx is missing" in verdict.message


def test_a_tolerance_that_no_export_gives_is_no_tolerance(whole, source):
    assert integrity(whole, source).status == "agree"
    path = whole.folder / "manifest.json"
    document = json.loads(path.read_text())
    document["tolerances"]["probabilities"]["double"]["atol"] = 0.5
    path.write_text(json.dumps(document))
    verdict = integrity(Shipped(whole.folder, read_manifest(whole.folder), whole.targets), source)
    assert verdict.status == "disagree"
    assert "allows probabilities in double an error of 0.5 + 0 x |value|, and an export gives 1e-09" in verdict.message
