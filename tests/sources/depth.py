"""Compares a graph with its model at depth: every optimization level, several batch sizes, rows at the edges.

`undecided` tells, for raw rows [N, F], where the source model itself has no settled answer (equal distances, a score
within rounding of its threshold): those rows are left out of the comparison, and most rows must not be among them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from isoship.rows.columns import feeds_from_rows
from isoship.sources import open_source
from isoship.sources.contract import Row, Source
from isoship.sources.frames import rows_from_frame

LEVELS = ("ORT_DISABLE_ALL", "ORT_ENABLE_BASIC", "ORT_ENABLE_ALL")
METHODS = {"scores": "decision_function", "score_samples": "score_samples", "transformed": "transform"}
TOLERANCE = 1e-9

Matrix = np.ndarray[Any, np.dtype[np.float64]]


def check(
    model: Any,
    x: Matrix,
    *,
    fresh: Matrix | None = None,
    undecided: Callable[[Matrix], Any] | None = None,
    extreme: bool = True,
    huge: float = 1e150,
    without: tuple[str, ...] = (),
) -> Source:
    """Asserts that the graph of a model fitted on `x` agrees with it on every kind of row."""
    more = [kind for kind, method in METHODS.items() if hasattr(model, method) and kind not in without]
    source = open_source(model, sample=x, outputs=more)
    graph = source.to_onnx().SerializeToString()
    sessions = {level: _session(graph, level) for level in LEVELS}
    for kind, matrix in _batches(model, x, fresh, huge if extreme else 0.0):
        _compare(source, sessions, matrix, f"{type(model).__name__}, {kind}", undecided)
    return source


def _batches(model: Any, x: Matrix, fresh: Matrix | None, huge: float) -> list[tuple[str, Matrix]]:
    rng = np.random.default_rng(7)
    known = np.where(np.isnan(x).all(axis=0), 0.0, x)
    low, high = np.nanmin(known, axis=0), np.nanmax(known, axis=0)
    ordinary = rng.uniform(low - 0.3 * (high - low), high + 0.3 * (high - low), (257, x.shape[1]))
    ordinary[::5] = x[rng.integers(len(x), size=len(ordinary[::5]))]
    batches = [
        ("257 rows", ordinary),
    ]
    if huge:
        odd = np.tile(ordinary[2:3], (7 * x.shape[1], 1))
        for i in range(x.shape[1]):
            odd[7 * i : 7 * i + 7, i] = [0.0, -0.0, 5e-324, 1e-300, -1e6, 1e9, huge]
        batches.append(("odd values", odd))
        batches.append(("scales", np.concatenate([ordinary[:20] * 10.0**k for k in (-30, -3, 1, 2, 4, 8)])))
    batches.append(("duplicates", np.repeat(x[:3], 5, axis=0)))
    batches.append(("2 rows", ordinary[1:3]))
    batches += [("1 row", ordinary[i : i + 1]) for i in range(3)]
    if fresh is not None:
        batches.append(("fresh", fresh))
    edge = _boundary(model, ordinary[np.isfinite(ordinary).all(axis=1)])
    if len(edge):
        batches.append(("boundary", edge))
    return batches


def _boundary(model: Any, x: Matrix) -> Matrix:
    """Pairs of neighbouring rows to which the model gives different labels, found by bisection."""
    if not hasattr(model, "predict"):
        return x[:0]
    labels = np.asarray(model.predict(x))
    if labels.ndim != 1 or len(np.unique(labels)) > 20 or len(np.unique(labels)) < 2:
        return x[:0]
    ends = [(i, i + 1) for i in range(len(x) - 1) if labels[i] != labels[i + 1]][:16]
    a, b = x[[i for i, _ in ends]], x[[j for _, j in ends]]
    left = labels[[i for i, _ in ends]]
    for _ in range(60):
        middle = (a + b) / 2
        same = (np.asarray(model.predict(middle)) == left)[:, None]
        a, b = np.where(same, middle, a), np.where(same, b, middle)
    return np.concatenate([a, b])


def _session(graph: bytes, level: str) -> Any:
    import onnxruntime as ort

    options = ort.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.graph_optimization_level = getattr(ort.GraphOptimizationLevel, level)
    return ort.InferenceSession(graph, options, providers=["CPUExecutionProvider"])


def _compare(
    source: Source, sessions: dict[str, Any], matrix: Matrix, kind: str, undecided: Callable[[Matrix], Any] | None
) -> None:
    rows: list[Row] = rows_from_frame(matrix, [column.name for column in source.signature.columns])
    answers, feeds = source.answers(rows), feeds_from_rows(rows, source.signature)
    skipped = np.zeros(len(matrix), bool) if undecided is None else np.asarray(undecided(matrix))
    if kind.endswith("257 rows"):
        assert skipped.mean() < 0.2, f"{kind}: {skipped.mean():.0%} of the rows are called undecided"
    for level, session in sessions.items():
        what = f"{kind}, {level}"
        got = dict(zip([o.name for o in session.get_outputs()], session.run(None, feeds), strict=True))
        for output in source.outputs:
            mine, theirs = got[output.name], answers.outputs[output.name]
            assert mine.shape == theirs.shape, (what, output, mine.shape, theirs.shape)
            assert mine.dtype == theirs.dtype, (what, output)
            if output.kind == "label":
                flips = (mine != theirs).reshape(len(rows), -1).any(axis=1) & ~skipped
                if undecided is None:
                    flips &= answers.margin > TOLERANCE
                assert not flips.any(), (what, np.flatnonzero(flips)[:5], mine[flips][:5], theirs[flips][:5])
            else:
                np.testing.assert_allclose(
                    mine[~skipped], theirs[~skipped], atol=TOLERANCE, rtol=TOLERANCE, err_msg=f"{what}: {output.name}"
                )
