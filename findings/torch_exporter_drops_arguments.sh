#!/usr/bin/env bash
# torch: torch.onnx.export leaves out what it has no operator for, and the file answers otherwise.
#
# Expected: an argument that ONNX cannot say is refused, as the exporter refuses whole functions.
# Seen: avg_pool2d loses divisor_override and divides by the window; scatter_reduce "mean" becomes a plain scatter, and
# the last value of each place wins. Neither export warns. `verify=True`, off by default, logs that the answers differ and
# returns the program all the same. (torch's build for the CPU is enough.)
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
{ "${PYTHON:-python3}" -m venv "$folder/env" &&
    "$folder/env/bin/python" -m pip install -q torch==2.13.0 onnxscript==0.7.2 onnx==1.23.2 onnxruntime==1.31.1 \
        numpy==2.4.6 2>"$folder/log"; } ||
    { cat "$folder/log"; exit 2; }
ORT_DISABLE_TELEMETRY=1 OMP_NUM_THREADS=1 "$folder/env/bin/python" - 2>"$folder/log" <<'PY' || { cat "$folder/log"; exit 1; }
import sys
import warnings

import onnxruntime
import torch


class SummedPool(torch.nn.Module):
    def forward(self, x):
        return torch.nn.functional.avg_pool2d(x, 2, divisor_override=1)


class MeanOfGroups(torch.nn.Module):
    def forward(self, x):
        groups = torch.tensor([0, 0, 1, 1])
        return torch.zeros(2).scatter_reduce(0, groups, x, "mean", include_self=False)


def both(module, x):
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always", UserWarning)
        program = torch.onnx.export(module.eval(), (x,), dynamo=True, verbose=False)
    session = onnxruntime.InferenceSession(program.model_proto.SerializeToString(), providers=["CPUExecutionProvider"])
    exported = session.run(None, {session.get_inputs()[0].name: x.numpy()})[0].ravel().tolist()
    own = module(x).ravel().tolist()
    operators = [node.op_type for node in program.model_proto.graph.node]
    said = [one for one in said if "divisor" in str(one.message) or "scatter" in str(one.message)]
    print(type(module).__name__, "torch", own, "exported", exported, operators, "warnings:", len(said))
    return own, exported, len(said)


print("torch", torch.__version__, "onnxruntime", onnxruntime.__version__)
pool = both(SummedPool(), torch.arange(4.0).reshape(1, 1, 2, 2))
mean = both(MeanOfGroups(), torch.tensor([1.0, 3.0, 5.0, 11.0]))
as_described = pool == ([6.0], [1.5], 0) and mean == ([2.0, 8.0], [3.0, 11.0], 0)
print("as described" if as_described else "CHANGED")
sys.exit(not as_described)
PY
