"""One case put to the compiler and to TF.js: what came of it, and why."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.onnx_suite.cases import Case
from benchmarks.onnx_suite.running import StockTFJS
from isoship.errors import IsoshipError
from isoship.tfjs.network import MOST, compile_network, write_network

#: What is found on a backend that a lowering says it is not right on.
NOT_THERE = "not claimed"
_NUMPY: dict[str, Any] = {"float32": np.float32, "int32": np.int32, "bool": np.bool_}


def tried(case: Case, runtimes: Mapping[str, StockTFJS], folder: Path) -> dict[str, Any]:
    """{"refused": why}, or for each backend "right" or what is wrong; with how it runs, and what is frozen."""
    try:
        network = compile_network(case.model)
    except IsoshipError as err:
        return {"refused": " ".join(str(err).split())[:300]}
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    write_network(folder, network)
    feeds = {port.node: case.feeds[port.name].astype(_NUMPY[port.dtype]) for port in network.inputs}
    fetches = [port.node for port in network.outputs]
    # web/index.js refuses them: graphics hold integers in float32
    beyond = any(x.dtype == np.int32 and np.abs(x.astype(np.int64)).max(initial=0) > MOST for x in feeds.values())
    found: dict[str, Any] = {"asynchronous": network.asynchronous, "frozen": list(case.frozen)}
    for backend, runtime in runtimes.items():
        if backend.split()[-1] not in network.backends or (beyond and "webg" in backend):
            found[backend] = NOT_THERE
            continue
        made = runtime.ask(folder, feeds, fetches, asynchronous=network.asynchronous)
        if isinstance(made, str):
            found[backend] = f"fails: {made}"
            continue
        by_name = {port.name: made[port.node] for port in network.outputs}
        wrong = {name: why for name, x in case.expected.items() if (why := _difference(by_name[name], x, case))}
        if wrong and _right_in_double({name: by_name[name] for name in wrong}, case):
            wrong = {}
            found["by"] = "the reference in double"
        found[backend] = next(iter(wrong.values()), "right")
    return found


def _right_in_double(made: Mapping[str, Any], case: Case) -> bool:
    """Whether these answers are those of ONNX's reference on doubles: what the suite expects are numbers of float32,
    whose rounding can be larger than its tolerance where they cancel."""
    from onnx.reference import ReferenceEvaluator

    if any(case.expected[name].dtype != np.float32 for name in made):
        return False
    feeds = {name: x.astype(np.float64) if x.dtype == np.float32 else x for name, x in case.feeds.items()}
    try:
        expected = ReferenceEvaluator(case.model).run(list(made), feeds)
    except Exception:  # noqa: BLE001 it has no doubles of this operator
        return False
    pairs = zip(made.values(), expected, strict=True)
    return all(x.dtype == np.float64 and not _difference(y, x, case) for y, x in pairs)


def _difference(made: Any, expected: Any, case: Case) -> str:
    if made.shape != expected.shape:
        return f"shape {list(made.shape)} for {list(expected.shape)}"
    if made.dtype.kind != ("i" if expected.dtype.kind == "u" else expected.dtype.kind):
        return f"dtype {made.dtype} for {expected.dtype}"
    if expected.dtype.kind != "f":
        return "" if np.array_equal(made, expected) else _shown(made, expected)
    with np.errstate(invalid="ignore"):
        close = np.isclose(made.astype(np.float64), expected, rtol=case.rtol, atol=case.atol, equal_nan=True)
    return "" if close.all() else _shown(made, expected, ~close)


def _shown(made: Any, expected: Any, where: Any = None) -> str:
    at = np.argwhere(made != expected if where is None else where)[0]
    return f"{made[tuple(at)]} for {expected[tuple(at)]} at {at.tolist()}"
