"""The C library out of the wheel, by ctypes, answers trees as the Python binding does."""

from __future__ import annotations

from array import array

import numpy as np
import pytest
from on_thresholds import rows_on_thresholds, run
from sklearn.ensemble import HistGradientBoostingClassifier, IsolationForest, RandomForestClassifier

import isoship
from isoship_edge.inference.session import open_session
from isoship_edge.inference.tensor import Tensor, values


@pytest.mark.parametrize(
    "model",
    [
        RandomForestClassifier(12, random_state=0),
        HistGradientBoostingClassifier(max_iter=8, categorical_features=[3]),
        IsolationForest(n_estimators=10, random_state=0),
    ],
    ids=lambda model: type(model).__name__,
)
def test_every_output_has_the_same_bits(model, gaps_in, words, tmp_path):
    model.fit(gaps_in, words)
    graph = isoship.to_onnx(model)
    (tmp_path / "model.onnx").write_bytes(graph.SerializeToString())
    rows = rows_on_thresholds(model, gaps_in)
    rows[::5, 0] = np.nan
    expected = run(graph, rows)
    session = open_session(tmp_path / "model.onnx", backend="c_api")
    try:
        got = session.run({"X": Tensor("double", rows.shape, array("d", rows.ravel().tolist()))}, list(expected))
    finally:
        session.close()
    for name, answer in expected.items():
        assert values(got[name]) == answer.ravel().tolist()
        assert got[name].shape == answer.shape
