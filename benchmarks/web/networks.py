"""A Keras network in TF.js by our graph and by the official converter's: `python -m benchmarks.web.networks`.

onnxruntime-web and LiteRT.js stand beside them. The table to stdout, benchmarks/results/web_networks.json; exit 1 when
a bar is missed. What is not on this machine is left out and named; without Keras or the official converter there is
nothing to be held to, and nothing is written.
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
from benchmarks.web.network_folder import KERAS, NAME, written
from benchmarks.web.running import PLACE, run
from benchmarks.web.summary import agrees, cells
from isoship.parity.runners.node import ORT_WEB, TFJS
from isoship.tfjs.official import CONVERTER

ROUNDS = 31
#: What scripts/official_converter.sh makes; ISOSHIP_TFJS names another.
OFFICIAL = PLACE.parent / "tfjs"
RUNS = ("node", "chromium")
#: Issue 19: our graph's time as a share of the official converter's, and our conversion's of its.
CALLS, CONVERSION = 1.05, 0.15
_EVER = 1e9


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.web.networks", description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--keras", type=Path, default=KERAS, help="the Python of the Keras environment")
    options = parser.parse_args(arguments)
    for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "ORT_DISABLE_TELEMETRY"):
        os.environ[variable] = "1"
    if OFFICIAL.is_dir():
        os.environ.setdefault("ISOSHIP_TFJS", str(OFFICIAL))
    place = Path(os.environ.get("ISOSHIP_BENCH_WEB", PLACE)).resolve()
    with tempfile.TemporaryDirectory(prefix="bench-networks-") as folder:
        made = written(Path(folder) / NAME, options.keras, place / "node_modules" / "@litertjs" / "core")
        if made.nothing:
            print(f"no network is compared: {made.nothing}")
            return 0
        missing = {NAME: made.missing}
        runs = {where: run(where, "networks.mjs", Path(folder), place, missing, options.rounds) for where in RUNS}
    figures = {"rounds": options.rounds, "missing": missing, "conversion": made.seconds, **runs}
    where = results.environment(("onnx",))
    where["packages"] |= made.versions | {
        "onnxruntime-web": ORT_WEB[1],
        "@tensorflow/tfjs": TFJS,
        "tensorflowjs": CONVERTER.partition("==")[2],
    }
    document = results.document(where, figures, bars(figures))
    print("\n".join(lines(figures)))
    if document["bars"]:
        results.write("web_networks", document)
    for bar in document["bars"]:
        verdict = "ok" if bar["ok"] else "MISSED"
        print(f"{bar['name']}: {bar['value']:.3g} ({bar['sense']} {bar['limit']:g}) {verdict}", file=sys.stderr)
    return 0 if all(bar["ok"] for bar in document["bars"]) else 1


def lines(figures: Mapping[str, Any]) -> Iterator[str]:
    """A line for each way to ask, and what is missing."""
    yield f"{'asked by':18}" + "".join(f"{where + ' 1, us':>16}{where + ' 32, ms':>18}" for where in RUNS)
    found = [figures[where]["found"][NAME] for where in RUNS]
    for kind in found[0]:
        yield f"{kind:18}" + "".join(cells(kind, each[kind]) for each in found)
    for form, why in figures["missing"][NAME].items():
        yield f"{form:18}  {why}"
    for name, seconds in figures["conversion"].items():
        yield f"conversion, {name}: {seconds:.2f} s"


def bars(figures: Mapping[str, Any]) -> list[Bar]:
    """What our graph is held to, where the official converter made one; a graph that fails, or answers otherwise, takes
    for ever."""
    if "official" not in figures["conversion"]:
        return []
    made = []
    for where in RUNS:
        found = figures[where]["found"][NAME]
        for what, count in (("one", 1), ("many", 32)):
            ours, official = (_took(found.get(f"{graph}, wasm"), what) for graph in ("ours", "official"))
            share = _EVER if _EVER in (ours, official) else ours / official
            made.append(Bar(f"{where}, wasm, batch {count}: ours / the official converter's", share, CALLS, "<="))
    share = figures["conversion"]["ours"] / figures["conversion"]["official"]
    return [*made, Bar("conversion: ours / the official converter's", share, CONVERSION, "<=")]


def _took(found: dict[str, Any] | None, what: str) -> float:
    return float(found[what]) if found is not None and agrees("network", found) else _EVER


if __name__ == "__main__":
    raise SystemExit(main())
