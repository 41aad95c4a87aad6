"""Large and wide models: CPU seconds and peak memory, today's tree beside an earlier release, one round each in turn.

`python -m benchmarks.size forest-500 one-hot` runs these rows alone; `--new` leaves the release out, `--kept` takes
the release's figures of the last run where it has them, and either writes nothing. Models, trees and bundles are kept
in build/size. Writes benchmarks/results/size.json, where each row has the date of its own run; exit 1 when a bar is
missed.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from benchmarks import results
from benchmarks.results import Bar
from benchmarks.size.measure import Figure, measured
from benchmarks.size.release import COMMIT, ROOT, environment, imported_from, release
from benchmarks.size.table import NEW, PEER, RELEASE, TABLE, Limit, Row, Step

FOLDER = ROOT / "build" / "size"
_WAIT = 3600.0
_TIME = "CPU seconds of the command and all that it started"
_PACKAGES = ("scikit-learn", "skl2onnx", "onnx", "onnxruntime", "xgboost-cpu", "numpy", "pandas")

#: step -> side -> figure
Figures = dict[str, dict[str, Figure]]


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.size", description=__doc__.splitlines()[0])
    parser.add_argument("rows", nargs="*", metavar="ROW", help=f"of {', '.join(row.name for row in TABLE)}")
    parser.add_argument("--step", action="append", help="only these steps of the rows named; writes nothing")
    parser.add_argument("--new", action="store_true", help="without the release; writes nothing")
    parser.add_argument("--kept", action="store_true", help="the release's figures as last measured; writes nothing")
    options = parser.parse_args(arguments)
    unknown = sorted(set(options.rows) - {row.name for row in TABLE})
    if unknown:
        parser.error(f"no such row: {', '.join(unknown)}")
    chosen = [row for row in TABLE if (row.name in options.rows if options.rows else not row.optional)]
    trees = {NEW: ROOT, PEER: ROOT}
    if not options.new:
        trees[RELEASE] = release(FOLDER)
    for side, tree in trees.items():
        where = imported_from(tree)
        if not where.is_relative_to(tree):
            raise SystemExit(f"the {side} side imports {where}, which is not under {tree}")
    found: dict[str, Figures] = {}
    bars: list[Bar] = []
    print(f"{'row':14} {'step':24} {'side':8} {'CPU s':>8} {'MB':>8}  exit", flush=True)
    for row in chosen:
        found[row.name] = _row(row, trees, options.step, kept=options.kept)
        bars += [bar for limit in row.limits for bar in _bar(row, limit, found[row.name])]
        bars += [
            Bar(f"{row.name}: {step} ends with", sides[NEW].code, 0, "<=")
            for step, sides in found[row.name].items()
            if NEW in sides and sides[NEW].code
        ]
    for bar in bars:
        print(f"{bar.name}: {bar.value:.3g} ({bar.sense} {bar.limit:g}) {'ok' if bar.ok else 'MISSED'}")
    if not (options.step or options.new or options.kept):
        results.write("size", _joined(found, bars))
    return 0 if all(bar.ok for bar in bars) else 1


def _row(row: Row, trees: dict[str, Path], only: list[str] | None, *, kept: bool) -> Figures:
    made = FOLDER / "models" / row.name
    if not (made / "made").exists():
        subprocess.run([sys.executable, "-m", "benchmarks.size.models", row.name, str(made)], cwd=ROOT, check=True)
    found: Figures = {}
    for step in row.steps:
        if only and step.name not in only:
            continue
        sides = [side for side in step.sides if side in trees]
        for side in sides:
            figure = (_last(row, step) if kept and side == RELEASE else None) or _step(step, side, trees[side], made)
            found.setdefault(step.name, {})[side] = figure
            if side == RELEASE:
                _keep(row, step, figure)
            cells = f"{figure.cpu:>8.1f} {figure.megabytes:>8,.0f}  {figure.code}"
            print(f"{row.name:14} {step.name:24} {side:8} {cells}", flush=True)
            if figure.code:
                print(figure.said, file=sys.stderr)
    return found


def _step(step: Step, side: str, tree: Path, made: Path) -> Figure:
    folder = FOLDER / side / made.name
    folder.mkdir(parents=True, exist_ok=True)
    places = {
        "model": made / "model.joblib",
        "least": made / "least.joblib",
        "sample": made / "sample.parquet",
        "rows": made / "rows.csv",
        "one": made / "one.csv",
        "bundle": folder / "bundle",
        "core": folder / "core",
        "out": folder / "out.csv",
    }
    for place in (places["bundle"], places["core"]):
        if f"{{{place.name}}}" in step.command and "export" in step.command:
            shutil.rmtree(place, ignore_errors=True)
    command = [sys.executable if part == "python" else part.format(**places) for part in step.command]
    variables = environment(tree)
    if not step.command[2].startswith("isoship"):  # benchmarks are today's, on either side
        variables["PYTHONPATH"] += f":{ROOT}"
    figure = measured(command, variables, folder, _WAIT)
    if step.said and not figure.code:
        value = round(float(figure.said.split()[-1]), 3)
        cpu, megabytes = (value, figure.megabytes) if step.said == "cpu" else (figure.cpu, value)
        figure = Figure(figure.code, cpu, megabytes)
    return figure


def _bar(row: Row, limit: Limit, found: Figures) -> list[Bar]:
    """The limit as a bar, where the run has both of its figures."""
    name = f"{row.name}: {limit.step}, {limit.figure}"
    mine = found.get(limit.step, {}).get(NEW)
    if mine is None:
        return []
    value = getattr(mine, limit.figure)
    started = found.get(limit.less, {})
    if limit.less:
        if NEW not in started:
            return []
        name += f" without {limit.less}"
        value -= getattr(started[NEW], limit.figure)
    if not limit.of:
        return [Bar(name, round(value, 3), limit.at_most, "<=")]
    theirs = found.get(limit.step, {}).get(RELEASE) if limit.of == RELEASE else found.get(limit.of, {}).get(PEER)
    if theirs is None:
        return []
    their = getattr(theirs, limit.figure)
    if limit.of in started:
        their -= getattr(started[limit.of], limit.figure)
    ratio = value / max(their, 1e-3)
    return [Bar(f"{name} of {limit.of}'s", round(ratio, 3), limit.at_most, "<=")]


def _kept_at(row: Row, step: Step) -> Path:
    return FOLDER / f"release-{COMMIT}-figures" / f"{row.name} {step.name}.json"


def _keep(row: Row, step: Step, figure: Figure) -> None:
    path = _kept_at(row, step)
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps({"code": figure.code, "cpu": figure.cpu, "megabytes": figure.megabytes}))


def _last(row: Row, step: Step) -> Figure | None:
    path = _kept_at(row, step)
    return Figure(**json.loads(path.read_text())) if path.exists() else None


def _joined(found: dict[str, Figures], bars: list[Bar]) -> dict[str, Any]:
    """What was found, and of rows that did not run what was found when they did."""
    where = results.environment(_PACKAGES)
    document = results.document(where, {"release": COMMIT, "time": _TIME, "rows": {}}, bars)
    last = results.read("size")
    rows = {name: row for name, row in last["figures"].get("rows", {}).items() if name not in found}
    for name, steps in found.items():
        rows[name] = {"measured": where["date"]} | {
            step: {side: {"code": f.code, "cpu_s": f.cpu, "megabytes": f.megabytes} for side, f in sides.items()}
            for step, sides in steps.items()
        }
    document["figures"]["rows"] = {row.name: rows[row.name] for row in TABLE if row.name in rows}
    document["bars"] = [bar for bar in last["bars"] if bar["name"].partition(":")[0] not in found] + document["bars"]
    return document


if __name__ == "__main__":
    sys.exit(main())
