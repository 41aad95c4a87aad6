"""Runs in the environment of one CatBoost release: see make.py."""

import sys
from pathlib import Path

import catboost
from release_tables import BINARY, FRAME, NAMES, THREE, Expected, X, Z, pickled

FEW = {"iterations": 4, "depth": 2, "thread_count": 1, "verbose": 0, "allow_writing_files": False, "random_seed": 0}


def both(model, rows):
    label = model.predict(rows)
    return {"label": label.reshape(-1), "probabilities": model.predict_proba(rows)}


kept = Expected(Path(sys.argv[1]), catboost.__version__)
names = catboost.CatBoostClassifier(**FEW).fit(X, NAMES)
three = catboost.CatBoostClassifier(**FEW).fit(X, THREE)
value = catboost.CatBoostRegressor(**FEW).fit(X, Z)
towns = catboost.CatBoostClassifier(cat_features=["town"], **FEW).fit(FRAME, BINARY)
kept.add("names.cbm", X, both(names, X), names.save_model)
kept.add("names.pkl", X, both(names, X), pickled(names))
kept.add("three.cbm", X, both(three, X), three.save_model)
kept.add("value.cbm", X, {"value": value.predict(X)}, value.save_model)
kept.add("value.pkl", X, {"value": value.predict(X)}, pickled(value))
kept.add("towns.cbm", FRAME, both(towns, FRAME), towns.save_model)
kept.add("towns.pkl", FRAME, both(towns, FRAME), pickled(towns))
kept.save()
