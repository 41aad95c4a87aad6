"""What a fitted model remembers of its raw columns' values: it decides how a file of rows is read.

| memory | of |
|---|---|
| `categories_` of encoders | scikit-learn |
| the categories of pandas category columns | LightGBM, XGBoost from 3.1 |
| hashes of texts | CatBoost's categorical columns |
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from isoship.data.remembered import Remembered
from isoship.errors import ModelFileError
from isoship.sources.frames import plain
from isoship.sources.lightgbm.columns import holds_lightgbm, name_in
from isoship.sources.sklearn.walk import fitted
from isoship.sources.sklearn.walk.fittedness import check_fitted
from isoship.sources.sklearn.walk.parts import fitted_parts


def remembered(model: Any, header: Sequence[str]) -> Remembered:
    """The memory of a model for a file with these columns. A model without names has its columns by position."""
    model = _estimator_of(model)
    try:
        check_fitted(model, known=lambda step: True)
    except ModelFileError:  # which the source says better, and it is no memory
        return Remembered()
    names = fitted.column_names(model)
    by_place = names if names is not None else list(header) if len(header) == fitted.column_count(model) else []
    values: dict[str, tuple[Any, ...]] = {}
    for place, each in fitted.categories_known(model, len(by_place)).items():
        near = [known for known in each if known.as_it_came]
        if near:
            values[by_place[place]] = tuple(dict.fromkeys(value for known in near for value in known.categories))
    hashed: set[str] = set()
    for part in fitted_parts(model):
        library = type(part).__module__.split(".")[0]
        if hasattr(part, "booster_") and holds_lightgbm(part):
            from isoship.sources.lightgbm.remembered import categories_by_column

            values |= categories_by_column(part.booster_, header)
        elif library == "xgboost" and type(part).__name__ == "Booster":
            from isoship.sources.xgboost.model import categories_of

            theirs = part.feature_names or ()
            found = categories_of(part).items() if theirs else ()
            values |= {theirs[i]: tuple(map(plain, known)) for i, known in found if known}
        elif library == "catboost":
            from isoship.sources.catboost.document import categorical_columns

            theirs = fitted.column_names(part) or by_place
            hashed |= {theirs[place] for place in categorical_columns(part) if place < len(theirs)}
    if names is None:
        return Remembered(None, values, frozenset(hashed))
    if holds_lightgbm(model):
        names = [name_in(name, header) or name for name in names]
    return Remembered(tuple(names), values, frozenset(hashed))


def _estimator_of(model: Any) -> Any:
    """A booster's own object in the shape of an estimator."""
    if type(model).__name__ != "Booster":
        return model
    if type(model).__module__.split(".")[0] == "lightgbm":
        from isoship.sources.lightgbm.booster import estimator_of
    else:
        from isoship.sources.xgboost.native import estimator_of
    return estimator_of(model)
