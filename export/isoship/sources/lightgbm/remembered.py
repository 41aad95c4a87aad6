"""The categories of pandas category columns, by column: LightGBM keeps them in order, without the columns' names."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from isoship.sources.lightgbm.columns import name_in
from isoship.sources.lightgbm.model_text import parse


def categories_by_column(booster: Any, header: Sequence[str]) -> dict[str, tuple[Any, ...]]:
    """Column of the file -> its categories, empty where it is unclear which features are categories."""
    categories = booster.pandas_categorical or []
    if not categories:
        return {}
    infos = parse(booster.model_to_string(num_iteration=1)).infos
    coded = [i for i, info in enumerate(infos) if not info.startswith(("[", "none"))]
    if len(coded) < len(categories):  # a column that no tree can use says nothing of itself
        coded = [i for i, info in enumerate(infos) if not info.startswith("[")]
    if len(coded) != len(categories):
        return {}
    names = [name_in(name, header) for name in booster.feature_name()]
    found = zip((names[i] for i in coded), categories, strict=True)
    return {name: tuple(values) for name, values in found if name is not None}
