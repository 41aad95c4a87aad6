"""Every estimator that the sweep calls exact, in TF.js in Node: `python -m benchmarks.sweep.in_tfjs [--only PART ...]`.

Each is exported for the browser and checked by web/index.js and by stock TF.js on cpu and wasm, in batches of one, of
few and of many rows; web/ answers by TF.js there, whatever it does by itself. A line each,
benchmarks/results/in_tfjs.json; exit 1 where one disagrees or more than ten are refused.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import warnings
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np

import isoship
from benchmarks import results
from benchmarks.results import Bar
from benchmarks.sweep.examine import fit
from benchmarks.sweep.recipes import build, names, recipes
from benchmarks.sweep.tables import ROWS, TABLES, target
from isoship.errors import IsoshipError, UnsupportedModelError

RUNTIMES = tuple(f"{form}-node-{backend}" for form in ("web", "tfjs-stock") for backend in ("cpu", "wasm"))
_ROWS, _REFUSED_AT_MOST = 1600, 10


def fitted(name: str) -> tuple[Any, Any]:
    """An estimator of the sweep as its first recipe fits it, and its rows as a sample."""
    recipe = next(recipes(name))
    rng = np.random.default_rng(0)
    x = TABLES[recipe.table](rng, ROWS)
    model = fit(build(name, dict(recipe.parameters)), x, target(recipe.target, x, rng))
    return model, x.reshape(-1, 1) if isinstance(x, np.ndarray) and x.ndim == 1 else x


def examined(name: str, folder: Path) -> dict[str, Any]:
    """{"status": agree, idle, refused or what is wrong, "flips", "largest"}."""
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        model, sample = fitted(name)
        try:
            isoship.export(model, sample=sample, out=folder, name="swept", targets=("web",))
        except UnsupportedModelError as err:
            return {"status": "refused", "why": str(err)[:300]}
        try:
            report = isoship.check(folder, model=model, runtimes=RUNTIMES, rows=_ROWS)
        except IsoshipError as err:
            return {"status": "error", "why": str(err)[:300]}
    verdicts = [verdict for verdict in report.verdicts if verdict.name in RUNTIMES]
    bad = [verdict for verdict in verdicts if verdict.status not in ("agree", "idle")]
    return {
        "status": f"{bad[0].name}: {bad[0].status}" if bad else verdicts[-1].status,
        "flips": sum(verdict.flips for verdict in verdicts),
        "largest": max((verdict.max_abs for verdict in verdicts), default=0.0),
        "rows": max((verdict.rows for verdict in verdicts), default=0),
    }


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.sweep.in_tfjs", description=__doc__.splitlines()[0])
    parser.add_argument("--only", metavar="PART", nargs="+", help="estimators whose names hold one of these")
    options = parser.parse_args(arguments)
    swept = results.read("sweep")["figures"]["estimators"]
    exact = [name for name in names() if swept.get(name, {}).get("status") == "exact"]
    found: dict[str, Any] = {}
    for name in exact:
        if options.only and not any(part in name for part in options.only):
            continue
        with tempfile.TemporaryDirectory(prefix="in-tfjs-") as place:
            try:
                found[name] = examined(name, Path(place) / "bundle")
            except Exception as err:  # noqa: BLE001 one estimator must not take the others with it
                found[name] = {"status": "error", "why": f"{type(err).__name__}: {err}"[:300]}
        print(name, found[name], flush=True)
    counts = Counter(
        one["status"] if one["status"] in ("agree", "idle", "refused") else "WRONG" for one in found.values()
    )
    bars = [Bar("wrong", counts["WRONG"], 0, "<="), Bar("refused", counts["refused"], _REFUSED_AT_MOST, "<=")]
    print(dict(counts), file=sys.stderr)
    if not options.only:
        packages = ("scikit-learn", "onnx", "onnxruntime")
        results.write("in_tfjs", results.document(results.environment(packages), {"estimators": found}, bars))
    return 0 if all(bar.ok for bar in bars) else 1


if __name__ == "__main__":
    raise SystemExit(main())
