"""Runs the comparison: the table to stdout, progress to stderr, benchmarks/results/conversion.json and conversion.svg.

Exit 1 when a bar is missed. `--only` measures a few and writes nothing.
"""

from __future__ import annotations

import argparse
import json
import os
import pickle
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks import results
from benchmarks.conversion import measure, summary
from benchmarks.conversion.converters import Converter
from benchmarks.conversion.models import Case, cases, rows

ROUNDS = 15
_PACKAGES = ("scikit-learn", "xgboost-cpu", "lightgbm", "onnxruntime", "skl2onnx", "onnxmltools", "numpy")


def main(arguments: list[str] | None = None) -> int:
    for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "ORT_DISABLE_TELEMETRY"):
        os.environ[variable] = "1"  # read when the converting processes load their libraries
    parser = argparse.ArgumentParser(prog="python -m benchmarks.conversion", description=__doc__.splitlines()[0])
    every = cases()
    parser.add_argument("--only", metavar="NAME", nargs="+", help=f"of {', '.join(repr(case.name) for case in every)}")
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--json", action="store_true", help="the results as JSON on stdout, and nothing else there")
    options = parser.parse_args(arguments)
    unknown = sorted(set(options.only or ()) - {case.name for case in every})
    if unknown:
        parser.error(f"no such model: {', '.join(unknown)}")
    chosen = [case for case in every if case.name in (options.only or [each.name for each in every])]
    document = _measure(chosen, options.rounds, quiet=options.json)
    if options.json:
        print(json.dumps(document, ensure_ascii=False))
    if not options.only:
        path = results.write("conversion", document)
        path.with_suffix(".svg").write_text(summary.plot(document), encoding="utf-8")
    for bar in document["bars"]:
        verdict = "ok" if bar["ok"] else "MISSED"
        print(f"{bar['name']}: {bar['value']:.3g} ({bar['sense']} {bar['limit']:g}) {verdict}", file=sys.stderr)
    return 0 if all(bar["ok"] for bar in document["bars"]) else 1


def _measure(chosen: list[Case], rounds: int, *, quiet: bool) -> dict[str, Any]:
    models: dict[str, Any] = {}
    if not quiet:
        print(summary.header())
    with tempfile.TemporaryDirectory() as folder, Converter("isoship") as ours, Converter("standard") as standard:
        for case in chosen:
            print(f"{len(models) + 1}/{len(chosen)} {case.name}", file=sys.stderr)
            models[case.name] = _one(case, Path(folder), {"ours": ours, "standard": standard}, rounds)
            if not quiet:
                print(summary.line(case.name, models[case.name]), flush=True)
    figures = {"rounds": rounds, "time": "CPU seconds of one thread", "models": models}
    return results.document(results.environment(_PACKAGES), figures, summary.bars(models))


def _one(case: Case, folder: Path, converters: dict[str, Converter], rounds: int) -> measure.Figures:
    features, target = rows(case.classes)
    fitted = folder / "model.pickle"
    fitted.write_bytes(pickle.dumps((case.fit(features, target), features[:200])))
    graphs: dict[str, bytes] = {}

    def converting(side: str) -> Callable[[], float]:
        def convert() -> float:
            seconds, graphs[side] = converters[side].convert(fitted, case.package)
            return seconds

        return convert

    times = measure.taking_turns({side: converting(side) for side in converters}, rounds, 1.0)
    ours = folder / "ours.onnx"
    ours.write_bytes(graphs["ours"])
    standard = measure.optimized(graphs["standard"], folder / "standard.onnx")
    return {"convert_s": times, **measure.compare(ours, standard, features, rounds)}


if __name__ == "__main__":
    sys.exit(main())
