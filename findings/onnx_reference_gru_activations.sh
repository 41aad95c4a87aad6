#!/usr/bin/env bash
# onnx: the reference evaluator's GRU computes Sigmoid and Tanh, whatever its attribute `activations` says.
#
# Expected: the reference of the specification applies the activations of the node, or refuses those that it does not
# have, as its LSTM and RNN look theirs up by name.
# Seen: GRU has no use for the attribute. With activations ["Sigmoid", "Relu"] its answers are those of Tanh, bit for
# bit, and other than the formula of the specification, which onnxruntime follows. Whoever takes the reference for the
# truth of a converter or of a quantized model compares with another network.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
{ "${PYTHON:-python3}" -m venv "$folder/env" &&
    "$folder/env/bin/python" -m pip install -q onnxruntime==1.31.1 onnx==1.23.2 numpy==2.4.6 2>"$folder/log"; } ||
    { cat "$folder/log"; exit 2; }
ORT_DISABLE_TELEMETRY=1 "$folder/env/bin/python" - <<'PY'
import sys

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper
from onnx.reference import ReferenceEvaluator

rng, units, features = np.random.default_rng(0), 2, 3
w = rng.standard_normal((1, 3 * units, features)).astype(np.float32)
r = rng.standard_normal((1, 3 * units, units)).astype(np.float32)
x = rng.standard_normal((4, 1, features)).astype(np.float32)


def gru(activations):
    """X [4, 1, 3] -> Y [4, 1, 1, 2]."""
    node = helper.make_node("GRU", ["x", "w", "r"], ["y"], hidden_size=units, activations=activations)
    ends = [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in ("x", "y")]
    weights = [onnx.numpy_helper.from_array(w, "w"), onnx.numpy_helper.from_array(r, "r")]
    graph = helper.make_graph([node], "g", ends[:1], ends[1:], weights)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)], ir_version=10)


def by_the_specification(last):
    """Gates z, r, h; linear_before_reset is 0."""
    h, answers = np.zeros((1, units)), []
    for step in x.astype(np.float64):
        xz, xr, xh = np.split(step @ w[0].T.astype(np.float64), 3, axis=1)
        rz, rr, rh = np.split(r[0].astype(np.float64), 3)
        z, reset = (1 / (1 + np.exp(-(each + h @ by.T))) for each, by in ((xz, rz), (xr, rr)))
        h = (1 - z) * last(xh + (reset * h) @ rh.T) + z * h
        answers.append(h)
    return np.array(answers)[:, None]


def answers(model):
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    return ReferenceEvaluator(model).run(None, {"x": x})[0], session.run(None, {"x": x})[0]


print("onnx", onnx.__version__, "onnxruntime", onnxruntime.__version__)
(plain, plain_ort), (relu, relu_ort) = answers(gru(["Sigmoid", "Tanh"])), answers(gru(["Sigmoid", "Relu"]))
right = by_the_specification(lambda value: np.maximum(value, 0))
print("Tanh, reference:", plain.ravel()[:3], "onnxruntime:", plain_ort.ravel()[:3])
print("Relu, reference:", relu.ravel()[:3], "onnxruntime:", relu_ort.ravel()[:3], "specification:", right.ravel()[:3])
as_described = (
    np.allclose(plain, by_the_specification(np.tanh), atol=1e-6)
    and np.allclose(plain, plain_ort, atol=1e-6)
    and np.allclose(relu_ort, right, atol=1e-6)
    and np.array_equal(relu, plain)
    and not np.allclose(relu, right, atol=1e-2)
)
print("as described" if as_described else "CHANGED")
sys.exit(not as_described)
PY
