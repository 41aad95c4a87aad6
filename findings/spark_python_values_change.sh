#!/usr/bin/env bash
# PySpark: createDataFrame makes null of large integers and the text "nan" of NaN, without an error.
#
# Expected: an error, as from a pyarrow Table of the same values ("uint64 is not supported in conversion to Arrow"), or
# a wider type; null for a NaN among texts.
# Seen: Python rows, and frames of pandas that fall back from Arrow to rows (uint64, objects), are typed by their first
# values. The JVM then makes null of an integer that bigint does not hold, and text of a NaN in a column of strings. A
# model takes the one for a missing value and the other for a category that it never saw.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
command -v java >/dev/null || { echo "Spark needs Java 17 or newer"; exit 2; }
{ "${PYTHON:-python3}" -m venv "$folder/env" &&
    "$folder/env/bin/python" -m pip install -q pyspark==4.3.0 pandas==3.1.1 pyarrow==26.0.1 numpy==2.4.6 \
        2>"$folder/log"; } || { cat "$folder/log"; exit 2; }
export SPARK_LOCAL_IP=127.0.0.1 PYSPARK_PYTHON="$folder/env/bin/python"
cd "$folder"
"$folder/env/bin/python" -W ignore - 2>"$folder/log" <<'PY'
import sys

import pandas as pd
import pyarrow as pa
import pyspark
from pyspark.sql import SparkSession

builder = SparkSession.builder.master("local[1]").config("spark.ui.enabled", "false")
spark = builder.config("spark.driver.bindAddress", "127.0.0.1").getOrCreate()
print("pyspark", pyspark.__version__, "pandas", pd.__version__)


def found(rows):
    df = spark.createDataFrame(rows, ["x"]) if isinstance(rows, list) else spark.createDataFrame(rows)
    values = [row.x for row in df.collect()]
    print(f"{df.dtypes[0][1]:8}", values)
    return values


seen = [
    found([(1,), (2**63,)]),
    found([("Oslo",), (float("nan"),), (None,)]),
    found(pd.DataFrame({"x": pd.Series([1, 2**63], dtype="uint64")})),
    found(pd.DataFrame({"x": pd.Series([1, 2**63], dtype=object)})),
]
try:
    spark.createDataFrame(pa.table({"x": pa.array([1, 2**63], pa.uint64())}))
    refused = False
except Exception as err:
    refused = True
    print("a pyarrow Table:", str(err).splitlines()[0])
spark.stop()
as_described = refused and seen == [[1, None], ["Oslo", "nan", None], [1, None], [1, None]]
print("as described" if as_described else "CHANGED")
sys.exit(not as_described)
PY
