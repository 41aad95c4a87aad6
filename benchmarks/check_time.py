"""How long `isoship check` takes for a forest of 100 trees with every runtime of this machine, by default and with max.

Wine's 13 columns; the seconds are those of the whole command, its start and reports included, one run each with
nothing beside it. Writes benchmarks/results/check_time.json; exit 1 above the bar, or where a runtime did not agree.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks import results
from benchmarks.results import Bar

_LIMIT_SECONDS = 60
_WAIT = 1800.0
_MODES = {"default": [], "onnxruntime alone": ["--runtimes", "onnxruntime"], "max": ["--rows", "max"]}


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.check_time", description=__doc__.splitlines()[0])
    parser.add_argument("--mode", choices=_MODES, action="append", help="only this one; writes nothing")
    options = parser.parse_args(arguments)
    modes = options.mode or list(_MODES)
    with tempfile.TemporaryDirectory(prefix="isoship-check-time-") as name:
        folder = Path(name)
        _made(folder)
        found = {mode: _checked(folder, _MODES[mode]) for mode in modes}
    for mode, one in found.items():
        print(f"{mode:18} {one['rows']:>6,} rows  {one['seconds']:>6.1f} s  {one['cpu_seconds']:>6.1f} s CPU")
        for runtime, said in one["runtimes"].items():
            print(f"    {runtime:30} {said['status']:12} {said['milliseconds']:>8,.0f} ms")
    agree = all(r["status"] == "agree" for one in found.values() for r in one["runtimes"].values())
    if not agree:
        print("not every runtime agrees", file=sys.stderr)
    bars = [Bar("seconds by default", found["default"]["seconds"], _LIMIT_SECONDS, "<=")] if "default" in found else []
    for bar in bars:
        print(f"{bar.name}: {bar.value:g} ({bar.sense} {bar.limit:g}) {'ok' if bar.ok else 'MISSED'}", file=sys.stderr)
    if not options.mode:
        packages = ("scikit-learn", "onnxruntime", "numpy")
        results.write("check_time", results.document(results.environment(packages), {"modes": found}, bars))
    return 0 if agree and all(bar.ok for bar in bars) else 1


def _made(folder: Path) -> None:
    import joblib
    from sklearn.datasets import load_wine
    from sklearn.ensemble import RandomForestClassifier

    from isoship.exporting import export

    x, y = load_wine(return_X_y=True, as_frame=True)
    model = RandomForestClassifier(100, random_state=0).fit(x, y)
    joblib.dump(model, folder / "model.joblib")
    x.to_csv(folder / "sample.csv", index=False)
    export(folder / "model.joblib", sample=folder / "sample.csv", out=folder / "bundle")


def _checked(folder: Path, more: list[str]) -> dict[str, Any]:
    command = [sys.executable, "-m", "isoship", "check", "bundle", "--model", "model.joblib", "--sample", "sample.csv"]
    before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    run = subprocess.run(
        [*command, *more, "--json"],
        cwd=folder,
        env={**os.environ, "ORT_DISABLE_TELEMETRY": "1"},
        stdout=subprocess.PIPE,
        text=True,
        timeout=_WAIT,
        check=False,
    )
    seconds, after = time.monotonic() - started, resource.getrusage(resource.RUSAGE_CHILDREN)
    if run.returncode not in (0, 1):
        raise SystemExit(f"the check ended with {run.returncode}")
    report = json.loads(run.stdout)
    used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return {
        "seconds": round(seconds, 1),
        "cpu_seconds": round(used, 1),
        "rows": max(v["rows"] for v in report["verdicts"]),
        "runtimes": {
            v["name"]: {"status": v["status"], "milliseconds": round(v["milliseconds"])}
            for v in report["verdicts"]
            if v["name"] != "files"
        },
    }


if __name__ == "__main__":
    sys.exit(main())
