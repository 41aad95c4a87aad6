"""Runs the suite: a line a case to stderr, the table to stdout, benchmarks/results/onnx_suite.json.

Exit 1 where an answer is wrong or fewer than 85 % of the cases are carried. `--only TEXT` asks those whose names
hold it and writes nothing.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from benchmarks import results
from benchmarks.onnx_suite import table
from benchmarks.onnx_suite.cases import Case, cases
from benchmarks.onnx_suite.running import StockTFJS
from benchmarks.onnx_suite.trial import NOT_THERE, tried

BACKENDS = ("cpu", "wasm")
IN_CHROMIUM = ("cpu", "wasm", "webgl", "webgpu")
LEAST = 0.85


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.onnx_suite", description=__doc__.splitlines()[0])
    parser.add_argument("--only", default="", metavar="TEXT", help="cases whose names hold it")
    parser.add_argument("--quiet", action="store_true", help="no line for what is right")
    parser.add_argument(
        "--write-docs", action="store_true", help="write docs/onnx_operators.md from the last results, and no more"
    )
    parser.add_argument(
        "--chromium", action="store_true", help="in Chromium, on cpu, wasm, webgl and webgpu (about 5 minutes)"
    )
    options = parser.parse_args(arguments)
    if options.write_docs:
        table.PAGE.write_text(table.page(), encoding="utf-8")
        return 0
    runtimes = [f"chromium {backend}" for backend in IN_CHROMIUM] if options.chromium else list(BACKENDS)
    found = _asked(cases(options.only), runtimes, quiet=options.quiet)
    bars = []
    for runtime in runtimes:
        count = Counter(_verdict(each, runtime) for each in found.values())
        print(f"{runtime}: {len(found)} cases, {dict(sorted(count.items()))}")
        if not options.chromium:
            bars.append(results.Bar(f"{runtime}: carried and right", count["right"] / max(1, len(found)), LEAST, ">="))
        bars.append(results.Bar(f"{runtime}: wrong", count["wrong"], 0, "<="))
    if not options.only:
        name = "onnx_suite_chromium" if options.chromium else "onnx_suite"
        results.write(name, results.document(results.environment(("onnx",)), {"cases": found}, bars))
    return 0 if all(bar.ok for bar in bars) else 1


def _asked(asked: Iterable[Case], names: Sequence[str], *, quiet: bool) -> dict[str, Any]:
    """What came of each case in each runtime."""
    found: dict[str, Any] = {}
    with tempfile.TemporaryDirectory(prefix="onnx-suite-") as place, ExitStack() as stack:
        runtimes = {
            name: stack.enter_context(StockTFJS(name.split()[-1], "chromium" if " " in name else "node"))
            for name in names
        }
        for case in asked:
            try:
                found[case.name] = tried(case, runtimes, Path(place) / "model")
            except Exception as err:  # noqa: BLE001 a fault of ours: it is shown and counted as wrong
                found[case.name] = dict.fromkeys(names, f"{type(err).__name__}: {err}")
            said = _said(found[case.name], names)
            if said != "right" or not quiet:
                print(f"{case.name}: {said}", file=sys.stderr)
    return found


def _said(found: dict[str, Any], names: Sequence[str]) -> str:
    if "refused" in found:
        return f"refused: {found['refused']}"
    wrong = [f"{name}: {found[name]}" for name in names if found[name] not in ("right", NOT_THERE)]
    return "; ".join(wrong) or "right"


def _verdict(found: dict[str, Any], runtime: str) -> str:
    if "refused" in found:
        return "refused"
    return found[runtime] if found[runtime] in ("right", NOT_THERE) else "wrong"


if __name__ == "__main__":
    raise SystemExit(main())
