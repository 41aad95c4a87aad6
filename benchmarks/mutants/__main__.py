"""Plants every fault and asks `isoship check`: the table to stdout, progress to stderr, results/mutants.json and .svg.

Exit 1 when a fault is missed, when a copy with nothing planted is not found to agree, or when fewer than ten faults
are beyond ordinary rows. `--only` plants a part of them, writes nothing, and exits 1 when one is missed.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path

from benchmarks import results
from benchmarks.mutants import pool, summary
from benchmarks.mutants.catalogue import PARTS

_PACKAGES = ("scikit-learn", "numpy", "onnx", "onnxruntime")


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.mutants", description=__doc__.splitlines()[0])
    parser.add_argument("--only", metavar="PART", nargs="+", choices=PARTS, help=f"some of {', '.join(PARTS)}")
    options = parser.parse_args(arguments)
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="isoship-mutants-") as place:
        outcomes = pool.run(Path(place), options.only or PARTS)
    print(summary.table(outcomes))
    print(summary.closing(outcomes))
    found = summary.figures(outcomes, time.monotonic() - started)
    if options.only:
        return 1 if found["false_alarms"] or found["detected"] < found["planted"] else 0
    document = results.document(results.environment(_PACKAGES), found, summary.bars(found))
    path = results.write("mutants", document)
    path.with_suffix(".svg").write_text(summary.plot(document), encoding="utf-8")
    for bar in document["bars"]:
        verdict = "ok" if bar["ok"] else "MISSED"
        print(f"{bar['name']}: {bar['value']:g} ({bar['sense']} {bar['limit']:g}) {verdict}", file=sys.stderr)
    return 0 if all(bar["ok"] for bar in document["bars"]) else 1


if __name__ == "__main__":
    sys.exit(main())
