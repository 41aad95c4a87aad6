"""Our cold start and warm row beside those of an earlier commit, interleaved in one run.

`python -m benchmarks.cold_start.against COMMIT` exports the same models with the isoship of both, starts each function
once a round in an order drawn anew, and writes benchmarks/results/cold_start_against.json. Exit 1 when a median ratio
of the rounds is above what two runs of one function differ by.
"""

from __future__ import annotations

import argparse
import filecmp
import os
import random
import sys
from pathlib import Path
from typing import Any

from benchmarks import results
from benchmarks.cold_start import measure, summary
from benchmarks.cold_start.__main__ import FOLDER, ROUNDS, WARM, _machine, _say
from benchmarks.cold_start.models import Trained, cases, train
from benchmarks.cold_start.released import exported_by
from benchmarks.cold_start.variants import FASTAPI, OURS, Variant
from benchmarks.results import Bar
from benchmarks.size.release import release
from isoship.parity.runners.lambda_process import HANDLER

BEFORE, SAME = "before", "ours again"
#: One function beside itself is within this of itself, which the run shows, too.
_COLD, _WARM = 1.02, 1.05


def main(arguments: list[str] | None = None) -> int:
    os.environ["OMP_NUM_THREADS"] = os.environ["ORT_DISABLE_TELEMETRY"] = "1"
    parser = argparse.ArgumentParser(prog="python -m benchmarks.cold_start.against", description=_FIRST)
    parser.add_argument("commit", help="a commit of this repository")
    parser.add_argument("--rounds", type=int, default=2 * ROUNDS, help="cold starts of each variant")
    parser.add_argument("--warm", type=int, default=2 * WARM, help="warm invocations of each variant")
    options = parser.parse_args(arguments)
    tree = release(FOLDER, options.commit)
    target, machine = _machine()
    models: dict[str, Any] = {}
    bars: list[Bar] = []
    for case in cases():
        _say(f"{case.name}: fitting and exporting, here and at {options.commit}")
        trained = train(case, FOLDER / case.slug, target.python, lambda _line: None, reuse=False)
        before = exported_by(tree, case, FOLDER, target.python)
        _share(trained.bundle / "lambda", before / "lambda")
        variants = _variants(trained, before)
        starts: dict[str, list[measure.Start]] = {variant.name: [] for variant in variants}
        shuffled, order = random.Random(0), list(variants)
        for number in range(options.rounds + 1):
            shuffled.shuffle(order)
            for variant in order:
                start = measure.cold_start(machine, variant, trained)
                if number:
                    starts[variant.name].append(start)
        warm = measure.warm(machine, [each for each in variants if each.name != SAME], trained, options.warm)
        models[case.name] = {"variants": summary.figures(starts, {v.name: v.size for v in variants}), "warm": warm}
        pairs = [("cold, direct", OURS, BEFORE), ("cold, FastAPI", FASTAPI, f"{BEFORE}, FastAPI")]
        for what, mine, theirs in pairs:
            ratio = round(summary.ratio(starts, mine, theirs), 3)
            bars.append(Bar(f"{case.name}: {what}, times {options.commit} (CPU)", ratio, _COLD, "<="))
        models[case.name]["ours beside ours"] = round(summary.ratio(starts, OURS, SAME), 3)
        for what, mine, theirs in pairs:
            ratio = round(warm[mine]["median_ms"] / warm[theirs]["median_ms"], 3)
            bars.append(Bar(f"{case.name}: {what.replace('cold', 'warm')}, times {options.commit}", ratio, _WARM, "<="))
    figures = {"commit": options.commit, "rounds": options.rounds, "warm_invocations": options.warm, "models": models}
    results.write("cold_start_against", results.document(results.environment(("onnxruntime",)), figures, bars))
    for name, one in models.items():
        print(f"{name}: ours beside ours {one['ours beside ours']}")
        for variant, at in one["variants"].items():
            warmed = one["warm"].get(variant, {}).get("median_ms", float("nan"))
            print(f"  {variant:18} cold {at['cpu_ms']:7.2f} ms CPU, {at['peak_mb']:4.0f} MB, warm {warmed:.3f} ms")
    for bar in bars:
        print(f"{bar.name}: {bar.value:g} ({bar.sense} {bar.limit:g}) {'met' if bar.ok else 'MISSED'}")
    return 0 if all(bar.ok for bar in bars) else 1


def _share(mine: Path, theirs: Path) -> None:
    """Makes equal files one: what the system keeps of a file in memory must not tell the two apart."""
    for path in mine.rglob("*"):
        other = theirs / path.relative_to(mine)
        if path.is_file() and other.is_file() and filecmp.cmp(path, other, shallow=False):
            other.unlink()
            other.hardlink_to(path)


def _variants(trained: Trained, before: Path) -> list[Variant]:
    made = []
    for name, bundle in ((OURS, trained.bundle), (SAME, trained.bundle), (BEFORE, before)):
        folder, size = bundle / "lambda", (bundle / "lambda.zip").stat().st_size
        made.append(Variant(name, folder, HANDLER, (folder,), size))
        if name != SAME:
            through = FASTAPI if name == OURS else f"{name}, FastAPI"
            made.append(Variant(through, folder, HANDLER, (folder,), size, {"ISOSHIP_DIRECT": "0"}))
    return made


_FIRST = (__doc__ or "").splitlines()[0]

if __name__ == "__main__":
    sys.exit(main())
