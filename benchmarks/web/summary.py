"""What the figures say: the table, and the bars that they are held to."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from benchmarks.results import Bar

#: How far an answer may be from the model's own, as |difference| / (1 + |x|), for its time to count.
CLOSE = {"rows": 1e-9, "rows, objects": 1e-9, "tfjs": 1e-5, "ours": 1e-9}
_FLOAT32 = 1e-5
_EVER = 1e9
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
            yield f"{name:22}{kind:16}" + "".join(cells(kind, figures[run]["found"][name][kind]) for run in _RUNS)
        for form, why in figures["missing"][name].items():
            yield f"{name:22}{form:16}  {why}"
    times = f"{'cold, ms':>10}{'cached, ms':>12}"
    yield f"{'first prediction':22}{'page of':16}{times}{'runtime, gzip':>16}{'model, gzip':>14}{'files':>8}"
    for name, kinds in figures["chromium"]["first"].items():
        for kind, first in kinds.items():
            sizes = f"{first['runtime']:16}{first['model']:14}{first['files']:8}"
            yield f"{name:22}{kind:16}{first['milliseconds']:10.0f}{first['cached']:12.0f}{sizes}"


_RUNS = ("node", "chromium")


def cells(kind: str, found: dict[str, Any]) -> str:
    if "failed" in found:
        return f"  fails: {found['failed'][:60]}"
    star = "" if agrees(kind, found) else "*"  # it answers otherwise
    return f"{found['one']:15.2f}{star or ' '}{found['many']:17.2f}{star or ' '}"


def bars(runs: dict[str, Any]) -> list[Bar]:
    """The bars of issue 18, in Node and in Chromium; what fails takes for ever."""
    made = []
    for run in _RUNS:
        found = runs[run]["found"]

        def took(name: str, kind: str, what: str, found: dict[str, Any] = found) -> float:
            return float(found[name][kind].get(what, _EVER))

        for name in _FORESTS:
            if name not in found:
                continue
            for what, count, arrays, objects in (("one", 1, 0.5, 1.0), ("many", 1000, 0.8, 1.2)):
                for kind, limit in (("rows", arrays), ("rows, objects", objects)):
                    share = took(name, kind, what) / took(name, "standard", what)
                    made.append(Bar(f"{run}, {name}, batch {count}: {kind} / onnxruntime-web", share, limit, "<="))
            times = took(name, "tfjs", "one") / took(name, "rows", "one")
            made.append(Bar(f"{run}, {name}, batch 1: TF.js / rows", times, 25.0, ">="))
        if agrees("ydf", found.get("forest, regressor", {}).get("ydf", {"failed": "absent"})):
            share = took("forest, regressor", "rows", "many") / took("forest, regressor", "ydf", "many")
            made.append(Bar(f"{run}, forest, regressor, batch 1000: rows / ydf-inference", share, 1.0, "<="))
        if "logistic pipeline" in found:
            for what, count in (("one", 1), ("many", 1000)):
                share = took("logistic pipeline", "rows", what) / took("logistic pipeline", "standard", what)
                made.append(Bar(f"{run}, logistic pipeline, batch {count}: rows / onnxruntime-web", share, 1.0, "<="))
        wrong = [f"{name}: {kind}" for name, kinds in found.items() for kind in CLOSE if not agrees(kind, kinds[kind])]
        made.append(Bar(f"{run}: ours answer otherwise or not ({', '.join(wrong) or 'none'})", len(wrong), 0, "<="))
    for name, first in runs["chromium"]["first"].items():
        if "standard" in first:
            share = first["rows"]["milliseconds"] / first["standard"]["milliseconds"]
            made.append(Bar(f"first prediction, {name}: rows / onnxruntime-web", share, 0.4, "<="))
            share = first["rows"]["cached"] / first["standard"]["cached"]
            made.append(Bar(f"first prediction, cached, {name}: rows / onnxruntime-web", share, 1.0, "<="))
        made.append(Bar(f"over the wire, {name}: KiB beside the model", first["rows"]["runtime"] / 1024, 60, "<="))
    return made
