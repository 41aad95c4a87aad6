#!/usr/bin/env bash
# XGBoost: a release reads the model file of a newer one without an error, and answers otherwise.
#
# Expected: a file of a newer format is refused, or answered as the release that wrote it answers.
# Seen: XGBoost 3.1 and later write `base_score` as "[1.6E-1]", with brackets; XGBoost 3.0 reads that as 0.5, says
# nothing, and is off by the difference of the two in every raw score. A server that lags one release behind is enough.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
for version in 3.0.5 3.2.0; do
    { "${PYTHON:-python3}" -m venv "$folder/$version" &&
        "$folder/$version/bin/python" -m pip install -q "xgboost-cpu==$version" numpy==2.4.6 scikit-learn==1.6.1 \
            2>"$folder/log"; } || { cat "$folder/log"; exit 2; }
done
cat >"$folder/ask.py" <<'PY'
import sys
from pathlib import Path

import numpy as np
import xgboost

rng = np.random.default_rng(0)
rows = rng.normal(size=(200, 3))
path, answers = Path(sys.argv[1], "model.json"), Path(sys.argv[1], "answers.npy")
model = xgboost.XGBClassifier(n_estimators=3, n_jobs=1)
if not path.exists():
    model.fit(rows, (rows[:, 0] > 1).astype(int)).save_model(path)
    np.save(answers, model.predict_proba(rows))
model.load_model(path)
off = float(np.abs(model.predict_proba(rows) - np.load(answers)).max())
print(f"xgboost {xgboost.__version__}: off by {off:.3f} from the release that wrote the file")
sys.exit((off > 0.1) != (sys.argv[2] == "wrong"))
PY
"$folder/3.2.0/bin/python" "$folder/ask.py" "$folder" right || { echo CHANGED; exit 1; }
"$folder/3.0.5/bin/python" "$folder/ask.py" "$folder" wrong || { echo CHANGED; exit 1; }
echo "as described"
