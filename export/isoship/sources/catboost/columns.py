"""What a CatBoost model says of the columns that it was trained on."""

from __future__ import annotations

from typing import Any


def column_names(model: Any) -> list[str] | None:
    """`feature_names_`, unless they are the positions that it makes up for arrays."""
    names = [str(name) for name in model.feature_names_ or ()]
    return None if names == [str(i) for i in range(len(names))] else names


def column_count(model: Any) -> int:
    """By the names: n_features_in_ is 0 once a model was read from a file."""
    return len(model.feature_names_ or ())


def hashes_integers(model: Any) -> bool:
    """Whether some columns are categories: CatBoost takes integers for them and refuses floats."""
    return bool(model._object._get_cat_feature_indices())
