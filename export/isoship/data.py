"""Reading samples and rows from files: CSV, JSON, JSON lines, Parquet.

Two questions, two functions. At export nothing is known yet, so `read_sample` finds out what each column is and
refuses to guess where a guess could be wrong. Afterwards the signature is known and `read_rows` reads by it:
a zip code stays a string, the country "NA" is no missing value, and only the empty cell is missing.
Parquet carries its own types and is the format to prefer.
"""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from isoship.errors import InputError, MissingExtraError, SampleError
from isoship_edge.batch import cell
from isoship_edge.manifest import DTYPES, Column, Signature

if TYPE_CHECKING:
    import pandas as pd

    from isoship.sources.contract import Row

_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
_CODE = re.compile(r"[+-]?0\d")
_BOOLEANS = {"true": True, "false": False}
_PANDAS = {"double": "float64", "int64": "int64", "bool": "bool", "string": "str"}
FORMATS = (".csv", ".jsonl", ".ndjson", ".json", ".parquet")


@dataclass(frozen=True)
class Table:
    """rows: the model's columns, by the signature. given: each row as it stood in the file, all columns."""

    rows: list[Row]
    given: list[dict[str, Any]]


def parse_dtypes(pairs: Sequence[str] | Mapping[str, str] | None) -> dict[str, str]:
    """`["zip=string", "age=double"]` (or the dict itself) as a checked dict.

    Raises:
        SampleError: not of the form `column=type`, or an unknown type.
    """
    if pairs is None:
        return {}
    if isinstance(pairs, str):
        pairs = [pairs]
    if isinstance(pairs, Mapping):
        items = list(pairs.items())
    else:
        items = [(column, dtype) for column, _, dtype in (pair.rpartition("=") for pair in pairs)]
    for column, dtype in items:
        if not column or dtype not in DTYPES:
            raise SampleError(f"--dtype {column}={dtype}: write COLUMN=TYPE, with TYPE one of {', '.join(DTYPES)}")
    return dict(items)


def read_sample(path: str | Path, dtypes: Mapping[str, str] | None = None) -> pd.DataFrame:
    """A sample file as a DataFrame of float64, int64, bool and str columns.

    Whole numbers in CSV and JSON are read as doubles (those formats do not say which they are); name the column in
    `dtypes` to hold it to integers.

    Raises:
        SampleError: missing, unreadable, empty, of an unknown format, or with a column whose type is ambiguous.
        MissingExtraError: Parquet without pyarrow.
    """
    import pandas as pd

    path, dtypes = Path(path), dict(dtypes or {})
    if _suffix(path) == ".parquet":
        frame = _read_parquet(path)
    else:
        header, records = _read_records(path)
        typed = _csv_column if _suffix(path) == ".csv" else _json_column
        frame = pd.DataFrame({name: typed(name, [r.get(name) for r in records], dtypes) for name in header})
    unknown = sorted(set(dtypes) - set(frame.columns))
    if unknown:
        raise SampleError(f"--dtype names columns that {path} does not have: {', '.join(unknown)}")
    if not len(frame):
        raise SampleError(f"{path} holds no rows. A sample of 100 or more typical rows is best")
    if _suffix(path) == ".parquet":
        for name, dtype in dtypes.items():
            frame[name] = _as_dtype(name, frame[name], dtype)
    return frame


def read_rows(path: str | Path, signature: Signature) -> Table:
    """Rows of a file, read by the signature.

    Raises:
        InputError: a cell that its column's dtype cannot hold, naming row (from 0) and column.
        SampleError: missing, unreadable, of an unknown format, or without one of the model's columns.
        MissingExtraError: Parquet without pyarrow.
    """
    path = Path(path)
    if _suffix(path) == ".parquet":
        frame = _read_parquet(path)
        header = [str(name) for name in frame.columns]
        records = [dict(zip(header, map(_plain, values), strict=True)) for values in frame.itertuples(index=False)]
    else:
        header, records = _read_records(path)
    absent = [c.name for c in signature.columns if c.name not in header]
    if absent:
        raise SampleError(f"{path} lacks the model's columns {', '.join(map(repr, absent))}; it has {_listed(header)}")
    from_text = _suffix(path) == ".csv"
    rows = [
        {c.name: cell(r[c.name], c, i) if from_text else r.get(c.name) for c in signature.columns}
        for i, r in enumerate(records)
    ]
    return Table(rows, records)


def _suffix(path: Path) -> str:
    suffix = path.suffix.lower()
    if suffix not in FORMATS:
        raise SampleError(f"{path}: rows are read from {', '.join(FORMATS)}; this ends in {suffix or 'nothing'!r}")
    return suffix


def _read_records(path: Path) -> tuple[list[str], list[dict[str, Any]]]:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as err:
        raise SampleError(f"cannot read {path}: {err.strerror}") from err
    except UnicodeDecodeError as err:
        raise SampleError(f"{path} is not UTF-8 (byte {err.start}). Save it as UTF-8, or use Parquet") from err
    if path.suffix.lower() == ".csv":
        return _csv_records(path, text)
    try:
        if path.suffix.lower() == ".json":
            document = json.loads(text)
            records = document["rows"] if isinstance(document, dict) and "rows" in document else document
        else:
            records = [json.loads(line) for line in text.splitlines() if line.strip()]
    except ValueError as err:
        raise SampleError(f"{path} is not JSON: {err}") from err
    if not isinstance(records, list) or not all(isinstance(r, dict) for r in records):
        raise SampleError(f"{path}: expected a list of objects (column: value), one a row")
    return list(dict.fromkeys(name for r in records for name in r)), records


def _csv_records(path: Path, text: str) -> tuple[list[str], list[dict[str, Any]]]:
    reader = csv.reader(text.splitlines(keepends=True), strict=True)
    try:
        lines = [line for line in reader if line]
    except csv.Error as err:
        raise SampleError(f"{path}, line {reader.line_num}: {err}") from err
    if not lines:
        raise SampleError(f"{path} is empty; its first line must name the columns")
    header = lines[0]
    twice = sorted({name for name in header if header.count(name) > 1})
    if twice:
        raise SampleError(f"{path} names columns twice: {', '.join(twice)}")
    for i, line in enumerate(lines[1:]):
        if len(line) != len(header):
            raise SampleError(f"{path}, row {i}: {len(line)} cells under {len(header)} columns")
    return header, [dict(zip(header, line, strict=True)) for line in lines[1:]]


def _read_parquet(path: Path) -> pd.DataFrame:
    import pandas as pd

    if not path.is_file():
        raise SampleError(f"cannot read {path}: no such file")
    try:
        return pd.read_parquet(path)
    except ImportError as err:
        raise MissingExtraError("pyarrow", "parquet", f"reading {path.name}") from err
    except (OSError, ValueError) as err:
        raise SampleError(f"{path} is no Parquet file: {err}") from err


def _csv_column(name: str, cells: list[Any], dtypes: Mapping[str, str]) -> pd.Series[Any]:
    """A CSV column typed by `--dtype`, else by what its cells can only be."""
    filled = [c for c in cells if c != ""]
    dtype = dtypes.get(name)
    if dtype is None:
        numbers = [c for c in filled if _NUMBER.fullmatch(c)]
        codes = [c for c in numbers if _CODE.match(c)]
        if filled and len(numbers) == len(filled) and not codes:
            dtype = "double"
        elif filled and all(c.lower() in _BOOLEANS for c in filled):
            dtype = "bool"
        elif codes:
            raise SampleError(
                f'column "{name}" holds {codes[0]!r}: a number, or a code whose zeros matter?'
                f" Say --dtype {name}=string or --dtype {name}=double"
            )
        elif numbers and len(numbers) > len(filled) / 2:
            other = next(c for c in filled if not _NUMBER.fullmatch(c))
            raise SampleError(
                f'column "{name}" holds {len(numbers)} numbers and {len(filled) - len(numbers)} other values, such as'
                f" {other!r}. Only the empty cell is missing: empty those cells, or say --dtype {name}=string"
            )
        else:
            dtype = "string"
    column = Column(name, dtype, missing=True)
    try:
        values = [cell(c, column, i) for i, c in enumerate(cells)]
    except InputError as err:
        raise SampleError(str(err)) from err
    return _series(name, values, dtype)


def _json_column(name: str, values: list[Any], dtypes: Mapping[str, str]) -> pd.Series[Any]:
    kinds = {_kind(v) for v in values if v is not None}
    dtype = dtypes.get(name)
    if len(kinds) > 1 or not kinds <= {"bool", "string", "double"}:
        raise SampleError(f'column "{name}" holds values of several kinds ({", ".join(sorted(kinds))}); make them one')
    kind = kinds.pop() if kinds else "double"
    if dtype is None:
        dtype = kind
    elif {dtype, kind} not in ({"double"}, {"double", "int64"}, {"bool"}, {"string"}) and any(
        v is not None for v in values
    ):
        raise SampleError(f'column "{name}" holds {kind} values; --dtype {name}={dtype} does not fit')
    return _series(name, values, dtype)


def _kind(value: Any) -> str:
    if isinstance(value, bool):
        return "bool"
    if isinstance(value, (int, float)):
        return "double"
    return "string" if isinstance(value, str) else type(value).__name__


def _series(name: str, values: list[Any], dtype: str) -> pd.Series[Any]:
    import pandas as pd

    if dtype == "double":
        return pd.Series([float("nan") if v is None else float(v) for v in values], name=name, dtype="float64")
    if dtype in ("int64", "bool") and None in values:
        what = "whole numbers" if dtype == "int64" else "booleans"
        raise SampleError(
            f'column "{name}" holds {what} and missing cells, which the model can only have seen as'
            f" {'doubles: say --dtype ' + name + '=double' if dtype == 'int64' else 'strings or 0/1: convert it'}"
        )
    if dtype == "int64":
        fraction = next((i for i, v in enumerate(values) if int(v) != v), None)
        if fraction is not None:
            raise SampleError(f'column "{name}", row {fraction}: {values[fraction]!r} is no whole number')
    return _cast(pd.Series(values, name=name, dtype="object"), dtype)


def _as_dtype(name: str, series: pd.Series[Any], dtype: str) -> pd.Series[Any]:
    try:
        return _cast(series, dtype)
    except (TypeError, ValueError) as err:
        raise SampleError(f'column "{name}" cannot be read as {dtype}: {err}') from err


def _cast(series: pd.Series[Any], dtype: str) -> pd.Series[Any]:
    return series.astype(cast(Any, _PANDAS[dtype]))


def _plain(value: Any) -> Any:
    """A pandas or numpy scalar as float, int, bool, str or None. NaN in a Parquet column is a missing value."""
    import pandas as pd

    if value is None or value is pd.NA or value is pd.NaT:
        return None
    if getattr(value, "ndim", 0):
        return value.tolist()
    value = value.item() if hasattr(value, "item") else value
    return None if isinstance(value, float) and value != value else value


def _listed(names: Sequence[str]) -> str:
    return ", ".join(map(repr, names[:12])) + (f" and {len(names) - 12} more" if len(names) > 12 else "")
