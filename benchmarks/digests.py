"""What two trees make of the same models: every graph, contract, tolerance and margin of the sweep, boosters and shelf.

`python -m benchmarks.digests A.json --tree DIR` writes digests for each model, by the isoship in DIR (a checkout; this
one without it); `python -m benchmarks.digests --compare A.json B.json` names what differs, exit 1 where it is more than
the form of a graph. A change that moves code and means to change nothing is held against the commit before it this way.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib
import json
import subprocess
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.size.release import ROOT, environment

_ROWS = 40


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.digests", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("out", nargs="?", type=Path, metavar="OUT.json")
    parser.add_argument("--tree", type=Path, default=ROOT, metavar="DIR", help="the checkout whose isoship is asked")
    parser.add_argument("--only", nargs="+", metavar="TEXT", help="models whose names hold one of these")
    parser.add_argument("--compare", nargs=2, type=Path, metavar="JSON")
    options = parser.parse_args(arguments)
    if options.compare:
        return _compare(*(json.loads(path.read_text()) for path in options.compare))
    if options.out is None:
        parser.error("OUT.json is missing")
    if options.tree.resolve() != ROOT:
        variables = environment(options.tree.resolve())
        variables["PYTHONPATH"] += f":{ROOT}"
        command = [sys.executable, "-m", "benchmarks.digests", str(options.out.resolve())]
        command += ["--only", *options.only] if options.only else []
        return subprocess.run(command, cwd=ROOT, env=variables, check=False).returncode
    found: dict[str, dict[str, str]] = {}
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        for name, fitted in _models():
            if options.only and not any(text in name for text in options.only):
                continue
            found[name] = _digests(fitted)
            print(f"{len(found):4} {name}", file=sys.stderr)
    options.out.write_text(json.dumps(found, indent=1) + "\n")
    return 0


def _models() -> Iterator[tuple[str, Any]]:
    """(name, function that returns model and rows), in one order."""
    from benchmarks.shelf.models import recipes as shelf
    from benchmarks.sweep.recipes import names, recipes

    for name in names():
        for recipe in recipes(name):
            yield f"sweep: {name}, {recipe.label}", lambda name=name, recipe=recipe: _of_sweep(name, recipe)
    for library in ("xgboost", "lightgbm", "catboost"):
        module = importlib.import_module(f"benchmarks.boosters.{library}_recipes")
        for name, booster in module.recipes().items():
            yield f"{library}: {name}", booster
    for name, bundle in shelf().items():
        yield f"shelf: {name}", bundle


def _of_sweep(name: str, recipe: Any) -> tuple[Any, Any]:
    from benchmarks.sweep.recipes import build
    from benchmarks.sweep.tables import ROWS, TABLES, target

    x = TABLES[recipe.table](np.random.default_rng(0), ROWS)
    model = build(name, dict(recipe.parameters))
    y = target(recipe.target, x, np.random.default_rng(0))
    (model.estimator if name == "FrozenEstimator" else model).fit(x, *(() if y is None else (y,)))
    return model, x.reshape(-1, 1) if isinstance(x, np.ndarray) and x.ndim == 1 else x


def _digests(fitted: Any) -> dict[str, str]:
    """graph, contract, notes, and what is said of each row; or why there is none of them."""
    from isoship import IsoshipError
    from isoship.sources import open_source
    from isoship.sources.frames import rows_from_frame
    from isoship_edge.manifest import signature_to_json

    np.random.seed(0)
    try:
        model, rows = fitted()
    except Exception as err:  # noqa: BLE001 what a library cannot fit is its own affair
        return {"not fitted": type(err).__name__}
    try:
        source = open_source(model, sample=rows)
        graph = source.to_onnx().SerializeToString(deterministic=True)
    except IsoshipError as err:
        return {"refused": str(err)}
    columns = [column.name for column in source.signature.columns]
    plain = rows_from_frame(rows[:_ROWS], columns)
    answers = source.answers(plain)
    facts = [sorted(source.double_tolerances.items()), source.training_rows, source.notes]
    return {
        "graph": _digest(graph),
        "asked": _digest(repr(_asked(graph, plain, source)).encode()),
        "contract": _digest(json.dumps(signature_to_json(source.signature), sort_keys=True).encode()),
        "facts": _digest(repr(facts).encode()),
        "answers": _digest(repr({k: np.asarray(v).tolist() for k, v in answers.outputs.items()}).encode()),
        "margins": _digest(repr([np.asarray(m).tolist() for m in (answers.margin, answers.value_margin)]).encode()),
    }


def _asked(graph: bytes, rows: list[Any], source: Any) -> list[Any]:
    """What onnxruntime answers, every output to the bit; why it answers nothing, where that is so."""
    import onnxruntime

    try:
        from isoship.rows.columns import feeds_from_rows
    except ImportError:  # its place before it moved
        from isoship.parity.columns import feeds_from_rows

    try:
        feeds = feeds_from_rows(rows, source.signature)
        session = onnxruntime.InferenceSession(graph, providers=["CPUExecutionProvider"])
        return [np.asarray(answer).tolist() for answer in session.run(None, feeds)]
    except Exception as err:  # noqa: BLE001 the same on both sides, or a difference
        return [type(err).__name__]


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:16]


def _compare(one: dict[str, dict[str, str]], other: dict[str, dict[str, str]]) -> int:
    differing, forms = 0, 0
    for name in sorted(one.keys() | other.keys()):
        a, b = one.get(name, {}), other.get(name, {})
        apart = [key for key in sorted(a.keys() | b.keys()) if a.get(key) != b.get(key)]
        forms += apart == ["graph"]
        if apart and apart != ["graph"]:
            differing += 1
            print(f"{name}: {', '.join(apart)}")
    everything = len(one.keys() | other.keys())
    print(f"{everything} models, {forms} with another graph of the same bits, {differing} that differ otherwise")
    return int(differing > 0)


if __name__ == "__main__":
    sys.exit(main())
