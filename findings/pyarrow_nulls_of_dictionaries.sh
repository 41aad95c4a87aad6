#!/usr/bin/env bash
# pyarrow: numpy is given the last category for a null in a dictionary column of a table, and so is a model.
#
# Expected: None, as from a column of strings, and as Array.to_numpy gives since pyarrow 16 (apache/arrow#40295).
# Seen: ChunkedArray.to_numpy, which np.asarray and scikit-learn call for a table's columns, takes the code -1 of a null
# from the end of the dictionary. An encoder meets no missing value in training, and nobody is told.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
{ "${PYTHON:-python3}" -m venv "$folder/env" &&
    "$folder/env/bin/python" -m pip install -q pyarrow==26.0.1 scikit-learn==1.9.1 numpy==2.4.6 2>"$folder/log"; } ||
    { cat "$folder/log"; exit 2; }
"$folder/env/bin/python" - <<'PY'
import sys

import numpy as np
import pyarrow as pa
import sklearn
from sklearn.preprocessing import OneHotEncoder

words = pa.array(["Lima", None, "Oslo", "Rome", None])
text, dictionary = pa.table({"town": words}), pa.table({"town": words.dictionary_encode()})
print("pyarrow", pa.__version__, "scikit-learn", sklearn.__version__)
print("a column of strings   ", np.asarray(text["town"]).tolist())
print("a column of categories", np.asarray(dictionary["town"]).tolist())
known = [OneHotEncoder().fit(table).categories_[0].tolist() for table in (text, dictionary)]
print("the encoder knows", *known)
as_described = None in known[0] and None not in known[1] and np.asarray(dictionary["town"])[1] == "Rome"
print("as described" if as_described else "CHANGED")
sys.exit(not as_described)
PY
