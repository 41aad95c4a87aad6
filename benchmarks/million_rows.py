"""A million rows through every runtime of ours: how much memory each takes at most, in processes of their own.

A forest of 100 trees of depth 10 on ten columns; without chunks its one temporary of rows x trees would be 800 MB.
Writes benchmarks/results/million_rows.json. `--rows N` takes fewer and writes nothing. Exit 1 above a bar.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks import results
from benchmarks.results import Bar

_MILLION = 1_000_000
_LIMIT_MB = 2000
_WAIT = 3000.0
_FRAME = """
import sys
import pandas as pd
from isoship_edge.inference.model import load
folder, file = sys.argv[1:]
print(len(load(folder).predict(pd.read_parquet(file))["label"]), file=sys.stderr)
"""


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.million_rows", description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=_MILLION)
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="isoship-million-") as name:
        folder = Path(name)
        columns = _made(folder, options.rows)
        found = {
            what: _measured(command, options.rows) for what, command in _commands(folder, options.rows, columns).items()
        }
    bars = [Bar(f"{what}: megabytes", one["megabytes"], _LIMIT_MB, "<=") for what, one in found.items()]
    for what, one in found.items():
        print(f"{what:34} {one['rows']:>9,} rows  {one['megabytes']:>6,} MB  {one['seconds']:>6.1f} s")
    for bar in bars:
        print(f"{bar.name}: {bar.value:g} ({bar.sense} {bar.limit:g}) {'ok' if bar.ok else 'MISSED'}", file=sys.stderr)
    if options.rows == _MILLION:
        packages = ("scikit-learn", "onnxruntime", "pandas")
        results.write("million_rows", results.document(results.environment(packages), {"runtimes": found}, bars))
    return 0 if all(bar.ok for bar in bars) else 1


def _made(folder: Path, count: int) -> list[str]:
    """Writes bundle/, rows.csv and rows.parquet; the columns' names."""
    import numpy as np
    import pandas as pd
    from sklearn.ensemble import RandomForestClassifier

    from isoship.exporting import export

    rng = np.random.default_rng(0)
    names = [f"x{i}" for i in range(10)]
    sample = pd.DataFrame(rng.normal(size=(2000, 10)), columns=names)
    model = RandomForestClassifier(100, max_depth=10, random_state=0, n_jobs=1)
    model.fit(sample, (sample["x0"] * sample["x1"] > 0).astype(int) + (sample["x2"] > 1))
    export(model, sample=sample, out=folder / "bundle", targets=("edge", "web"), offline=True)
    rows = pd.DataFrame(rng.normal(size=(count, 10)), columns=names)
    rows.to_parquet(folder / "rows.parquet")
    rows.round(6).to_csv(folder / "rows.csv", index=False)
    return names


def _commands(folder: Path, count: int, columns: list[str]) -> dict[str, list[str]]:
    bundle, isoship = folder / "bundle", [sys.executable, "-m", "isoship"]
    node, script = str(shutil.which("node")), str(Path(__file__).with_suffix(".mjs"))
    out = ["-o", str(folder / "out.csv")]
    return {
        "edge/run predict rows.csv": [str(bundle / "edge" / "run"), "predict", str(folder / "rows.csv"), *out],
        "isoship predict rows.csv": [*isoship, "predict", str(bundle), str(folder / "rows.csv"), *out],
        "isoship predict rows.parquet": [*isoship, "predict", str(bundle), str(folder / "rows.parquet"), *out],
        "isoship_edge predict(DataFrame)": [sys.executable, "-c", _FRAME, str(bundle), str(folder / "rows.parquet")],
        "web/index.js predict(rows) in Node": [node, script, str(bundle / "web"), str(count), *columns],
    }


def _measured(command: list[str], count: int) -> dict[str, Any]:
    """The largest resident set of the process and its children, by the kernel's account."""
    started = time.monotonic()
    environment = {**os.environ, "ORT_DISABLE_TELEMETRY": "1"}
    print(f"running {Path(command[0]).name} {' '.join(Path(part).name for part in command[1:4])}", file=sys.stderr)
    run = subprocess.run(
        [sys.executable, "-c", _WATCH, *command],
        env=environment,
        capture_output=True,
        text=True,
        timeout=_WAIT,
        check=False,
    )
    if run.returncode != 0:
        raise SystemExit(f"{' '.join(command)} ended with {run.returncode}: {run.stderr[-2000:]}")
    said = json.loads(run.stdout.splitlines()[-1])
    if f"{count}" not in said["said"]:
        raise SystemExit(f"{' '.join(command)} did not answer {count} rows: {said['said'][-500:]}")
    return {"rows": count, "megabytes": said["megabytes"], "seconds": round(time.monotonic() - started, 1)}


_WATCH = """
import json, resource, subprocess, sys
run = subprocess.run(sys.argv[1:], capture_output=True, text=True)
said = (run.stdout[-3000:] + run.stderr[-3000:])
megabytes = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024
print(json.dumps({"megabytes": megabytes, "said": said}))
sys.exit(run.returncode)
"""


if __name__ == "__main__":
    sys.exit(main())
