"""What a fitted estimator remembers of its columns: names and the categories it knows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from isoship.sources.frames import plain
from isoship.sources.sklearn.truth.float32_inside import parts
from isoship.sources.sklearn.walk.inside import is_pipeline, members
from isoship.sources.sklearn.walk.raw_columns import readers

#: Steps that change missing values and no others.
_FILLING = ("KNNImputer", "SimpleImputer")


@dataclass(frozen=True)
class Known:
    """The categories that one fitted encoder knows of a column, missing ones included as None.

    between: the steps that change the raw column in front of the encoder; empty where it reads the column as it came.
    """

    categories: tuple[Any, ...]
    refuses_others: bool
    between: tuple[Any, ...] = ()

    @property
    def as_it_came(self) -> bool:
        """The encoder sees the raw column's own values: at most missing ones were filled on the way."""
        return all(type(step).__name__ in _FILLING for step in self.between)

    @property
    def replaced(self) -> tuple[Any, ...]:
        """What imputers on the way take for missing and fill with a category, apart from missing values."""
        markers = [plain(step.missing_values) for step in self.between if type(step).__name__ in _FILLING]
        return tuple(marker for marker in markers if marker is not None)


def column_names(estimator: Any) -> list[str] | None:
    """feature_names_in_ of the estimator, or of its first step that has them."""
    for inner in _outside_in(estimator):
        names = getattr(inner, "isoship_column_names_", None)  # LightGBM's own names are not always the columns'
        if names is None:
            names = getattr(inner, "feature_names_in_", None)
        if names is None:
            names = _names_given(inner)
        if names is not None:
            return [str(name) for name in names]
    return None


def _names_given(estimator: Any) -> list[str] | None:
    """CatBoost's `feature_names_`, unless they are the positions that it makes up for arrays."""
    if not _is_catboost(estimator):
        return None
    names = [str(name) for name in estimator.feature_names_ or ()]
    return None if names == [str(i) for i in range(len(names))] else names


def keeps_categories(estimator: Any) -> bool:
    """Whether a part of the model remembers the categories of pandas category columns: LightGBM's and XGBoost's."""
    return any(_is_lightgbm(part) or type(part).__name__ == "Booster" for part in parts(estimator, set()))


def holds_lightgbm(estimator: Any) -> bool:
    """Whether a part of the model is LightGBM's."""
    return any(map(_is_lightgbm, parts(estimator, set())))


def _is_lightgbm(part: Any) -> bool:
    native = ("LightGBMBoosterClassifier", "LightGBMBoosterRegressor")
    return type(part).__module__.split(".")[0] == "lightgbm" or type(part).__name__ in native


def hashes_integers(estimator: Any) -> bool:
    """Whether a part of the model takes integers for categories and refuses them as floats, as CatBoost does."""
    return any(_is_catboost(part) and part._object._get_cat_feature_indices() for part in parts(estimator, set()))


def _is_catboost(estimator: Any) -> bool:
    return type(estimator).__module__.split(".")[0] == "catboost"


def column_count(estimator: Any) -> int | None:
    """n_features_in_ of the estimator, or of its first step that has it."""
    for inner in _outside_in(estimator):
        count = getattr(inner, "n_features_in_", None)
        if _is_catboost(inner):
            count = len(inner.feature_names_ or ())  # n_features_in_ is 0 once a model was read from a file
        if count is not None:
            return int(count)
    return None


def categories_known(estimator: Any, count: int) -> dict[int, list[Known]]:
    """Column -> what each encoder on its way knows of it, for the model's `count` input columns."""
    found: dict[int, list[Known]] = {}
    for reader in readers(estimator, count):
        categories = getattr(reader.step, "categories_", None)
        if not isinstance(categories, list) or len(categories) != len(reader.places):
            continue
        refuses = getattr(reader.step, "handle_unknown", "error") == "error"
        refuses = refuses and type(reader.step).__name__ != "TargetEncoder"
        for place, values in zip(reader.places, categories, strict=True):
            if place is not None:
                known = Known(tuple(plain(value) for value in values), refuses, place.between)
                found.setdefault(place.column, []).append(known)
    return found


def _outside_in(estimator: Any) -> Iterator[Any]:
    """The estimator, and below it those that are given all of its columns and nothing else, the first ones first."""
    yield estimator
    if is_pipeline(estimator):
        first = next((step for _, step in estimator.steps if step is not None and not isinstance(step, str)), None)
        inner = [] if first is None else [first]
    else:
        whole = [m for m in members(estimator) if m.columns is None and not m.before and not m.after]
        inner = [m.estimator for m in whole if not isinstance(m.estimator, str)]
    for each in inner:
        yield from _outside_in(each)
