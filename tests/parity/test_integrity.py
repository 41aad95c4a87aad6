"""Files that were changed, swapped or left behind after an export."""

import json
import shutil
import zipfile

import pytest

from isoship.parity.contract import Shipped
from isoship.parity.integrity import integrity
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


def test_a_stale_zip_is_named(whole):
    with zipfile.ZipFile(whole.folder / "lambda.zip", "w") as archive:
        archive.writestr("model.onnx", b"of last week")
    assert "lambda.zip holds another model.onnx" in integrity(whole).message
