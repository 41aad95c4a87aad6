"""What a fitted estimator remembers of its columns: names, which of them it reads, and the categories it knows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from isoship.sources.frames import plain
from isoship.sources.sklearn.widths import parts

#: Steps whose k-th output column is their k-th input column, changed but not mixed.
_COLUMNWISE = ("StandardScaler", "MinMaxScaler", "MaxAbsScaler", "RobustScaler", "FunctionTransformer")


@dataclass(frozen=True)
class Known:
    """The categories that one fitted encoder knows of a column, missing ones included as None."""

    categories: tuple[Any, ...]
    refuses_others: bool


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


def columns_read(estimator: Any, count: int) -> list[int]:
    """The columns that reach a transformer of the first ColumnTransformer; all of them where there is none."""
    for inner in _outside_in(estimator):
        if type(inner).__name__ == "ColumnTransformer" and hasattr(inner, "_transformer_to_input_indices"):
            places = inner._transformer_to_input_indices
            read = {
                int(i)
                for name, transformer, _ in inner.transformers_
                if not (isinstance(transformer, str) and transformer == "drop")
                for i in places.get(name, ())
            }
            return sorted(read)
        if not _is_thin(inner):
            break
    return list(range(count))


@dataclass
class Trace:
    """What fitted steps know of input columns, found by following every column through the model.

    categories: input column -> what each encoder on its way knows.
    """

    categories: dict[int, list[Known]] = field(default_factory=dict)

    def through(self, estimator: Any, origin: Sequence[int | None]) -> Sequence[int | None]:
        """Follows columns through an estimator; the result says of each output column which input it is."""
        if estimator is None or isinstance(estimator, str):
            return origin
        name = type(estimator).__name__
        if hasattr(estimator, "steps"):
            for _, step in estimator.steps:
                origin = self.through(step, origin)
            return origin
        if name == "ColumnTransformer" and hasattr(estimator, "transformers_"):
            result: list[int | None] = []
            for key, transformer, _ in estimator.transformers_:
                if not (isinstance(transformer, str) and transformer == "drop"):
                    indices = list(estimator._transformer_to_input_indices.get(key, ()))
                    if all(i < len(origin) for i in indices):
                        result += self.through(transformer, [origin[i] for i in indices])
            return result
        if name == "FeatureUnion":
            parts = [self.through(t, origin) for _, t in estimator.transformer_list if t != "drop"]
            return [place for part in parts for place in part]
        if hasattr(estimator, "best_estimator_"):
            return self.through(estimator.best_estimator_, origin)
        if getattr(estimator, "_preprocessor", None) is not None:  # HistGradientBoosting with categories
            self.through(estimator._preprocessor, origin)
            return []
        categories = getattr(estimator, "categories_", None)
        if isinstance(categories, list) and len(categories) == len(origin):
            refuses = getattr(estimator, "handle_unknown", "error") == "error" and name != "TargetEncoder"
            for place, values in zip(origin, categories, strict=True):
                if place is not None:
                    known = Known(tuple(plain(value) for value in values), refuses)
                    self.categories.setdefault(place, []).append(known)
            return []
        if name == "SimpleImputer":
            return _through_imputer(estimator, origin)
        if name in _COLUMNWISE:
            return origin
        return []


def trace(estimator: Any, count: int) -> Trace:
    """Follows the model's `count` input columns."""
    found = Trace()
    found.through(estimator, list(range(count)))
    return found


def _outside_in(estimator: Any) -> Iterator[Any]:
    while estimator is not None:
        yield estimator
        steps = getattr(estimator, "steps", None)
        if steps:
            estimator = next((s for _, s in steps if s is not None and not isinstance(s, str)), None)
        else:
            estimator = next(
                (getattr(estimator, name) for name in ("best_estimator_", "estimator_") if hasattr(estimator, name)),
                None,
            )


def _is_thin(estimator: Any) -> bool:
    return hasattr(estimator, "steps") or hasattr(estimator, "best_estimator_")


def _through_imputer(imputer: Any, origin: Sequence[int | None]) -> list[int | None]:
    statistics = getattr(imputer, "statistics_", None)
    if statistics is None or len(statistics) != len(origin):
        return []
    kept: list[int | None] = [
        place
        for place, value in zip(origin, statistics, strict=True)
        if imputer.keep_empty_features or value is None or plain(value) is not None  # None: a value like any other
    ]
    if imputer.add_indicator:
        kept += [None] * len(imputer.indicator_.features_)
    return kept
