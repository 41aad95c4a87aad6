"""Faults that the pipelines of this folder found, each with the smallest model that shows it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from agreement import Runner, Tally, faults
from sklearn.cluster import KMeans
from sklearn.compose import make_column_transformer
from sklearn.decomposition import PCA, FastICA
from sklearn.ensemble import RandomTreesEmbedding
from sklearn.impute import KNNImputer, MissingIndicator, SimpleImputer
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.neighbors import KNeighborsRegressor, NearestCentroid
from sklearn.pipeline import make_pipeline, make_union
from sklearn.preprocessing import (
    FunctionTransformer,
    KBinsDiscretizer,
    OneHotEncoder,
    OrdinalEncoder,
    QuantileTransformer,
    SplineTransformer,
    StandardScaler,
)

from isoship.errors import InputError, SampleError, UnsupportedModelError
from isoship.parity.verdict.compare import compare
from isoship.sources import open_source
from isoship.sources.contract import Answers, Row, Source
from isoship.sources.frames import rows_from_frame
from isoship_edge.encoding.decode import decode_rows
from isoship_edge.manifest import Output, Tolerance

RNG = np.random.default_rng(0)
X = RNG.normal(size=(40, 3))
Y = X[:, 0] - X[:, 2]


def agree(model: Any, sample: Any, more: list[Row] | None = None) -> Source:
    source = open_source(model, sample=sample)
    rows = rows_from_frame(sample, [column.name for column in source.signature.columns])
    found = faults(source, Runner(source.to_onnx()), "training", rows + (more or []), Tally())
    assert not found, "\n".join(map(str, found))
    return source


@pytest.mark.parametrize("marker", [np.nan, None], ids=["imputer of NaN", "imputer of None"])
@pytest.mark.parametrize("mostly", ["a", None], ids=["words", "mostly None"])
def test_none_and_nan_are_two_missing_values_to_an_imputer(marker: Any, mostly: Any) -> None:
    """SimpleImputer() leaves None in a column of objects as it is, and the graph put the most frequent word there."""
    values = np.array([mostly, "b", None, mostly, "c", mostly], dtype=object)
    frame = pd.DataFrame({"w": pd.Series(values, dtype=object)})
    imputer = SimpleImputer(missing_values=marker, strategy="most_frequent")
    model = make_pipeline(imputer, OneHotEncoder(handle_unknown="ignore", sparse_output=False)).fit(frame)
    agree(model, frame, [{"w": None}, {"w": "a"}, {"w": "unseen"}])


def test_one_imputer_over_columns_with_different_markers() -> None:
    words = np.array(["a", None, "b", "a"], dtype=object)
    frame = pd.DataFrame({"none": pd.Series(words, dtype=object), "nan": ["a", np.nan, "b", "a"]})
    model = make_pipeline(SimpleImputer(strategy="most_frequent"), OneHotEncoder(handle_unknown="ignore")).fit(frame)
    agree(model, frame)
    agree(MissingIndicator(features="all").fit(frame), frame)


def test_a_word_that_becomes_nan_is_refused_when_the_model_refuses_nan() -> None:
    """OrdinalEncoder(unknown_value=nan) refuses nothing itself, so the contract listed no categories."""
    frame = pd.DataFrame({"w": ["a", "b", "c", "a"] * 5})
    encoder = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=np.nan)
    model = make_pipeline(encoder, LinearRegression()).fit(frame, np.arange(20.0))
    source = agree(model, frame)
    assert source.signature.columns[0].categories == ("a", "b", "c")
    with pytest.raises(InputError):
        decode_rows([{"w": "d"}], source.signature)


def test_an_array_keeps_the_columns_that_no_step_reads() -> None:
    """They were left out of the signature, and the model was asked with an array that was too narrow."""
    model = make_pipeline(make_column_transformer((StandardScaler(), [0, 2])), LinearRegression()).fit(X, Y)
    source = agree(model, X)
    assert [column.name for column in source.signature.columns] == ["x0", "x1", "x2"]


def test_neighbours_behind_a_column_transformer_that_drops_columns() -> None:
    """The margin asked for columns by their place in training, and crashed."""
    frame = pd.DataFrame(X, columns=["a", "b", "c"])
    columns = make_column_transformer((StandardScaler(), ["a"]), (SimpleImputer(), ["c"]))
    agree(make_pipeline(columns, KNeighborsRegressor(3)).fit(frame, Y), frame)


def test_centres_of_a_sparse_matrix() -> None:
    """The bound on rounding took a sparse matrix for an array, and crashed."""
    trees = RandomTreesEmbedding(n_estimators=3, max_depth=3, random_state=0)
    agree(make_pipeline(trees, KMeans(3, n_init=1, random_state=0)).fit(X), X)


def test_quantiles_of_a_sparse_matrix_are_refused() -> None:
    """scikit-learn leaves the zeros of a sparse matrix as they are; of an array it asks for their share."""
    frame = pd.DataFrame({"w": ["a", "b", "c", "a"] * 10})
    model = make_pipeline(OneHotEncoder(), QuantileTransformer(n_quantiles=4)).fit(frame)
    with pytest.raises(UnsupportedModelError, match="it is given a sparse matrix"):
        open_source(model, sample=frame).to_onnx()
    for nested in (make_union(QuantileTransformer(n_quantiles=4)), make_pipeline(QuantileTransformer(n_quantiles=4))):
        columns = make_column_transformer((OneHotEncoder(), ["w"]), sparse_threshold=1.0)
        with pytest.raises(UnsupportedModelError, match="it is given a sparse matrix"):
            open_source(make_pipeline(columns, nested).fit(frame), sample=frame).to_onnx()
    agree(make_pipeline(OneHotEncoder(sparse_output=False), QuantileTransformer(n_quantiles=4)).fit(frame), frame)


WHOLE = np.round(X * 2)


@pytest.mark.parametrize(
    ("step", "what"),
    [
        (QuantileTransformer(n_quantiles=8), "many training rows have one value"),
        (KBinsDiscretizer(3, strategy="quantile", quantile_method="averaged_inverted_cdf"), "its edges are values"),
        (OneHotEncoder(handle_unknown="ignore"), "its categories are numbers"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_jumps_at_training_values_behind_a_step_that_rounds_are_refused(step: Any, what: str) -> None:
    """A last bit of the normal quantile moved a sixth of the training rows by 0.07."""
    rounding = QuantileTransformer(n_quantiles=8, output_distribution="normal")
    model = make_pipeline(rounding, step).fit(WHOLE)
    with pytest.raises(UnsupportedModelError, match=f"{what}.*QuantileTransformer before it"):
        open_source(model, sample=WHOLE).to_onnx()
    columns = make_column_transformer((rounding, [0, 1, 2]))
    with pytest.raises(UnsupportedModelError, match=what):
        open_source(make_pipeline(columns, make_pipeline(step)).fit(WHOLE), sample=WHOLE).to_onnx()
    agree(make_pipeline(StandardScaler(), step).fit(WHOLE), WHOLE)


def test_quantiles_of_many_values_behind_a_step_that_rounds() -> None:
    agree(make_pipeline(PCA(2), QuantileTransformer(n_quantiles=8)).fit(X), X)


def test_centroids_behind_a_sparse_matrix() -> None:
    """The margin took a sparse matrix for an array, and crashed."""
    trees = RandomTreesEmbedding(n_estimators=3, max_depth=3, random_state=0)
    agree(make_pipeline(trees, NearestCentroid()).fit(X, Y > 0), X)


def test_periodic_splines_of_a_constant_column() -> None:
    """A period of 0 made NaN of every value; scikit-learn takes 0 for them."""
    table = np.column_stack([np.full(40, 3.0), X[:, 1]])
    agree(SplineTransformer(n_knots=4, degree=1, extrapolation="periodic").fit(table), table)


def test_nullable_booleans_with_missing_values_are_refused_with_the_way_out() -> None:
    flags = pd.array([True, False, None] * 6, dtype="boolean")
    frame = pd.DataFrame({"flag": flags})
    model = make_pipeline(SimpleImputer(strategy="most_frequent"), LogisticRegression())
    model.fit(frame.astype("float64"), np.arange(18) % 2)
    with pytest.raises(SampleError, match="boolean tensor has no missing value"):
        open_source(model, sample=frame)


@pytest.mark.parametrize("size", [1e150, 9e153, 1.2e154, 1.34e154, 1.3407807929942597e154, 1e155, 1e160, 1e300])
def test_donors_of_rows_whose_squares_overflow(size: float) -> None:
    """scikit-learn's distances are NaN there, and it takes the mean; the graph took a donor."""
    table = X[:, :2].copy()
    table[::5, 0] = np.nan
    imputer = KNNImputer(n_neighbors=1).fit(table)
    agree(imputer, table, [{"x0": None, "x1": size}, {"x0": None, "x1": -size}, {"x0": 0.5, "x1": size}])


@pytest.mark.parametrize(
    "whitening", [PCA(whiten=True), FastICA(random_state=0)], ids=lambda value: type(value).__name__
)
def test_whitening_of_rounding_is_refused(whitening: Any) -> None:
    """A spline's columns add up to one, so that one component fewer is there than columns."""
    model = make_pipeline(SplineTransformer(degree=2, n_knots=4), whitening).fit(X)
    with pytest.raises(UnsupportedModelError, match="whitening blows the rounding of component"):
        open_source(model, sample=X).to_onnx()
    agree(make_pipeline(StandardScaler(), whitening).fit(X), X)


@pytest.mark.parametrize("func", [np.tanh, np.exp, np.log1p], ids=lambda func: func.__name__)
def test_functions_of_booleans_in_16_bits_are_refused(func: Any) -> None:
    frame = pd.DataFrame({"number": X[:, 0], "flag": X[:, 1] > 0})
    model = make_pipeline(make_column_transformer((FunctionTransformer(func), ["flag"]), remainder="passthrough"))
    with pytest.raises(UnsupportedModelError, match=f"computes {func.__name__} of booleans in 16-bit"):
        open_source(model.fit(frame), sample=frame).to_onnx()
    square = make_column_transformer((FunctionTransformer(np.sqrt), ["flag"]), remainder="passthrough")
    agree(square.fit(frame), frame)


def test_no_rows_of_no_columns_compare() -> None:
    nothing = np.zeros((0, 0))
    output = Output("transformed", "value", "double", ("N", 0))
    reference = Answers({"transformed": nothing}, np.zeros(0))
    exact = {"transformed": Tolerance(0.0, 0.0, "exact")}
    found = compare(reference, {"transformed": nothing}, (output,), exact, kinds=[], precision="double")
    assert found.rows == 0
    assert not found.problems


def test_centres_that_only_the_rounding_of_squares_tells_apart() -> None:
    """Distances of 0 and 1.05e-8 to two centres: scikit-learn compares their squares, of which 1e-16 is left beside 1,
    and the graph's label of that row was called a flip."""
    low = 0.7408182206817179
    x = np.array([[low], [low + 1.05367e-8], [1.0]] * 4)
    model = KMeans(3, n_init=1, init=x[:3]).fit(x)
    assert model.inertia_ == 0.0
    margin = agree(model, pd.DataFrame(x, columns=["x"])).answers([{"x": float(v)} for v in x[:3, 0]]).margin
    assert list(margin > 1e-9) == [False, False, True]
