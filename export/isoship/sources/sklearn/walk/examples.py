"""The categories in a sample, as tensors that a graph under construction can be run on.

Boosters that keep hashes of categories need the names (`isoship.sources.catboost`). No value goes into a graph that
the model does not know.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from isoship.sources.contract import TrainingFrame
from isoship.sources.frames import plain
from isoship_edge.manifest import MISSING_STRING, Signature

Feeds = dict[str, np.ndarray[Any, Any]]


def feeds_from_sample(sample: Any, signature: Signature, training: TrainingFrame) -> Feeds:
    """Every distinct value of the string and integer columns, a tensor [N, 1] a column; doubles are 0.

    Short columns repeat their first value. Empty without a sample, and for layout `matrix`, which has no categories.
    """
    if sample is None or signature.layout == "matrix":
        return {}
    values = {c.name: _distinct(sample, i, c.name, training) for i, c in enumerate(signature.columns)}
    rows = max((len(each) for each in values.values()), default=0)
    if not rows:
        return {}
    return {c.tensor: _tensor(values[c.name], c.dtype, rows) for c in signature.columns}


def _distinct(sample: Any, place: int, name: str, training: TrainingFrame) -> list[Any]:
    if isinstance(sample, list):
        found = [row.get(name) if isinstance(row, dict) else row[place] for row in sample]
    elif hasattr(sample, "columns"):
        named = {str(column): column for column in sample.columns}
        series = sample[named[name]]
        found = series.unique().tolist()
    else:
        found = np.asarray(sample)[:, place].tolist()
    known = training.categories.get(name, [])
    return list(dict.fromkeys(plain(value) for value in [*found, *known]))


def _tensor(values: list[Any], dtype: str, rows: int) -> np.ndarray[Any, Any]:
    if dtype == "string":
        texts = [MISSING_STRING if value is None else str(value) for value in values] or [MISSING_STRING]
        return np.array([*texts, *texts[:1] * (rows - len(texts))], object).reshape(-1, 1)
    if dtype in ("int64", "bool"):
        numbers = [int(value) for value in values if value is not None] or [0]
        return np.array([*numbers, *numbers[:1] * (rows - len(numbers))]).astype(dtype).reshape(-1, 1)
    return np.zeros((rows, 1))
