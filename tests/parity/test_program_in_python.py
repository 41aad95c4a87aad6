"""program.json in Python: our own operators by their definition, the others by onnxruntime."""

import json

import numpy as np
import pytest

from isoship.errors import BundleError
from isoship.parity.runners.program import rank, read_program
from isoship.rows.columns import feeds_from_rows
from isoship_edge.manifest import MISSING_STRING


def test_rank_counts_thresholds_as_the_definition_says():
    """docs/architecture.md: side left counts t < x, side right t <= x; NaN gives -1 or the count."""
    rng = np.random.default_rng(0)
    thresholds = [np.sort(rng.integers(-4, 5, 7).astype(float)), np.sort(rng.normal(size=5)), np.array([0.0])]
    features = rng.integers(-5, 6, (200, 3)).astype(float)
    features[::7, 1] = np.nan
    features[::11, 0] = np.inf
    attrs = {
        "feature": [0, 0, 1, 2, 1],
        "count": [7, 7, 5, 1, 5],
        "side": ["left", "right", "left", "right", "right"],
        "nan": ["low", "low", "low", "high", "high"],
    }
    runs = [thresholds[0], thresholds[0], thresholds[1], thresholds[2], thresholds[1]]
    got = rank(features, np.concatenate(runs), attrs)
    assert got.dtype == np.int32
    for i, row in enumerate(features):
        for k, run in enumerate(runs):
            x = row[attrs["feature"][k]]
            if np.isnan(x):
                expected = -1 if attrs["nan"][k] == "low" else attrs["count"][k]
            else:
                expected = sum(t < x if attrs["side"][k] == "left" else t <= x for t in run)
            assert got[i, k] == expected


def _program(tmp_path, **parts):
    document = {"format": 1, "constants": {}, "prefix": [], "feeds": [], "fetches": [], "suffix": [], "outputs": {}}
    (tmp_path / "program.json").write_text(json.dumps({**document, **parts}))
    return read_program(tmp_path)


def test_label_encoder_and_member_take_their_own_spelling(tmp_path):
    program = _program(
        tmp_path,
        constants={
            "keys": {"dtype": "double", "shape": [3], "data": [1.0, {"$": "nan"}, 2.0]},
            "values": {"dtype": "string", "shape": [3], "data": ["one", "none", "two"]},
            "default": {"dtype": "string", "shape": [1], "data": ["?"]},
            "members": {"dtype": "double", "shape": [3], "data": [1.0, 3.0, 2.0]},
        },
        prefix=[
            {"op": "ml.LabelEncoder", "inputs": ["x"], "outputs": ["s"],
             "attrs": {"keys": "keys", "values": "values", "default": "default"}},
            {"op": "isoship.Member", "inputs": ["x", "members"], "outputs": ["m"],
             "attrs": {"feature": [0, 0], "count": [2, 1]}},
        ],
    )  # fmt: skip
    values = program.before({"x": np.array([[1.0], [np.nan], [2.0], [9.0]])})
    assert values["s"].ravel().tolist() == ["one", "none", "two", "?"]
    assert values["m"].tolist() == [[1, 0], [0, 0], [0, 1], [0, 0]]


def test_the_prefix_of_a_bundle_computes_what_the_source_feeds_its_product(bundle, shipped):
    program = read_program(bundle / "web")
    rows = [{"height": None, "weight": 76.25, "city": "Rome"}, {"height": 160.5, "weight": 65.0, "city": None}]
    values = program.before(feeds_from_rows(rows, shipped.manifest.signature))
    expected = np.array([[0.5 / 9.5, 1.0, 0, 1, 0], [-1.0, 0.0, 0, 0, 0]], dtype=np.float32)
    assert values["p8"].dtype == np.float32
    assert np.array_equal(values["p8"], expected)


def test_missing_strings_leave_as_none(tmp_path):
    program = _program(tmp_path, outputs={"label": "x"})
    assert program.after({"x": np.array(["a", MISSING_STRING], dtype=object)})["label"].tolist() == ["a", None]


def test_a_newer_format_and_a_damaged_document_are_errors(tmp_path):
    with pytest.raises(BundleError, match="format 2"):
        _program(tmp_path, format=2)
    (tmp_path / "program.json").write_text("{")
    with pytest.raises(BundleError, match="damaged"):
        read_program(tmp_path)
