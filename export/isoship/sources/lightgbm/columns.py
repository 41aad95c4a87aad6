"""The columns of a model that holds LightGBM, as its training frame had them.

LightGBM writes spaces in column names as underscores, and keeps the categories of pandas category columns without
saying which columns they are. The sample of a file has the names and not the categories; both are put right here.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from isoship.sources.lightgbm.model_text import parse
from isoship.sources.sklearn.walk.parts import fitted_parts

if TYPE_CHECKING:
    import pandas as pd


def holds_lightgbm(estimator: Any) -> bool:
    """Whether a part of the model is LightGBM's."""
    native = ("LightGBMBoosterClassifier", "LightGBMBoosterRegressor")
    return any(
        type(part).__module__.split(".")[0] == "lightgbm" or type(part).__name__ in native
        for part in fitted_parts(estimator)
    )


def as_trained(estimator: Any, sample: Any, notes: list[str]) -> tuple[Any, Any]:
    """The estimator under the sample's own column names, and the sample with the categories of training.

    Both as they are where no part of the estimator is LightGBM's.
    """
    import pandas as pd

    if not holds_lightgbm(estimator):
        return estimator, sample
    for part in fitted_parts(estimator):
        _remember_names(part)
    if isinstance(sample, list) and sample and isinstance(sample[0], dict):
        sample = pd.DataFrame(sample)
    if not isinstance(sample, pd.DataFrame):
        return estimator, sample
    for part in fitted_parts(estimator):
        booster = getattr(part, "booster_", None)
        if getattr(booster, "pandas_categorical", None):
            sample = _with_categories(booster, sample, notes)
            break
    return _with_names_of(estimator, sample), sample


def _remember_names(part: Any) -> None:
    """Says of a model that LightGBM 4.6 or older pickled whether it was trained on names, as later releases say it.

    Without that it has no `feature_names_in_` in LightGBM 4.7, and columns in another order are taken by position. The
    Booster has the names, or makes up `Column_0`, `Column_1`, ...
    """
    booster = getattr(part, "_Booster", None)
    if type(part).__module__.split(".")[0] != "lightgbm" or booster is None:
        return
    if getattr(part, "_n_classes", 0) is None:  # LightGBM 3's word for no classes, which LightGBM 4 compares
        part._n_classes = -1
    if "_fitted_with_feature_names" not in vars(part):
        names = booster.feature_name()
        part._fitted_with_feature_names = names != [f"Column_{i}" for i in range(len(names))]


def _with_names_of(estimator: Any, sample: pd.DataFrame) -> Any:
    names = [str(name) for name in getattr(estimator, "feature_names_in_", ())]
    theirs = [name_in(name, sample.columns) or name for name in names]
    if theirs == names:
        return estimator
    renamed = copy.copy(estimator)
    renamed.isoship_column_names_ = theirs
    return renamed


def name_in(name: str, columns: Iterable[Any]) -> str | None:
    """The column that LightGBM, or a ColumnTransformer before it, calls by this name."""
    listed = [str(column) for column in columns]
    for wanted in (name, name.rpartition("__")[2]):
        if wanted in listed:
            return wanted
        spaced = [column for column in listed if column.replace(" ", "_") == wanted]
        if len(spaced) == 1:
            return spaced[0]
    return None


def _with_categories(booster: Any, sample: pd.DataFrame, notes: list[str]) -> pd.DataFrame:
    """Columns of strings, and of numbers that the model knows as codes, become categories where that is unambiguous."""
    import pandas as pd

    categories = booster.pandas_categorical
    names = [name_in(name, sample.columns) for name in booster.feature_name()]
    chosen = [name for name in names if name and (_is_category(sample[name]) or _is_text(sample[name]))]
    if all(_is_category(sample[name]) for name in chosen) and len(chosen) == len(categories):
        return sample
    if len(chosen) != len(categories):
        infos = parse(booster.model_to_string(num_iteration=1)).infos
        coded = [name for name, info in zip(names, infos, strict=True) if not info.startswith(("[", "none"))]
        chosen = [name for name in names if name and (name in chosen or name in coded)]
    pairs = [*zip(chosen, categories, strict=False)]
    if len(chosen) != len(categories) or not all(_fits(sample[name], values) for name, values in pairs):
        return sample
    sample = sample.copy(deep=False)
    for name, values in pairs:
        if not _is_category(sample[name]):
            words = sample[name].dropna().unique() if _is_text(sample[name]) else ()
            unseen = [value for value in words if value not in values]
            sample[name] = pd.Categorical(sample[name], categories=[*values, *unseen])
            notes.append(f'column "{name}": the model was trained on it as a pandas category')
    return sample


def _fits(series: pd.Series[Any], categories: list[Any]) -> bool:
    """Whether a column may be the one with these categories: most of its numbers are among them."""
    words = all(isinstance(value, str) for value in categories)
    if _is_category(series):
        return True
    if _is_text(series):
        return words
    return not words and bool(series.dropna().isin(categories).mean() > 0.5)


def _is_category(series: pd.Series[Any]) -> bool:
    return str(series.dtype) == "category"


def _is_text(series: pd.Series[Any]) -> bool:
    return str(series.dtype) in ("object", "str") or str(series.dtype).startswith("string")
