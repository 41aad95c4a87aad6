"""Preprocessing with its parameters: bin edges, polynomials, powers, norms, target means."""

from __future__ import annotations

import numpy as np
import pytest
from comparison import compare
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import (
    Binarizer,
    KBinsDiscretizer,
    Normalizer,
    PolynomialFeatures,
    PowerTransformer,
    TargetEncoder,
)

from isoship.errors import UnsupportedModelError
from isoship.sources import open_source

X, SPECIES = load_iris(return_X_y=True)


def as_rows(values) -> list[dict[str, float | None]]:
    return [{f"x{i}": None if np.isnan(v) else float(v) for i, v in enumerate(row)} for row in values]


@pytest.mark.parametrize("dtype", [None, np.float64, np.float32])
@pytest.mark.parametrize("encode", ["ordinal", "onehot", "onehot-dense"])
def test_values_on_a_bin_edge_fall_as_in_scikit_learn(encode, dtype, agrees) -> None:
    """dtype=float32 rounds values before it looks for their bin."""
    model = KBinsDiscretizer([3, 5, 2, 4], encode=encode, strategy="uniform", dtype=dtype).fit(X)
    source = agrees(model, X)
    rows = []
    for feature, edges in enumerate(model.bin_edges_):
        for edge in edges:
            for value in (edge, np.nextafter(edge, -np.inf), np.nextafter(edge, np.inf), float(np.float32(edge))):
                rows.append({**as_rows(X[:1])[0], f"x{feature}": float(value)})
    compare(source, rows, atol=0, rtol=0)


def test_what_computes_in_float32_behind_bins_of_float32_is_refused() -> None:
    model = make_pipeline(KBinsDiscretizer(4, dtype=np.float32, encode="ordinal"), LogisticRegression())
    with pytest.raises(UnsupportedModelError, match="the step before it returns float32"):
        open_source(model.fit(X, SPECIES), sample=X).to_onnx()


@pytest.mark.parametrize(
    "options",
    [
        {"degree": 3},
        {"degree": 3, "interaction_only": True},
        {"degree": (2, 4), "include_bias": False},
        {"degree": 6, "interaction_only": True, "include_bias": False},
        {"degree": 1},
    ],
    ids=str,
)
def test_polynomials_are_bit_equal(options) -> None:
    model = PolynomialFeatures(**options).fit(X)
    compare(open_source(model, sample=X), as_rows(X), atol=0, rtol=0)


@pytest.mark.parametrize("method", ["yeo-johnson", "box-cox"])
@pytest.mark.parametrize("standardize", [True, False])
def test_powers_pass_missing_values_through(method, standardize) -> None:
    model = PowerTransformer(method=method, standardize=standardize).fit(X)
    values = np.vstack([X, np.geomspace(1e-6, 1e3, 40).reshape(10, 4), [[np.nan, 1, np.nan, 2]]])
    if method == "yeo-johnson":
        values = np.vstack([values, -values])
    compare(open_source(model, sample=X), as_rows(values))


def test_yeo_johnson_at_its_special_lambdas() -> None:
    model = PowerTransformer().fit(X)
    model.lambdas_ = np.array([0.0, 2.0, 1.0, -3.0])
    compare(open_source(model, sample=X), as_rows(np.vstack([X, -X])))


@pytest.mark.parametrize("norm", ["l1", "l2", "max"])
def test_rows_of_zeros_and_denormals_are_left(norm) -> None:
    values = np.vstack([X, np.zeros((1, 4)), np.full((1, 4), 5e-324), np.full((1, 4), 1e-16), -X[:3]])
    compare(open_source(Normalizer(norm=norm).fit(X), sample=X), as_rows(values))


def test_a_value_on_the_threshold_is_zero() -> None:
    values = np.array([[1.1, np.nextafter(1.1, 2), np.nextafter(1.1, 0), float(np.float32(1.1))]])
    compare(open_source(Binarizer(threshold=1.1).fit(X), sample=X), as_rows(values))


@pytest.mark.parametrize("target", ["binary", "multiclass", "continuous"])
def test_target_means_for_known_unseen_and_missing_categories(target, penguins) -> None:
    x = penguins[["island", "sex", "year"]]
    y = {
        "binary": penguins["heavy"],
        "multiclass": penguins["species"],
        "continuous": penguins["flipper_length_mm"].fillna(200.0),
    }[target]
    source = open_source(TargetEncoder(random_state=0).fit(x, y), sample=x)
    rows = [
        {"island": "Dream", "sex": "male", "year": 2007},
        {"island": "Atlantis", "sex": None, "year": 2008},
        {"island": None, "sex": "", "year": 1900},
    ]
    compare(source, rows)
