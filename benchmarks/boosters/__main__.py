"""Runs every booster configuration: the table to stdout, progress to stderr, benchmarks/results/boosters.json.

Exit 1 when a bar is missed. `--only` examines a few (a part of a name is enough), writes nothing, and exits 1 when one
is wrong or ends in an error.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from typing import Any

from benchmarks import results
from benchmarks.boosters.examine import examine, recipes
from benchmarks.results import Bar
from benchmarks.sweep import pool, summary

_PACKAGES = ("catboost", "lightgbm", "xgboost-cpu", "scikit-learn", "numpy", "onnx", "onnxruntime")
_AT_LEAST, _REFUSED_AT_MOST = 60, 6


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.boosters", description=__doc__.splitlines()[0])
    parser.add_argument("--only", metavar="PART", nargs="+", help="configurations whose names hold one of these")
    parser.add_argument("--json", action="store_true", help="the results as JSON on stdout, and nothing else there")
    options = parser.parse_args(arguments)
    every = list(recipes())
    chosen = [name for name in every if not options.only or any(part in name for part in options.only)]
    if not chosen:
        parser.error("no configuration has such a name")
    document = _measure(chosen, quiet=options.json)
    if options.json:
        print(json.dumps(document, ensure_ascii=False))
    if options.only:
        counts = document["figures"]["counts"]
        return 1 if counts["WRONG"] or counts["error"] or counts["not fitted"] else 0
    results.write("boosters", document)
    for bar in document["bars"]:
        verdict = "ok" if bar["ok"] else "MISSED"
        print(f"{bar['name']}: {bar['value']:g} ({bar['sense']} {bar['limit']:g}) {verdict}", file=sys.stderr)
    return 0 if all(bar["ok"] for bar in document["bars"]) else 1


def _measure(chosen: list[str], *, quiet: bool) -> dict[str, Any]:
    found: dict[str, dict[str, Any]] = {}

    def finished(name: str, findings: list[dict[str, Any]]) -> None:
        found[name] = findings[0]
        print(f"{len(found):3}/{len(chosen)} {name}: {findings[0]['status']}", file=sys.stderr)

    started = time.monotonic()
    pool.run(chosen, finished, examine=examine)
    ordered = {name: found[name] for name in chosen}
    statuses = [one["status"] for one in ordered.values()]
    counts = {status: statuses.count(status) for status in (*summary.STATUSES, "not fitted")}
    if not quiet:
        for name, one in ordered.items():
            print(_line(name, one))
        print(", ".join(f"{count} {status}" for status, count in counts.items()))
    figures = {"counts": counts, "configurations": ordered, "seconds": round(time.monotonic() - started, 1)}
    bars = [
        Bar("configurations", len(ordered), _AT_LEAST, ">="),
        Bar("refused", counts["refused"], _REFUSED_AT_MOST, "<="),
        *(Bar(status, counts[status], 0, "<=") for status in ("WRONG", "error", "not fitted")),
    ]
    return results.document(results.environment(_PACKAGES), figures, bars)


def _line(name: str, one: dict[str, Any]) -> str:
    error = f"{one.get('max_error', 0.0):.1e}"
    return f"{name:58} {one['status']:10} {one.get('rows', 0):7d} {error:>8}  {one['why'][:160]}".rstrip()


if __name__ == "__main__":
    sys.exit(main())
