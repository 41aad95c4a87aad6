"""Tables that hold columns of one kind alone: booleans, dummies, words, counts. Rows are made without a number to start
from, by every family of trees."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from catboost import CatBoostClassifier
from lightgbm import LGBMClassifier
from sklearn.ensemble import (
    AdaBoostClassifier,
    ExtraTreesRegressor,
    GradientBoostingClassifier,
    HistGradientBoostingClassifier,
    IsolationForest,
    RandomForestClassifier,
)
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder
from sklearn.tree import DecisionTreeClassifier
from xgboost import XGBClassifier

import isoship

RNG = np.random.default_rng(4)
BASKET = pd.DataFrame({name: RNG.random(120) < 0.4 for name in ("bread", "milk", "eggs")})
TOWNS = pd.DataFrame({"town": RNG.choice(["Aker", "Bodo", "Voss"], 120), "size": RNG.choice(["s", "l"], 120)})
COUNTS = pd.DataFrame({"a": RNG.integers(0, 9, 120), "b": RNG.integers(0, 3, 120)})
BOUGHT = (BASKET.bread ^ BASKET.milk).astype(int).to_numpy()
TABLES = {
    "booleans": BASKET,
    "one boolean": BASKET[["milk"]],
    "nullable booleans": BASKET.astype("boolean"),
    "dummies": pd.get_dummies(TOWNS),
    "dummies of uint8": pd.get_dummies(TOWNS, dtype="uint8"),
    "counts": COUNTS,
}


def catboost_of(**more):
    return CatBoostClassifier(iterations=4, verbose=0, thread_count=1, allow_writing_files=False, **more)


MODELS = {
    "forest": (lambda: RandomForestClassifier(4, random_state=0), TABLES),
    "extra trees": (lambda: ExtraTreesRegressor(4, random_state=0), ["booleans"]),
    "tree": (lambda: DecisionTreeClassifier(random_state=0), ["one boolean"]),
    "gradient boosting": (lambda: GradientBoostingClassifier(n_estimators=4, random_state=0), ["booleans"]),
    "histogram": (lambda: HistGradientBoostingClassifier(max_iter=4), ["booleans", "dummies"]),
    "boosted stumps": (lambda: AdaBoostClassifier(n_estimators=3, random_state=0), ["booleans"]),
    "isolation": (lambda: IsolationForest(n_estimators=4, random_state=0), ["booleans"]),
    "one-hot": (lambda: make_pipeline(OneHotEncoder(), RandomForestClassifier(4, random_state=0)), ["booleans"]),
    "XGBoost": (lambda: XGBClassifier(n_estimators=4, n_jobs=1), ["booleans", "dummies"]),
    "LightGBM": (lambda: LGBMClassifier(n_estimators=4, n_jobs=1, verbose=-1), ["booleans", "dummies"]),
    "CatBoost": (catboost_of, ["booleans", "dummies"]),
    "CatBoost, categories": (lambda: catboost_of(cat_features=[0, 1, 2]), ["booleans"]),
}


@pytest.mark.parametrize(
    ("build", "table"), [pytest.param(b, t, id=f"{name}, {t}") for name, (b, tables) in MODELS.items() for t in tables]
)
def test_trees_on_columns_of_one_kind_are_exported(build, table, tmp_path):
    """The trees' ways are walked without one number column, and the bundle answers the table as the model does."""
    rows = TABLES[table]
    model = build().fit(rows, BOUGHT)
    isoship.export(model, sample=rows, out=tmp_path / "b", name="m", targets=())
    got = isoship.load(tmp_path / "b").predict(rows)
    if "probabilities" in got:
        assert got["probabilities"] == pytest.approx(model.predict_proba(rows), abs=3e-7)  # XGBoost's are float32
    else:
        kind = "value" if "value" in got else "label"
        assert got[kind] == pytest.approx(model.predict(rows), abs=1e-9)


def test_words_alone_are_exported(tmp_path):
    """Strings go to one-hot columns, or are XGBoost's own categories."""
    words = TOWNS.astype("category")
    model = XGBClassifier(n_estimators=4, n_jobs=1, enable_categorical=True).fit(words, BOUGHT)
    isoship.export(model, sample=words, out=tmp_path / "b", name="m", targets=())
    got = isoship.load(tmp_path / "b").predict(words)
    assert got["probabilities"] == pytest.approx(model.predict_proba(words), abs=3e-7)
