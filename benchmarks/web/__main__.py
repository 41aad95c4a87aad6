"""Runs the comparison: the table to stdout, progress to stderr, benchmarks/results/web.json.

Exit 1 when a bar is missed. `--only` measures a few and writes nothing. ISOSHIP_BENCH_WEB names the folder in which
`make bench-web` installed ydf-inference, ydf and m2cgen; what is not there is left out.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from pathlib import Path
from typing import Any

from benchmarks import results
from benchmarks.web.folder import written
from benchmarks.web.models import subjects
from benchmarks.web.running import PLACE, run
from benchmarks.web.summary import bars, lines
from isoship.parity.runners.node import ORT_WEB

ROUNDS = 15
_PACKAGES = ("scikit-learn", "xgboost-cpu", "lightgbm", "skl2onnx", "onnxmltools")


def main(arguments: list[str] | None = None) -> int:
    for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "ORT_DISABLE_TELEMETRY"):
        os.environ[variable] = "1"
    every = subjects()
    parser = argparse.ArgumentParser(prog="python -m benchmarks.web", description=__doc__.splitlines()[0])
    parser.add_argument("--only", metavar="NAME", nargs="+", help=f"of {', '.join(repr(each.name) for each in every)}")
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    options = parser.parse_args(arguments)
    unknown = sorted(set(options.only or ()) - {each.name for each in every})
    if unknown:
        parser.error(f"no such model: {', '.join(unknown)}")
    place = Path(os.environ.get("ISOSHIP_BENCH_WEB", PLACE)).resolve()
    with tempfile.TemporaryDirectory(prefix="bench-web-") as folder:
        missing: dict[str, dict[str, str]] = {}
        for subject in every:
            if options.only and subject.name not in options.only:
                continue
            print(f"preparing {subject.name}", file=sys.stderr)
            missing[subject.name] = written(subject, Path(folder) / subject.name, place if place.is_dir() else None)
        runs = {
            name: run(name, "subjects.mjs", Path(folder), place, missing, options.rounds)
            for name in ("node", "chromium")
        }
    figures = {"rounds": options.rounds, "missing": missing, **runs}
    document = results.document(_environment(place), figures, bars(runs))
    print("\n".join(lines(document)))
    if not options.only:
        results.write("web", document)
    for bar in document["bars"]:
        verdict = "ok" if bar["ok"] else "MISSED"
        print(f"{bar['name']}: {bar['value']:.3g} ({bar['sense']} {bar['limit']:g}) {verdict}", file=sys.stderr)
    return 0 if all(bar["ok"] for bar in document["bars"]) else 1


def _environment(place: Path) -> dict[str, Any]:
    found = results.environment(_PACKAGES)
    package = place / "node_modules" / "ydf-inference" / "package.json"
    if package.is_file():
        found["packages"]["ydf-inference"] = json.loads(package.read_bytes())["version"]
    found["packages"]["onnxruntime-web"] = ORT_WEB[1]
    return found


if __name__ == "__main__":
    raise SystemExit(main())
