"""The estimators directly inside a fitted one, each with the columns that it is given.

Which they are stands in the record of every estimator that asks others for its answers; a test holds that against
`sklearn.utils.all_estimators`. Steps of a Pipeline follow each other; `raw_columns` and `parts` go through them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

from isoship.sources.sklearn.walk.registry import fact, record_of


class Member(NamedTuple):
    """An estimator inside another one.

    columns: which of the outer one's columns it is given, by place; None: all of them, in order.
    before, after: how many columns of the outer one's making (answers of other members) stand beside these.
    prepares: the outer one computes its answers itself, of what this one makes of some columns.
    """

    path: str
    estimator: Any
    columns: Sequence[int] | None = None
    before: int = 0
    after: int = 0
    prepares: bool = False


def members(model: Any) -> list[Member]:
    """The members of a fitted estimator other than a Pipeline; empty for one that computes its answers itself."""
    inside = record_of(model).members
    return [] if inside is None else list(inside(model))


def is_pipeline(estimator: Any) -> bool:
    """Whether the estimator has steps of its own; a FrozenEstimator answers for those of the Pipeline inside it."""
    return "steps" in getattr(estimator, "__dict__", {})


def is_table(estimator: Any) -> bool:
    """Whether the estimator is a ColumnTransformer: its members are given columns by place or by name."""
    return type(estimator).__name__ == "ColumnTransformer"


def is_union(estimator: Any) -> bool:
    """Whether the estimator is a FeatureUnion: its members are given all columns, and answer side by side."""
    return type(estimator).__name__ == "FeatureUnion"


def looks_itself(model: Any) -> bool:
    """Whether the estimator refuses rows for a column that none of its members reads."""
    return fact(record_of(model).looks_itself, model)


def every_estimator(model: Any) -> Iterator[Member]:
    """For `Record.members`: `estimators_`, each given what the model itself is given."""
    for i, member in enumerate(getattr(model, "estimators_", ())):
        if not isinstance(member, str):
            yield Member(f"estimators_[{i}]", member)


def the_one_in(attribute: str) -> Callable[[Any], Iterator[Member]]:
    """For `Record.members`: the one estimator in an attribute, given what the model itself is given."""

    def members_of(model: Any) -> Iterator[Member]:
        if hasattr(model, attribute):
            yield Member(attribute, getattr(model, attribute))

    return members_of


def links_of_chain(model: Any) -> Iterator[Member]:
    """For `Record.members`: `estimators_`, each given the answers of those before it, too."""
    for i, member in enumerate(getattr(model, "estimators_", ())):
        yield Member(f"estimators_[{i}]", member, after=i)
