"""CPU seconds of one export and all that it starts: `python -m benchmarks.neural.export_cost logistic|FILE.onnx OUT`.

Imports are not counted: isoship, onnx, onnxruntime, pandas and scikit-learn are there before the clock starts, for
either model. Both are exported to Lambda and edge, which is what a network has.
"""

from __future__ import annotations

import resource
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
LOGISTIC = "logistic"
TARGETS = ("lambda", "edge")
#: As benchmarks.cold_start has it.
_COLUMNS, _ROWS = 8, 5000


def seconds(what: str, out: Path) -> float:
    """In a process of its own."""
    command = [sys.executable, "-m", "benchmarks.neural.export_cost", what, str(out)]
    return float(subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True, timeout=600).stdout)


def _main(what: str, out: Path) -> None:
    import onnx  # noqa: F401
    import onnxruntime  # noqa: F401
    import pandas as pd
    from sklearn import linear_model, pipeline, preprocessing
    from sklearn.datasets import make_classification

    from isoship.exporting import export

    model: Any = Path(what)
    sample = None
    if what == LOGISTIC:
        values, target = make_classification(_ROWS, _COLUMNS, n_informative=_COLUMNS // 2, random_state=0)
        sample = pd.DataFrame(values, columns=[f"x{i}" for i in range(_COLUMNS)])
        model = pipeline.make_pipeline(preprocessing.StandardScaler(), linear_model.LogisticRegression())
        model.fit(sample, target)
    before = _used()
    export(
        model, sample=sample, out=out, name="measured", targets=TARGETS, force=True,
        progress=lambda _line: None,
    )  # fmt: skip
    print(_used() - before)


def _used() -> float:
    own, started = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
    return own.ru_utime + own.ru_stime + started.ru_utime + started.ru_stime


if __name__ == "__main__":
    _main(sys.argv[1], Path(sys.argv[2]))
