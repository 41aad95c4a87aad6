#!/usr/bin/env bash
# onnx: the reference implementation's LRN squares as many channels as there are pictures in the batch.
#
# Expected: ReferenceEvaluator is what an operator means, whatever the sizes of its input.
# Seen: with fewer pictures than channels the channels behind the batch's size are divided by the bias alone, without an
# error; with more pictures than channels it ends in an IndexError; only where both numbers are equal is it LRN. A runtime
# that is held against it with one picture looks wrong in all channels but the first, and ONNX's own suite has one LRN
# model, whose batch is as large as its channels.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
{ "${PYTHON:-python3}" -m venv "$folder/env" &&
    "$folder/env/bin/python" -m pip install -q onnx==1.23.2 numpy==2.4.6 2>"$folder/log"; } ||
    { cat "$folder/log"; exit 2; }
"$folder/env/bin/python" - <<'PY'
import sys

import numpy as np
import onnx
from onnx import TensorProto, helper
from onnx.reference import ReferenceEvaluator

SIZE, ALPHA, BETA, BIAS = 3, 1.0, 0.75, 1.0


def model():
    node = helper.make_node("LRN", ["x"], ["y"], size=SIZE, alpha=ALPHA, beta=BETA, bias=BIAS)
    ends = [helper.make_tensor_value_info(name, TensorProto.FLOAT, ["N", "C", 1, 1]) for name in "xy"]
    graph = helper.make_graph([node], "g", ends[:1], ends[1:])
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)], ir_version=10)


def written_out(x):
    """The formula of the specification."""
    squares = np.zeros_like(x)
    for c in range(x.shape[1]):
        low, high = max(0, c - SIZE // 2), min(x.shape[1], c + SIZE // 2 + 1)
        squares[:, c] = (x[:, low:high] ** 2).sum(1)
    return x / (BIAS + ALPHA / SIZE * squares) ** BETA


def wrong_channels(pictures, channels):
    x = np.arange(1, pictures * channels + 1, dtype=np.float32).reshape(pictures, channels, 1, 1) / 10
    try:
        made = ReferenceEvaluator(model()).run(None, {"x": x})[0]
    except IndexError:
        return "IndexError"
    return [c for c in range(channels) if not np.allclose(made[:, c], written_out(x)[:, c], rtol=1e-5)]


print("onnx", onnx.__version__)
seen = {sizes: wrong_channels(*sizes) for sizes in ((5, 5), (1, 5), (3, 5), (5, 3))}
for (pictures, channels), wrong in seen.items():
    print(pictures, "pictures of", channels, "channels, wrong in:", wrong)
as_described = seen == {(5, 5): [], (1, 5): [1, 2, 3, 4], (3, 5): [3, 4], (5, 3): "IndexError"}
print("as described" if as_described else "CHANGED")
sys.exit(not as_described)
PY
