"""Rounds in which ours and the standard graph take turns, in CPU time, the order drawn anew in each round.

Both run as a bundle's graph runs: `isoship_edge.open_session`, ONNX Runtime's C library, one thread, graph
optimization off. The standard graph has been optimized at level BASIC beforehand; ours is as exported. Ours reads the
user's doubles, the standard one float32.
`bare_1_us` and `bare_1000_us` are the same through onnxruntime's Python binding and nothing of ours.
"""

from __future__ import annotations

import array
import random
import statistics
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from isoship_edge.inference.session import Session, open_session
from isoship_edge.inference.tensor import Tensor

BATCHES = (1, 1000)
_TYPECODES = {"ours": ("double", "d"), "standard": ("float", "f")}
#: A round of a batch runs it until about this much CPU time is spent: process_time ticks in microseconds.
ROUND_SECONDS = 0.01

Rows = np.ndarray[Any, Any]
Figures = dict[str, dict[str, float]]


def optimized(graph: bytes, path: Path) -> Path:
    """The graph after onnxruntime's level BASIC, written to a file."""
    import onnxruntime as ort

    options = ort.SessionOptions()
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_ENABLE_BASIC
    options.optimized_model_filepath = str(path)
    ort.InferenceSession(graph, options, providers=["CPUExecutionProvider"])
    return path


def compare(ours: Path, standard: Path, rows: Rows, rounds: int) -> Figures:
    """metric -> {"ours", "standard", "ratio"}: bytes, load_ms, batch_1_us, batch_1000_us, bare_1_us, bare_1000_us.

    ratio: the median of the rounds' own ratios, steadier than the ratio of medians where other work disturbs.
    """
    paths = {"ours": ours, "standard": standard}
    figures = {"bytes": _summary({side: [float(path.stat().st_size)] for side, path in paths.items()})}
    figures["load_ms"] = taking_turns({side: _load(path) for side, path in paths.items()}, rounds, 1e3)
    shipped = {side: open_session(path) for side, path in paths.items()}
    bare = {side: _bare(path) for side, path in paths.items()}
    for batch in BATCHES:
        runs = {side: _repeated(_shipped_run(session, side, rows[:batch])) for side, session in shipped.items()}
        figures[f"batch_{batch}_us"] = taking_turns(runs, rounds, 1e6)
        runs = {side: _repeated(_bare_run(session, side, rows[:batch])) for side, session in bare.items()}
        figures[f"bare_{batch}_us"] = taking_turns(runs, rounds, 1e6)
    for session in shipped.values():
        session.close()
    return figures


def taking_turns(calls: Mapping[str, Callable[[], float]], rounds: int, scale: float) -> dict[str, float]:
    """Each call returns the CPU seconds it took; a first round is not counted."""
    order = list(calls)
    taken: dict[str, list[float]] = {side: [] for side in calls}
    shuffled = random.Random(0)
    for number in range(rounds + 1):
        shuffled.shuffle(order)
        for side in order:
            seconds = calls[side]()
            if number:
                taken[side].append(seconds * scale)
    return _summary(taken)


def _summary(taken: Mapping[str, list[float]]) -> dict[str, float]:
    ratios = [mine / theirs for mine, theirs in zip(taken["ours"], taken["standard"], strict=True)]
    medians = {side: statistics.median(values) for side, values in taken.items()}
    return {**medians, "ratio": statistics.median(ratios)}


def _load(path: Path) -> Callable[[], float]:
    def load() -> float:
        started = time.process_time()
        session = open_session(path)
        seconds = time.process_time() - started
        session.close()
        return seconds

    return load


def _shipped_run(session: Session, side: str, rows: Rows) -> Callable[[], object]:
    dtype, code = _TYPECODES[side]
    feeds = {session.inputs[0]: Tensor(dtype, rows.shape, array.array(code, rows.ravel().tolist()))}
    return lambda: session.run(feeds, session.outputs)


def _bare(path: Path) -> Any:
    import onnxruntime as ort

    options = ort.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.log_severity_level = 3
    return ort.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


def _bare_run(session: Any, side: str, rows: Rows) -> Callable[[], object]:
    feeds = {session.get_inputs()[0].name: np.ascontiguousarray(rows, dtype=_TYPECODES[side][1])}
    return lambda: session.run(None, feeds)


def _repeated(run: Callable[[], object]) -> Callable[[], float]:
    run()
    started = time.process_time()
    for _ in range(5):
        run()
    once = (time.process_time() - started) / 5
    times = max(1, round(ROUND_SECONDS / max(once, 1e-6)))

    def repeated() -> float:
        run()  # brings the model back into the caches that the other one has used
        started = time.process_time()
        for _ in range(times):
            run()
        return (time.process_time() - started) / times

    return repeated
