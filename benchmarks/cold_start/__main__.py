"""Measures cold starts: the table to stdout, progress to stderr, benchmarks/results/cold_start.json and .svg.

The table of docs/lambda.md is written too. Exit 1 when a bar is missed. `--only` and `--reuse` are for trying things
and write nothing.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import sys
from collections.abc import Sequence
from typing import Any

from benchmarks import results
from benchmarks.cold_start import docs, measure, plot, stacks, summary
from benchmarks.cold_start.models import ROOT, Case, cases, train
from benchmarks.cold_start.released import exported_by
from benchmarks.cold_start.variants import ECHO, FLOOR, FLOORS, NATIVE, OURS, Variant, before, build, ordered
from benchmarks.size.release import release
from isoship.bundle.aws_lambda.directory import check_target
from isoship.bundle.bytecode import compile_bytecode
from isoship.bundle.interpreters import find_interpreter
from isoship.bundle.target import Target
from isoship.bundle.wheels.fetch import fetch_wheels, read_pins
from isoship.parity.runners.lambda_runtime import CLIENT_PINS, unpack_client

ROUNDS, WARM = 15, 1000
FOLDER = ROOT / "build" / "bench-lambda"
_PYTHONS = ("3.14", "3.13", "3.12")


def main(arguments: list[str] | None = None) -> int:
    os.environ["OMP_NUM_THREADS"] = os.environ["ORT_DISABLE_TELEMETRY"] = "1"
    every = cases()
    parser = argparse.ArgumentParser(prog="python -m benchmarks.cold_start", description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=ROUNDS, help="cold starts of each variant")
    parser.add_argument(
        "--warm", type=int, default=WARM, help="warm invocations of ours, the C-API floor and the empty handler"
    )
    parser.add_argument("--only", metavar="NAME", nargs="+", help=f"of {', '.join(repr(case.name) for case in every)}")
    parser.add_argument("--reuse", action="store_true", help="take the bundles that the last run exported")
    parser.add_argument("--json", action="store_true", help="the results as JSON on stdout, and nothing else there")
    parser.add_argument("--write-docs", action="store_true", help="write the last results into docs/lambda.md, no more")
    options = parser.parse_args(arguments)
    if options.write_docs:
        docs.write(results.read("cold_start"))
        return 0
    unknown = sorted(set(options.only or ()) - {case.name for case in every})
    if unknown:
        parser.error(f"no such model: {', '.join(unknown)}")
    target, machine = _machine()
    document = _measured(
        [case for case in every if case.name in (options.only or [each.name for each in every])],
        target,
        machine,
        options,
    )
    if options.json:
        print(json.dumps(document, ensure_ascii=False))
    else:
        for name, one in document["figures"]["models"].items():
            print(summary.table(name, one))
    if not (options.only or options.reuse):
        path = results.write("cold_start", document)
        path.with_suffix(".svg").write_text(plot.plot(document), encoding="utf-8")
        docs.write(document)
    for bar in document["bars"]:
        verdict = "met" if bar["ok"] else "MISSED"
        print(f"{bar['name']}: {bar['value']:.3g} ({bar['sense']} {bar['limit']:g}) {verdict}", file=sys.stderr)
    return 0 if all(bar["ok"] for bar in document["bars"]) else 1


def _machine() -> tuple[Target, measure.Machine]:
    """The newest Python here that Lambda offers, and awslambdaric for it."""
    python = next((each for each in _PYTHONS if find_interpreter(each)), None)
    here = None if python is None else check_target(Target(python, os.uname().machine))
    interpreter = None if here is None else find_interpreter(here.python)
    if here is None or interpreter is None:
        raise SystemExit(f"none of Python {', '.join(_PYTHONS)} is here: uv python install 3.13 (or pyenv)")
    fetch_wheels(read_pins(CLIENT_PINS), here, progress=_say)
    client = FOLDER / f"client-{here.python}"
    shutil.rmtree(client, ignore_errors=True)
    compile_bytecode(unpack_client(client, here), here.python)
    return here, measure.Machine(interpreter, client, max(os.sched_getaffinity(0)))


def _measured(chosen: Sequence[Case], target: Target, machine: measure.Machine, options: Any) -> dict[str, Any]:
    models: dict[str, Any] = {}
    installed: dict[str, str] = {}
    for case in chosen:
        _say(f"{case.name}: fitting and exporting")
        trained = train(case, FOLDER / case.slug, target.python, lambda _line: None, reuse=options.reuse)
        variants = build(case, trained, FOLDER, target, machine.interpreter, _say, FLOORS if case.floors else (ECHO,))
        if case.floors:
            variants = ordered([*variants, *before(exported_by(release(FOLDER), case, FOLDER, target.python))])
        starts = _rounds(case, variants, trained, machine, options.rounds)
        _say(f"{case.name}: {options.warm} warm invocations")
        warmed = [variant for variant in variants if variant.name in (ECHO, FLOOR, OURS, NATIVE)]
        models[case.name] = {
            "variants": summary.figures(starts, {variant.name: variant.size for variant in variants}),
            "ratios": summary.ratios(starts),
            "zip_mb_beside_model": round(summary.beside_the_model(trained.bundle / "lambda.zip"), 3),
            "warm": measure.warm(machine, warmed, trained, options.warm),
        }
        installed |= _installed(variants)
    where = results.environment(("onnxruntime", "scikit-learn", "skl2onnx"))
    where |= {"handler": f"Python {target.python}, {target.aws_arch}", "stacks": installed}
    where["awslambdaric"] = next(pin.version for pin in read_pins(CLIENT_PINS) if pin.name == "awslambdaric")
    shown = {"rounds": options.rounds, "warm_invocations": options.warm, "cores_of_a_function": 1, "models": models}
    return results.document(where, shown, summary.bars(models))


def _rounds(
    case: Case, variants: list[Variant], trained: Any, machine: measure.Machine, rounds: int
) -> dict[str, list[measure.Start]]:
    """Every variant once a round, the order drawn anew; a first round, which reads the disk, is not counted."""
    starts: dict[str, list[measure.Start]] = {variant.name: [] for variant in variants}
    shuffled, order = random.Random(0), list(variants)
    for number in range(rounds + 1):
        _say(f"{case.name}: round {number} of {rounds}" if number else f"{case.name}: a round that is not counted")
        shuffled.shuffle(order)
        for variant in order:
            start = measure.cold_start(machine, variant, trained)
            if number:
                starts[variant.name].append(start)
    return starts


def _installed(variants: list[Variant]) -> dict[str, str]:
    """What pip resolved for the naive stacks."""
    found: dict[str, str] = {}
    for variant in variants:
        for folder in variant.path[1:]:
            found |= stacks.versions(folder)
    return dict(sorted(found.items()))


def _say(message: str) -> None:
    print(message, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
