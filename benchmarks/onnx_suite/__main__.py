"""Runs the suite: a line a case to stderr, the table to stdout, benchmarks/results/onnx_suite.json.

Exit 1 where an answer is wrong or fewer than 85 % of the cases are carried. `--only TEXT` asks those whose names
hold it and writes nothing.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections import Counter
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from benchmarks import results
from benchmarks.onnx_suite import table
from benchmarks.onnx_suite.cases import cases
from benchmarks.onnx_suite.running import NodeTFJS
from benchmarks.onnx_suite.trial import tried

BACKENDS = ("cpu", "wasm")
LEAST = 0.85


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.onnx_suite", description=__doc__.splitlines()[0])
    parser.add_argument("--only", default="", metavar="TEXT", help="cases whose names hold it")
    parser.add_argument("--quiet", action="store_true", help="no line for what is right")
    parser.add_argument(
        "--write-docs", action="store_true", help="write docs/onnx_operators.md from the last results, and no more"
    )
    options = parser.parse_args(arguments)
    if options.write_docs:
        table.PAGE.write_text(table.page(), encoding="utf-8")
        return 0
    found: dict[str, Any] = {}
    with tempfile.TemporaryDirectory(prefix="onnx-suite-") as place, ExitStack() as stack:
        runtimes = {backend: stack.enter_context(NodeTFJS(backend)) for backend in BACKENDS}
        for case in cases(options.only):
            try:
                found[case.name] = tried(case, runtimes, Path(place) / "model")
            except Exception as err:  # noqa: BLE001 a fault of ours: it is shown and counted as wrong
                found[case.name] = dict.fromkeys(BACKENDS, f"{type(err).__name__}: {err}")
            said = _said(found[case.name])
            if said != "right" or not options.quiet:
                print(f"{case.name}: {said}", file=sys.stderr)
    counts = {backend: Counter(_verdict(each, backend) for each in found.values()) for backend in BACKENDS}
    for backend, count in counts.items():
        print(f"{backend}: {len(found)} cases, {dict(sorted(count.items()))}")
    bars = []
    for backend, count in counts.items():
        bars.append(results.Bar(f"{backend}: carried and right", count["right"] / max(1, len(found)), LEAST, ">="))
        bars.append(results.Bar(f"{backend}: wrong", count["wrong"], 0, "<="))
    if not options.only:
        environment = results.environment(("onnx",))
        results.write("onnx_suite", results.document(environment, {"cases": found}, bars))
    return 0 if all(bar.ok for bar in bars) else 1


def _said(found: dict[str, Any]) -> str:
    if "refused" in found:
        return f"refused: {found['refused']}"
    wrong = [f"{backend}: {found[backend]}" for backend in BACKENDS if found[backend] != "right"]
    return "; ".join(wrong) or "right"


def _verdict(found: dict[str, Any], backend: str) -> str:
    if "refused" in found:
        return "refused"
    return "right" if found[backend] == "right" else "wrong"


if __name__ == "__main__":
    raise SystemExit(main())
