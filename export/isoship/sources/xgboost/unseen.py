"""Categories that XGBoost does not know and takes for others that it does: isoship refuses them in its place.

XGBoost looks a category up as the first known one that is not smaller, in the order of bytes, and does not check that
the two are the same (`SearchSorted` in `src/encoder/ordinal.h`, 3.1 to 3.4). So "b" is answered as "c" is, and only
what comes after every known category is refused. Such an answer means nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from isoship.errors import InputError, UnsupportedModelError
from isoship.sources.contract import Row
from isoship.sources.sklearn.walk.parts import fitted_parts


def known_values(model: Any) -> frozenset[Any]:
    """The categories of pandas category columns that boosters in the model know; empty for most models.

    Raises:
        UnsupportedModelError: names that are not ASCII, which XGBoost mixes up: said before the sample is asked, whose
            rows the model refuses for another reason then.
    """
    boosters = [part for part in fitted_parts(model) if _is_booster(part)]
    if not boosters:
        return frozenset()
    from isoship.sources.xgboost.model import categories_of

    found: set[Any] = set()
    for booster in boosters:
        for feature, values in categories_of(booster).items():
            if values is None:
                name = booster.feature_names[feature] if booster.feature_names else feature
                raise UnsupportedModelError(
                    type(model).__name__,
                    f"column {name!r} has categories that are not ASCII, which XGBoost itself mixes up (it cuts their"
                    " names by characters instead of bytes)",
                    "Train it on ASCII names, or encode the column in a step in front",
                )
            found.update(values)
    return frozenset(found)


def known_types(model: Any) -> dict[str, Any]:
    """Column -> the integer type of its categories in training, which XGBoost demands again."""
    from isoship.sources.xgboost.model import category_types

    boosters = [part for part in fitted_parts(model) if _is_booster(part) and part.feature_names]
    return {
        booster.feature_names[feature]: dtype
        for booster in boosters
        for feature, dtype in category_types(booster).items()
    }


def in_known_types(frame: Any, types: Mapping[str, Any]) -> Any:
    """The frame with the categories of these columns in these types. Rows with others are refused before."""
    for name, dtype in types.items():
        if name in frame and str(frame[name].dtype) == "category" and frame[name].cat.categories.dtype.kind in "iu":
            frame[name] = frame[name].cat.rename_categories(frame[name].cat.categories.astype(dtype))
    return frame


def refuse_unseen(rows: Sequence[Row], categories: Mapping[str, list[Any]], known: frozenset[Any]) -> None:
    """categories: of each pandas category column that the model is given; known: see `known_values`.

    Raises:
        InputError: a row holds another value there.
    """
    for name, values in categories.items():
        allowed = known.intersection(values)
        for i, row in enumerate(rows):
            value = row.get(name)
            if value is not None and value not in allowed:
                raise InputError(
                    f'row {i}, column "{name}": XGBoost would take the unseen category {value!r} for another one',
                    row=i,
                    column=name,
                    seen=value,
                )


def _is_booster(part: Any) -> bool:
    return type(part).__name__ == "Booster" and type(part).__module__.split(".")[0] == "xgboost"
