"""`isoship predict` on large files beside scikit-learn with pandas: CPU, time, memory. `make bench-batch`.

A million rows of 9 columns, two of strings, some values missing, as Parquet and as CSV; a logistic pipeline, a
HistGradientBoosting and a forest of 100 trees of depth 10. In each round, in turn: scikit-learn (pandas reads, the
model answers, pandas writes), isoship on all cores, isoship on one thread. CPU seconds and peak memory are those of the
whole process, its start included; medians are compared. Labels of both have to be equal and probabilities within 1e-9.
Writes benchmarks/results/batch.json; exit 1 where a bar is missed or an answer differs.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import statistics
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

from benchmarks import results
from benchmarks.batch import models
from benchmarks.batch.answers import differing
from benchmarks.results import Bar

ROWS = 1_000_000
FORMS = ("parquet", "csv")
#: CPU of isoship over scikit-learn's with pandas, as Parquet and as CSV; None: nothing was asked.
LIMITS = {"logistic": (0.6, 0.35), "hist": (0.75, 0.7), "forest": (1.0, 1.0)}
_WALL, _MEMORY = 0.6, 400.0
_PACKAGES = ("scikit-learn", "pandas", "pyarrow", "onnxruntime", "numpy")

#: One process: CPU seconds, seconds, peak MB.
Run = dict[str, float]


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.batch", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rows", type=int, default=ROWS, help="another number writes nothing")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--long", type=int, metavar="ROWS", help="isoship alone, once a form, on so many rows")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="isoship-bench-batch-") as name:
        place = Path(name)
        print(f"writing {options.long or options.rows:,} rows and fitting", file=sys.stderr)
        _apart(models.prepare, place, options.long or options.rows)
        if options.long:
            return _long(place, options.long)
        figures = {model: {form: _compared(place, model, form, options.rounds) for form in FORMS} for model in LIMITS}
    bars = _bars(figures)
    for bar in bars:
        print(f"{bar.name}: {bar.value:.2f} ({bar.sense} {bar.limit:g}) {'ok' if bar.ok else 'MISSED'}")
    if options.rows == ROWS:
        kept = {"long": results.read("batch")["figures"].get("long")}
        where = results.environment(_PACKAGES)
        figures_written = {"rows": ROWS, "rounds": options.rounds, "models": figures, **kept}
        results.write("batch", results.document(where, figures_written, bars), depth=4)
    return 0 if all(bar.ok for bar in bars) else 1


def _compared(place: Path, model: str, form: str, rounds: int) -> dict[str, Any]:
    rows, ours, theirs = place / f"rows.{form}", place / f"ours.{form}", place / f"theirs.{form}"
    folder = place / model
    ask = [sys.executable, "-m", "isoship", "-q", "predict", str(folder / "bundle"), str(rows), "-o", str(ours)]
    ways = {
        "scikit-learn": [
            sys.executable, "-m", "benchmarks.batch.by_sklearn", str(folder / "model.joblib"), str(rows), str(theirs)
        ],
        "isoship": ask,
        "isoship, one thread": [*ask, "--threads", "1"],
    }  # fmt: skip
    runs: dict[str, list[Run]] = {way: [] for way in ways}
    for _ in range(rounds):
        for way, command in ways.items():
            runs[way].append(_run(command))
    found: dict[str, Any] = {
        way: {key: round(statistics.median(one[key] for one in of), 3) for key in of[0]} for way, of in runs.items()
    }
    found["differing"] = _apart(differing, ours, theirs)
    said = ", ".join(
        f"{way} {one['cpu_s']:.2f} s CPU {one['wall_s']:.2f} s" for way, one in found.items() if way in ways
    )
    print(f"{model} {form}: {said}, {found['differing']} rows differ", file=sys.stderr)
    return found


def _apart(function: Any, *arguments: Any) -> Any:
    """A function's result, from a process of its own: a child's peak memory begins with its parent's."""
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        return pool.submit(function, *arguments).result()


def _run(command: list[str]) -> Run:
    began = time.perf_counter()
    process = subprocess.Popen(command, env={**os.environ, "OMP_NUM_THREADS": "1"})
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    seconds = time.perf_counter() - began
    if process.returncode:
        raise SystemExit(f"{' '.join(command)}: exit code {process.returncode}")
    return {"cpu_s": used.ru_utime + used.ru_stime, "wall_s": seconds, "peak_mb": used.ru_maxrss / 1024}


def _bars(figures: dict[str, Any]) -> list[Bar]:
    bars = []
    for model, limits in LIMITS.items():
        for form, limit in zip(FORMS, limits, strict=True):
            of = figures[model][form]
            ratio = of["isoship"]["cpu_s"] / of["scikit-learn"]["cpu_s"]
            bars.append(Bar(f"{model} {form}: CPU over scikit-learn's", round(ratio, 3), limit, "<="))
            wall = of["isoship"]["wall_s"] / of["isoship, one thread"]["wall_s"]
            bars.append(Bar(f"{model} {form}: time on all cores over one thread's", round(wall, 3), _WALL, "<="))
            bars.append(Bar(f"{model} {form}: peak MB", of["isoship"]["peak_mb"], _MEMORY, "<="))
            bars.append(Bar(f"{model} {form}: rows that differ", of["differing"], 0, "<="))
    return bars


def _long(place: Path, count: int) -> int:
    figures: dict[str, Any] = {}
    for form in FORMS:
        out = place / f"ours.{form}"
        bundle = place / "logistic" / "bundle"
        command = [
            sys.executable,
            "-m",
            "isoship",
            "-q",
            "predict",
            str(bundle),
            str(place / f"rows.{form}"),
            "-o",
            str(out),
        ]
        figures[form] = {key: round(value, 2) for key, value in _run(command).items()}
        print(f"{count:,} rows, {form}: {figures[form]}")
        out.unlink()
    document = results.read("batch")
    document["figures"]["long"] = {"rows": count, "model": "logistic", **figures}
    results.write("batch", document, depth=4)
    return 0 if all(of["peak_mb"] <= _MEMORY for of in figures.values()) else 1


if __name__ == "__main__":
    sys.exit(main())
