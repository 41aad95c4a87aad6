"""Small ONNX files by other exporters (tests/onnx_files/record.py), taken as they are: each exports, and is proven."""

from __future__ import annotations

from pathlib import Path

import pytest

import isoship
from isoship_edge.manifest import Manifest

FOLDER = Path(__file__).resolve().parent.parent / "onnx_files"

#: File -> the signature that comes of it.
SIGNATURES = {
    "keras/keras_convolutions": "keras_tensor_3 float[N, 8, 8, 1] -> Identity:0 float[N, 10]",
    "keras/keras_dense": "keras_tensor float[N, 4] -> Identity:0 float[N, 3]",
    "keras/keras_embedding_lstm": "keras_tensor_11 int32[N, 5] -> Identity:0 float[N, 1]; keras_tensor_11: -24 to 11",
    "keras/tf2onnx_opset15_images": "image uint8[N, 8, 8, 3] -> Identity:0 float[N, 4]",
    "keras/tf2onnx_opset18_labels": "x float[N, 4] -> Identity:0 int64[N]",
    "keras/tf2onnx_opset9_two_inputs": "a float[N, 2], b float[N, 3] -> Identity:0 float[N, 2]",
    "sklearn/catboost_own": "features float[N, 4] -> label int64[N], probabilities float[N, 3]",
    "sklearn/onnxmltools_lightgbm": "x float[N, 4] -> label int64[N], probabilities float[N, 3]",
    "sklearn/onnxmltools_xgboost": "x float[N, 4] -> variable float[N, 1]",
    "sklearn/skl2onnx_forest": "X float[N, 4] -> output_label int64[N], output_probability float[N, 3]",
    "sklearn/skl2onnx_logistic_zip_map": "X float[N, 4] -> output_label string[N], output_probability float[N, 3]",
    "sklearn/skl2onnx_opset9_svm": "X float[N, 4] -> variable float[N, 1]",
    "sklearn/skl2onnx_strings_and_numbers": "age float[N, 1], city string[N, 1] -> variable float[N, 1]",
    "torch/torch_dynamo_convolutions": "input float[batch, 1, height, width] -> linear float[batch, 10]",
    "torch/torch_dynamo_external_weights": "input float[2, 4] -> softmax float[2, 3]",
    "torch/torch_dynamo_float16": "input float16[2, 4] -> softmax float16[2, 3]",
    "torch/torch_dynamo_perceptron": "input float[batch, 4] -> softmax float[batch, 3]",
    "torch/torch_dynamo_text_encoder":
        "ids int64[batch, 6], mask int64[batch, 6] -> linear_4 float[batch, 2]; ids: -20 to 19",
    "torch/torch_script_opset11_gru": "x float[batch, 5, 3] -> y float[batch, 4]",
    "torch/torch_script_opset13_lstm": "x float[batch, 5, 3] -> y float[batch, 8]",
    "torch/torch_script_opset17_control_flow": "x float[batch, 3] -> y float[batch, 3]",
    "torch/torch_script_opset7": "x float[batch, 4] -> y float[batch, 2]",
    "torch/torch_script_opset9_upsample": "x float[batch, 1, 6, 6] -> y float[batch, 2, 8, 8]",
}  # fmt: skip
FILES = sorted(path.relative_to(FOLDER).with_suffix("").as_posix() for path in FOLDER.glob("*/*.onnx"))


def said(manifest: Manifest) -> str:
    inputs = [f"{i.name} {i.dtype}{list(i.shape)}" for i in manifest.signature.inputs]
    outputs = [f"{o.name} {o.dtype}{list(o.shape)}" for o in manifest.outputs]
    ranges = [f"{i.name}: {i.minimum} to {i.maximum}" for i in manifest.signature.inputs if i.maximum is not None]
    return "; ".join([f"{', '.join(inputs)} -> {', '.join(outputs)}".replace("'", ""), *ranges])


def test_twenty_of_them() -> None:
    assert sorted(SIGNATURES) == FILES
    assert len(FILES) >= 20


@pytest.mark.parametrize("name", FILES)
def test_exported_and_proven(name: str, tmp_path: Path) -> None:
    bundle = isoship.export(FOLDER / f"{name}.onnx", out=tmp_path / "bundle", targets=())
    assert said(bundle.manifest) == SIGNATURES[name]
    assert bundle.report.ok
    (verdict,) = [one for one in bundle.report.verdicts if one.name == "onnxruntime"]
    assert verdict.rows >= 10
    for held in bundle.manifest.tolerances.values():
        for tolerance in held.values():
            assert tolerance.atol < 1e-3
            assert tolerance.rtol < 0.02 if "float16" in name else tolerance.rtol < 1e-4
