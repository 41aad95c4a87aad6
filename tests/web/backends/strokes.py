"""A small network with a rectifier, and a program that asks its bundle for one picture."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from isoship_edge.manifest import sealed

PICTURE = np.random.default_rng(4).uniform(0, 1, (1, 1, 8, 8)).astype("float32")


def network() -> onnx.ModelProto:
    random = np.random.default_rng(0)
    kernel = numpy_helper.from_array(random.normal(0, 0.3, (4, 1, 3, 3)).astype("float32"), "kernel")
    weights = numpy_helper.from_array(random.normal(0, 0.1, (144, 10)).astype("float32"), "weights")
    graph = helper.make_graph(
        [
            helper.make_node("Conv", ["picture", "kernel"], ["features"]),
            helper.make_node("Relu", ["features"], ["held"]),
            helper.make_node("Flatten", ["held"], ["flat"]),
            helper.make_node("MatMul", ["flat", "weights"], ["logits"]),
        ],
        "strokes",
        [helper.make_tensor_value_info("picture", TensorProto.FLOAT, ["N", 1, 8, 8])],
        [helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["N", 10])],
        [kernel, weights],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)], ir_version=10)


def loading(**options: Any) -> str:
    """Loads with these options and asks one picture; what the model says of itself, or the error."""
    return f"""
const {{ load }} = await import("/one/index.js");
try {{
  const model = await load({json.dumps(options)});
  const made = await model.predictTensors({{ picture: Float32Array.from({PICTURE.ravel().tolist()}) }});
  return {{ backend: model.backend, trust: model.trust, logits: Array.from(made.logits.data) }};
}} catch (err) {{
  return {{ error: [err.name, err.message] }};
}}
"""


def assert_right(answer: Mapping[str, Any], logits: Any) -> None:
    assert np.abs(logits).min() > 1e-3
    np.testing.assert_allclose(answer["logits"], logits, rtol=1e-4, atol=1e-5)


def reseal(web: Path) -> None:
    """The manifest lists the files as they are now."""
    path = web / "manifest.json"
    manifest = json.loads(path.read_bytes())
    for name in manifest["files"]:
        if name.startswith("web/"):
            data = (web / name.removeprefix("web/")).read_bytes()
            manifest["files"][name] = hashlib.sha256(data).hexdigest()
    path.write_bytes(sealed(manifest))
