"""A CSV file of 100,000 rows answered in a page, beside PapaParse with onnxruntime-web.

`python -m benchmarks.web.files`: bytes of CSV in, bytes of CSV out, in Chromium and in Node. The table to stdout,
benchmarks/results/web_files.json; exit 1 when a bar is missed.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from benchmarks import results
from benchmarks.results import Bar
from benchmarks.web.file_folder import written
from benchmarks.web.file_models import ROWS, file_subjects
from benchmarks.web.running import PLACE, run
from isoship.parity.runners.node import ORT_WEB

ROUNDS = 9
RUNS = ("node", "chromium")
OURS, THEIRS = "page", "PapaParse, onnxruntime-web"
PAPAPARSE = "5.7.1"
#: How far an answer may be from the model's own, as |difference| / (1 + |x|), for its time to count.
CLOSE = {OURS: 1e-12, THEIRS: 1e-5}
_EVER = 1e9


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.web.files", description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--rows", type=int, default=ROWS, help="another number writes nothing")
    options = parser.parse_args(arguments)
    for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "ORT_DISABLE_TELEMETRY"):
        os.environ[variable] = "1"
    with tempfile.TemporaryDirectory(prefix="bench-files-") as folder:
        sizes = {}
        for subject in file_subjects():
            print(f"preparing {subject.name}", file=sys.stderr)
            written(subject, Path(folder) / subject.name, options.rows)
            sizes[subject.name] = (Path(folder) / subject.name / "rows.csv").stat().st_size
        missing: dict[str, dict[str, str]] = {name: {} for name in sizes}
        runs = {where: run(where, "files.mjs", Path(folder), PLACE, missing, options.rounds) for where in RUNS}
    figures = {"rounds": options.rounds, "rows": options.rows, "bytes": sizes, **runs}
    where = results.environment(("scikit-learn", "skl2onnx"))
    where["packages"] |= {"onnxruntime-web": ORT_WEB[1], "papaparse": PAPAPARSE}
    document = results.document(where, figures, bars(figures))
    print("\n".join(lines(figures)))
    if options.rows == ROWS:
        results.write("web_files", document)
    for bar in document["bars"]:
        verdict = "ok" if bar["ok"] else "MISSED"
        print(f"{bar['name']}: {bar['value']:.3g} ({bar['sense']} {bar['limit']:g}) {verdict}", file=sys.stderr)
    return 0 if all(bar["ok"] for bar in document["bars"]) else 1


def lines(figures: Mapping[str, Any]) -> Iterator[str]:
    """A line for each way to answer each file."""
    yield f"{'file of':32}{'answered by':30}" + "".join(f"{where + ', ms':>16}{'rows/s':>12}" for where in RUNS)
    for name in figures["bytes"]:
        for kind in (OURS, THEIRS):
            yield f"{name:32}{kind:30}" + "".join(_cells(figures, where, name, kind) for where in RUNS)


def _cells(figures: Mapping[str, Any], where: str, name: str, kind: str) -> str:
    found = figures[where]["found"][name]
    if not _agrees(found[kind], kind):
        return f"  {found[kind].get('failed', 'answers otherwise')[:26]}"
    took = _took(found, kind)
    return f"{took:16.0f}{1000 * figures['rows'] / took:12,.0f}"


def bars(figures: Mapping[str, Any]) -> list[Bar]:
    """The bars of issue 20; what fails, or answers otherwise, takes for ever."""
    made = []
    for where in RUNS:
        found = figures[where]["found"]
        for subject in file_subjects():
            times = _took(found[subject.name], THEIRS) / _took(found[subject.name], OURS)
            name = f"{where}, {subject.name}: rows a second, page / PapaParse and onnxruntime-web"
            made.append(Bar(name, times, subject.times, ">="))
        wrong = [name for name, kinds in found.items() if not _agrees(kinds[OURS], OURS)]
        made.append(Bar(f"{where}: ours answers otherwise or not ({', '.join(wrong) or 'none'})", len(wrong), 0, "<="))
    return made


def _agrees(found: Mapping[str, Any], kind: str) -> bool:
    return "failed" not in found and found["difference"] <= CLOSE[kind]


def _took(found: Mapping[str, Any], kind: str) -> float:
    """Milliseconds. Theirs that fails would be no bar: it counts as no time at all."""
    if _agrees(found[kind], kind):
        return float(found[kind]["many"])
    return _EVER if kind == OURS else 1 / _EVER


if __name__ == "__main__":
    raise SystemExit(main())
