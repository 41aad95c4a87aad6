#!/usr/bin/env bash
# XGBoost: a scipy sparse matrix and the same matrix as an array are answered differently, the sparse one as if its
# zeros were missing; LightGBM and CatBoost take them for zeros.
#
# Expected: `predict(matrix)` and `predict(matrix.toarray())` agree, as they do in scikit-learn.
# Seen: to XGBoost what is not stored is missing. A model trained on a sparse matrix has seen no zero at all, unless the
# matrix stores some, and then 0 and missing are two things in one column. Services that rebuild rows from JSON, and
# samples that are turned into arrays, get other answers without a warning.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
{ "${PYTHON:-python3}" -m venv "$folder/env" &&
    "$folder/env/bin/python" -m pip install -q xgboost-cpu==3.2.0 lightgbm==4.7.0 catboost==1.2.10 numpy==2.4.6 \
        scipy==1.17.1 scikit-learn==1.9.1 2>"$folder/log"; } ||
    { cat "$folder/log"; exit 2; }
cd "$folder"
"$folder/env/bin/python" - <<'PY'
import sys

import catboost
import lightgbm
import numpy as np
import scipy.sparse as sp
import xgboost

rng = np.random.default_rng(2)
dense = np.where(rng.random((400, 6)) < 0.7, 0, rng.integers(1, 6, (400, 6))).astype(float)
target = ((dense[:, 2] == 0) * 3 + dense[:, 3] * dense[:, 4] + dense[:, 0] > 3).astype(int)
matrix = sp.csr_matrix(dense)
every = sp.csr_matrix((dense.ravel(), np.tile(np.arange(6), 400), np.arange(0, 2401, 6)), shape=(400, 6))
models = {
    "xgboost " + xgboost.__version__: xgboost.XGBClassifier(n_estimators=10, n_jobs=1),
    "lightgbm " + lightgbm.__version__: lightgbm.LGBMClassifier(n_estimators=10, n_jobs=1, verbose=-1),
    "catboost " + catboost.__version__: catboost.CatBoostClassifier(iterations=10, verbose=0, thread_count=1),
}
apart = {}
for name, model in models.items():
    model.fit(matrix, target)
    own = model.predict_proba(matrix)
    apart[name] = [float(np.abs(model.predict_proba(rows) - own).max()) for rows in (dense, every)]
    print(f"{name}: off by {apart[name][0]:.2g} on the array, by {apart[name][1]:.2g} with the zeros stored")
first, *others = apart.values()
as_described = min(first) > 0.1 and max(max(each) for each in others) < 1e-9
print("as described" if as_described else "CHANGED")
sys.exit(not as_described)
PY
