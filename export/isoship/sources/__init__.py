"""Sources: trained models of every library, read into one contract.

    source = open_source("model.joblib", sample=frame)
    source.answers(rows)      # the truth
    source.to_onnx()          # the canonical graph

A library is looked up by the name of the package that defines the model's class; none is imported before it is needed.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from isoship.errors import ModelFileError
from isoship.sources.arrow_frames import frame_from_arrow, refuse_nulls_in_dictionaries
from isoship.sources.libraries import LIBRARIES
from isoship.sources.no_model import refusal
from isoship.sources.tensor_models import open_tensor_source, packages_of_networks, takes_tensors

if TYPE_CHECKING:
    import onnx

    from isoship.sources.contract import Source
    from isoship.sources.mlflow.folder import Folder
    from isoship.sources.sklearn.outside.converters import Converters
    from isoship_edge.manifest import Scalar

#: Top-level package of the model's class -> the module and class that read it.
_SOURCES = {
    "sklearn": ("isoship.sources.sklearn.source", "SklearnSource"),
    **{library.package: library.source for library in LIBRARIES},
}


def open_source(
    model: Any,
    *,
    sample: Any = None,
    outputs: Sequence[str] | None = None,
    dtypes: Mapping[str, str] | None = None,
    marks: Mapping[str, str] | None = None,
    classes: Sequence[Scalar] | None = None,
    say: Callable[[str], None] | None = None,
    converters: Any = None,
    to_convert: bool = True,
) -> Source:
    """Reads a trained model.

    model: a fitted estimator, or the path of a model file.
    sample: DataFrame (pandas, polars), pyarrow Table, 2-D array, list of dicts, path of a file with rows, or None.
    outputs: kinds of output beyond the default ones.
    dtypes: column -> double, int64, bool or string, where the sample leaves it open.
    marks: those of a bundle's columns (`Column.mark`): what is missing in the sample is that, else what was fitted.
    classes: names for the labels of a model that keeps none, in the order of its classes: all text, or all integers.
    say: is told that a pickle runs code before it is loaded.
    converters: {Class: convert} for classes of the user's own, or the path of a Python file (docs/extending.md).
    to_convert: whether a graph will be asked for; a class that none could be made of is refused then.

    Raises:
        ModelFileError: the file is missing, no model, or from another version; the object is no fitted model.
        UnsupportedModelError: the model's library is not carried.
        SampleError: the sample does not fit the model, or is needed.
        InputError: an output asked for does not exist, or `classes` are not the model's.
    """
    from isoship.sources.missing_marks import marked, marked_as_fitted
    from isoship.sources.sklearn.outside.converters import converters_from

    if takes_tensors(model):
        name = model if isinstance(model, (str, Path)) else type(model).__name__
        raise ModelFileError(f"{name} is a model of tensors, and one of columns is asked for here")
    path, own = model, converters_from(converters)
    model, sample, notes = read_files(model, sample, dtypes, say, own)
    dtypes = dtypes_for(path, model, sample, dtypes)
    sample = _with_text_names(model, sample)
    if marks is not None:
        sample = marked(marked_as_fitted(model, sample), marks)
    reader = _reader_of(model, own)
    source = reader(
        model,
        sample=sample,
        outputs=outputs,
        dtypes=dtypes,
        classes=classes,
        converters=own,
        to_convert=to_convert,
    )
    source.notes = (*notes, *source.notes)
    return source  # type: ignore[no-any-return]


def read_files(
    model: Any,
    sample: Any,
    dtypes: Mapping[str, str] | None,
    say: Callable[[str], None] | None = None,
    converters: Converters | None = None,
) -> tuple[Any, Any, list[str]]:
    """The model and the sample themselves where paths of files are given, and notes, one line each.

    The model comes first: what it remembers of its columns decides how a file of rows is read. The input example of an
    MLflow folder is the sample where none is given. converters: their file's own classes are found by the model.

    Raises:
        ModelFileError, SampleError: as `open_source`.
    """
    notes: list[str] = []
    path = model
    if isinstance(model, (str, Path)):
        from isoship.sources.load import load_model

        model, notes = load_model(model, say, converters)
    folder = _mlflow_folder(path) if sample is None else None
    if folder is not None:
        from isoship.sources.missing_marks import marked_as_fitted
        from isoship.sources.mlflow.example import sample_in
        from isoship.sources.remembered import remembered

        sample = marked_as_fitted(model, sample_in(folder, dtypes or {}, partial(remembered, model), notes))
    if isinstance(sample, (str, Path)):
        from isoship.data import read_sample
        from isoship.sources.missing_marks import marked_as_fitted
        from isoship.sources.remembered import remembered

        sample = marked_as_fitted(model, read_sample(sample, dtypes, partial(remembered, model), notes))
    refuse_nulls_in_dictionaries(model, sample)
    return model, frame_from_arrow(sample), notes


def dtypes_for(path: Any, model: Any, sample: Any, dtypes: Mapping[str, str] | None) -> Mapping[str, str] | None:
    """The dtypes given, and where there is no sample those of an MLflow folder's signature for the model's columns."""
    folder = _mlflow_folder(path) if sample is None else None
    if folder is None:
        return dtypes
    from isoship.sources.mlflow.example import dtypes_of
    from isoship.sources.remembered import remembered

    theirs = dtypes_of(folder)
    names = remembered(model, list(theirs)).columns or ()
    return {**{name: kind for name, kind in theirs.items() if name in names}, **(dtypes or {})}


def _mlflow_folder(path: Any) -> Folder | None:
    if not isinstance(path, (str, Path)) or not Path(path).is_dir():
        return None
    from isoship.sources.mlflow.folder import folder_of

    return folder_of(Path(path))


def _with_text_names(model: Any, sample: Any) -> Any:
    """A DataFrame under the names that the model, or else its signature, has for its columns."""
    if not hasattr(sample, "set_axis") or all(type(name) is str for name in sample.columns):
        return sample
    from isoship.sources.sklearn.walk.fitted import column_names
    from isoship_edge.encoding.column_names import signature_names

    names = getattr(model, "feature_names", None) or column_names(model) or ()  # an XGBoost Booster has the former
    return sample.set_axis(signature_names(sample.columns, names), axis=1)


def to_onnx(
    model: Any,
    *,
    sample: Any = None,
    outputs: Sequence[str] | None = None,
    dtypes: Mapping[str, str] | None = None,
    converters: Any = None,
) -> onnx.ModelProto:
    """The canonical graph of a trained model (docs/architecture.md).

    converters: {Class: convert} for classes of your own, or the path of a Python file with such (docs/extending.md).

    Raises:
        ConversionError: a converter fails, or answers otherwise than its estimator.
        UnsupportedModelError: a step cannot be carried exactly. Otherwise as `open_source`.
    """
    if takes_tensors(model):
        tensors = open_tensor_source(model, sample=sample)
        try:
            return tensors.to_onnx()
        finally:
            tensors.close()
    return open_source(model, sample=sample, outputs=outputs, dtypes=dtypes, converters=converters).to_onnx()


def _reader_of(model: Any, converters: Converters) -> Any:
    """The source class for a model: that of the nearest class in its ancestry from a known package."""
    if type(model) in converters:
        return importlib.import_module(_SOURCES["sklearn"][0]).SklearnSource
    cls = model if isinstance(model, type) else type(model)
    packages = [base.__module__.split(".")[0] for base in cls.__mro__]
    for package in packages:
        if package in _SOURCES:
            module, name = _SOURCES[package]
            return getattr(importlib.import_module(module), name)
    raise refusal(model, (*_SOURCES, *packages_of_networks()))
