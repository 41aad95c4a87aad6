"""What isoship is held against beside its release, each a process that starts, loads the same file and ends.

`python -m benchmarks.size.peers skl2onnx MODEL ROWS` converts; `... sklearn MODEL ROWS.csv` reads and predicts, and
prints the CPU seconds of that alone.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Any


def skl2onnx(model: Any, sample: Path) -> None:
    """skl2onnx's standard export of the model, written beside the sample."""
    import pandas as pd
    from skl2onnx import to_onnx
    from skl2onnx.common.data_types import FloatTensorType

    width = pd.read_parquet(sample).shape[1]
    graph = to_onnx(model, initial_types=[("X", FloatTensorType([None, width]))], options={"zipmap": False})
    (sample.parent / "skl2onnx.onnx").write_bytes(graph.SerializeToString())


def sklearn(model: Any, rows: Path) -> None:
    """The rows read, and probabilities for them; a first row is answered before, as the first loads libraries."""
    import pandas as pd

    model.predict_proba(pd.read_csv(rows, nrows=1))
    started = time.process_time()
    model.predict_proba(pd.read_csv(rows))
    print(time.process_time() - started)


if __name__ == "__main__":
    import joblib

    {"skl2onnx": skl2onnx, "sklearn": sklearn}[sys.argv[1]](joblib.load(sys.argv[2]), Path(sys.argv[3]))
