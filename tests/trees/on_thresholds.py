"""Execution and rows for every tree family.

Rows stand on the model's own thresholds: the value itself, its float32, and one ulp either side in both widths.
"""

from __future__ import annotations

import os

os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")

import numpy as np
import onnxruntime

import isoship
from isoship.sources.sklearn.truth.outputs import METHODS

LEVELS = ("ORT_DISABLE_ALL", "ORT_ENABLE_BASIC", "ORT_ENABLE_ALL")
TOLERANCE = 1e-12  # exp and pow come from another libm; everything else is bit-equal
ULPS = 8
EPOCH = 1_700_000_000.0


def session_of(onnx_model, level="ORT_ENABLE_ALL", threads=1):
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = getattr(onnxruntime.GraphOptimizationLevel, level)
    options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
    return onnxruntime.InferenceSession(onnx_model.SerializeToString(), options, ["CPUExecutionProvider"])


def run(onnx_model, feeds, level="ORT_ENABLE_ALL"):
    session = session_of(onnx_model, level)
    feeds = feeds if isinstance(feeds, dict) else {"X": feeds}
    return dict(zip([each.name for each in session.get_outputs()], session.run(None, feeds), strict=True))


def answers(onnx_model, rows):
    """The outputs at the default level: the same bits at every level, and in batches of 1, 2 and 1000.

    In batches, doubles may differ by ULPS: onnxruntime's Exp and Pow work on several rows at once and finish the
    rest one by one, with another last bit.
    """
    whole = run(onnx_model, rows)
    sessions = [session_of(onnx_model, level) for level in LEVELS]
    for batch in (1, 2, 1000):
        some = rows[: batch * 4]
        at_level = [run_in_batches(session, some, batch) for session in sessions]
        for name, values in whole.items():
            for answer in at_level:
                np.testing.assert_array_equal(answer[name], at_level[0][name])
            if values.dtype == np.float64 and name != "label":
                np.testing.assert_array_max_ulp(at_level[0][name], values[: len(some)], ULPS)
            else:
                np.testing.assert_array_equal(at_level[0][name], values[: len(some)])
    return whole


def run_in_batches(session, rows, batch):
    names = [each.name for each in session.get_outputs()]
    parts = [session.run(None, {"X": rows[i : i + batch]}) for i in range(0, len(rows), batch)]
    return dict(zip(names, [np.concatenate(each) for each in zip(*parts, strict=True)], strict=True))


def thresholds(model):
    """(feature, threshold) of every numerical split."""
    if hasattr(model, "_predictors"):
        for stage in model._predictors:
            for predictor in stage:
                splits = predictor.nodes[(predictor.nodes["is_leaf"] == 0) & (predictor.nodes["is_categorical"] == 0)]
                yield from zip(splits["feature_idx"], splits["num_threshold"], strict=True)
        return
    trees = np.ravel(getattr(model, "estimators_", [model]))
    subsets = getattr(model, "estimators_features_", [np.arange(model.n_features_in_)] * len(trees))
    for tree, subset in zip(trees, subsets, strict=True):
        split = tree.tree_.children_left >= 0
        yield from zip(subset[tree.tree_.feature[split]], tree.tree_.threshold[split], strict=True)


def around(thresholds):
    """[6, n]: each threshold, its float32, and one ulp either side in both widths."""
    in_double = np.asarray(thresholds, np.float64)
    with np.errstate(over="ignore"):
        in_float = in_double.astype(np.float32)
    down, up = np.float32(-np.inf), np.float32(np.inf)
    near_double = [np.nextafter(in_double, -np.inf), in_double, np.nextafter(in_double, np.inf)]
    near_float = [np.nextafter(in_float, down), in_float, np.nextafter(in_float, up)]
    return np.array([*near_double, *near_float], np.float64)


def rows_on_thresholds(model, sample, seed=0, count=1000):
    """Rows of the sample with up to three features each put on a threshold. No row is infinite in float32."""
    rng = np.random.default_rng(seed)
    rows = sample[rng.integers(len(sample), size=count)].astype(np.float64)
    splits = np.array([*thresholds(model)]).reshape(-1, 2)
    for _ in range(3 if len(splits) else 0):
        feature, threshold = splits[rng.integers(len(splits), size=count)].T
        value = around(threshold)[rng.integers(6, size=count), np.arange(count)]
        rows[np.arange(count), feature.astype(int)] = np.where(np.abs(value) < 3e38, value, 1e30)
    return rows


def agree(model, rows, outputs=None):
    """Every output against scikit-learn: all labels equal, values within TOLERANCE. Returns the largest gap.

    outputs: those beside the defaults.
    """
    got = answers(isoship.to_onnx(model, outputs=outputs), rows)
    gaps = [0.0]
    for name, values in got.items():
        expected = getattr(model, METHODS[name])(rows)
        if name == "label":
            assert values.dtype.kind == {"U": "O"}.get(expected.dtype.kind, expected.dtype.kind)
            np.testing.assert_array_equal(values, expected)
        else:
            assert values.dtype == np.float64
            np.testing.assert_allclose(values, expected, rtol=TOLERANCE, atol=TOLERANCE)
            gaps.append(np.abs(values - expected).max())
    return max(gaps)
