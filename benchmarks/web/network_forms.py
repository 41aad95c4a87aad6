"""Run in the Keras environment: `python network_forms.py FOLDER`, a line of JSON on stdout.

The digits CNN of examples/digits as a SavedModel, as the ONNX graph that ships, and as .tflite for each batch; and
calls with the model's own answers. The line says what could not be made, form -> reason.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")
#: Rows of the larger call.
MANY = 32


def main() -> None:
    folder = Path(sys.argv[1])
    says, sys.stdout = sys.stdout, sys.stderr
    sys.path.insert(0, str(Path(__file__).parents[2] / "examples" / "digits"))
    import onnx
    import train_keras

    from isoship.sources.tensor_models import open_tensor_source

    calls = train_keras.numbers(train_keras.PIXELS[:MANY])
    model = train_keras.trained()
    source = open_tensor_source(model, sample=calls)
    (given,), (made,) = source.signature.inputs, source.outputs
    onnx.save(source.to_onnx(), folder / "model.onnx")
    inputs, outputs = source.saved_model(folder / "saved")
    document = {
        "x": calls.ravel().tolist(), "count": MANY, "shape": list(calls.shape[1:]),
        "expected": source.answers({given.name: calls})[made.name].ravel().tolist(),
        "signature": {"input": inputs[given.name], "output": outputs[made.name]},
    }  # fmt: skip
    (folder / "rows.json").write_text(json.dumps(document), encoding="utf-8")
    missing: dict[str, str] = {}
    try:
        for count in (1, MANY):
            (folder / f"model-{count}.tflite").write_bytes(_tflite(model, (count, *calls.shape[1:])))
    except Exception as err:  # noqa: BLE001 a converter of others: its reason is the result
        missing["LiteRT.js"] = " ".join(f"{type(err).__name__}: {err}".split())[:200]
    print(json.dumps({"missing": missing, "versions": _versions()}), file=says)


def _tflite(model: Any, shape: tuple[int, ...]) -> bytes:
    """Of one batch. With its weights as variables the converter would leave them out, in silence."""
    import tensorflow as tf
    from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2 as frozen

    called = tf.function(lambda x: model(x, training=False), input_signature=[tf.TensorSpec(shape, tf.float32, "x")])
    converter = tf.lite.TFLiteConverter.from_concrete_functions([frozen(called.get_concrete_function())])
    content: bytes = converter.convert()
    return content


def _versions() -> dict[str, str]:
    import keras
    import tensorflow as tf

    return {"tensorflow": tf.__version__, "keras": keras.__version__}


if __name__ == "__main__":
    main()
