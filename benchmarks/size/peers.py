"""What isoship is held against beside its release, each a process that starts, loads the same file and ends.

`python -m benchmarks.size.peers skl2onnx MODEL ROWS` converts; `... sklearn MODEL ROWS.csv` reads and predicts, and
prints the CPU seconds of that alone; `... floor MODEL ROWS` does what no verified export can do without.
"""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path
from typing import Any

_WEB = Path(__file__).parents[2] / "export" / "isoship" / "_web"


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


def floor(model: Any, sample: Path) -> None:
    """The libraries imported, the sample answered by the model, and each kind of runtime started once, asked nothing:
    Node with the TF.js of a bundle, and two Pythons with ONNX Runtime, for edge and Lambda."""
    import onnx  # noqa: F401
    import pandas as pd

    rows = pd.read_parquet(sample)
    model.predict(rows)
    model.predict_proba(rows)
    tfjs = (_WEB / "tfjs").as_uri()
    loads = f"await import('{tfjs}/core.js'); await import('{tfjs}/wasm.js')"
    subprocess.run(["node", "--input-type=module", "-e", loads], check=True)
    for _ in range(2):
        subprocess.run([sys.executable, "-c", "import onnxruntime"], check=True)


if __name__ == "__main__":
    import joblib

    {"skl2onnx": skl2onnx, "sklearn": sklearn, "floor": floor}[sys.argv[1]](joblib.load(sys.argv[2]), Path(sys.argv[3]))
