"""Exports every model of the shelf and checks each bundle in every runtime, all in one table.

Writes benchmarks/results/shelf.json. Exit 1 when a runtime disagrees, fails or is missing, or a model is refused.
`--only PART` takes a few (a part of a name is enough), `--runtimes A B` asks a few; both write nothing.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
import warnings
from pathlib import Path
from typing import Any

from benchmarks import results
from benchmarks.results import Bar
from benchmarks.shelf.models import Recipe, recipes

_PACKAGES = ("scikit-learn", "xgboost-cpu", "lightgbm", "catboost", "onnx", "onnxruntime")
_AT_LEAST = 25


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.shelf", description=__doc__.splitlines()[0])
    parser.add_argument("--only", metavar="PART", nargs="+", help="models whose names hold one of these")
    parser.add_argument("--runtimes", metavar="NAME", nargs="+", help="these alone")
    options = parser.parse_args(arguments)
    chosen = {n: r for n, r in recipes().items() if not options.only or any(part in n for part in options.only)}
    if not chosen:
        parser.error("no model of the shelf has such a name")
    started = time.monotonic()
    found: dict[str, dict[str, Any]] = {}
    with tempfile.TemporaryDirectory(prefix="isoship-shelf-") as folder:
        for i, (name, recipe) in enumerate(chosen.items()):
            try:
                found[name] = _checked(recipe, Path(folder) / f"bundle{i}", options.runtimes)
            except Exception as err:  # noqa: BLE001 - one model must not take the others' verdicts with it
                found[name] = {"verdict": "FAILED", "why": f"{type(err).__name__}: {err}", "runtimes": {}, "rows": 0}
            print(f"{i + 1:2}/{len(chosen)} {name}: {found[name]['verdict']}", file=sys.stderr)
    print(table(found))
    bars = [
        Bar("bundles", len(found), _AT_LEAST, ">="),
        Bar("bundles on which every runtime agrees", _agreeing(found), len(found), ">="),
        Bar("flips", sum(r["flips"] for one in found.values() for r in one["runtimes"].values()), 0, "<="),
    ]
    for bar in bars:
        print(f"{bar.name}: {bar.value:g} ({bar.sense} {bar.limit:g}) {'ok' if bar.ok else 'MISSED'}", file=sys.stderr)
    if options.only or options.runtimes:
        return 0 if _agreeing(found) == len(found) else 1
    figures = {"bundles": found, "seconds": round(time.monotonic() - started, 1)}
    results.write("shelf", results.document(results.environment(_PACKAGES), figures, bars))
    return 0 if all(bar.ok for bar in bars) else 1


def _checked(recipe: Recipe, folder: Path, asked: list[str] | None) -> dict[str, Any]:
    """One model, exported with every target and checked in every runtime, or in those that are asked."""
    from isoship.errors import IsoshipError
    from isoship.exporting import export
    from isoship.parity.check import check

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model, rows = recipe()
        try:
            export(model, sample=rows, out=folder, name="shelf", offline=True)
        except IsoshipError as err:
            return {"verdict": "not exported", "why": str(err), "runtimes": {}, "rows": 0}
        report = check(folder, model=model, sample=rows, runtimes=asked)
    runtimes = {
        v.name: {
            "status": v.status,
            "rows": v.rows,
            "flips": v.flips,
            "ties": v.ties,
            "largest_error": v.max_abs if v.max_abs < 1e300 else None,
            "why": v.message,
        }
        for v in report.verdicts
    }
    missing = [name for name, one in runtimes.items() if one["status"] == "unavailable"]
    verdict = "agree" if report.ok and not missing else "FAILED"
    return {
        "verdict": verdict,
        "why": report.headline,
        "runtimes": runtimes,
        "rows": max((v.rows for v in report.verdicts), default=0),
    }


def _agreeing(found: dict[str, dict[str, Any]]) -> int:
    return sum(one["verdict"] == "agree" for one in found.values())


def table(found: dict[str, dict[str, Any]]) -> str:
    """A row a bundle, a column a runtime: the largest error where it agrees, the verdict where it does not.

    The runtimes stand below the table by their numbers.
    """
    names = list(dict.fromkeys(name for one in found.values() for name in one["runtimes"]))
    heads = ["bundle", "rows", *(f"[{i + 1}]" for i in range(len(names)))]
    body = [
        [name, str(one["rows"]), *(_cell(one["runtimes"].get(runtime)) for runtime in names)]
        for name, one in found.items()
    ]
    widths = [max(len(row[i]) for row in [heads, *body]) for i in range(len(heads))]
    lines = ["  ".join(c.ljust(w) for c, w in zip(row, widths, strict=True)).rstrip() for row in [heads, *body]]
    lines += [f"[{i + 1}] {name}" for i, name in enumerate(names)]
    lines += [f"{name}: {one['why']}" for name, one in found.items() if one["verdict"] != "agree"]
    return "\n".join(
        [lines[0], "-" * len(lines[0]), *lines[1:], f"{_agreeing(found)} of {len(found)} agree everywhere"]
    )


def _cell(one: dict[str, Any] | None) -> str:
    if one is None:
        return ""
    if one["status"] != "agree":
        return str(one["status"])
    if not one["rows"]:
        return "agree"
    return f"{one['largest_error']:.1e}" + (f" {one['ties']} ties" if one["ties"] else "")


if __name__ == "__main__":
    sys.exit(main())
