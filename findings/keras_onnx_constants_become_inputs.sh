#!/usr/bin/env bash
# Keras: the ONNX export of a model turns constants of its own into inputs that every caller has to give.
#
# Expected: model.export(format="onnx") gives a file with the model's inputs.
# Seen: every Normalization, adapted to data or given its statistics, adds two required inputs under TensorFlow's own
# names; its values are in the file no more. The export ends well, the file passes onnx.checker, and onnxruntime asks for
# three inputs. Other layers with constants (Rescaling, BatchNormalization) are exported rightly.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
{ "${PYTHON:-python3}" -m venv "$folder/env" &&
    "$folder/env/bin/python" -m pip install -q keras==3.15.1 tensorflow-cpu==2.21.0 tf2onnx==1.17.0 onnx==1.23.2 \
        onnxruntime==1.31.1 numpy==2.4.6 2>"$folder/log"; } ||
    { cat "$folder/log"; exit 2; }
cd "$folder"
ORT_DISABLE_TELEMETRY=1 OMP_NUM_THREADS=1 TF_CPP_MIN_LOG_LEVEL=3 env/bin/python - 2>log <<'PY' || { cat log; exit 1; }
import sys

import keras
import numpy as np
import onnx
import onnxruntime

rows = np.array([[8.0, 17.0], [12.0, 23.0]], np.float32)
adapted = keras.layers.Normalization()
adapted.adapt(rows)
given = keras.layers.Normalization(mean=[10.0, 20.0], variance=[4.0, 9.0])
asked = {}
for name, layer in {"adapted": adapted, "given": given, "rescaling": keras.layers.Rescaling([0.5, 0.3])}.items():
    model = keras.Sequential([keras.Input((2,)), layer, keras.layers.Dense(1)])
    model(rows)
    model.export(f"{name}.onnx", format="onnx", verbose=False)
    onnx.checker.check_model(f"{name}.onnx", full_check=True)
    session = onnxruntime.InferenceSession(f"{name}.onnx", providers=["CPUExecutionProvider"])
    asked[name] = [one.name for one in session.get_inputs()]
    print(f"{name}: keras wants", len(model.inputs), "input, the file", asked[name])
print("keras", keras.__version__, "onnxruntime", onnxruntime.__version__)
as_described = {name: len(each) for name, each in asked.items()} == {"adapted": 3, "given": 3, "rescaling": 1}
print("as described" if as_described else "CHANGED")
sys.exit(not as_described)
PY
