#!/usr/bin/env bash
# pyarrow: ParquetFile.iter_batches holds what it has read of a file until the last batch.
#
# Expected: batches are read one after the other, so that a file of any length goes through in bounded memory; that is
# what iter_batches is for.
# Seen: the bytes of every row group stay in memory while the iterator lives, since pre_buffer is on by default: of a
# file of 69 MB in eight row groups more than 60 MB are held before the last batch, and 10 MB or less with
# pre_buffer=False.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
{ "${PYTHON:-python3}" -m venv "$folder/env" &&
    "$folder/env/bin/python" -m pip install -q pyarrow==26.0.1 numpy==2.4.6 2>"$folder/log"; } ||
    { cat "$folder/log"; exit 2; }
"$folder/env/bin/python" - "$folder/rows.parquet" <<'PY'
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

path, rows = sys.argv[1], 3_000_000
random = np.random.default_rng(0)
table = pa.table({name: random.random(rows) for name in ("a", "b", "c")})
pq.write_table(table, path, row_group_size=rows // 8, use_dictionary=False)
del table


def held(**options):
    """Megabytes of Arrow's pool when the last batch is handed out."""
    file = pq.ParquetFile(path, **options)
    before, most = pa.total_allocated_bytes(), 0
    for batch in file.iter_batches(batch_size=10_000, use_threads=False):
        most = (pa.total_allocated_bytes() - before) / 2**20
    return most


print("pyarrow", pa.__version__, f"file {Path(path).stat().st_size / 2**20:.0f} MB")
default, without = held(), held(pre_buffer=False)
print(f"held at the end: {default:.0f} MB by default, {without:.0f} MB with pre_buffer=False")
as_described = default > 40 and without < 15
print("as described" if as_described else "CHANGED")
sys.exit(not as_described)
PY
