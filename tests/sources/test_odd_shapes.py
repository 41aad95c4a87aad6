"""Shapes and containers that ended in tracebacks: exported, or refused by name."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
import scipy.sparse
from comparison import compare, rows_of
from sklearn.feature_selection import SelectKBest
from sklearn.gaussian_process import GaussianProcessClassifier, GaussianProcessRegressor
from sklearn.impute import MissingIndicator
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from isoship.errors import UnsupportedModelError
from isoship.rows.columns import rows_from_sample
from isoship.sources import open_source
from isoship.sources.sklearn.truth.margins import margin

RNG = np.random.default_rng(0)
TABLE = RNG.normal(size=(40, 3))
FRAME = pd.DataFrame(TABLE, columns=["a", "b", "c"])
Y = TABLE[:, 0] + TABLE[:, 1] ** 2


@pytest.mark.parametrize("several", [False, True])
def test_a_gaussian_process_of_a_frame(several: bool) -> None:
    target = np.column_stack([Y, -Y]) if several else Y
    source = open_source(GaussianProcessRegressor(alpha=0.1).fit(FRAME, target), sample=FRAME)
    compare(source, rows_of(source, FRAME))


@pytest.mark.parametrize(
    "model",
    [MissingIndicator(), MissingIndicator(error_on_new=False), SelectKBest(k=0),
     make_pipeline(StandardScaler(), SelectKBest(k=0))],
    ids=["indicator", "indicator that takes new ones", "nothing selected", "behind a scaler"],
)  # fmt: skip
def test_a_model_that_answers_no_column_is_refused(model: Any) -> None:
    source = open_source(model.fit(FRAME, Y > 0), sample=FRAME)
    with pytest.raises(UnsupportedModelError, match="gives no column at all"):
        source.to_onnx()


@pytest.mark.parametrize("features", ["missing-only", "all"])
def test_missing_indicator_alone(features: str) -> None:
    holes = FRAME.mask(RNG.random(FRAME.shape) < 0.2)
    for sample in (holes, holes.to_numpy()):
        source = open_source(MissingIndicator(features=features).fit(sample), sample=sample)
        compare(source, rows_of(source, sample))


def test_the_latent_mean_of_a_process_without_the_method_that_came_with_1_7() -> None:
    model = GaussianProcessClassifier().fit(TABLE, Y > 1)
    process = model.base_estimator_
    want = np.abs(process.latent_mean_and_variance(TABLE)[0]) if hasattr(process, "latent_mean_and_variance") else None
    found = margin(model, FRAME)
    assert found is not None
    assert (found >= 0).all()
    if want is not None:
        np.testing.assert_allclose(found, want, rtol=1e-12)


@pytest.mark.parametrize("form", ["csr_matrix", "csc_array", "coo_matrix", "csr_array"])
def test_a_sparse_sample_is_a_table(form: str) -> None:
    """Its rows were asked for the shape of an object, which is ()."""
    sample = getattr(scipy.sparse, form)(TABLE)
    source = open_source(LogisticRegression().fit(TABLE, Y > 1), sample=sample)
    rows = rows_from_sample(sample, source.signature)
    assert rows == [dict(zip(("x0", "x1", "x2"), map(float, row), strict=True)) for row in TABLE]
    compare(source, rows)
