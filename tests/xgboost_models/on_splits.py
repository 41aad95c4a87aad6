"""Rows that stand on an XGBoost model's own splits, and the comparison of its graph with its own answers."""

from __future__ import annotations

import json
import os

os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")

from typing import Any

import numpy as np
import onnxruntime

from isoship.rows.columns import feeds_from_rows
from isoship_edge.encoding.decode import decode_rows
from isoship_edge.errors import InputError

EDGES = (0.0, -0.0, 1.0, -1.0, 0.5, 5e-324, -1e-300, 1e-45, 1.2e-38, 1e9, -1e9, 1_700_000_000.0, 12.34, 3e38, -3e38)


def splits(booster: Any) -> dict[int, list[float]]:
    """Feature -> the thresholds that its trees compare it with, in XGBoost's own JSON."""
    inside = json.loads(booster.save_raw("json"))["learner"]["gradient_booster"]
    found: dict[int, list[float]] = {}
    for tree in inside.get("gbtree", inside)["model"].get("trees", []):
        for left, feature, split, kind in zip(
            tree["left_children"], tree["split_indices"], tree["split_conditions"], tree["split_type"], strict=True
        ):
            if left != -1 and kind == 0:
                found.setdefault(feature, []).append(split)
    return found


def rows_for(booster: Any, training: Any, seed: int = 0, count: int = 600) -> Any:
    """Training rows, midpoints of two, and rows with features put on thresholds, their neighbours and odd numbers."""
    rng = np.random.default_rng(seed)
    training = np.asarray(training, np.float64)
    first, second = training[rng.integers(len(training), size=(2, count // 3))]
    moved = training[rng.integers(len(training), size=count)].copy()
    if booster is not None:
        for feature, values in splits(booster).items():
            near = around(rng.choice(values, size=count))
            chosen = near[rng.integers(len(near), size=count), np.arange(count)]
            moved[:, feature] = np.where(rng.random(count) < 0.6, chosen, moved[:, feature])
    odd = np.array([*EDGES, np.nan])
    strange = training[rng.integers(len(training), size=count)].copy()
    strange[rng.random(strange.shape) < 0.3] = np.nan
    put = rng.random(strange.shape) < 0.3
    strange = np.where(put, odd[rng.integers(len(odd), size=strange.shape)], strange)
    return np.concatenate([training, (first + second) / 2, moved, strange])


def around(values: Any) -> Any:
    """[6, n]: each value in float32 and in double, and its neighbours one ulp away in both."""
    wide = np.asarray(values, np.float64)
    narrow = wide.astype(np.float32)
    low, high = np.float32(-np.inf), np.float32(np.inf)
    return np.array(
        [
            np.nextafter(wide, -np.inf),
            wide,
            np.nextafter(wide, np.inf),
            np.nextafter(narrow, low).astype(np.float64),
            (narrow.astype(np.float64) + np.nextafter(narrow, low).astype(np.float64)) / 2,
            np.nextafter(narrow, high).astype(np.float64),
        ]
    )


def run(source: Any, rows: list[dict[str, Any]], graph: Any = None) -> dict[str, Any]:
    """The graph's outputs, in onnxruntime as bundles use it."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_BASIC
    graph = graph or source.to_onnx()
    session = onnxruntime.InferenceSession(graph.SerializeToString(), options, ["CPUExecutionProvider"])
    names = [output.name for output in session.get_outputs()]
    return dict(zip(names, session.run(None, feeds_from_rows(rows, source.signature)), strict=True))


def accepted(source: Any, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The rows that the input contract lets through."""
    try:
        decode_rows(rows, source.signature)
    except InputError:
        half = len(rows) // 2
        return accepted(source, rows[:half]) + accepted(source, rows[half:]) if half else []
    return rows


def plain_rows(source: Any, array: Any) -> list[dict[str, Any]]:
    names = [column.name for column in source.signature.columns]
    return [
        {name: None if value != value else value for name, value in zip(names, row, strict=True)}
        for row in np.asarray(array, np.float64).tolist()
    ]


def off(source: Any, rows: list[dict[str, Any]], graph: Any = None) -> dict[str, float]:
    """How far the graph is from the model: output -> float32 ulps for numbers, rows with another label for labels."""
    answers = source.answers(rows)
    got = run(source, rows, graph)
    found = {}
    for output in source.outputs:
        mine, theirs = got[output.name], answers.outputs[output.name]
        assert mine.shape == theirs.shape, (output.name, mine.shape, theirs.shape)
        assert mine.dtype == theirs.dtype, (output.name, mine.dtype, theirs.dtype)
        if output.kind == "label":
            found[output.name] = float((mine != theirs).sum())
        else:
            unit = np.spacing(np.maximum(np.abs(theirs), 1e-37).astype(np.float32)).astype(np.float64)
            with np.errstate(invalid="ignore"):
                away = np.abs(mine - theirs) / unit
            same = (mine == theirs) | (np.isnan(mine) & np.isnan(theirs))
            found[output.name] = float(np.where(same, 0.0, np.where(np.isnan(away), np.inf, away)).max())
    return found
