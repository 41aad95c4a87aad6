"""What `isoship check` takes for a forest of 100 trees: CPU beside an earlier release, time by default and with max.

Wine's 13 columns, exported by each. Both are asked in turn for the runtimes that the release has, and CPU seconds are
those of the command and all that it started, browsers included. The seconds of today's, with every runtime of this
machine, are those of the whole command, its start and reports included. Writes benchmarks/results/check_time.json;
exit 1 where a bar is missed or a runtime did not agree.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks import results
from benchmarks.results import Bar
from benchmarks.size.__main__ import FOLDER
from benchmarks.size.measure import measured
from benchmarks.size.release import COMMIT, ROOT, environment, imported_from, release
from benchmarks.size.table import NEW, RELEASE

_LIMIT_SECONDS, _LIMIT_RATIO = 60, 0.7
_WAIT = 1800.0
_MODES = {"default": [], "onnxruntime alone": ["--runtimes", "onnxruntime"], "max": ["--rows", "max"]}
_REPORTS = ("parity.json", "parity-partial.json")
_RUNTIMES = "from isoship.parity.runners import available; print(','.join(available()))"

#: A check: exit code, seconds, cpu_seconds, rows, runtimes.
Check = dict[str, Any]


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.check_time", description=__doc__.splitlines()[0])
    parser.add_argument("--mode", choices=_MODES, action="append", help="only this one of today's; writes nothing")
    parser.add_argument("--runtimes", help="only these beside the release; writes nothing")
    parser.add_argument("--rounds", type=int, default=3, help="so many checks by each in turn (3)")
    options = parser.parse_args(arguments)
    modes = options.mode or ([] if options.runtimes else list(_MODES))
    trees = {NEW: ROOT} if options.mode else {NEW: ROOT, RELEASE: release(FOLDER)}
    turns: dict[str, list[Check]] = {}
    with tempfile.TemporaryDirectory(prefix="isoship-check-time-") as name:
        folders = {side: Path(name) / side for side in trees}
        for side, tree in trees.items():
            _made(tree, folders[side])
        if RELEASE in trees:
            runtimes = options.runtimes or _said(trees[RELEASE], _RUNTIMES)
            turns = _in_turn(trees, folders, runtimes, options.rounds)
        found = {mode: _shown(mode, checked(ROOT, folders[NEW], _MODES[mode])) for mode in modes}
    agree = all(agrees(check) for check in (*found.values(), *(c for checks in turns.values() for c in checks)))
    if not agree:
        print("not every runtime agrees", file=sys.stderr)
    bars = [Bar("seconds by default", found["default"]["seconds"], _LIMIT_SECONDS, "<=")] if "default" in found else []
    bars += [ratio(turns)] if turns else []
    for bar in bars:
        print(f"{bar.name}: {bar.value:g} ({bar.sense} {bar.limit:g}) {'ok' if bar.ok else 'MISSED'}", file=sys.stderr)
    if not (options.mode or options.runtimes):
        packages = ("scikit-learn", "onnxruntime", "numpy")
        figures = {"release": COMMIT, "in turn": turns, "modes": found}
        results.write("check_time", results.document(results.environment(packages), figures, bars))
    return 0 if agree and all(bar.ok for bar in bars) else 1


def export_forest(place: str) -> None:
    """model.joblib, sample.csv and the bundle that the isoship of this process writes of them."""
    import joblib
    from sklearn.datasets import load_wine
    from sklearn.ensemble import RandomForestClassifier

    from isoship.exporting import export

    folder = Path(place)
    x, y = load_wine(return_X_y=True, as_frame=True)
    model = RandomForestClassifier(100, random_state=0).fit(x, y)
    joblib.dump(model, folder / "model.joblib")
    x.to_csv(folder / "sample.csv", index=False)
    export(folder / "model.joblib", sample=folder / "sample.csv", out=folder / "bundle")


def checked(tree: Path, folder: Path, more: Sequence[str]) -> Check:
    """One check of the bundle in a folder, by the isoship of a tree.

    Raises:
        SystemExit: it wrote no report.
    """
    bundle = folder / "bundle"
    for name in _REPORTS:
        (bundle / name).unlink(missing_ok=True)  # a partial one goes beside a full one
    command = [sys.executable, "-m", "isoship", "check", "bundle", "--model", "model.joblib", "--sample", "sample.csv"]
    figure = measured([*command, *more], environment(tree), folder, _WAIT)
    written = [bundle / name for name in _REPORTS if (bundle / name).exists()]
    if not written:
        raise SystemExit(f"the check ended with {figure.code}: {figure.said}")
    verdicts = [v for v in json.loads(written[0].read_bytes())["verdicts"] if v["name"] != "files"]
    return {
        "code": figure.code,
        "seconds": round(figure.seconds, 1),
        "cpu_seconds": round(figure.cpu, 1),
        "rows": max(v["rows"] for v in verdicts),
        "runtimes": {
            v["name"]: {"status": v["status"], "rows": v["rows"], "milliseconds": round(v["milliseconds"])}
            for v in verdicts
        },
    }


def agrees(check: Check) -> bool:
    return check["code"] == 0 and all(said["status"] == "agree" for said in check["runtimes"].values())


def ratio(turns: dict[str, list[Check]]) -> Bar:
    """The median of today's CPU seconds by that of the release's."""
    mine, theirs = (statistics.median(check["cpu_seconds"] for check in turns[side]) for side in (NEW, RELEASE))
    return Bar(f"CPU of {COMMIT}'s, in its runtimes", round(mine / theirs, 3), _LIMIT_RATIO, "<=")


def _in_turn(trees: dict[str, Path], folders: dict[str, Path], runtimes: str, rounds: int) -> dict[str, list[Check]]:
    turns: dict[str, list[Check]] = {side: [] for side in trees}
    for turn in range(rounds):
        for side in list(trees)[:: -1 if turn % 2 else 1]:
            check = checked(trees[side], folders[side], ["--runtimes", runtimes])
            turns[side].append(_shown(side, check, every=turn == rounds - 1))
    return turns


def _made(tree: Path, folder: Path) -> None:
    folder.mkdir()
    where = imported_from(tree)
    if not where.is_relative_to(tree):
        raise SystemExit(f"{where} is not under {tree}")
    _said(tree, f"from benchmarks.check_time import export_forest; export_forest({str(folder)!r})")


def _said(tree: Path, code: str) -> str:
    """What a program prints that imports isoship from a tree, and benchmarks from today's."""
    variables = environment(tree)
    variables["PYTHONPATH"] += f":{ROOT}"
    run = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=variables, stdout=subprocess.PIPE, text=True, check=True
    )
    return run.stdout.strip()


def _shown(name: str, check: Check, *, every: bool = True) -> Check:
    """Prints a check. every: with its runtimes."""
    print(
        f"{name:18} {check['rows']:>6,} rows  {check['seconds']:>6.1f} s  {check['cpu_seconds']:>6.1f} s CPU",
        flush=True,
    )
    for runtime, said in check["runtimes"].items() if every else ():
        print(f"    {runtime:30} {said['status']:12} {said['rows']:>6,} rows {said['milliseconds']:>8,.0f} ms")
    return check


if __name__ == "__main__":
    sys.exit(main())
