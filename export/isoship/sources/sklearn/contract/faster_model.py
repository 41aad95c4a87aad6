"""A model that refuses the same rows as another one and answers faster, for the input contract alone."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np

from isoship.sources.sklearn.walk.registry import record_of


def faster_model(estimator: Any) -> Any:
    """Forests keep one tree; a transformer of columns that are the same in every row works on one of them."""
    if hasattr(estimator, "steps"):
        light = copy.copy(estimator)
        name, last = estimator.steps[-1]
        before = [(each, _columns_once(step)) for each, step in estimator.steps[:-1]]
        light.steps = [*before, (name, faster_model(last))]
        return light
    own = record_of(estimator).faster_model
    return estimator if own is None else own(estimator)


def one_tree(forest: Any) -> Any:
    """For `Record.faster_model`: the first tree of a forest, which refuses what all of them refuse."""
    light = copy.copy(forest)
    light.estimators_ = forest.estimators_[:1]
    return light


def _columns_once(step: Any) -> Any:
    from sklearn import get_config
    from sklearn.compose import ColumnTransformer

    plain = get_config()["transform_output"] == "default" and not hasattr(step, "_sklearn_output_config")
    if type(step) is not ColumnTransformer or not plain:
        return step
    light = copy.copy(step)
    light.transformers_ = [
        (name, transformer if isinstance(transformer, str) else _OnOneRow(transformer), columns)
        for name, transformer, columns in step.transformers_
    ]
    return light


class _OnOneRow:
    """A fitted transformer; where all rows are the same it is asked for one, whose result is repeated.

    Questions change one column at a time, and 300 columns of strings cost more than all else of them. They mostly
    change the same row, of which the last result is kept.
    """

    def __init__(self, transformer: Any) -> None:
        self._transformer = transformer
        self._last: tuple[list[Any], Any] = [], None

    def transform(self, x: Any) -> Any:
        if x.ndim != 2 or not x.shape[0] or not _same_rows(x):  # a column that is named alone comes as a list of values
            return self._transformer.transform(x)
        one = self._of_one(x[:1])
        if hasattr(one, "tocsr"):
            return one.tocsr()[np.zeros(x.shape[0], dtype=np.intp)]
        if type(one) is not np.ndarray or one.shape[0] != 1:
            return self._transformer.transform(x)
        return np.broadcast_to(one, (x.shape[0], *one.shape[1:]))

    def _of_one(self, x: Any) -> Any:
        values = [x.iloc[0, k] for k in range(x.shape[1])] if hasattr(x, "columns") else x[0].tolist()
        row = [(type(value), None if type(value).__name__ in _UNEQUAL else value) for value in values]
        if self._last[1] is None or row != self._last[0]:
            self._last = row, self._transformer.transform(x)
        return self._last[1]


#: Missing values whose comparison is no truth value.
_UNEQUAL = ("NAType", "NaTType")


def _same_rows(x: Any) -> bool:
    """Every row is the first one; missing values count as different, unless there is one row alone."""
    if x.shape[0] == 1:
        return True
    if not hasattr(x, "columns"):
        return type(x) is np.ndarray and _all(x == x[:1])
    return all(_same(x.iloc[:, k].array) for k in range(x.shape[1]))


def _same(values: Any) -> bool:
    equal = values == values[0]
    if hasattr(equal, "to_numpy"):
        equal = equal.to_numpy(na_value=False)
    return _all(equal)


def _all(equal: Any) -> bool:
    """Every comparison came out, and true."""
    equal = np.asarray(equal)
    return equal.dtype == bool and bool(np.all(equal))
