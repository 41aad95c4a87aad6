"""What a fitted estimator remembers of its columns: names and the categories it knows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from isoship.sources.frames import plain
from isoship.sources.sklearn.walk.inside import is_pipeline, members
from isoship.sources.sklearn.walk.parts import fitted_parts, holds
from isoship.sources.sklearn.walk.raw_columns import readers
from isoship.sources.sklearn.walk.registry import fact, key_of, record_of


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
        return all(record_of(step).fills_missing for step in self.between)

    @property
    def replaced(self) -> tuple[Any, ...]:
        """What imputers on the way take for missing and fill with a category, apart from missing values."""
        markers = [plain(step.missing_values) for step in self.between if record_of(step).fills_missing]
        return tuple(marker for marker in markers if marker is not None)


def column_names(estimator: Any) -> list[str] | None:
    """feature_names_in_ of the estimator, or of its first step that has them."""
    for inner in _outside_in(estimator):
        names = getattr(inner, "isoship_column_names_", None)  # LightGBM's own names are not always the columns'
        if names is None:
            names = getattr(inner, "feature_names_in_", None)
        own = record_of(inner).column_names
        if names is None and own is not None:
            names = own(inner)
        if names is not None:
            return [str(name) for name in names]
    return None


def from_outside(estimator: Any) -> bool:
    """Whether the estimator, or one inside it that is given all of its columns, is of a class that is not known here:
    it need not remember their names."""
    return any(key_of(inner) is None for inner in _outside_in(estimator))


def keeps_categories(estimator: Any) -> bool:
    """Whether a part of the model remembers the categories of pandas category columns."""
    return holds(estimator, lambda record: record.keeps_categories)


def hashes_integers(estimator: Any) -> bool:
    """Whether a part of the model takes integers for categories and refuses them as floats."""
    return any(fact(record_of(part).hashes_integers, part) for part in fitted_parts(estimator))


def column_count(estimator: Any) -> int | None:
    """n_features_in_ of the estimator, or of its first step that has it."""
    for inner in _outside_in(estimator):
        own = record_of(inner).column_count
        count = getattr(inner, "n_features_in_", None) if own is None else own(inner)
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
        # a TargetEncoder has no such word, and takes what it does not know for the mean of all
        refuses = getattr(reader.step, "handle_unknown", None) == "error"
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
