"""skl2onnx's own export of a pickled estimator: `python -m benchmarks.cold_start.standard MODEL.joblib OUT.onnx`."""

from __future__ import annotations

import sys
from pathlib import Path

import joblib
import skl2onnx
from skl2onnx.common.data_types import FloatTensorType

if __name__ == "__main__":
    model = joblib.load(sys.argv[1])
    graph = skl2onnx.to_onnx(
        model,
        initial_types=[("X", FloatTensorType([None, model.n_features_in_]))],
        options={id(model): {"zipmap": False}},
    )
    Path(sys.argv[2]).write_bytes(graph.SerializeToString())
