"""Compares a source's graph with its own answers."""

from __future__ import annotations

from typing import Any

import numpy as np

from isoship.rows.columns import feeds_from_rows
from isoship.sources.contract import Row, Source
from isoship.sources.frames import rows_from_frame

HOSTILE = "<img src=x onerror=alert(1)>"


def run(model: Any, rows: list[Row], source: Source, level: str = "ORT_ENABLE_BASIC") -> dict[str, Any]:
    """The graph's outputs for these rows, in onnxruntime at the optimization level that bundles use."""
    import onnxruntime as ort

    options = ort.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.graph_optimization_level = getattr(ort.GraphOptimizationLevel, level)
    session = ort.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    names = [output.name for output in session.get_outputs()]
    return dict(zip(names, session.run(None, feeds_from_rows(rows, source.signature)), strict=True))


def compare(source: Source, rows: list[Row], atol: float = 1e-9, rtol: float = 1e-9, graph: Any = None) -> None:
    """Asserts types, shapes, no label flip outside the margin, and values within the tolerance."""
    answers = source.answers(rows)
    got = run(graph or source.to_onnx(), rows, source)
    assert list(got) == [output.name for output in source.outputs]
    for output in source.outputs:
        mine, theirs = got[output.name], answers.outputs[output.name]
        assert mine.shape == theirs.shape, output
        assert mine.dtype == theirs.dtype, output
        if output.kind == "label":
            flips = (mine != theirs).reshape(len(rows), -1).any(axis=1) & (answers.margin > atol)
            assert not flips.any(), (output.name, np.flatnonzero(flips)[:5])
        elif output.dtype == "double":
            np.testing.assert_allclose(mine, theirs, atol=atol, rtol=rtol, err_msg=output.name)
        else:
            np.testing.assert_array_equal(mine, theirs, err_msg=output.name)


def rows_of(source: Source, frame: Any) -> list[Row]:
    return rows_from_frame(frame, [column.name for column in source.signature.columns])


def odd_rows(source: Source, rows: list[Row]) -> list[Row]:
    """Rows that the contract accepts, each with one column at an edge: missing, infinite, zero, tiny, huge, unseen."""
    changed = []
    for i, column in enumerate(source.signature.columns):
        base = rows[i % len(rows)]
        values: list[Any] = []
        if column.missing:
            values.append(None)
        if column.dtype == "double" and column.categories is None:
            values += [
                each for each in (0.0, -0.0, 5e-324, 1e-300, -1e6, 1e9) if column.lowest <= each <= column.highest
            ]
            if column.infinity:
                values += [float("inf"), float("-inf")]
        if column.dtype == "int64" and column.categories is None:
            values += [0, -1, 2**31]
        if column.dtype == "string" and column.categories is None:
            values += ["", "unseen", "Ærøskøbing", "日本", "🐧", "NA", "nan", " Biscoe"]
        changed += [{**base, column.name: value} for value in values]
    return changed
