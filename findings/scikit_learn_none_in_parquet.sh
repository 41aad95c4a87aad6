#!/usr/bin/env bash
# pandas and scikit-learn: a model trained on None answers otherwise once its own rows have been through Parquet.
#
# Expected: to_parquet and read_parquet give the rows back, or something that the model refuses.
# Seen: pandas 3 reads the missing strings as NaN. An encoder that was fitted on None has NaN for a category that it
# does not know; with handle_unknown="ignore" that is no error, and labels of the very training rows change.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
{ "${PYTHON:-python3}" -m venv "$folder/env" &&
    "$folder/env/bin/python" -m pip install -q pandas==3.1.1 pyarrow==26.0.1 scikit-learn==1.9.1 numpy==2.4.6 2>"$folder/log"; } ||
    { cat "$folder/log"; exit 2; }
"$folder/env/bin/python" - "$folder/rows.parquet" <<'PY'
import sys

import numpy as np
import pandas as pd
import sklearn
from sklearn.compose import make_column_transformer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder

draw = np.random.default_rng(0)
town = pd.Series(draw.choice(["x", "y", "z"], 600), dtype=object).where(draw.random(600) > 0.25, None)
rows = pd.DataFrame({"size": draw.normal(size=600), "town": town})
stays = (rows["town"].isna() | (rows["town"] == "x") & (rows["size"] > 0)).astype(int)
encoded = make_column_transformer((OneHotEncoder(handle_unknown="ignore"), ["town"]), remainder="passthrough")
model = make_pipeline(encoded, LogisticRegression()).fit(rows, stays)
rows.to_parquet(sys.argv[1])
back = pd.read_parquet(sys.argv[1])
known = model[0].transformers_[0][1].categories_[0].tolist()
changed = int((model.predict(back) != model.predict(rows)).sum())
print("pandas", pd.__version__, "scikit-learn", sklearn.__version__)
print("the encoder knows", known, "| read back as", back["town"].dtype, "with", back["town"].iloc[int(town.isna().argmax())])
print(changed, "of 600 labels of the training rows change")
as_described = None in known and changed > 50
print("as described" if as_described else "CHANGED")
sys.exit(not as_described)
PY
