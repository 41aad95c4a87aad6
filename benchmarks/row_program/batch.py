"""A million rows on a device by the row program and by ONNX Runtime: `python -m benchmarks.row_program.batch`.

The same model is exported with `--native always` and `--native never`, and `edge/run predict` answers the same file on
each, once and in turn: a file read, checked against the contract, answered and written. Labels have to be equal, and
numbers within 1e-9 + 1e-9 |x|. Writes benchmarks/results/row_program_batch.json.
"""

from __future__ import annotations

import argparse
import csv
import math
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks import results
from benchmarks.cold_start.models import Case, cases

ROWS = 1_000_000
_PACKAGES = ("scikit-learn", "onnxruntime", "numpy")
_ENGINES = {"ONNX Runtime": "always", "row program": "never"}


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.row_program.batch", description=(__doc__ or "").splitlines()[0]
    )
    parser.add_argument("--rows", type=int, default=ROWS, help="another number writes nothing")
    options = parser.parse_args(arguments)
    figures: dict[str, Any] = {}
    for case in cases():
        with tempfile.TemporaryDirectory(prefix="isoship-batch-") as place:
            figures[case.name] = _measured(case, Path(place), options.rows)
        for engine, one in figures[case.name].items():
            print(f"{case.name}, {engine}: {one['rows_per_cpu_s']:,.0f} rows a second of CPU")
    if options.rows == ROWS:
        where = results.environment(_PACKAGES)
        results.write("row_program_batch", results.document(where, {"rows": ROWS, "models": figures}, []))
    return 0


def _measured(case: Case, place: Path, count: int) -> dict[str, Any]:
    import isoship

    frame, target = case.data()
    sample = frame if case.named else frame.to_numpy()
    model = case.estimator().fit(sample, target)
    drawn = frame.sample(count, replace=True, random_state=0)
    drawn.columns = [str(name) for name in drawn.columns] if case.named else [f"x{i}" for i in range(frame.shape[1])]
    drawn.to_csv(place / "rows.csv", index=False)
    found: dict[str, Any] = {}
    for engine, native in _ENGINES.items():
        bundle = isoship.export(
            model, sample=sample, out=place / native, name=case.slug, targets=("edge",), native=native, force=True,
        )  # fmt: skip
        found[engine] = _asked(bundle.path / "edge" / "run", place / "rows.csv", place / f"{native}.csv", count)
    for one, other in zip(_answers(place / "always.csv"), _answers(place / "never.csv"), strict=True):
        if not all(map(_same, one, other)):
            raise SystemExit(f"{case.name}: ONNX Runtime answers {one}, the row program {other}")
    return found


def _asked(run: Path, rows: Path, out: Path, count: int) -> dict[str, float]:
    began = time.perf_counter()
    command = [str(run), "predict", str(rows), "-o", str(out)]
    environment = {"PATH": os.environ["PATH"], "PYTHONDONTWRITEBYTECODE": "1"}
    process = subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL)
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{run} ended with {process.returncode}")
    wall, cpu = time.perf_counter() - began, used.ru_utime + used.ru_stime
    return {"cpu_s": round(cpu, 2), "wall_s": round(wall, 2), "rows_per_cpu_s": round(count / cpu)}


def _answers(path: Path) -> Iterator[list[str]]:
    with path.open(newline="", encoding="utf-8") as file:
        reader = csv.reader(file)
        places = [i for i, name in enumerate(next(reader)) if name.startswith(("label", "probabilities"))]
        for row in reader:
            yield [row[i] for i in places]


def _same(one: str, other: str) -> bool:
    try:
        return math.isclose(float(one), float(other), rel_tol=1e-9, abs_tol=1e-9)
    except ValueError:
        return one == other


if __name__ == "__main__":
    sys.exit(main())
