"""Rows on what LightGBM decides by, and the comparison of a graph with the model on them."""

from __future__ import annotations

from typing import Any

import numpy as np
from comparison import run
from on_thresholds import around

from isoship.sources import open_source
from isoship.sources.lightgbm.model_text import CATEGORICAL, parse
from isoship.sources.lightgbm.trees import ZERO

#: Links come from another libm than LightGBM's; everything before them is bit-equal.
LINK = 1e-12

NEAR_ZERO = [0.0, -0.0, 5e-324, 1e-300, 1e-36, ZERO, np.nextafter(ZERO, 0), np.nextafter(ZERO, 1), 1e-34]
#: What a cast to int does something to: fractions, negative numbers, the edges of int32 and of 32-bit words.
CODES = [0.5, 0.999, -0.5, -1.0, -1.5, 1.5, 2.999, 31, 32, 33, 64, 149, 899, 900, 901, 2**31 - 1, 2.0**31, 2.0**32 + 2]
HUGE = [1e9, 3.5e38, 1e300, np.finfo(np.float64).max, np.inf]
SPECIAL = [*NEAR_ZERO, *CODES, *HUGE, np.nan]


def booster_of(model: Any) -> Any:
    """The Booster in an estimator or at the end of a pipeline."""
    while hasattr(model, "steps"):
        model = model.steps[-1][1]
    return getattr(model, "booster_", model)


def thresholds(booster: Any) -> np.ndarray[Any, Any]:
    """(feature, threshold) of every numerical split, [S, 2]."""
    found = [
        np.c_[tree.feature, tree.threshold][(tree.decision & CATEGORICAL) == 0]
        for tree in parse(booster.model_to_string(num_iteration=-1)).trees
    ]
    return np.concatenate(found)


def hostile_rows(booster: Any, rows: np.ndarray[Any, Any], seed: int = 0) -> np.ndarray[Any, Any]:
    """Training rows, midpoints, up to three features a row on a threshold or an ulp beside it, and every SPECIAL."""
    rng = np.random.default_rng(seed)
    found = [rows, (rows[1:] + rows[:-1]) / 2]
    splits = thresholds(booster)
    if len(splits):
        wanted = np.concatenate([np.repeat(splits, 6, axis=0), splits[rng.integers(len(splits), size=600)]])
        picked = rows[rng.integers(len(rows), size=len(wanted))].copy()
        beside = around(wanted[:, 1])
        which = np.arange(len(wanted)) % 6
        picked[np.arange(len(wanted)), wanted[:, 0].astype(int)] = beside[which, np.arange(len(wanted))]
        for _ in range(2):
            more = rng.permutation(len(wanted))
            there = rng.random(len(wanted)) < 0.3
            feature = wanted[more, 0].astype(int)
            picked[np.flatnonzero(there), feature[there]] = beside[which[more], more][there]
        found.append(picked)
    specials = np.array([*SPECIAL, *(-value for value in SPECIAL)])
    for feature in range(rows.shape[1]):
        picked = rows[rng.integers(len(rows), size=2 * len(specials))].copy()
        picked[:, feature] = np.tile(specials, 2)
        found.append(picked)
    mixed = rows[rng.integers(len(rows), size=400)].copy()
    there = rng.random(mixed.shape) < 0.4
    mixed[there] = rng.choice(specials, size=int(there.sum()))
    return np.concatenate([*found, mixed])


def ask(booster: Any, rows: Any, **options: Any) -> Any:
    return booster.predict(rows, num_threads=1, **options)


def agree_on_rows(model: Any, sample: np.ndarray[Any, Any], rows: np.ndarray[Any, Any]) -> dict[str, Any]:
    """Asserts bit-equal raw scores, answers within LINK and equal labels; returns the graph's outputs."""
    outputs = ["scores"] if hasattr(model, "decision_function") else None
    source = open_source(model, sample=sample, outputs=outputs)
    names = [column.name for column in source.signature.columns]
    listed = [dict(zip(names, values, strict=True)) for values in rows.tolist()]
    answers = source.answers(listed)
    got = run(source.to_onnx(), listed, source)
    assert list(got) == [output.name for output in source.outputs]
    for output in source.outputs:
        mine, theirs = got[output.name], answers.outputs[output.name]
        assert (mine.shape, mine.dtype) == (theirs.shape, theirs.dtype), output
        if output.kind == "label":
            assert not ((mine != theirs) & (answers.margin > LINK)).any()
        elif output.kind == "scores":
            np.testing.assert_array_equal(mine, theirs)
        else:
            np.testing.assert_allclose(mine, theirs, rtol=LINK, atol=LINK)
    return got
