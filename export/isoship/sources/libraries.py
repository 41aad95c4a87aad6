"""The libraries beside scikit-learn whose estimators are read, by name: looking one up imports none of them."""

from __future__ import annotations

from typing import NamedTuple


class Library(NamedTuple):
    """package: the top of its classes' modules. source: the module and class that read its models.

    converters: the module that fills the registry. error: the class of its own errors, a plain exception each.
    """

    package: str
    title: str
    source: tuple[str, str]
    converters: str
    error: str


LIBRARIES = (
    Library(
        "xgboost",
        "XGBoost",
        ("isoship.sources.xgboost.source", "XGBoostSource"),
        "isoship.sources.xgboost.converters",
        "XGBoostError",
    ),
    Library(
        "lightgbm",
        "LightGBM",
        ("isoship.sources.lightgbm.source", "LightGBMSource"),
        "isoship.sources.lightgbm.converters",
        "LightGBMError",
    ),
    Library(
        "catboost",
        "CatBoost",
        ("isoship.sources.catboost.source", "CatBoostSource"),
        "isoship.sources.catboost.converters",
        "CatBoostError",
    ),
)

#: How messages name all that is read.
TITLES = f"scikit-learn, {', '.join(each.title for each in LIBRARIES[:-1])} or {LIBRARIES[-1].title}"
