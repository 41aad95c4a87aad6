"""A sample file as the DataFrame that it stands for: the model's own memory first, then `--dtype`, then the file.

A fitted model remembers values of some columns (`sources.remembered`); they say how the file is read: "1" is text to a
model that knows the text "1", and the integer to one that knows the integer. Of the rest the file says what it can,
and each column whose type is a guess is named.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from isoship.data.dtypes import PANDAS
from isoship.data.files import Raw, listed, read_columns, suffix_of
from isoship.data.guess import dtype_of_text, dtype_of_values
from isoship.data.parquet_files import parquet_header
from isoship.data.remembered import Remembered
from isoship.errors import InputError, SampleError
from isoship_edge.encoding.cells import cell, value
from isoship_edge.manifest import Column

if TYPE_CHECKING:
    import pandas as pd

_WHY = {
    "int64": "every row holds a whole number (--dtype COLUMN=double takes fractions and missing values, too)",
    "double": "every value is a number",
    "bool": "every value is true or false",
    "string": "some values are neither numbers nor true or false",
}


def read_sample(
    path: str | Path,
    dtypes: Mapping[str, str] | None = None,
    remembered: Callable[[Sequence[str]], Remembered] | None = None,
    notes: list[str] | None = None,
) -> pd.DataFrame:
    """A sample file as a DataFrame of float64, int64, bool and str columns; Parquet keeps pandas' other types.

    Of a Parquet file the columns alone are read that the model has, where it knows their names.

    dtypes: column -> double, int64, bool or string. remembered: what the fitted model knows of columns with these
    names. notes: where to say which types are guesses.

    Raises:
        SampleError: missing, unreadable, empty, of an unknown format, or with a column whose type is ambiguous.
        MissingExtraError: Parquet without pyarrow.
    """
    path = Path(path)
    needed: set[str] | None = None
    if suffix_of(path) == ".parquet" and remembered is not None:
        names = remembered(parquet_header(path)).columns
        needed = None if names is None else {*names, *(dtypes or {})}
    return sample_of(read_columns(path, needed), dtypes, remembered, notes)


def sample_of(
    raw: Raw,
    dtypes: Mapping[str, str] | None = None,
    remembered: Callable[[Sequence[str]], Remembered] | None = None,
    notes: list[str] | None = None,
) -> pd.DataFrame:
    """Columns that have been read as the DataFrame that they stand for; otherwise as `read_sample`."""
    import pandas as pd

    path, dtypes = raw.path, dict(dtypes or {})
    header = list(raw.columns) if raw.frame is None else list(raw.frame.columns)
    unknown = sorted(set(dtypes) - set(header))
    if unknown:
        raise SampleError(f"--dtype names columns that {path} does not have: {', '.join(unknown)}")
    if not raw.rows:
        raise SampleError(f"{path} holds no rows. A sample of 100 or more typical rows is best")
    known = Remembered() if remembered is None else remembered(header)
    series: dict[str, Any] = {}
    guesses: dict[str, list[str]] = {}
    for name in header:
        foreign = known.columns is not None and name not in known.columns
        if foreign and name not in dtypes and raw.frame is None:
            series[name] = pd.Series(raw.columns[name], dtype="object")  # no question is asked of it
            continue
        dtype, why = _decided(name, raw, dtypes.get(name), known)
        if why:
            guesses.setdefault(dtype, []).append(name)
        series[name] = _series(name, raw, dtype, known)
    if notes is not None:
        notes += [
            f"{listed(names)}: {dtype}, a guess from {path.name}, where {_WHY[dtype]}"
            for dtype, names in guesses.items()
        ]
    return pd.DataFrame(series, columns=header)


def _decided(name: str, raw: Raw, wanted: str | None, known: Remembered) -> tuple[str, bool]:
    """The type of a column, "" where it stays as pandas reads it, and whether that is a guess of ours.

    Raises:
        SampleError: it is ambiguous, or `--dtype` contradicts the model.
    """
    model = known.dtype_of(name)
    if wanted is not None:
        if model is not None and wanted != model and not {wanted, model} <= {"double", "int64"}:
            shown = ", ".join(repr(v) for v in known.values[name][:3] if v is not None)
            raise SampleError(
                f"--dtype {name}={wanted}: the fitted model knows this column as {model} ({shown}, ...). Leave --dtype"
                f" out, or train on {wanted}"
            )
        return wanted, False
    if model == "int64" and not _whole(raw.values(name)):
        model = "double"
    if model is not None:
        return model, False
    if raw.frame is not None:
        values = raw.frame[name]
        if str(values.dtype) == "object" and any(isinstance(v, Decimal) for v in values):
            return "double", True
        return "", False
    if raw.text:
        return dtype_of_text(name, raw.values(name), hashed=name in known.hashed), True
    return dtype_of_values(name, raw.values(name)), True


def _whole(values: list[Any]) -> bool:
    """Whether every value is there and is a whole number."""
    try:
        return all(v is not None and v != "" and float(v) % 1 == 0 for v in values)
    except (TypeError, ValueError):
        return True  # no numbers: reading them says so by row


def _series(name: str, raw: Raw, dtype: str, known: Remembered) -> Any:
    """The column in its type.

    Raises:
        SampleError: a value of it does not fit.
    """
    if raw.frame is not None and dtype in ("", _kind_of(raw.frame[name])):
        return raw.frame[name].reset_index(drop=True)
    column = Column(name, dtype, missing=True, empty=known.empty_of(name, raw) if dtype == "string" else None)
    quotes = raw.in_quotes.get(name, set())
    try:
        if raw.text:
            values = [cell(text, column, i, in_quotes=i in quotes) for i, text in enumerate(raw.values(name))]
        else:
            values = [value(held, column, i) for i, held in enumerate(raw.values(name))]
    except InputError as err:
        raise SampleError(f"{raw.path}, {err} (read as {dtype}; --dtype {name}=TYPE says otherwise)") from err
    return _typed(name, values, dtype)


def _typed(name: str, values: list[Any], dtype: str) -> pd.Series[Any]:
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
        wrong = next((i for i, v in enumerate(values) if v % 1 != 0 or abs(v) >= 2**63), None)
        if wrong is not None:
            raise SampleError(f'column "{name}", row {wrong}: {values[wrong]!r} is no whole number of 64 bits')
        values = [int(v) for v in values]
    return pd.Series(values, name=name, dtype="object").astype(cast(Any, PANDAS[dtype]))


def _kind_of(series: pd.Series[Any]) -> str | None:
    """The type that a column of a Parquet file has already, None where it has none of ours."""
    import pandas as pd

    if isinstance(series.dtype, pd.CategoricalDtype):
        return _kind_of(pd.Series(series.cat.categories))
    kind = str(series.dtype)
    if series.dtype.kind == "b":
        return None if series.isna().any() else "bool"
    if series.dtype.kind in "iu":
        return None if series.isna().any() else "int64"
    if series.dtype.kind == "f":
        return "double"
    if kind in ("object", "str") or kind.startswith("string"):
        return "string" if all(isinstance(v, str) for v in series.dropna()) else None
    return None
