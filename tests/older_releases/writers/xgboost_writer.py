"""Runs in the environment of one XGBoost release: see make.py."""

import sys
import warnings
from pathlib import Path

import numpy as np
import xgboost
from release_tables import BINARY, FRAME, NAMES, THREE, Expected, X, Z, pickled

warnings.filterwarnings("ignore")
VERSION = tuple(int(part) for part in xgboost.__version__.split(".")[:2])
NUMBERS = FRAME[["age", "net income", "rate"]]
FEW = {"n_estimators": 4, "max_depth": 2, "n_jobs": 1}
#: From 1.3 to 1.6 labels were encoded, with a warning against it.
OLD = {"use_label_encoder": False} if (1, 3) <= VERSION < (1, 6) else {}


def stopped(kind, target, **more):
    """Ends by early stopping, with rounds behind the best one."""
    held_out = [(X[80:], target[80:])]
    settings = {**FEW, **more, "n_estimators": 40, "learning_rate": 1.0}
    if VERSION >= (1, 6):
        return kind(early_stopping_rounds=3, **settings).fit(X[:80], target[:80], eval_set=held_out, verbose=False)
    model = kind(**settings)
    return model.fit(X[:80], target[:80], eval_set=held_out, early_stopping_rounds=3, verbose=False)


def both(model, rows):
    return {"label": model.predict(rows), "probabilities": model.predict_proba(rows)}


kept = Expected(Path(sys.argv[1]), xgboost.__version__)
binary = xgboost.XGBClassifier(**FEW, **OLD).fit(NUMBERS, BINARY)
early = stopped(xgboost.XGBClassifier, BINARY, **OLD)
value = stopped(xgboost.XGBRegressor, Z)
three = xgboost.XGBClassifier(**FEW, **OLD).fit(X, THREE)
zeros = xgboost.XGBClassifier(missing=0, **FEW, **OLD).fit(X, BINARY)
native = xgboost.train({"objective": "binary:logistic", "max_depth": 2, "nthread": 1}, xgboost.DMatrix(X, BINARY), 4)
positive = native.predict(xgboost.DMatrix(X))
margins = {"probabilities": np.column_stack([np.float32(1) - positive, positive])}
SUFFIXES = ("json", "ubj") if VERSION >= (1, 6) else ("json",)
for suffix in SUFFIXES:
    kept.add(f"binary.{suffix}", NUMBERS, both(binary, NUMBERS), binary.save_model)
kept.add("stopped.json", X, both(early, X), early.save_model)
kept.add("stopped_value.json", X, {"value": value.predict(X)}, value.save_model)
kept.add("three.json", X, both(three, X), three.save_model)
kept.add("missing_zero.json", X, both(zeros, X), zeros.save_model)
kept.add("booster.json", X, margins, native.save_model)
kept.add("binary.pkl", NUMBERS, both(binary, NUMBERS), pickled(binary))
kept.add("stopped.pkl", X, both(early, X), pickled(early))
kept.add("missing_zero.pkl", X, both(zeros, X), pickled(zeros))
kept.add("booster.pkl", X, margins, pickled(native))
if VERSION < (1, 6):
    names = xgboost.XGBClassifier(**FEW).fit(X, NAMES)
    kept.add("names.json", X, {"names": names.predict(X), "probabilities": names.predict_proba(X)}, names.save_model)
if VERSION < (2, 1):
    kept.add("old_form.model", X, margins, native.save_model)
kept.save()
