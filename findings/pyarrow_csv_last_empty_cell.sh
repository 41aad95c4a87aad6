#!/usr/bin/env bash
# pyarrow: the empty cell that ends a CSV file is no null where the cell in front of it is in quotes.
#
# Expected: with null_values=[""], strings_can_be_null and quoted_strings_can_be_null=False an empty cell is null and ""
# is the empty text, wherever they stand; RFC 4180 leaves the last line end to the writer.
# Seen: where the file does not end with a line end, the last line's last cell takes over whether the cell in front of
# it was in quotes: `"y",` ends in an empty text, `x,` in a null. With a line end both end in a null.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
{ "${PYTHON:-python3}" -m venv "$folder/env" &&
    "$folder/env/bin/python" -m pip install -q pyarrow==26.0.1 2>"$folder/log"; } ||
    { cat "$folder/log"; exit 2; }
"$folder/env/bin/python" - <<'PY'
import sys

import pyarrow as pa
from pyarrow import csv


def last(text):
    table = csv.read_csv(
        pa.BufferReader(text.encode()),
        read_options=csv.ReadOptions(column_names=["a", "b"]),
        convert_options=csv.ConvertOptions(
            column_types={"a": pa.string(), "b": pa.string()},
            null_values=[""], strings_can_be_null=True, quoted_strings_can_be_null=False,
        ),
    )
    return table["b"].to_pylist()[-1]


print("pyarrow", pa.__version__)
seen = {text: last(text) for text in ('"y",', '"y",\n', "x,", "x,\n", '1,2\n"y",', '1,"2"\nx,')}
for text, found in seen.items():
    print(f"{text!r} ends in {found!r}")
as_described = list(seen.values()) == ["", None, None, None, "", None]
print("as described" if as_described else "CHANGED")
sys.exit(not as_described)
PY
