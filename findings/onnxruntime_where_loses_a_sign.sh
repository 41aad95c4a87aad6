#!/usr/bin/env bash
# onnxruntime: Where of floats makes 0.0 of a -0.0 that it takes from its second input, and keeps one from its third.
#
# Expected: Where copies a value or the other, as a choice does everywhere else.
# Seen: a negative zero loses its sign where the condition holds, in float and double; where it does not hold, the sign
# stays. A quotient by the result is then infinity and no longer minus infinity, so a graph that fills missing numbers
# before it divides answers otherwise than the library that it was made from, and by which branch is a matter of how the
# condition was written. Both are equal to 0, so a comparison of the choice itself shows nothing.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
{ "${PYTHON:-python3}" -m venv "$folder/env" &&
    "$folder/env/bin/python" -m pip install -q onnxruntime==1.31.1 onnx==1.23.2 numpy==2.4.6 2>"$folder/log"; } ||
    { cat "$folder/log"; exit 2; }
ORT_DISABLE_TELEMETRY=1 "$folder/env/bin/python" - <<'PY'
import sys

import numpy as np
import onnxruntime
from onnx import TensorProto, helper
from onnx.reference import ReferenceEvaluator


def divided(kind, dtype, holds):
    """1 / Where(condition, x, y), of -0.0 in the input that the condition takes: onnxruntime and the specification."""
    info = helper.make_tensor_value_info
    nodes = [helper.make_node("Where", ["c", "x", "y"], ["z"]), helper.make_node("Div", ["one", "z"], ["q"])]
    one = helper.make_tensor("one", kind, [1], [1.0])
    inputs = [info("c", TensorProto.BOOL, [3]), info("x", kind, [3]), info("y", kind, [3])]
    graph = helper.make_graph(nodes, "g", inputs, [info("q", kind, [3])], [one])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)], ir_version=10)
    zero, other = np.full(3, -0.0, dtype), np.full(3, 7.0, dtype)
    feeds = {"c": np.full(3, holds), "x": zero if holds else other, "y": other if holds else zero}
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    with np.errstate(divide="ignore"):
        return session.run(None, feeds)[0].tolist(), ReferenceEvaluator(model).run(None, feeds)[0].tolist()


print("onnxruntime", onnxruntime.__version__)
as_described = True
for kind, dtype in ((TensorProto.FLOAT, np.float32), (TensorProto.DOUBLE, np.float64)):
    for holds in (True, False):
        seen, right = divided(kind, dtype, holds)
        print(dtype.__name__, "condition", holds, "1 / Where:", seen, "by the specification:", right)
        as_described &= seen == [np.inf if holds else -np.inf] * 3 and right == [-np.inf] * 3
print("as described" if as_described else "CHANGED")
sys.exit(not as_described)
PY
