"""What stood for a missing value when the model was trained: NaN, None or pandas.NA.

To scikit-learn's encoders None and NaN are two categories, and an imputer fills the one that it was told of. pandas 3
reads NaN out of files of text; drivers of databases and polars give None. Rows of a shipped model have one missing
value. Files cannot say which it is, so they are read with the one that the model was fitted with.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from isoship.errors import SampleError
from isoship.sources.sklearn.walk import fitted
from isoship.sources.sklearn.walk.raw_columns import readers

if TYPE_CHECKING:
    import pandas as pd

WORDS = {"nan": "NaN", "none": "None", "NA": "pandas.NA"}
_WRITTEN = {
    "nan": "frame[{0!r}] = frame[{0!r}].astype(object).where(frame[{0!r}].notna(), float('nan'))",
    "none": "frame[{0!r}] = frame[{0!r}].astype(object).where(frame[{0!r}].notna(), None)",
    "NA": "frame[{0!r}] = frame[{0!r}].astype('string')",
}


def mark_of(value: Any) -> str | None:
    """nan, none or NA; None where the value is no missing one."""
    if value is None:
        return "none"
    if type(value).__name__ == "NAType":
        return "NA"
    return "nan" if isinstance(value, float) and value != value else None


def encoders_marks(model: Any, count: int) -> dict[int, str]:
    """Column -> the mark that an encoder met in training and holds as a category."""
    found: dict[int, str] = {}
    for reader in readers(model, count):
        categories = getattr(reader.step, "categories_", None)
        if not isinstance(categories, list) or len(categories) != len(reader.places):
            continue
        for place, values in zip(reader.places, categories, strict=True):
            marks = [mark for value in values if (mark := mark_of(value)) is not None]
            if place is not None and marks:
                found.setdefault(place.column, marks[0])
    return found


def fitted_marks(model: Any, count: int) -> dict[int, str]:
    """The same, and what imputers fill where no encoder says anything; one that fills pandas.NA fills all three."""
    found: dict[int, str] = {}
    for reader in readers(model, count):
        mark = mark_of(getattr(reader.step, "missing_values", ""))
        for place in reader.places if mark in ("nan", "none") else ():
            if place is not None:
                found.setdefault(place.column, str(mark))
    return found | encoders_marks(model, count)


def marked_as_fitted(model: Any, sample: Any) -> Any:
    """A DataFrame out of a file, with the marks that the model was fitted with."""
    if not hasattr(sample, "assign") or type(model).__name__ == "Booster":  # which holds no encoder
        return sample
    names = fitted.column_names(model) or list(sample.columns)
    return marked(sample, {names[i]: mark for i, mark in fitted_marks(model, len(names)).items()})


def marked(sample: Any, marks: Mapping[str, str]) -> Any:
    """A DataFrame with these marks for missing values; anything else as it came."""
    if not hasattr(sample, "assign"):
        return sample
    changed = {name: _marked(sample[name], mark) for name, mark in marks.items() if _differs(sample, name, mark)}
    return sample.assign(**changed) if changed else sample


def refuse_other_mark(name: str, series: pd.Series[Any], mark: str | None) -> None:
    """Refuses a sample whose mark is another category to the model than the one that it knows.

    mark: what an encoder of the model holds for the column.

    Raises:
        SampleError: the sample's missing values are marked otherwise, all or some of them.
    """
    if mark is None or not _may_hold(series, mark):
        return
    held = {found for value in series[series.isna()].tolist() if (found := mark_of(value)) is not None}
    others = sorted(WORDS[each] for each in held - {mark})
    if others:
        raise SampleError(
            f'column "{name}": missing values are {" and ".join(others)} in the sample, and {WORDS[mark]} to the model,'
            f" whose encoder takes {' and '.join(others)} for a value that it never met. A shipped model knows one"
            f" missing value, {WORDS[mark]} here. Write {_WRITTEN[mark].format(name)}, or give the sample as a file,"
            " which is read so"
        )


def _differs(sample: Any, name: str, mark: str) -> bool:
    if name not in sample.columns or not _may_hold(sample[name], mark):
        return False
    return not _is_text(sample[name]) or bool(sample[name].isna().any())


def _may_hold(series: Any, mark: str) -> bool:
    """Text and objects; where the model met None, which they cannot hold, doubles and pandas categories, too."""
    return _is_text(series) or (mark == "none" and (series.dtype.kind == "f" or str(series.dtype) == "category"))


def _is_text(series: Any) -> bool:
    return str(series.dtype) in ("object", "str") or str(series.dtype).startswith("string")


def _marked(series: pd.Series[Any], mark: str) -> pd.Series[Any]:
    import pandas as pd

    value: Any = {"nan": float("nan"), "none": None, "NA": pd.NA}[mark]
    values = [value if lacking else each for each, lacking in zip(series.tolist(), series.isna(), strict=True)]
    return pd.Series(values, index=series.index, name=series.name, dtype=object)
