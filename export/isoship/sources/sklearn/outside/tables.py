"""Whether a model that remembers no names is given tables: a step of a user's own may read columns by name."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from isoship.errors import InputError
from isoship.sources.sklearn.truth.answers import ask
from isoship.sources.sklearn.walk import fitted

#: So many rows of the sample are tried.
_TRIED = 20


def takes_tables(model: Any, sample: Any, methods: Sequence[str]) -> bool:
    """The sample is a table, and the model answers one of its first rows as such."""
    import pandas as pd

    if fitted.column_names(model) is not None or not fitted.from_outside(model):
        return False
    if isinstance(sample, list) and sample and isinstance(sample[0], dict):
        sample = pd.DataFrame(sample)
    if not isinstance(sample, pd.DataFrame):
        return False
    return any(_answers(model, sample.iloc[[place]], methods) for place in range(min(_TRIED, len(sample))))


def _answers(model: Any, row: Any, methods: Sequence[str]) -> bool:
    try:
        for method in methods:
            ask(model, method, row)
    except InputError:
        return False
    return True
