"""The signature of a model: its columns, their types, and how to rebuild what it was trained on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from isoship.errors import SampleError
from isoship.sources.column_types import Typed, refuse_large, type_of_categories, type_of_series
from isoship.sources.contract import TrainingFrame
from isoship.sources.missing_marks import encoders_marks, fitted_marks, refuse_other_mark
from isoship.sources.sklearn.walk import fitted
from isoship.sources.sklearn.walk.raw_columns import columns_read
from isoship_edge.manifest import Column, Signature

if TYPE_CHECKING:
    import pandas as pd

#: What pandas itself puts into these dtypes, whatever is given.
WITH_MARK = {"str": "nan", "string": "NA"}


def signature_for(
    estimator: Any, sample: Any, dtypes: Mapping[str, str] | None = None, *, by_name: bool = False
) -> tuple[Signature, TrainingFrame, list[str]]:
    """The columns of a fitted estimator with their types; what it accepts in them is `acceptance`'s to find.

    sample: DataFrame, 2-D array, list of dicts, or None. dtypes: column -> double, int64, bool or string.
    by_name: the model is given the sample's table, although it remembers no names.
    Returns the signature, how to rebuild the training frame, and every guess as a printable line.

    Raises:
        SampleError: the sample lacks a column, or a column's type is unclear or cannot be carried.
    """
    notes: list[str] = []
    trained_on = fitted.column_names(estimator)
    frame = _as_frame(sample, trained_on)
    count = fitted.column_count(estimator)
    if by_name and trained_on is None and frame is not None:
        trained_on = [str(name) for name in frame.columns]
    if trained_on is not None:
        names = trained_on
    elif frame is not None:
        names = [str(name) for name in frame.columns]
    elif count is not None:
        names = [f"x{i}" for i in range(count)]
    else:
        raise SampleError("the model does not say which columns it takes: give a sample of its rows with --sample")
    if trained_on is None and count is not None and len(names) != count:
        raise SampleError(f"the sample has {len(names)} columns and the model was trained on {count}")
    # an array has its columns by position, and leaving one out would move the others
    read = columns_read(estimator, len(names)) if trained_on is not None else list(range(len(names)))
    for i in sorted(set(range(len(names))) - set(read)):
        notes.append(f'column "{names[i]}" is dropped by the model before it computes: left out of the signature')
    chosen = [names[i] for i in read]
    _check_columns(chosen, names, frame, trained_on is not None, dict(dtypes or {}), notes)

    known = fitted.categories_known(estimator, len(names))
    codes = fitted.keeps_categories(estimator)
    strict_marks, marks = encoders_marks(estimator, len(names)), fitted_marks(estimator, len(names))
    columns: list[Column] = []
    typed: list[Typed] = []
    for i, name in zip(read, chosen, strict=True):
        wanted = (dtypes or {}).get(name)
        as_it_came = [each for each in known.get(i, ()) if each.as_it_came]
        refuse_large(name, (value for each in known.get(i, ()) for value in each.categories))
        if frame is not None:
            refuse_other_mark(name, frame[name], strict_marks.get(i))
            one = type_of_series(name, frame[name], wanted, codes=codes)
        else:
            one = type_of_categories(name, as_it_came, wanted)
        one = _as_fitted(one, None if frame is None else frame[name], marks.get(i))
        typed.append(one)
        notes += one.notes
        columns.append(Column(name, one.dtype))

    array = trained_on is None
    numeric = all(one.dtype in ("double", "int64") for one in typed)
    if array and numeric and not fitted.hashes_integers(estimator):
        columns = [Column(c.name, "double") for c in columns]
        training = TrainingFrame("ndarray", ("float64",) * len(columns), ("nan",) * len(columns))
        return Signature("matrix", tuple(columns)), training, notes
    training = TrainingFrame(
        "ndarray" if array else "dataframe",
        tuple("object" if array else one.training for one in typed),
        tuple(one.missing for one in typed),
        {c.name: one.categories for c, one in zip(columns, typed, strict=True) if one.categories is not None},
    )
    return Signature("columns", tuple(columns)), training, notes


def with_tensor_names(signature: Signature, outputs: Sequence[str]) -> Signature:
    """The signature with a tensor's name of its own for each column that has an output's name or none.

    A graph has one name space for both, and users have two: only ONNX and V2 see these names.
    """
    if signature.layout == "matrix":
        return signature
    taken = {*outputs, *(column.name for column in signature.columns)}
    columns = []
    for column in signature.columns:
        if column.name in outputs or not column.name:
            name = f"input_{column.name}"
            while name in taken:
                name = f"input_{name}"
            taken.add(name)
            column = column._replace(input=name)
        columns.append(column)
    return signature._replace(columns=tuple(columns))


def _as_fitted(one: Typed, series: pd.Series[Any] | None, mark: str | None) -> Typed:
    """The column with the missing value that the model was fitted with, where the sample shows none."""
    if mark is None or (one.dtype != "string" and mark != "none"):
        return one
    if one.training == "category" and mark == "none":  # which holds no None: the model saw objects
        return replace(one, training="object", missing=mark, categories=None)
    if one.training not in ("object", "str") and not one.training.startswith("string") and one.training != "float64":
        return one
    if one.dtype == "string" and (series is None or not series.isna().any()):
        kept = one.training if WITH_MARK.get(one.training, mark) == mark else "object"
        return replace(one, training=kept, missing=mark)
    if one.dtype == "double" and series is not None and str(series.dtype) == "object":
        return replace(one, training="object", missing=mark)  # an encoder of objects holds None among its numbers
    return one


def _as_frame(sample: Any, names: list[str] | None) -> pd.DataFrame | None:
    import pandas as pd

    if sample is None:
        return None
    if isinstance(sample, pd.DataFrame):
        if not len(sample):
            raise SampleError("the sample holds no rows. 100 or more typical rows are best")
        twice = sorted({str(name) for name in sample.columns[sample.columns.duplicated()]})
        if twice:
            raise SampleError(f"the sample names columns twice: {', '.join(twice)}")
        return sample.set_axis([str(name) for name in sample.columns], axis=1)
    if isinstance(sample, list) and sample and all(isinstance(row, dict) for row in sample):
        return _as_frame(pd.DataFrame(sample), names)
    if hasattr(sample, "toarray"):
        sample = sample.toarray()
    array = np.asarray(sample)
    if array.ndim != 2 or not len(array):
        raise SampleError(f"a sample is a table with rows; this has the shape {array.shape}")
    if names is not None and len(names) != array.shape[1]:
        raise SampleError(f"the sample has {array.shape[1]} columns and the model was trained on {len(names)}")
    columns = names if names is not None else [f"x{i}" for i in range(array.shape[1])]
    return pd.DataFrame(array, columns=columns)


def _check_columns(
    chosen: list[str],
    names: list[str],
    frame: pd.DataFrame | None,
    by_name: bool,
    dtypes: dict[str, str],
    notes: list[str],
) -> None:
    unknown = sorted(set(dtypes) - set(names) - (set(frame.columns) if frame is not None else set()))
    if unknown:
        raise SampleError(f"--dtype names columns that the model does not have: {', '.join(unknown)}")
    if frame is None or not by_name:
        return
    absent = [name for name in chosen if name not in frame.columns]
    if absent:
        raise SampleError(
            f"the sample lacks the model's columns {_listed(absent)}; it has {_listed(list(frame.columns))}. Give the"
            " columns that the model was trained on, before any preprocessing that is part of the model"
        )
    extra = [name for name in frame.columns if name not in names]
    if extra:
        notes.append(f"columns of the sample that the model does not know are ignored: {_listed(extra)}")


def _listed(names: list[str]) -> str:
    return ", ".join(map(repr, names[:12])) + (f" and {len(names) - 12} more" if len(names) > 12 else "")
