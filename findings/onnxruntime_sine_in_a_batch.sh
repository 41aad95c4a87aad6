#!/usr/bin/env bash
# onnxruntime: a double Sin or Cos answers one number in two ways, by what stands beside it.
#
# Expected: an element's sine does not depend on its neighbours, and sin(pi), pi being the nearest double, is the
# 1.22e-16 of every C library, whose sign says on which side of the period it lies.
# Seen: alone it is; in a batch the vector code answers 0 or -0. Next to each multiple of pi the relative error is up
# to 1. A threshold at 0 behind the sine of an hour takes noon for midnight, in batches alone.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
{ "${PYTHON:-python3}" -m venv "$folder/env" &&
    "$folder/env/bin/python" -m pip install -q onnxruntime==1.31.1 onnx==1.23.2 numpy==2.4.6 2>"$folder/log"; } ||
    { cat "$folder/log"; exit 2; }
ORT_DISABLE_TELEMETRY=1 "$folder/env/bin/python" - <<'PY'
import math
import sys

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper


def computed(op, values):
    value = helper.make_tensor_value_info
    graph = helper.make_graph([helper.make_node(op, ["x"], ["y"])], "g", [value("x", TensorProto.DOUBLE, ["N"])],
                              [value("y", TensorProto.DOUBLE, ["N"])])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)], ir_version=10)
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    return session.run(None, {"x": np.array(values)})[0]


print("onnxruntime", onnxruntime.__version__, "onnx", onnx.__version__)
alone, paired = computed("Sin", [math.pi])[0], computed("Sin", [math.pi, math.pi])
print("Sin(pi) alone", alone, "in a pair", paired.tolist(), "libm", math.sin(math.pi))
cosine, cosines = computed("Cos", [math.pi / 2])[0], computed("Cos", [math.pi / 2, math.pi / 2])
print("Cos(pi/2) alone", cosine, "in a pair", cosines.tolist(), "libm", math.cos(math.pi / 2))
as_described = (
    alone == math.sin(math.pi) and cosine == math.cos(math.pi / 2) and not paired.any() and not cosines.any()
)
print("as described" if as_described else "CHANGED")
sys.exit(not as_described)
PY
