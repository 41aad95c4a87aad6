#!/usr/bin/env bash
# onnxruntime: memory that is bound to an output is never written where the output is one of the graph's inputs.
#
# Expected: after run_with_iobinding the memory given for an output (bind_output with a pointer, or bind_ortvalue_output;
# in C, an OrtValue in Run's outputs) holds the answer, whatever the output is computed from, or binding it is refused.
# Seen: of a graph that lists an input among its outputs (exporters write such for a mask or a state that is handed on),
# that memory stays as it was, and no call says so. The answer itself is right: session.run gives it, and an output that
# is an Identity of the input is written, with optimization and without. Whoever keeps output memory from call to call
# answers with what lay there before.
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


def value(name):
    return helper.make_tensor_value_info(name, TensorProto.FLOAT, [3])


nodes = [helper.make_node("Neg", ["x"], ["negative"]), helper.make_node("Identity", ["x"], ["same"])]
graph = helper.make_graph(nodes, "g", [value("x")], [value("negative"), value("same"), value("x")])
model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)], ir_version=10)
onnx.checker.check_model(model, full_check=True)
given, before = np.array([1, 2, 3], np.float32), np.full(3, -7, np.float32)


def bound(level, way):
    """What lies in the memory of each output after a run."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.graph_optimization_level = getattr(onnxruntime.GraphOptimizationLevel, level)
    session = onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    answered = dict(zip([o.name for o in session.get_outputs()], session.run(None, {"x": given})))
    assert answered["x"].tolist() == given.tolist(), answered
    binding, memory = session.io_binding(), {name: before.copy() for name in answered}
    binding.bind_cpu_input("x", given)
    for name, array in memory.items():
        if way == "pointer":
            binding.bind_output(name, "cpu", 0, np.float32, array.shape, array.ctypes.data)
        else:
            memory[name] = onnxruntime.OrtValue.ortvalue_from_numpy(array)
            binding.bind_ortvalue_output(name, memory[name])
    session.run_with_iobinding(binding)
    return {name: (each if way == "pointer" else each.numpy()).tolist() for name, each in memory.items()}


print("onnxruntime", onnxruntime.__version__)
as_described = True
for level in ("ORT_DISABLE_ALL", "ORT_ENABLE_ALL"):
    for way in ("pointer", "OrtValue"):
        seen = bound(level, way)
        print(level, way, seen)
        written = {"negative": (-given).tolist(), "same": given.tolist()}
        as_described &= seen == {**written, "x": before.tolist()}
print("as described" if as_described else "CHANGED")
sys.exit(not as_described)
PY
