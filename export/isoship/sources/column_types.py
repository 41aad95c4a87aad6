"""What one column is: its type in the signature, and the pandas dtype in which the model saw it.

| in the sample | signature | rebuilt as |
|---|---|---|
| float | double | float64 |
| any integer, none missing | int64 | int64 |
| nullable integer with missing values | double | float64, NaN |
| integers of 2^63 and more | double | float64 |
| bool, nullable boolean, none missing | bool | bool |
| str, object of strings, string | string | the same dtype, the same missing marker |
| category of strings | string | category |
| category of numbers, for a model that keeps categories | double | category |
| object of numbers | double | float64 |

Refused: dates and times, booleans with missing values, other categories of numbers, columns of several kinds.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from isoship.errors import SampleError
from isoship.sources.frames import plain
from isoship.sources.sklearn.walk.fitted import Known
from isoship_edge.encoding.decode import LARGEST_INTEGER

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Typed:
    """One column: dtype of the signature, pandas dtype and missing marker of the training frame."""

    dtype: str
    training: str
    missing: str = "nan"
    categories: list[Any] | None = None
    notes: tuple[str, ...] = ()


def type_of_series(name: str, series: pd.Series[Any], wanted: str | None, *, codes: bool = False) -> Typed:
    """A column of the sample, held to `wanted` (double, int64, bool, string) where that is given.

    codes: the model keeps the categories of pandas category columns, so that categories of numbers are clear.

    Raises:
        SampleError: the type is unclear or cannot be carried.
    """
    import pandas as pd

    kind = str(series.dtype)
    if isinstance(series.dtype, pd.CategoricalDtype):
        found = _of_category(name, series, codes)
    elif series.dtype.kind in "mM" or isinstance(series.dtype, (pd.PeriodDtype, pd.DatetimeTZDtype)):
        raise SampleError(
            f'column "{name}" holds dates or times ({kind}), which no shipped model takes. Derive numbers from it'
            " before the model (year, month, weekday, seconds since 1970) and train on those"
        )
    elif kind in ("object", "str") or kind.startswith("string"):
        found = _of_objects(name, series, wanted)
    elif series.dtype.kind == "b":
        if series.isna().any():
            raise SampleError(_missing_booleans(name))
        found = Typed("bool", "bool")
    elif series.dtype.kind in "iu":
        unsigned = not series.isna().all() and int(series.max()) >= 2**63
        if wanted != "double" and not unsigned:
            refuse_large(name, series.dropna().agg(["min", "max"]).tolist())
        if unsigned:
            note = f'column "{name}" holds integers of 2^63 and more, which no tensor does: double, as in arithmetic'
            found = Typed("double", "float64", notes=(note,))
        elif series.isna().any():
            note = f'column "{name}" ({kind} with missing values) becomes double, missing NaN'
            found = Typed("double", "float64", notes=(note,))
        else:
            found = Typed("int64", "int64")
    elif series.dtype.kind == "f":
        narrow = "64" not in kind
        note = f'column "{name}" is {kind}; the shipped model answers for float64 as the source model does'
        found = Typed("double", "float64", notes=(note,) if narrow else ())
    else:
        raise SampleError(f'column "{name}" has dtype {kind}; use numbers, booleans or strings')
    return found if wanted in (None, found.dtype) else _held_to(name, found, series, str(wanted))


def type_of_categories(name: str, known: Sequence[Known], wanted: str | None) -> Typed:
    """A column without a sample: what its fitted encoders know, else a double."""
    values = [value for each in known for value in each.categories if value is not None]
    if wanted:
        training = {"double": "float64", "int64": "int64", "bool": "bool", "string": "object"}[wanted]
        return Typed(wanted, training)
    if not values:
        return Typed("double", "float64", notes=(f'column "{name}": double (a guess; a sample or --dtype says more)',))
    if all(isinstance(value, str) for value in values):
        dtype, training = "string", "object"
    elif all(isinstance(value, bool) for value in values):
        dtype, training = "bool", "bool"
    elif all(isinstance(value, int) for value in values):
        dtype, training = "int64", "int64"
    else:
        dtype, training = "double", "float64"
    if dtype in ("bool", "int64") and any(value is None for each in known for value in each.categories):
        dtype, training = "double", "float64"
    return Typed(dtype, training, notes=(f'column "{name}": {dtype} (from the categories of its encoder)',))


def _of_category(name: str, series: pd.Series[Any], codes: bool) -> Typed:
    categories = [plain(value) for value in series.cat.categories]
    refuse_large(name, categories)
    if codes and all(type(value) in (int, float) and abs(value) <= 2**53 for value in categories):
        note = f'column "{name}" is a category of numbers: double, each number a category of its own'
        return Typed("double", "category", categories=categories, notes=(note,))
    if not all(isinstance(value, str) for value in categories):
        raise SampleError(
            f'column "{name}" is a pandas category of {type(categories[0]).__name__} values, and whether they are'
            " numbers or names is unclear. Train with plain numbers, or with .astype(str) categories"
        )
    return Typed("string", "category", categories=categories)


def _of_objects(name: str, series: pd.Series[Any], wanted: str | None) -> Typed:
    markers = {_marker(value) for value in series if plain(value) is None}
    values = [plain(value) for value in series]
    kinds = {_kind(value) for value in values if value is not None}
    dtype = str(series.dtype)
    if not kinds:
        if wanted in (None, "string") and dtype != "object":
            return Typed("string", dtype, "NA" if dtype.startswith("string") else "nan")
        if wanted is None:
            raise SampleError(
                f'column "{name}" holds only missing values, which do not say its type. Give a sample with values, or'
                f" say --dtype {name}=double or --dtype {name}=string"
            )
        return Typed(wanted, {"string": "object", "double": "float64"}.get(wanted, wanted))
    missing = "NA" if "NA" in markers else "none" if markers == {"none"} else "nan"
    if kinds == {"string"}:
        notes: tuple[str, ...] = ()
        if len(markers) > 1:
            notes = (f'column "{name}" marks missing values in several ways; the model is asked with {missing}',)
        return Typed("string", dtype, missing, notes=notes)
    if kinds == {"bool"}:
        if markers:
            raise SampleError(_missing_booleans(name))
        return Typed("bool", "bool", notes=(f'column "{name}" (object) holds booleans: bool',))
    if kinds == {"number"}:
        if wanted != "double":
            refuse_large(name, values)
        return Typed("double", "float64", missing, notes=(f'column "{name}" (object) holds numbers: double',))
    if kinds == {"date"}:
        raise SampleError(
            f'column "{name}" holds dates or times, which no shipped model takes. Derive numbers from it before the'
            " model (year, month, weekday, seconds since 1970) and train on those"
        )
    if len(kinds) == 1:
        raise SampleError(
            f'column "{name}" holds values of the type {kinds.pop()}, which no shipped model takes. Make them numbers,'
            " booleans or strings, and train again"
        )
    raise SampleError(
        f'column "{name}" holds values of several kinds ({", ".join(sorted(kinds))}). Make them one kind, train again,'
        f" and say --dtype {name}=string or --dtype {name}=double if a file leaves it open"
    )


def _held_to(name: str, found: Typed, series: pd.Series[Any], wanted: str) -> Typed:
    numbers = {"double": "float64", "int64": "int64"}
    if found.dtype in numbers and wanted in numbers:
        if wanted == "int64" and (series.isna().any() or (series.astype("float64") % 1 != 0).any()):
            raise SampleError(f"--dtype {name}=int64: the column holds values that are no whole numbers")
        return Typed(wanted, numbers[wanted], notes=found.notes)
    raise SampleError(
        f"--dtype {name}={wanted}: the sample holds {found.dtype} values there, and the model was trained on what the"
        " sample shows. Convert the column before training, or give a sample in the type you mean"
    )


def refuse_large(name: str, values: Iterable[Any]) -> None:
    """Refuses integers that JSON numbers, which are doubles to most readers, do not hold.

    Raises:
        SampleError: there is one.
    """
    large = next((v for v in values if isinstance(v, int) and abs(v) > LARGEST_INTEGER), None)
    if large is not None:
        raise SampleError(
            f'column "{name}" holds integers above 2**53, such as {large}. A number in JSON is a double to browsers and'
            " many other clients, and a double does not hold every integer beyond 9007199254740992, so another number"
            " than was sent could be answered. Where they are times, train on seconds or days in place of nanoseconds;"
            f' where they are identifiers, train on text (frame["{name}"].astype(str)); where only their size counts,'
            f" say --dtype {name}=double"
        )


def _missing_booleans(name: str) -> str:
    return (
        f'column "{name}" holds booleans and missing values, and a boolean tensor has no missing value. Turn the column'
        ' into strings ("yes", "no") or numbers (0.0, 1.0) before training'
    )


def _marker(value: Any) -> str:
    return "none" if value is None else "NA" if type(value).__name__ == "NAType" else "nan"


def _kind(value: Any) -> str:
    if isinstance(value, bool):
        return "bool"
    if isinstance(value, (int, float)):
        return "number"
    if isinstance(value, str):
        return "string"
    if hasattr(value, "isoformat"):
        return "date"
    return type(value).__name__
