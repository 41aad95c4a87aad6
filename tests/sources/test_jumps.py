"""Behind logarithms and their kin a tree's thresholds are settled to a few ulp; on exact columns to the last bit."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.compose import make_column_transformer
from sklearn.datasets import load_wine
from sklearn.ensemble import (
    BaggingClassifier,
    HistGradientBoostingClassifier,
    RandomForestClassifier,
    RandomTreesEmbedding,
)
from sklearn.kernel_approximation import AdditiveChi2Sampler, Nystroem, SkewedChi2Sampler
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import (
    Binarizer,
    FunctionTransformer,
    KBinsDiscretizer,
    PowerTransformer,
    QuantileTransformer,
    StandardScaler,
)
from sklearn.tree import DecisionTreeClassifier

from isoship.exporting import export
from isoship.sources import open_source
from isoship.sources.sklearn.jumps import _moved, jumping

X, Y = load_wine(return_X_y=True, as_frame=True)
X = X[["alcohol", "malic_acid", "flavanoids", "hue", "proline"]]
LOG = FunctionTransformer(np.log1p, feature_names_out="one-to-one")


@pytest.mark.parametrize(
    "model",
    [
        make_pipeline(LOG, RandomForestClassifier(10, random_state=0)),
        make_pipeline(PowerTransformer(), HistGradientBoostingClassifier(max_iter=5)),
        make_pipeline(
            make_column_transformer((make_pipeline(LOG, StandardScaler()), ["proline"]), remainder="passthrough"),
            RandomForestClassifier(10, random_state=0),
        ),
        make_pipeline(
            QuantileTransformer(output_distribution="normal", n_quantiles=50), DecisionTreeClassifier(random_state=0)
        ),
    ],
    ids=["log1p", "yeo-johnson", "one column", "normal quantiles"],
)
def test_a_tree_behind_a_rounding_step_is_exported(model: Any, tmp_path: Any) -> None:
    """Rows on its thresholds are ties: 17 of them were flips once, and no bundle was written."""
    made = export(model.fit(X, Y), sample=X, out=tmp_path / "bundle", targets=(), name="wine")
    (verdict,) = [v for v in made.report.verdicts if v.name == "onnxruntime"]
    assert verdict.status == "agree"
    assert 0 < verdict.ties < 0.4 * verdict.rows


@pytest.mark.parametrize(
    "steps",
    [
        (LOG, Binarizer(threshold=np.log1p(5.0)), LogisticRegression()),
        (LOG, KBinsDiscretizer(4, strategy="uniform", encode="ordinal"), LogisticRegression()),
        (Nystroem(gamma=0.1, n_components=10, random_state=0), DecisionTreeClassifier(random_state=0)),
        (SkewedChi2Sampler(n_components=10, random_state=0), DecisionTreeClassifier(random_state=0)),
        (AdditiveChi2Sampler(), DecisionTreeClassifier(random_state=0)),
        (Nystroem(gamma=0.1, n_components=5, random_state=0), BaggingClassifier(n_estimators=5, random_state=0)),
    ],
    ids=["threshold", "bins", "kernel", "skewed", "additive", "bag"],
)
def test_every_jump_behind_a_rounding_step_has_one_rule(steps: Any, tmp_path: Any) -> None:
    """Some had, and the others were exported or "the conversion is at fault" by the threshold's value."""
    table = np.round(np.random.default_rng(0).uniform(0, 10, (200, 3)), 1)
    model = make_pipeline(*steps).fit(table, (table[:, 0] > 5) ^ (table[:, 1] > 3))
    made = export(model, sample=table, out=tmp_path / "bundle", targets=(), name="jump")
    (verdict,) = [v for v in made.report.verdicts if v.name == "onnxruntime"]
    assert (verdict.status, verdict.flips) == ("agree", 0)
    assert verdict.ties < 0.2 * verdict.rows


def on_thresholds(model: Any, column: str) -> pd.DataFrame:
    """Every row for each threshold of the column: where numbers begin to be rounded to a float32 above it."""
    tree = model[-1].tree_
    names = [str(name).rpartition("__")[2] for name in model[:-1].get_feature_names_out()]
    marks = tree.threshold[tree.feature == names.index(column)]
    assert len(marks)
    below = [
        np.float32(mark) if np.float32(mark) <= mark else np.nextafter(np.float32(mark), -np.inf) for mark in marks
    ]
    middle = [(float(b) + float(np.nextafter(b, np.float32(np.inf)))) / 2 for b in below]
    return pd.concat([X.assign(**{column: value}) for value in middle])


def test_thresholds_of_exact_columns_are_settled() -> None:
    columns = make_column_transformer((LOG, ["proline"]), remainder="passthrough")
    model = make_pipeline(columns, DecisionTreeClassifier(random_state=0)).fit(X, Y)
    rows = on_thresholds(model, "flavanoids")
    found = jumping(model, ["predict"], rows)
    assert found is not None
    assert not found.any()
    rows = on_thresholds(model, "proline")
    rows["proline"] = np.expm1(rows["proline"])
    near = jumping(model, ["predict_proba"], rows)
    assert near is not None
    assert near.any()
    away = jumping(model, ["predict_proba"], rows.assign(proline=rows["proline"] * (1 + 1e-9)))
    assert away is not None
    assert not away.any()


@pytest.mark.parametrize(
    "model",
    [
        make_pipeline(StandardScaler(), RandomForestClassifier(5)),
        make_pipeline(LOG, LogisticRegression()),
        RandomForestClassifier(5),
    ],
    ids=["scaler", "no tree", "alone"],
)
def test_models_without_such_a_tree_have_no_jumps(model: Any) -> None:
    assert jumping(model.fit(X, Y), ["predict"], X) is None
    rows = X.iloc[:3].to_dict("records")
    assert np.isfinite(open_source(model, sample=X).answers(rows).margin).all()


@pytest.mark.parametrize("sparse", [True, False])
def test_leaves_as_a_matrix(sparse: bool) -> None:
    """A sparse answer is no array."""
    model = make_pipeline(LOG, RandomTreesEmbedding(3, sparse_output=sparse)).fit(X)
    assert jumping(model, ["transform"], X.iloc[:4]) is not None


def test_numbers_at_the_end_of_float32_stay_where_they_are() -> None:
    """A step up from there would be refused by the tree."""
    end = 3.4028235677973362e38
    moved = _moved(np.array([[end, 1.0]]), np.array([1.0, 1.0]), np.zeros(2))
    assert moved[0, 0] == end
    assert moved[0, 1] > 1
