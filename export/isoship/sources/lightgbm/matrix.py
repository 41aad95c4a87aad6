"""The matrix of doubles that LightGBM makes of what an estimator is given.

numbers, booleans -> double; pandas categories -> place in the training categories, NaN for others -> Concat

LightGBM keeps the categories of each pandas category column of the training frame (`pandas_categorical`, in column
order) and takes any new frame's category columns as those (`_data_from_pandas`). A matrix of integers alone, without
a frame around it, becomes float32 on its way in (`_np2d_to_np1d`).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from isoship.sources.sklearn.converters.arithmetic.categories import Lookup, write_codes
from isoship.sources.sklearn.walk.carrier import Carrier
from isoship.sources.sklearn.walk.frame import Block, Frame, join, matrix, split


def matrix_of(c: Carrier, model: Any, frame: Frame) -> tuple[str, frozenset[int]]:
    """Adds the matrix, double [N, F]; and the columns of it that are codes of pandas categories.

    Raises:
        UnsupportedModelError: strings that the model has no categories for.
    """
    categories = model.booster_.pandas_categorical or []
    if not categories:
        if any(block.dtype == "string" for block in frame):
            raise _no_categories(c, model, sum(b.width or 0 for b in frame if b.dtype == "string"), 0)
        return _numbers(c, model, frame), frozenset()
    columns = split(c.g, frame)
    coded = [i for i, block in enumerate(columns) if block.dtype == "string" or block.category]
    if len(coded) != len(categories):
        raise _no_categories(c, model, len(coded), len(categories))
    if any(isinstance(value, bool) for each in categories for value in each):
        raise c.unsupported(
            model, "a pandas category column holds booleans", "Make it a plain bool column and train again"
        )
    lookups = [Lookup(tuple(each), tuple(range(len(each))), -1) for each in categories]
    found = write_codes(c, model, tuple(columns[i] for i in coded), lookups)
    number = c.g.cast(found.name, np.float64)
    codes = Block(c.g.op("Where", c.g.op("Less", number, np.float64(0)), np.float64(np.nan), number), "double", None)
    codes = Block(codes.name, "double", len(coded))
    rest = [i for i in range(len(columns)) if i not in set(coded)]
    if not rest:
        return codes.name, frozenset(range(len(coded)))
    joined = join(c.g, [matrix(c.g, tuple(columns[i] for i in rest), "double"), codes]).name
    order = np.argsort([*rest, *coded])
    if (order != np.arange(len(columns))).any():
        joined = c.g.op("Gather", joined, order.astype(np.int64), axis=1)
    return joined, frozenset(coded)


def _numbers(c: Carrier, model: Any, frame: Frame) -> str:
    found = matrix(c.g, frame, "double").name
    integers = {block.dtype for block in frame} in ({"int64"}, {"int64", "bool"})
    if integers and c.nested and not getattr(model, "_fitted_with_feature_names", True):
        found = c.g.cast(c.g.cast(found, np.float32), np.float64)
    return found


def _no_categories(c: Carrier, model: Any, given: int, known: int) -> Exception:
    return c.unsupported(
        model,
        f"it is given {given} column(s) of categories or strings and remembers the categories of {known}",
        "Give a sample in which the same columns are pandas categories as in training",
    )
