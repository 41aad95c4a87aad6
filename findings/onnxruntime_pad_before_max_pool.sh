#!/usr/bin/env bash
# onnxruntime up to 1.31: zeros that a graph pads with are -infinity to the pool behind them, unless optimization is off.
#
# Expected: MaxPool over what Pad returns, whatever the level; BASIC is documented as "semantics-preserving".
# Seen: Pad_Fusion makes the pad an attribute of the pool, whose padding counts as nothing. Where a window holds negative
# numbers alone, 0 becomes the largest of them. Keras's ResNets and all of TensorFlow's "SAME" pools written out are built
# so. `disabled_optimizers` cures it under the name Pad_Fusion; PadFusion, as its source calls it, does nothing and says
# nothing. onnxruntime 1.32 leaves such a pad alone.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
for version in 1.31.1 1.32.0; do
    { "${PYTHON:-python3}" -m venv "$folder/$version" &&
        "$folder/$version/bin/python" -m pip install -q "onnxruntime==$version" onnx==1.23.2 numpy==2.4.6 \
            2>"$folder/log"; } || { cat "$folder/log"; exit 2; }
done
cat >"$folder/ask.py" <<'PY'
import sys

import numpy as np
import onnxruntime
from onnx import TensorProto, helper

value, node, shape = helper.make_tensor_value_info, helper.make_node, [1, 1, 4, 4]
nodes = [
    node("Pad", ["x", "pads"], ["padded"], mode="constant"),
    node("MaxPool", ["padded"], ["y"], kernel_shape=[3, 3], strides=[2, 2]),
]
around = helper.make_tensor("pads", TensorProto.INT64, [8], [0, 0, 1, 1, 0, 0, 1, 1])
ends = [value("x", TensorProto.FLOAT, shape)], [value("y", TensorProto.FLOAT, None)]
graph = helper.make_graph(nodes, "g", *ends, [around])
model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)], ir_version=10).SerializeToString()
negative = -np.arange(1, 17, dtype=np.float32).reshape(shape)


def pooled(level="ORT_ENABLE_ALL", **more):
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = getattr(onnxruntime.GraphOptimizationLevel, level)
    session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"], **more)
    return session.run(None, {"x": negative})[0].ravel().tolist()


right = pooled("ORT_DISABLE_ALL")
basic, default = pooled("ORT_ENABLE_BASIC"), pooled()
named, misnamed = (pooled(disabled_optimizers=[name]) for name in ("Pad_Fusion", "PadFusion"))
print("onnxruntime", onnxruntime.__version__, "off", right, "basic", basic, "default", default)
print("without Pad_Fusion", named, "without PadFusion", misnamed)
wrong = [-1.0, -2.0, -5.0, -6.0]
seen = right == [0.0, 0.0, 0.0, -6.0] == named and basic == default == misnamed
sys.exit(not (seen and (default == wrong) == (sys.argv[1] == "wrong") and default in (wrong, right)))
PY
export ORT_DISABLE_TELEMETRY=1
"$folder/1.31.1/bin/python" "$folder/ask.py" wrong || { echo CHANGED; exit 1; }
"$folder/1.32.0/bin/python" "$folder/ask.py" right || { echo CHANGED; exit 1; }
echo "as described"
