"""Trains a forest that no zip for Lambda holds: `python large_forest.py FOLDER`, then

    isoship export FOLDER/large.joblib --sample FOLDER/rows.parquet --targets lambda -o FOLDER/bundle

170 trees of 600 leaves, each leaf with the shares of some 550 classes: about 250 MB of model.onnx.
"""

from __future__ import annotations

import sys
from pathlib import Path

import joblib
import numpy as np
import pandas as pd
from sklearn.ensemble import RandomForestClassifier

folder = Path(sys.argv[1])
folder.mkdir(parents=True, exist_ok=True)
draw = np.random.default_rng(0)
rows = pd.DataFrame(draw.normal(size=(40_000, 6)).round(2), columns=list("abcdef"))
classes = (np.abs(rows["a"] * 90 + rows["b"] * 40) + draw.exponential(60, 40_000)).clip(0, 799).astype(int)
model = RandomForestClassifier(170, max_leaf_nodes=600, random_state=0, n_jobs=1).fit(rows, classes)
joblib.dump(model, folder / "large.joblib")
rows.head(200).to_parquet(folder / "rows.parquet")
