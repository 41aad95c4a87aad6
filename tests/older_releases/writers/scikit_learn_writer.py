"""Runs in the environment of one scikit-learn release: see make.py."""

import sys
from pathlib import Path

import joblib
import sklearn
from release_tables import BINARY, FRAME, NAMES, Expected, X, Z, pickled
from sklearn.compose import make_column_transformer
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from skops import io


def both(model, rows):
    return {"label": model.predict(rows), "probabilities": model.predict_proba(rows)}


kept = Expected(Path(sys.argv[1]), sklearn.__version__)
columns = make_column_transformer(
    (StandardScaler(), ["age", "net income", "rate"]), (OneHotEncoder(handle_unknown="ignore"), ["town"])
)
pipeline = make_pipeline(columns, LogisticRegression()).fit(FRAME, NAMES)
forest = RandomForestClassifier(2, max_depth=2, random_state=0).fit(X, NAMES)
histogram = HistGradientBoostingClassifier(max_iter=3, max_depth=2).fit(X, BINARY)
ridge = Ridge().fit(X, Z)
kept.add("pipeline.joblib", FRAME, both(pipeline, FRAME), lambda path: joblib.dump(pipeline, path))
kept.add("squeezed.joblib", FRAME, both(pipeline, FRAME), lambda path: joblib.dump(pipeline, path, compress=3))
kept.add("pipeline.skops", FRAME, both(pipeline, FRAME), lambda path: io.dump(pipeline, path))
kept.add("forest.pkl", X, both(forest, X), pickled(forest))
kept.add("forest.skops", X, both(forest, X), lambda path: io.dump(forest, path))
kept.add("histogram.pkl", X, both(histogram, X), pickled(histogram))
kept.add("ridge.pkl", X, {"value": ridge.predict(X)}, pickled(ridge))
kept.save()
