"""Runs the sweep: the table to stdout, progress to stderr, benchmarks/results/sweep.json and sweep.svg.

Exit 1 when a bar is missed. `--only` examines a few, writes nothing, and exits 1 when one is wrong or ends in an error.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from typing import Any

from benchmarks import results
from benchmarks.sweep import pool, summary, support
from benchmarks.sweep.recipes import names

_PACKAGES = ("scikit-learn", "numpy", "scipy", "onnx", "onnxruntime", "skl2onnx")


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.sweep", description=__doc__.splitlines()[0])
    parser.add_argument("--only", metavar="NAME", nargs="+", help="these estimators alone, with every fault in full")
    parser.add_argument("--json", action="store_true", help="the results as JSON on stdout, and nothing else there")
    parser.add_argument("--write-docs", action="store_true", help="write docs/support.md from the last results; no run")
    options = parser.parse_args(arguments)
    if options.write_docs:
        print(support.write(), file=sys.stderr)
        return 0
    every = names()
    unknown = sorted(set(options.only or ()) - set(every))
    if unknown:
        parser.error(f"no estimator of this scikit-learn that the sweep fits: {', '.join(unknown)}")
    document = _measure(options.only or every, quiet=options.json)
    if options.json:
        print(json.dumps(document, ensure_ascii=False))
    elif options.only:
        _print_faults(document["figures"]["configurations"])
    if options.only:
        counts = document["figures"]["counts"]
        return 1 if counts["WRONG"] or counts["error"] else 0
    path = results.write("sweep", document)
    path.with_suffix(".svg").write_text(summary.plot(document), encoding="utf-8")
    for bar in document["bars"]:
        verdict = "ok" if bar["ok"] else "MISSED"
        print(f"{bar['name']}: {bar['value']:g} ({bar['sense']} {bar['limit']:g}) {verdict}", file=sys.stderr)
    return 0 if all(bar["ok"] for bar in document["bars"]) else 1


def _measure(chosen: list[str], *, quiet: bool) -> dict[str, Any]:
    found: dict[str, list[dict[str, Any]]] = {}

    def finished(name: str, findings: list[dict[str, Any]]) -> None:
        found[name] = findings
        print(f"{len(found):3}/{len(chosen)} {name}: {summary.summary(findings)['status']}", file=sys.stderr)

    started = time.monotonic()
    pool.run(chosen, finished)
    measured = summary.figures(found, time.monotonic() - started)
    if not quiet:
        print(summary.HEADER)
        for name, one in measured["estimators"].items():
            print(summary.line(name, one))
        print(", ".join(f"{count} {status}" for status, count in measured["counts"].items()))
    return results.document(results.environment(_PACKAGES), measured, summary.bars(measured))


def _print_faults(found: dict[str, list[dict[str, Any]]]) -> None:
    for name, findings in found.items():
        for finding in findings:
            print(f"\n{name} ({finding['label']}): {finding['status']} {finding['why']}")
            for note in finding.get("notes", ()):
                print(f"  {note}")
            for worst in finding.get("worst", ()):
                print("  " + json.dumps(worst, ensure_ascii=False))


if __name__ == "__main__":
    sys.exit(main())
