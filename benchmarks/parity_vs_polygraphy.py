"""Planted faults in the model.onnx of all-numeric models: what `polygraphy run` detects, and what `check` does.

    python -m benchmarks.parity_vs_polygraphy

Polygraphy compares outputs of the original, kept by `--save-outputs`, with those of the copy that holds the fault.
Its defaults draw one row from [0, 1) and allow 1e-5 absolute and relative; `--input-shapes` gives it as many rows as
our default budget makes. It runs in an environment of its own, .tools/polygraphy (`make bench-polygraphy`).
"""

from __future__ import annotations

import math
import os
import shutil
import subprocess
import sys
import tempfile
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np

from benchmarks import results
from benchmarks.mutants import step_faults as steps
from benchmarks.mutants import tree_faults as trees
from benchmarks.mutants.bases import exported
from benchmarks.mutants.catalogue import Mutant
from benchmarks.mutants.sealing import copied
from benchmarks.mutants.tree_faults import Plant
from benchmarks.mutants.trial import SEED, try_mutant

POLYGRAPHY = Path(__file__).parent.parent / ".tools" / "polygraphy" / "bin" / "polygraphy"
_ROWS = 1500
_COLUMNS = 4
_SETTINGS: dict[str, tuple[str, ...]] = {"defaults": (), f"{_ROWS} rows": ("--input-shapes", f"X:[{_ROWS},{_COLUMNS}]")}
_SECONDS = 120


@dataclass(frozen=True)
class Compared:
    """One fault: polygraphy's word under each setting, and ours."""

    mutant: Mutant
    planted: str
    polygraphy: dict[str, bool]
    isoship: bool


def main() -> int:
    if not POLYGRAPHY.is_file():
        print("polygraphy is not here: make bench-polygraphy", file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory(prefix="isoship-polygraphy-") as place:
        found = [_compared(mutant, Path(place)) for mutant in _mutants()]
    print(_table(found))
    counts = {setting: sum(one.polygraphy[setting] for one in found) for setting in _SETTINGS}
    ours = sum(one.isoship for one in found)
    for setting, count in counts.items():
        print(f"polygraphy with {setting}: {count} of {len(found)}")
    print(f"isoship check with defaults: {ours} of {len(found)}")
    figures: dict[str, Any] = {
        "planted": len(found),
        "polygraphy": counts,
        "isoship": ours,
        "mutants": [
            {"name": c.mutant.name, "base": c.mutant.base, "planted": c.planted, **c.polygraphy, "isoship": c.isoship}
            for c in found
        ],
    }
    where = results.environment(("scikit-learn", "numpy", "onnx", "onnxruntime"))
    where["packages"]["polygraphy"] = _version()
    bars = [results.Bar("faults missed by isoship check", len(found) - ours, 0, "<=")]
    results.write("parity_vs_polygraphy", results.document(where, figures, bars))
    return 0 if all(bar.ok for bar in bars) else 1


def _mutants() -> list[Mutant]:
    """Every fault of `make mutants` that an all-numeric model can hold, in the two that are."""

    def fault(name: str, base: str, plant: Plant) -> Mutant:
        return Mutant("model.onnx", name, base, plant)

    on_both = {
        "features in float32": trees.features_in_float32,
        "output renamed": steps.output_renamed,
        "output in float": steps.output_in_float,
        "output with one column more": steps.output_wider,
    }
    return [
        fault("threshold one ulp up", "numeric", trees.moved_threshold(math.inf)),
        fault("threshold one ulp down", "numeric", trees.moved_threshold(-math.inf)),
        fault("threshold one ulp up, deep", "numeric", trees.moved_threshold(math.inf, least_depth=trees.DEEP)),
        fault("threshold rounded to float32", "numeric", trees.rounded_to_float32()),
        fault("<= turned to <", "numeric", trees.strict()),
        fault("NaN takes the other branch", "numeric", trees.missing_goes_elsewhere()),
        fault("NaN takes the other branch, deep", "numeric", trees.missing_goes_elsewhere(least_depth=trees.DEEP)),
        fault("children swapped at one node", "numeric", trees.children_swapped()),
        fault("feature index off by one at one node", "numeric", trees.other_feature()),
        fault("two leaves swapped", "numeric", trees.leaves_swapped),
        fault("a tree is missing", "numeric", trees.tree_missing),
        fault("coefficient off by 1e-7", "linear", steps.constant("MatMul", steps.first_off(1e-7), "the first one")),
        fault("intercept dropped", "linear", steps.constant("Add", np.zeros_like, "zeros")),
        *[fault(f"{name}, {base}", base, plant) for base in ("numeric", "linear") for name, plant in on_both.items()],
    ]


def _compared(mutant: Mutant, folder: Path) -> Compared:
    base = exported(mutant.base, folder)
    faulty = copied(base, folder / "faulty")
    rng = np.random.default_rng([SEED, zlib.crc32(mutant.name.encode())])
    planted = mutant.plant(faulty, rng)
    said = {}
    for setting, options in _SETTINGS.items():
        kept = folder / f"{mutant.base} {setting}.json"
        if not kept.exists() and not _polygraphy(base, *options, "--save-outputs", str(kept)):
            raise RuntimeError(f"polygraphy does not run the original of {mutant.base}")
        said[setting] = not _polygraphy(faulty, *options, "--load-outputs", str(kept))
    shutil.rmtree(faulty)
    ours = try_mutant(mutant, folder)
    print(f"{mutant.name}: polygraphy {said}, isoship {ours.detected}", file=sys.stderr)
    return Compared(mutant, planted, said, ours.detected)


def _polygraphy(bundle: Path, *options: str) -> bool:
    """Whether `polygraphy run` ends well."""
    command = [str(POLYGRAPHY), "run", str(bundle / "model.onnx"), "--onnxrt", *options]
    environment = {**os.environ, "ORT_DISABLE_TELEMETRY": "1"}
    ran = subprocess.run(command, env=environment, capture_output=True, timeout=_SECONDS, check=False)
    return ran.returncode == 0


def _version() -> str:
    ran = subprocess.run([str(POLYGRAPHY), "--version"], capture_output=True, text=True, timeout=_SECONDS, check=True)
    return ran.stdout.partition("Version:")[2].split()[0]


def _table(found: list[Compared]) -> str:
    head = ("fault", "model", *(f"polygraphy, {setting}" for setting in _SETTINGS), "isoship check")
    body = [
        (c.mutant.name, c.mutant.base, *(_word(c.polygraphy[s]) for s in _SETTINGS), _word(c.isoship)) for c in found
    ]
    widths = [max(len(row[i]) for row in (head, *body)) for i in range(len(head))]
    lines = [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in (head, *body)
    ]
    return "\n".join([lines[0], "-" * len(lines[0]), *lines[1:]])


def _word(detected: bool) -> str:
    return "detected" if detected else "passed"


if __name__ == "__main__":
    sys.exit(main())
