#!/usr/bin/env bash
# onnxruntime: Min, Max and Sign of int64 tensors look at 32 bits of each value.
#
# Expected: the operators take int64, so that numbers are compared as such.
# Seen: Min(2147483648, 5) is 2147483648, Max of the two is 5, and the sign of 2147483648 is -1: bit 31 is taken for the
# sign, and what stands above it for nothing. Less and Where on the same numbers are right. Identifiers, nanoseconds and
# counts of bytes are such numbers; clipped or compared by these operators in a graph, they come out otherwise than in
# the library that the graph was made from, and nothing is raised.
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


def answer(operator, *given):
    """The int64 answer of one operator to int64 tensors [4]."""
    names = [f"x{i}" for i in range(len(given))]
    inputs = [helper.make_tensor_value_info(name, TensorProto.INT64, [4]) for name in names]
    node, outputs = helper.make_node(operator, names, ["y"]), [helper.make_empty_tensor_value_info("y")]
    graph = helper.make_graph([node], "g", inputs, outputs)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)], ir_version=10)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    return session.run(None, dict(zip(names, given)))[0].tolist()


large, five = np.array([2**31, 2**31 + 9, 5, 2**31 - 1]), np.full(4, 5)
seen = {
    "Min": answer("Min", large, five),
    "Max": answer("Max", large, five),
    "Sign": answer("Sign", large),
    "Less": answer("Less", five, large),
}
right = {
    "Min": np.minimum(large, five).tolist(),
    "Max": np.maximum(large, five).tolist(),
    "Sign": np.sign(large).tolist(),
    "Less": (five < large).tolist(),
}
print("onnxruntime", onnxruntime.__version__, "numpy", np.__version__)
for operator, values in seen.items():
    print(operator, "of", large.tolist(), "and 5:" if operator != "Sign" else ":", values, "numpy:", right[operator])
as_described = (
    seen["Min"] == [2**31, 2**31 + 9, 5, 5]
    and seen["Max"] == [5, 5, 5, 2**31 - 1]
    and seen["Sign"] == [-1, -1, 1, 1]
    and seen["Less"] == right["Less"]
)
print("as described" if as_described else "CHANGED")
sys.exit(not as_described)
PY
