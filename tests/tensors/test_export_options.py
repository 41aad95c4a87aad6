"""`isoship export` of a network with pictures, class names and quantization: what stands in the bundle."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import onnx
import pytest
from click.testing import CliRunner
from networks import session, small_cnn
from sklearn.linear_model import LogisticRegression

import isoship
from isoship.cli import main
from isoship.errors import ConversionError, InputError, SampleError
from isoship_edge.manifest import read_manifest
from isoship_edge.tensors.signature import Image, Input

PICTURES = np.random.default_rng(2).integers(0, 256, (60, 16, 16, 3), dtype=np.uint8)
OPTIONS = ["--image", "color=rgb,size=16x16,mean=0.485:0.456:0.406,std=0.229:0.224:0.225"]


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """cnn.onnx, pictures.npz and names.txt in a folder."""
    folder = tmp_path_factory.mktemp("network")
    onnx.save(small_cnn().model, str(folder / "cnn.onnx"))
    np.savez(folder / "pictures.npz", x=PICTURES)
    (folder / "names.txt").write_text("\n".join("abcdefghij"))
    return folder / "cnn.onnx"


def exported(model: Path, out: Path, *options: str) -> Path:
    ran = CliRunner().invoke(main, ["export", str(model), "-o", str(out), "--targets", "none", *options])
    assert ran.exit_code == 0, ran.output
    return out


def test_a_network_takes_pictures_and_names_its_classes(model: Path, tmp_path: Path) -> None:
    names = str(model.parent / "names.txt")
    sample = ["--sample", str(model.parent / "pictures.npz")]
    bundle = exported(model, tmp_path / "bundle", *OPTIONS, "--classes", names, *sample)
    manifest = read_manifest(bundle)
    assert manifest.signature.inputs == (Input("x", "uint8", ("N", 16, 16, 3), image=Image("rgb")),)
    assert manifest.outputs[0].classes == tuple("abcdefghij")
    numbers = (np.float32(PICTURES) / np.float32(255) - np.float32([0.485, 0.456, 0.406])) / np.float32(
        [0.229, 0.224, 0.225]
    )
    truth = small_cnn().answers({"x": np.ascontiguousarray(np.moveaxis(numbers, -1, 1))})["logits"]
    answer = session(onnx.load(str(bundle / "model.onnx"))).run(None, {"x": PICTURES})[0]
    assert answer.tobytes() == truth.tobytes()
    assert json.loads(manifest.provenance["image"])[0]["layout"] == "nchw"
    assert "quantization" not in manifest.provenance


@pytest.mark.parametrize("method", ["int8", "float16"])
def test_a_quantized_bundle_says_so(model: Path, tmp_path: Path, method: str) -> None:
    sample = ["--sample", str(model.parent / "pictures.npz"), "--quantize-agreement", "0.9"]
    bundle = exported(model, tmp_path / "bundle", *OPTIONS, "--quantize", method, *sample)
    manifest = read_manifest(bundle)
    assert "of which 0.9 was asked: logits: the same class in" in manifest.provenance["quantization"]
    operators = {node.op_type for node in onnx.load(str(bundle / "model.onnx")).graph.node}
    assert ("QLinearConv" in operators) == (method == "int8")
    assert (bundle / "model.onnx").stat().st_size < 0.6 * model.stat().st_size
    answer = session(onnx.load(str(bundle / "model.onnx"))).run(None, {"x": PICTURES})[0]
    golden = json.loads((bundle / "golden.json").read_text())
    assert golden["digest"] == manifest.digest
    assert np.isfinite(answer).all()


@pytest.mark.parametrize(("options", "evidence"), [([], "source"), (["--quantize", "int8"], "graph")])
def test_a_check_finds_the_model_behind_pictures(
    model: Path, tmp_path: Path, options: list[str], evidence: str
) -> None:
    """At level source where the model is the truth, and with model.onnx where the quantized graph is."""
    sample = ["--sample", str(model.parent / "pictures.npz"), "--classes", str(model.parent / "names.txt")]
    more = ["--quantize-agreement", "0.9"] if options else []
    bundle = exported(model, tmp_path / "bundle", *OPTIONS, *sample, *options, *more)
    report = isoship.check(bundle, model=model, runtimes=("onnxruntime",), rows=20)
    assert (report.ok, report.evidence) == (True, evidence)


def test_nothing_is_written_where_an_option_cannot_be_kept(model: Path, tmp_path: Path) -> None:
    def refused(error: type[Exception], message: str, what: Any = model, **options: Any) -> None:
        with pytest.raises(error, match=message):
            isoship.export(what, out=tmp_path / "bundle", targets=(), **options)
        assert not (tmp_path / "bundle").exists()

    near = np.random.default_rng(1).random((400, 3, 16, 16), dtype=np.float32)
    refused(ConversionError, r"the int8 graph does not agree", sample=near, quantize="int8", quantize_agreement=1.0)
    refused(SampleError, "--quantize needs --sample", quantize="float16")
    refused(InputError, "3 names fit the last axis of no output", classes=["a", "b", "c"])
    refused(InputError, "A resize is not carried", image={"resize": (8, 8)})
    refused(SampleError, r"the model takes uint8", image="rgb", sample=near.transpose(0, 2, 3, 1))
    columns = LogisticRegression().fit(np.eye(4), [0, 1, 0, 1])
    joblib.dump(columns, tmp_path / "columns.joblib")
    for one in (columns, tmp_path / "columns.joblib"):
        refused(InputError, "--quantize is for networks and ONNX files", what=one, quantize="int8")


def test_pixels_are_public() -> None:
    assert isoship.Pixels("gray").channels == 1
