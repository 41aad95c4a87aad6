"""The usual floor: `import onnxruntime` and numpy, a handler written for this one model, no web framework."""

import json
import os

import numpy as np
import onnxruntime as ort
from facts import CLASSES, COLUMNS, MATRIX

HERE = os.path.dirname(os.path.abspath(__file__))  # noqa: PTH100, PTH120 - as in c_api_floor
options = ort.SessionOptions()
options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_DISABLE_ALL
options.intra_op_num_threads = options.inter_op_num_threads = 1
session = ort.InferenceSession(os.path.join(HERE, "model.onnx"), options)  # noqa: PTH118


def handler(event, context):
    rows = json.loads(event["body"])["rows"]
    matrix = np.array([[row[name] for name in COLUMNS] for row in rows], dtype=np.float64)
    feeds = {"X": matrix} if MATRIX else {name: matrix[:, i : i + 1] for i, name in enumerate(COLUMNS)}
    labels, probabilities = session.run(["label", "probabilities"], feeds)
    predictions = [
        {"label": label, "probabilities": dict(zip(CLASSES, row, strict=True))}
        for label, row in zip(labels.tolist(), probabilities.tolist(), strict=True)
    ]
    return {
        "statusCode": 200,
        "headers": {"content-type": "application/json"},
        "body": json.dumps({"predictions": predictions}),
    }
