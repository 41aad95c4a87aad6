"""What the figures say: the table, and the bars that they are held to."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from benchmarks.results import Bar

#: How far an answer may be from the model's own, as |difference| / (1 + |x|), for its time to count.
CLOSE = {"rows": 1e-9, "rows, objects": 1e-9, "tfjs": 1e-5, "ours": 1e-9}
_FLOAT32 = 1e-5
_FORESTS = ("forest, classifier", "forest, regressor")


def agrees(kind: str, found: dict[str, Any]) -> bool:
    """Whether the answers are the model's own, of all rows at once and of each alone."""
    return "failed" not in found and max(found["difference"], found["alone"]) <= CLOSE.get(kind, _FLOAT32)


def lines(document: dict[str, Any]) -> Iterator[str]:
    """A line for each way to ask each model."""
    figures = document["figures"]
    yield f"{'model':22}{'asked by':16}" + "".join(f"{run + ' 1, us':>16}{run + ' 1000, ms':>18}" for run in _RUNS)
    for name, kinds in figures["node"]["found"].items():
        for kind in kinds:
            yield f"{name:22}{kind:16}" + "".join(_cells(kind, figures[run]["found"][name][kind]) for run in _RUNS)
        for form, why in figures["missing"][name].items():
            yield f"{name:22}{form:16}  {why}"
    yield f"{'first prediction':22}{'page of':16}{'ms':>10}{'runtime, gzip':>16}{'model, gzip':>14}{'files':>8}"
    for name, kinds in figures["chromium"]["first"].items():
        for kind, first in kinds.items():
            sizes = f"{first['runtime']:16}{first['model']:14}{first['files']:8}"
            yield f"{name:22}{kind:16}{first['milliseconds']:10.0f}{sizes}"


_RUNS = ("node", "chromium")


def _cells(kind: str, found: dict[str, Any]) -> str:
    if "failed" in found:
        return f"{'fails':>16}{'':18}"
    star = "" if agrees(kind, found) else "*"  # it answers otherwise
    return f"{found['one']:15.2f}{star or ' '}{found['many']:17.2f}{star or ' '}"


def bars(runs: dict[str, Any]) -> list[Bar]:
    """The bars of issue 18, in Node and in Chromium."""
    made = []
    for run in _RUNS:
        found = runs[run]["found"]
        for name in set(_FORESTS) & set(found):
            rows, objects, standard = (found[name][kind] for kind in ("rows", "rows, objects", "standard"))
            for what, arrays, as_objects in (("one", 0.5, 1.0), ("many", 0.8, 1.2)):
                count = {"one": 1, "many": 1000}[what]
                where = f"{run}, {name}, batch {count}"
                made.append(Bar(f"{where}: arrays / onnxruntime-web", rows[what] / standard[what], arrays, "<="))
                made.append(
                    Bar(f"{where}: objects / onnxruntime-web", objects[what] / standard[what], as_objects, "<=")
                )
            made.append(
                Bar(f"{run}, {name}, batch 1: TF.js / arrays", found[name]["tfjs"]["one"] / rows["one"], 25.0, ">=")
            )
        ydf = found.get("forest, regressor", {}).get("ydf")
        if ydf is not None and agrees("ydf", ydf):
            ours = found["forest, regressor"]["rows"]["many"]
            made.append(
                Bar(f"{run}, forest, regressor, batch 1000: arrays / ydf-inference", ours / ydf["many"], 1.0, "<=")
            )
        if "logistic pipeline" in found:
            ours, theirs = (found["logistic pipeline"][kind] for kind in ("rows", "standard"))
            for what, count in (("one", 1), ("many", 1000)):
                name = f"{run}, logistic pipeline, batch {count}: arrays / onnxruntime-web"
                made.append(Bar(name, ours[what] / theirs[what], 1.0, "<="))
        for name, kinds in found.items():
            for kind in ("rows", "rows, objects", "ours"):
                if kind in kinds:
                    each = kinds[kind]
                    wrong = each.get("failed") or not agrees(kind, each)
                    made.append(Bar(f"{run}, {name}: {kind} answers otherwise", float(bool(wrong)), 0, "<="))
    for name, first in runs["chromium"]["first"].items():
        if "standard" in first:
            share = first["rows"]["milliseconds"] / first["standard"]["milliseconds"]
            made.append(Bar(f"first prediction, {name}: rows / onnxruntime-web", share, 0.4, "<="))
        made.append(Bar(f"over the wire, {name}: KiB beside the model", first["rows"]["runtime"] / 1024, 60, "<="))
    return made
