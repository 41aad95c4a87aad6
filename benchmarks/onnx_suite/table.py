"""docs/onnx_operators.md from the suite's last results: a line for each operator."""

from __future__ import annotations

import json
from collections import defaultdict
from pathlib import Path
from typing import Any

from benchmarks import results
from benchmarks.onnx_suite.cases import operator_of
from isoship.tfjs.network.registry import every_lowering

PAGE = Path(__file__).parents[2] / "docs" / "onnx_operators.md"
_BACKENDS = ("cpu", "wasm")
_HEAD = """# ONNX operators in TF.js

Written by `python -m benchmarks.onnx_suite --write-docs` from benchmarks/results/onnx_suite.json; a test
holds it to that.

ONNX's own backend test suite (onnx {onnx}, {date}): its {cases} node cases whose tensors are float32, bool, string,
int32 or int64, through the compiler of networks and stock TF.js in Node. Right: {right}; refused by the node's name:
{refused}; wrong: {wrong}. The suite's tolerance decides; in {double} cases, whose expected numbers are themselves off
by more than that where they cancel, ONNX's reference on doubles does.

*frozen*: cases in which an input that carries a shape, axes or pads is a constant. *async*: cases that `executeAsync`
runs, since shapes hang on the data. *as defined*: the operator has no lowering of its own and is written out as ONNX
defines it. *backends*: those that its lowering is right on.

| operator | cases | right on cpu | on wasm | frozen | async | how | backends | refused, and why |
|---|---|---|---|---|---|---|---|---|"""


def page() -> str:
    """The whole page."""
    document = json.loads((results.FOLDER / "onnx_suite.json").read_text(encoding="utf-8"))
    cases: dict[str, Any] = document["figures"]["cases"]
    by_operator: dict[str, dict[str, Any]] = defaultdict(dict)
    for name, found in cases.items():
        by_operator[operator_of(name)][name] = found
    right = {b: sum(found.get(b) == "right" for found in cases.values()) for b in _BACKENDS}
    refused = sum("refused" in found for found in cases.values())
    double = sum("by" in found for found in cases.values())
    onnx, date = document["environment"]["packages"]["onnx"], document["environment"]["date"]
    shares = [f"{right[b]} on {b} ({right[b] / len(cases):.1%})" for b in _BACKENDS]
    wrong = sum(_wrong(found) for found in cases.values())
    counts = {"cases": len(cases), "refused": refused, "wrong": wrong, "double": double}
    lines = _HEAD.format(onnx=onnx, date=date, right=" and ".join(shares), **counts).splitlines()
    lines += [_line(operator, found) for operator, found in sorted(by_operator.items())]
    return "\n".join(lines) + "\n"


def _wrong(found: dict[str, Any]) -> bool:
    return "refused" not in found and any(found[b] != "right" for b in _BACKENDS)


def _line(operator: str, cases: dict[str, Any]) -> str:
    carried = [found for found in cases.values() if "refused" not in found]
    domain, _, name = operator.rpartition(".")
    known = every_lowering().get((domain, name), ())
    how = ", ".join(sorted({each.exactness for each in known})) if known else "as defined" if carried else ""
    backends = (
        "all"
        if known and all(len(each.backends) == 4 for each in known)
        else ", ".join(known[0].backends)
        if known
        else ""
    )
    cells = [
        f"`{operator}`",
        str(len(cases)),
        *(str(sum(found[b] == "right" for found in carried)) for b in _BACKENDS),
        str(sum(bool(found["frozen"]) for found in carried) or ""),
        str(sum(found["asynchronous"] for found in carried) or ""),
        how if carried else "",
        backends if carried else "",
        _why(cases),
    ]
    return "| " + " | ".join(cells) + " |"


def _why(cases: dict[str, Any]) -> str:
    reasons: dict[str, int] = defaultdict(int)
    for found in cases.values():
        if "refused" in found:
            text = found["refused"].partition("cannot be carried exactly: ")[2].partition(". Export")[0]
            reasons[text.replace("|", "\\|")] += 1
    return "; ".join(f"{count}: {why}" for why, count in sorted(reasons.items(), key=lambda item: (-item[1], item[0])))
