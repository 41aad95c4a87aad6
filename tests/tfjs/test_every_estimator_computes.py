"""The graph of every estimator of the sweep computes something of it, or the estimator has nothing to compute.

Every sixth of them in `make test`; all with ISOSHIP_ESTIMATORS=all, as in `make test-all GROUP=sweep`.
"""

from __future__ import annotations

import os
import warnings
from typing import Any

import numpy as np
import pytest
from benchmarks import results
from benchmarks.sweep.in_tfjs import fitted
from benchmarks.sweep.recipes import names

from isoship.errors import UnsupportedModelError
from isoship.sources import open_source
from isoship.tfjs import to_tfjs
from isoship.tfjs.computing import computes, has_numbers_to_compute

#: They choose columns, compare, look up, or answer what they were given; PowerTransformer's answers span more decades
#: than float32 has.
SPARED = {
    "Binarizer", "DummyClassifier", "DummyRegressor", "FunctionTransformer", "GenericUnivariateSelect",
    "KBinsDiscretizer", "LabelBinarizer", "MissingIndicator", "OneHotEncoder", "OrdinalEncoder", "PowerTransformer",
    "SelectFdr", "SelectFpr", "SelectFromModel", "SelectFwe", "SelectKBest", "SelectPercentile",
    "SequentialFeatureSelector", "SimpleImputer", "TargetEncoder", "VarianceThreshold",
}  # fmt: skip
_SWEPT: dict[str, Any] = results.read("sweep")["figures"]["estimators"]
EXACT = [name for name in names() if _SWEPT.get(name, {}).get("status") == "exact"]


ASKED = EXACT if os.environ.get("ISOSHIP_ESTIMATORS") == "all" else EXACT[::6]


@pytest.mark.parametrize("name", ASKED)
def test_the_graph_computes(name: str, tmp_path: Any) -> None:
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        model, sample = fitted(name)
        graph = open_source(model, sample=sample).to_onnx()
        try:
            written = to_tfjs(graph, tmp_path)
        except UnsupportedModelError:
            return  # refused for the browser by name, and nothing is shipped
    assert computes(tmp_path) is (name not in SPARED)
    assert has_numbers_to_compute(graph) is (name not in SPARED)
    assert any("check does not count it" in note for note in written.notes) is (name in SPARED)
