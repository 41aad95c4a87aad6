"""The program's own operators: features become places among thresholds, exactly."""

from __future__ import annotations

from typing import Any

import numpy as np
from node_script import HERE, WEB, run_node

from isoship_edge.encoding import golden


def run(op: str, features: Any, runs: list[Any], **attrs: Any) -> Any:
    flat = np.concatenate(runs) if runs else np.array([])
    job = {
        "op": op,
        "attrs": {"count": [len(run) for run in runs], **attrs},
        "inputs": [
            {"dtype": "double", "shape": list(features.shape), "data": golden.encode(features.ravel().tolist())},
            {"dtype": "double", "shape": [len(flat)], "data": golden.encode(flat.tolist())},
        ],
        "outputs": 1,
    }
    [[made]] = run_node(HERE / "ops.mjs", str(WEB / "src"), stdin=[job])["results"]
    assert made["dtype"] == "int32"
    return np.array(golden.decode(made["data"])).reshape(made["shape"])


def test_rank_counts_thresholds_below_a_value_on_either_side_and_one_ulp_around_them() -> None:
    rng = np.random.default_rng(3)
    thresholds = [np.unique(rng.normal(size=40)), np.array([0.1]), np.unique(rng.normal(size=7)), np.array([])]
    near = np.concatenate(thresholds)
    values = np.concatenate([near, np.nextafter(near, np.inf), np.nextafter(near, -np.inf), [np.inf, -np.inf, 0, -0.0]])
    features = rng.permuted(np.tile(values, (2, 1)), axis=1).T
    feature = [0, 1, 1, 0]
    side = ["left", "right", "left", "right"]
    ranks = run("isoship.Rank", features, thresholds, feature=feature, side=side, nan=["low"] * 4)
    expected = [np.searchsorted(t, features[:, f], side=s) for t, f, s in zip(thresholds, feature, side, strict=True)]
    np.testing.assert_array_equal(ranks, np.stack(expected, axis=1))


def test_rank_puts_nan_below_or_above_every_threshold() -> None:
    features = np.array([[np.nan], [0.5]])
    runs = [np.array([0.0, 1.0]), np.array([0.0, 1.0])]
    ranks = run("isoship.Rank", features, runs, feature=[0, 0], side=["left", "left"], nan=["low", "high"])
    assert ranks.tolist() == [[-1, 2], [1, 1]]


def test_member_is_exact_and_says_of_nan_what_it_is_told() -> None:
    features = np.array([[1.0, 0.1], [2.5, np.nan], [-0.0, np.nextafter(0.1, 1)], [np.inf, 3.0]])
    runs = [np.array([0.0, 1.0]), np.array([0.1, 3.0]), np.array([0.1]), np.array([np.inf])]
    members = run("isoship.Member", features, runs, feature=[0, 1, 1, 0], nan=[0, 0, 1, 0])
    assert members.tolist() == [[1, 1, 1, 0], [0, 0, 1, 0], [1, 0, 0, 0], [0, 1, 0, 1]]
