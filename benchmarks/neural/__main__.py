"""Networks in our runtimes beside a C program on ONNX Runtime's C API; benchmarks/results/neural.json.

Arrays in and out, one thread, medians; every contestant takes its turn in each round, the order drawn anew, and a
ratio is that of one round. The bars hold our runtimes to the program with ONNX Runtime's own defaults; HTTP stands
beside them. Exit 1 when a bar is missed. `--rounds` other than the default and `--only` write nothing.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import statistics
import sys
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import results
from benchmarks.cold_start.__main__ import _machine
from benchmarks.cold_start.models import ROOT
from benchmarks.neural import cold, export_cost
from benchmarks.neural.contestants import (
    EDGE,
    EDGE_TENSORS,
    FLOOR,
    LAMBDA,
    Places,
    compiled,
    contestants,
    library,
)  # fmt: skip
from benchmarks.neural.graphs import Network, digits_cnn, mobilenet_v2
from benchmarks.results import Bar
from isoship.bundle.target import Target

FOLDER = ROOT / "build" / "bench-neural"
ROUNDS, COLD_ROUNDS, EXPORTS = 40, 25, 7
#: (network, batch, calls a round, limit of our runtimes in terms of the C program; issue 15, point 5)
CASES = ((digits_cnn, 1, 200, 1.6), (digits_cnn, 32, 20, 1.1), (mobilenet_v2, 1, 5, 1.1))
OURS = (EDGE, EDGE_TENSORS, LAMBDA)
_EXPORT, _COLD = 1.3, 1.15
_PARTS = ("calls", "export", "cold")


def main(arguments: list[str] | None = None) -> int:
    os.environ["OMP_NUM_THREADS"] = os.environ["ORT_DISABLE_TELEMETRY"] = "1"
    parser = argparse.ArgumentParser(prog="python -m benchmarks.neural", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rounds", type=int, default=ROUNDS, help="turns of every contestant")
    parser.add_argument("--only", choices=_PARTS, action="append", help="this part alone")
    options = parser.parse_args(arguments)
    parts = options.only or _PARTS
    FOLDER.mkdir(parents=True, exist_ok=True)
    target, machine = _machine()
    figures: dict[str, Any] = {"rounds": options.rounds, "networks": {}}
    bars: list[Bar] = []
    bundles = {make: _exported(make(), target) for make in dict.fromkeys(make for make, *_ in CASES)}
    if "calls" in parts:
        places = {
            make: Places(bundle, library(), machine.interpreter, machine.core) for make, bundle in bundles.items()
        }
        program = compiled(FOLDER)
        for make, batch, calls, limit in CASES:
            network = make()
            named = f"{network.name}, batch {batch}"
            figures["networks"][named] = found = _called(network, places[make], program, batch, calls, options.rounds)
            bars += [Bar(f"{named}: {who}, times the C program", found["ratios"][who], limit, "<=") for who in OURS]
    if "export" in parts:
        figures["export"] = _exports(EXPORTS)
        bars.append(Bar("export, times the logistic pipeline's (CPU)", figures["export"]["ratio"], _EXPORT, "<="))
    if "cold" in parts:
        network = digits_cnn()
        asked = cold.asked(network, bundles[digits_cnn])
        figures["cold"] = cold.starts(asked, FOLDER / "cold", target, machine, COLD_ROUNDS)
        ratio = figures["cold"]["ours, times the C-API floor"]
        bars.append(Bar("digits CNN: cold start, times the C-API floor (CPU)", ratio, _COLD, "<="))
    _print(figures, bars)
    if parts == _PARTS and options.rounds == ROUNDS:
        results.write("neural", results.document(results.environment(("onnxruntime", "onnx", "numpy")), figures, bars))
    return 0 if all(bar.ok for bar in bars) else 1


def _exported(network: Network, target: Target) -> Path:
    from isoship.exporting import export

    _say(f"{network.name}: exporting")
    out = FOLDER / network.slug
    shutil.rmtree(out, ignore_errors=True)
    export(
        network.written(FOLDER), out=out, name="network", targets=("lambda", "edge"), lambda_python=target.python,
        force=True, progress=lambda _line: None,
    )  # fmt: skip
    return out


def _called(network: Network, places: Places, program: Path, batch: int, calls: int, rounds: int) -> dict[str, Any]:
    """Contestant -> median and minimum microseconds, and its ratio to the C program.

    Raises:
        SystemExit: a contestant answers otherwise than the C program.
    """
    pictures = network.pictures(batch)
    started = contestants(network, places, program)
    medians: dict[str, list[float]] = {one.name: [] for one in started}
    order, shuffled = list(started), random.Random(0)
    try:
        first = started[0].timed(pictures, 1)[1]
        for one in started:  # past the first answers
            _, logits = one.timed(pictures, calls)
            if not np.allclose(logits, first, rtol=1e-4, atol=1e-4):
                raise SystemExit(f"{one.name} answers {logits[0, :5]} where the C program says {first[0, :5]}")
        for number in range(rounds):
            if number % 10 == 0:
                _say(f"{network.name}, batch {batch}: round {number} of {rounds}")
            shuffled.shuffle(order)
            for one in order:
                medians[one.name].append(statistics.median(one.timed(pictures, calls)[0]) / 1e3)
    finally:
        for one in started:
            one.close()
    ratios = {
        name: statistics.median(mine / floor for mine, floor in zip(each, medians[FLOOR], strict=True))
        for name, each in medians.items()
    }
    return {
        "microseconds": {name: round(statistics.median(each), 2) for name, each in medians.items()},
        "minimum": {name: round(min(each), 2) for name, each in medians.items()},
        "ratios": {name: round(ratio, 3) for name, ratio in ratios.items()},
    }


def _exports(rounds: int) -> dict[str, Any]:
    network = digits_cnn().written(FOLDER)
    seconds: dict[str, list[float]] = {export_cost.LOGISTIC: [], network.name: []}
    for number in range(rounds):
        _say(f"exports: round {number + 1} of {rounds}")
        seconds[export_cost.LOGISTIC].append(export_cost.seconds(export_cost.LOGISTIC, FOLDER / "logistic"))
        seconds[network.name].append(export_cost.seconds(str(network), FOLDER / "measured"))
    pairs = zip(seconds[network.name], seconds[export_cost.LOGISTIC], strict=True)
    return {
        "targets": list(export_cost.TARGETS),
        "cpu_seconds": {name: round(statistics.median(each), 2) for name, each in seconds.items()},
        "ratio": round(statistics.median(mine / theirs for mine, theirs in pairs), 3),
    }


def _print(figures: dict[str, Any], bars: list[Bar]) -> None:
    for named, found in figures["networks"].items():
        print(f"{named:44}{'median us':>12}{'minimum':>12}{'C program = 1':>15}")
        for who, median in found["microseconds"].items():
            print(f"  {who:42}{median:>12.1f}{found['minimum'][who]:>12.1f}{found['ratios'][who]:>15.2f}")
    for part in ("export", "cold"):
        if part in figures:
            print(part, figures[part])
    for bar in bars:
        print(f"{bar.name}: {bar.value:g} ({bar.sense} {bar.limit:g}) {'met' if bar.ok else 'MISSED'}")


def _say(message: str) -> None:
    print(message, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
