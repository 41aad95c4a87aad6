"""Runs every model: the table to stdout, progress to stderr, benchmarks/results/row_program.json.

Exit 1 when a bar is missed. `--only` examines a few (a part of a name is enough), writes nothing, and exits 1 when one
is wrong or ends in an error.
"""

from __future__ import annotations

import argparse
import sys
import time
from typing import Any

from benchmarks import results
from benchmarks.boosters.examine import recipes as boosters
from benchmarks.results import Bar
from benchmarks.row_program import javascript
from benchmarks.row_program.bits import bits_of, is_booster, moved_elsewhere, named
from benchmarks.row_program.examine import examine
from benchmarks.sweep import pool
from benchmarks.sweep.recipes import names

_PACKAGES = ("scikit-learn", "numpy", "onnx", "onnxruntime", "xgboost-cpu", "lightgbm", "catboost")
STATUSES = ("agrees", "lacks", "WRONG", "error", "skipped")
#: Of the estimators that the sweep calls exact, and boosters' configurations that may lack an operator.
_AT_LEAST, _LACKING_AT_MOST = 160, 5
_LIMIT_SECONDS = 200.0


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.row_program", description=__doc__.splitlines()[0])
    parser.add_argument("--only", metavar="PART", nargs="+", help="models whose names hold one of these")
    parser.add_argument(
        "--javascript", action="store_true", help="web/src/rows in Node answers, and no file is written"
    )
    options = parser.parse_args(arguments)
    sweep = results.read("sweep")["figures"]["estimators"]
    exact = [name for name in names() if sweep.get(name, {}).get("status") == "exact"]
    every = [*exact, *boosters()]
    chosen = [name for name in every if not options.only or any(part in name for part in options.only)]
    if not chosen:
        parser.error("no model has such a name")
    found = _measure(chosen, javascript.examine if options.javascript else examine)
    for name, findings in found["figures"]["models"].items():
        for one in findings:
            print(_line(name, one))
    counts = found["figures"]["counts"]
    print(counts)
    if options.only or options.javascript:
        return 1 if counts["WRONG"] or counts["error"] else 0
    results.write("row_program", found, depth=3)
    for bar in found["bars"]:
        verdict = "ok" if bar["ok"] else "MISSED"
        print(f"{bar['name']}: {bar['value']:g} ({bar['sense']} {bar['limit']:g}) {verdict}", file=sys.stderr)
    return 0 if all(bar["ok"] for bar in found["bars"]) else 1


def _measure(chosen: list[str], asked: pool.Examine) -> dict[str, Any]:
    found: dict[str, list[dict[str, Any]]] = {}

    def finished(name: str, findings: list[dict[str, Any]]) -> None:
        found[name] = findings
        told = ", ".join(dict.fromkeys(one["status"] for one in findings))
        print(f"{len(found):3}/{len(chosen)} {name}: {told}", file=sys.stderr)

    started = time.monotonic()
    pool.run(chosen, finished, examine=asked, limit=_LIMIT_SECONDS)
    return document({name: found[name] for name in chosen}, time.monotonic() - started)


def document(ordered: dict[str, list[dict[str, Any]]], seconds: float) -> dict[str, Any]:
    """The results of models by name."""
    statuses = [one["status"] for findings in ordered.values() for one in findings]
    whole = [
        name for name, findings in ordered.items() if all(one["status"] in ("agrees", "skipped") for one in findings)
    ]
    asked = [name for name in whole if any(one["status"] == "agrees" for one in ordered[name])]
    lacking = {
        named(name, one): one["why"]
        for name, findings in ordered.items()
        for one in findings
        if one["status"] == "lacks"
    }
    agreeing = [(name, one) for name, findings in ordered.items() for one in findings if one["status"] == "agrees"]
    elsewhere = moved_elsewhere(agreeing)
    figures = {
        "counts": {status: statuses.count(status) for status in STATUSES},
        "estimators": {
            "exact": sum(":" not in name for name in ordered),
            "agree": sum(":" not in name for name in asked),
        },
        "boosters": {"exact": sum(":" in name for name in ordered), "agree": sum(":" in name for name in asked)},
        "bits": bits_of(agreeing),
        "another_libm": elsewhere,
        "lacking": lacking,
        "models": ordered,
        "seconds": round(seconds, 1),
    }
    bars = [
        Bar("exact estimators with a row program that agrees", figures["estimators"]["agree"], _AT_LEAST, ">="),
        Bar("boosters' configurations that lack an operator", sum(":" in n for n in lacking), _LACKING_AT_MOST, "<="),
        *(Bar(status, statuses.count(status), 0, "<=") for status in ("WRONG", "error")),
        Bar(
            "configurations without sums or functions of the C library that have other bits than the model",
            figures["bits"]["neither"]["other"],
            0,
            "<=",
        ),
        Bar(
            "outputs that another C library moves and the manifest does not name", len(elsewhere["not_named"]), 0, "<="
        ),
        Bar("boosters that it moves by more than 4 ulp", sum(map(is_booster, elsewhere["beyond_4"])), 0, "<="),
    ]
    return results.document(results.environment(_PACKAGES), figures, bars)


def _line(name: str, one: dict[str, Any]) -> str:
    shown = named(name, one)
    error = f"{one.get('max_error', 0.0):.1e}"
    return f"{shown:64} {one['status']:8} {one.get('rows', 0):5d} {error:>8}  {one.get('why', '')[:140]}".rstrip()


if __name__ == "__main__":
    sys.exit(main())
