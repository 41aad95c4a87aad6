"""Runs in the environment of one LightGBM release: see make.py."""

import sys
import warnings
from pathlib import Path

import lightgbm
from release_tables import BINARY, FRAME, NAMES, THREE, Expected, X, Z, pickled

warnings.filterwarnings("ignore")
FEW = {"n_estimators": 4, "max_depth": 2, "n_jobs": 1, "verbose": -1}
TOWNS = FRAME.assign(town=FRAME["town"].astype("category"))


def both(model, rows):
    return {"label": model.predict(rows), "probabilities": model.predict_proba(rows)}


kept = Expected(Path(sys.argv[1]), lightgbm.__version__)
array = lightgbm.LGBMClassifier(**FEW).fit(X, NAMES)
numbers = FRAME[["age", "net income", "rate"]]
frame = lightgbm.LGBMClassifier(**FEW).fit(numbers, BINARY)
three = lightgbm.LGBMClassifier(**FEW).fit(X, THREE)
value = lightgbm.LGBMRegressor(**FEW).fit(X, Z)
towns = lightgbm.LGBMRegressor(**FEW, min_child_samples=2).fit(TOWNS, Z)
plain = lightgbm.LGBMRegressor(**FEW).fit(numbers, Z)
native = lightgbm.train({"verbose": -1, "num_threads": 1}, lightgbm.Dataset(numbers, Z), 4)
early = lightgbm.LGBMClassifier(**{**FEW, "n_estimators": 60, "learning_rate": 1.0, "max_depth": 6}).fit(
    X[:80], BINARY[:80], eval_set=[(X[80:], BINARY[80:])], callbacks=[lightgbm.early_stopping(2, verbose=False)]
)
kept.add("array.pkl", X, both(array, X), pickled(array))
kept.add("frame.pkl", numbers, both(frame, numbers), pickled(frame))
kept.add("three.pkl", X, both(three, X), pickled(three))
kept.add("value.txt", X, {"value": value.predict(X)}, value.booster_.save_model)
kept.add("frame_value.pkl", numbers, {"value": plain.predict(numbers)}, pickled(plain))
kept.add("towns.pkl", TOWNS, {"value": towns.predict(TOWNS)}, pickled(towns))
kept.add("towns.txt", TOWNS, {"value": towns.predict(TOWNS)}, towns.booster_.save_model)
kept.add("booster.pkl", numbers, {"value": native.predict(numbers)}, pickled(native))
kept.add("booster.txt", numbers, {"value": native.predict(numbers)}, native.save_model)
kept.add("stopped.pkl", X, both(early, X), pickled(early))
kept.save()
