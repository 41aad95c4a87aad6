"""LightGBM inside scikit-learn's estimators, over frames with words, categories and gaps, and in the browser's form."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import lightgbm
import numpy as np
import pandas as pd
import pytest
from benchmarks.boosters.lightgbm_recipes import frame, table
from comparison import compare, odd_rows, rows_of, run
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import ColumnTransformer, TransformedTargetRegressor
from sklearn.ensemble import BaggingRegressor, StackingClassifier, VotingClassifier, VotingRegressor
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.multiclass import OneVsRestClassifier
from sklearn.multioutput import MultiOutputRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder, StandardScaler

import isoship
from isoship.errors import SampleError, UnsupportedModelError
from isoship.sources import open_source

SMALL = {"n_estimators": 6, "num_leaves": 8, "min_child_samples": 5, "n_jobs": 1, "verbose": -1}
CATEGORIES = {"min_data_per_group": 5, "cat_smooth": 1.0, "max_cat_to_onehot": 2}

pytestmark = pytest.mark.filterwarnings("ignore")


def classifier(**options: Any) -> lightgbm.LGBMClassifier:
    return lightgbm.LGBMClassifier(**SMALL | options)


def regressor(**options: Any) -> lightgbm.LGBMRegressor:
    return lightgbm.LGBMRegressor(**SMALL | options)


@cache
def data() -> tuple[Any, Any, Any]:
    rows, target = frame()
    return rows, target, np.array(["low", "mid", "high"])[np.digitize(target, np.quantile(target, [0.3, 0.7]))]


NUMBERS = ["price in cents", "seen", "rooms", "new"]
ENCODED = ColumnTransformer(
    [("words", OneHotEncoder(handle_unknown="ignore"), ["city", "size"])], remainder="passthrough", sparse_threshold=1.0
)
KEPT = ColumnTransformer([("scaled", StandardScaler(), ["seen"])], remainder="passthrough").set_output(
    transform="pandas"
)

#: name -> (estimator, which columns, classes or numbers)
NESTED: dict[str, tuple[Any, Any, str]] = {
    "scaler in a pipeline": (make_pipeline(StandardScaler(), classifier()), NUMBERS, "class"),
    "words one-hot and sparse": (make_pipeline(ENCODED, classifier()), ["city", "size", *NUMBERS], "class"),
    "words to integers": (
        make_pipeline(OrdinalEncoder(dtype=np.int64), classifier()),
        ["rooms", "new"],
        "class",
    ),
    "pandas through a column transformer": (make_pipeline(KEPT, classifier(**CATEGORIES)), None, "class"),
    "float32 before it": (
        make_pipeline(OneHotEncoder(dtype=np.float32, handle_unknown="ignore"), regressor()),
        ["rooms", "new"],
        "number",
    ),
    "vote": (VotingClassifier([("a", classifier()), ("b", classifier(num_leaves=4))], voting="soft"), None, "class"),
    "mean": (VotingRegressor([("a", regressor()), ("b", regressor(linear_tree=True))]), NUMBERS, "number"),
    "stack": (
        StackingClassifier([("a", classifier()), ("b", LogisticRegression(max_iter=20))], cv=2),
        ["seen", "rooms"],
        "class",
    ),
    "calibrated isotonic": (CalibratedClassifierCV(classifier(), method="isotonic", cv=2), NUMBERS, "class"),
    "one against the rest": (OneVsRestClassifier(classifier()), NUMBERS, "class"),
    "bag of integers": (BaggingRegressor(regressor(), n_estimators=3), ["rooms"], "number"),
    "search": (GridSearchCV(classifier(), {"num_leaves": [4, 8]}, cv=2), None, "class"),
    "target in logarithms": (
        TransformedTargetRegressor(regressor(), func=np.log1p, inverse_func=np.expm1),
        None,
        "number",
    ),
}


@pytest.mark.parametrize("name", NESTED)
def test_an_estimator_around_it_agrees(name: str) -> None:
    model, columns, kind = NESTED[name]
    rows, target, labels = data()
    rows = rows if columns is None else rows[columns]
    if "city" in rows and columns is not None:
        rows = rows.astype({"city": object, "size": object})
    model = model.fit(rows, labels if kind == "class" else target)
    source = open_source(model, sample=rows)
    asked, graph = rows_of(source, rows), source.to_onnx()
    compare(source, [*asked, *odd_rows(source, asked)], 1e-12, 1e-12, graph)


def test_several_targets_agree() -> None:
    rows = table(gaps=0.1)
    model = MultiOutputRegressor(regressor()).fit(rows, np.nan_to_num(rows[:, :2]))
    source = open_source(model, sample=rows)
    compare(source, rows_of(source, rows), 1e-12, 1e-12)


@pytest.mark.skipif(
    not hasattr(lightgbm.LGBMClassifier, "decision_function"), reason="LightGBM before 4.7 has no decision_function"
)
def test_a_frozen_model_keeps_its_raw_scores_bit_for_bit() -> None:
    rows = table()
    model = FrozenEstimator(classifier().fit(rows, rows[:, 0] > 0))
    source = open_source(model, sample=rows, outputs=["scores"])
    asked = rows_of(source, rows)
    np.testing.assert_array_equal(run(source.to_onnx(), asked, source)["scores"], model.decision_function(rows))


def test_categories_unseen_missing_and_reordered_take_the_models_own_path() -> None:
    rows, target, _ = data()
    model = regressor(**CATEGORIES).fit(rows, target)
    source = open_source(model, sample=rows)
    graph = source.to_onnx()
    base = rows_of(source, rows)[:30]
    cities = [None, "Oslo", "Tromsø", "東京", "", "🐧", "oslo", "Oslo ", "Ærø", "NaN", "0"]
    zones = [None, 10.0, 20.0, 45.0, 45.5, 0.0, 1.0, 2.0, -1.0, 1e300]
    sizes = [None, "S", "M", "L", "XL", "s"]
    asked = [
        {**base[i % 30], "city": city, "zone": zones[i % len(zones)], "size": sizes[i % len(sizes)]}
        for i, city in enumerate(cities * 20)
    ]
    compare(source, asked, 0, 0, graph)
    shuffled = rows.assign(city=pd.Categorical(rows["city"], ["Lima", "🐧", "東京", "", "Tromsø", "Oslo"]))
    got = run(graph, rows_of(source, rows), source)["value"]
    np.testing.assert_array_equal(got, model.predict(shuffled))
    assert len(set(run(graph, asked, source)["value"].tolist())) > 30


def test_category_numbers_of_a_frame_may_be_plain_integers() -> None:
    """`categorical_feature=` on integer columns: no pandas category, values cut to whole numbers."""
    rng = np.random.default_rng(0)
    rows = pd.DataFrame({"shop": rng.integers(0, 60, 400), "sold": rng.normal(size=400)})
    model = regressor(**CATEGORIES).fit(rows, np.sin(rows["shop"] * 5) + rows["sold"], categorical_feature=["shop"])
    assert "num_cat=1" in model.booster_.model_to_string() or "num_cat=2" in model.booster_.model_to_string()
    source = open_source(model, sample=rows)
    asked = [{"shop": n, "sold": 0.1} for n in [*range(-3, 70), 2**31 - 1, 2**31, 2**40, -(2**40)]]
    compare(source, asked, 0, 0)


def test_categories_that_are_neither_words_nor_numbers_are_refused() -> None:
    rng = np.random.default_rng(0)
    rows = pd.DataFrame({"x": rng.normal(size=60), "c": pd.Categorical(rng.random(60) < 0.5)})
    model = regressor().fit(rows, rows["x"])
    with pytest.raises(SampleError, match='"c" is a pandas category of bool'):
        open_source(model, sample=rows)


def test_a_subclass_is_refused_by_its_path() -> None:
    class Louder(lightgbm.LGBMRegressor):
        def predict(self, X, **options):
            return super().predict(X, **options) * 2

    rows = table()
    model = make_pipeline(StandardScaler(), Louder(**SMALL)).fit(rows, rows[:, 0])
    with pytest.raises(UnsupportedModelError, match=r"pipeline.steps\[1\] -> Louder"):
        open_source(model, sample=rows).to_onnx()


def test_the_browser_form_of_linear_trees_over_categories_agrees_to_the_last_bit(tmp_path: Path) -> None:
    """Epoch seconds times a coefficient in float32 would be off by far more: JavaScript does it in doubles."""
    rows, target, _ = data()
    rows = rows[["city", "zone", "seen"]]
    path = tmp_path / "rents.txt"
    regressor(linear_tree=True, n_estimators=3).fit(rows, target).booster_.save_model(path)
    bundle = isoship.export(path, sample=rows, out=tmp_path / "bundle", name="rents", targets=("web",), offline=True)
    web = [verdict for verdict in bundle.report.verdicts if verdict.target == "web"]
    assert [verdict.status for verdict in web] == ["agree"]
    assert web[0].flips == web[0].max_abs == 0
    # the rows of golden.json have no pandas categories; the model file knows them
    assert isoship.check(tmp_path / "bundle", runtimes=["onnxruntime"], rows=200).evidence == "source"
