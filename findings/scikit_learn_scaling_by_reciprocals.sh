#!/usr/bin/env bash
# scikit-learn: a fitted scaler has two results for one number, by whether it comes in a sparse matrix or a dense one.
#
# Expected: sparse or dense is a matter of storage; x / scale is x / scale.
# Seen: dense arrays are divided by the scale, sparse ones are multiplied by 1 / scale. One number in five or so differs
# in its last bit, which is enough to pass the other way at a tree's threshold that lies on a training value.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
{ "${PYTHON:-python3}" -m venv "$folder/env" &&
    "$folder/env/bin/python" -m pip install -q scikit-learn==1.9.1 scipy==1.17.1 numpy==2.4.6 2>"$folder/log"; } ||
    { cat "$folder/log"; exit 2; }
"$folder/env/bin/python" - <<'PY'
import sys

import numpy as np
import scipy.sparse as sparse
import sklearn
from sklearn.preprocessing import MaxAbsScaler, RobustScaler, StandardScaler

draw = np.random.default_rng(0)
dense = np.where(draw.random((2000, 5)) < 0.5, 0.0, draw.normal(10, 3, (2000, 5)).round(2))
print("scikit-learn", sklearn.__version__)
as_described = True
for scaler in (MaxAbsScaler(), StandardScaler(with_mean=False), RobustScaler(with_centering=False)):
    scaler.fit(dense)
    one, other = scaler.transform(dense), scaler.transform(sparse.csr_matrix(dense)).toarray()
    differ = float((one != other)[dense != 0].mean())
    reciprocal = np.array_equal(other, dense * (1.0 / scaler.scale_))
    print(type(scaler).__name__, f"{differ:.0%} of the numbers differ; sparse is x * (1 / scale):", reciprocal)
    as_described = as_described and 0.02 < differ < 0.6 and reciprocal
print("as described" if as_described else "CHANGED")
sys.exit(not as_described)
PY
