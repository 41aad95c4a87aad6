"""The features as XGBoost sees them: float32 [N, F], missing ones NaN, categories their codes.

numbers -> (sparse: Where(x == 0, NaN, x)) -> Cast float -> (missing=v: Where(x == v, NaN, x))
        -> (codes: Where(x < 0, -1, Floor(x)))
categories -> lookup (missing -2, unseen -1) -> Where(code == -2, NaN, code) -> Cast float
"""

from __future__ import annotations

from typing import Any

import numpy as np

from isoship.sources.sklearn.converters.arithmetic.categories import Lookup, write_codes
from isoship.sources.sklearn.walk.carrier import Carrier
from isoship.sources.sklearn.walk.frame import Block, Frame, cast, join, matrix, split, take
from isoship.sources.sklearn.walk.inside import is_pipeline
from isoship.sources.xgboost.model import Model
from isoship.sources.xgboost.sparse import gives_sparse, stores_zeros

_MISSING, _UNSEEN = -2, -1


def write_features(c: Carrier, estimator: Any, frame: Frame, model: Model, missing: float | None) -> str:
    """Adds the features, float [N, F].

    missing: the number that counts as missing beside NaN; None or NaN for none.

    Raises:
        UnsupportedModelError: a column of strings has no categories in the model, or a sparse matrix stores zeros.
    """
    columns = split(c.g, frame)
    if len(columns) != model.features:
        raise c.unsupported(
            estimator,
            f"it is given {len(columns)} columns and its booster knows {model.features}",
            "Train it on the columns that it is asked with",
        )
    coded = [i for i, column in enumerate(columns) if column.dtype == "string" or column.category]
    plain = [i for i in range(len(columns)) if i not in set(coded)]
    parts: list[Block] = []
    if coded:
        parts.append(_codes(c, estimator, take(c.g, frame, coded), coded, model))
    if plain:
        parts.append(_numbers(c, estimator, take(c.g, frame, plain)))
    x = join(c.g, parts).name
    order = [*coded, *plain]
    if order != sorted(order):
        x = c.g.op("Gather", x, np.argsort(order).astype(np.int64), axis=1)
    if missing is not None and not np.isnan(missing):
        x = c.g.op("Where", c.g.op("Equal", x, np.float32(missing)), np.float32(np.nan), x, seed="known")
    if model.categorical - set(coded):
        x = _whole(c, x, model)
    return x


def _numbers(c: Carrier, estimator: Any, frame: Frame) -> Block:
    block = matrix(c.g, frame)
    steps = _in_front(c)
    if gives_sparse(steps):
        storing = stores_zeros(steps)
        if storing is not None:
            raise c.unsupported(
                estimator,
                f"{type(storing).__name__} before it stores zeros in a sparse matrix, which are numbers to XGBoost, and"
                " zeros that are not stored are missing to it",
                "Set sparse_output=False, or sparse_threshold=0 on the ColumnTransformer, and train again",
            )
        # on doubles: what is too small for float32 is stored in a sparse matrix, and 0.0 to XGBoost, not missing
        block = cast(c.g, block, "double")
        zeros = c.g.op("Equal", block.name, np.float64(0))
        block = Block(c.g.op("Where", zeros, np.float64(np.nan), block.name, seed="stored"), "double", block.width)
    return cast(c.g, block, "float")


def _in_front(c: Carrier) -> list[Any]:
    """The steps whose results reach the present estimator, through pipelines and what passes its rows on."""
    steps: list[Any] = []
    for outer, inner in zip(c.walk, c.walk[1:], strict=False):
        if is_pipeline(outer):
            own = [step for _, step in outer.steps]
            steps += own[: next(i for i, step in enumerate(own) if step is inner)]
        elif inner is getattr(outer, "final_estimator_", None) and not outer.passthrough:
            steps = []
    return steps


def _codes(c: Carrier, estimator: Any, frame: Frame, features: list[int], model: Model) -> Block:
    lookups = []
    for feature in features:
        categories = model.categories.get(feature)
        if categories is None and feature in model.categories:
            raise c.unsupported(
                estimator,
                f"column {feature} (from 0) has categories that are not ASCII, which XGBoost itself mixes up (it cuts"
                " their names by characters instead of bytes)",
                "Train it on ASCII names, or encode the column in a step in front",
            )
        if categories is None:
            raise c.unsupported(
                estimator,
                f"column {feature} (from 0) holds categories and the booster does not say which code each has",
                "Train with XGBoost 3.1 or newer and enable_categorical=True, or encode the column in a step in front",
            )
        lookups.append(Lookup((*categories, None), (*range(len(categories)), _MISSING), _UNSEEN))
    codes = c.g.cast(write_codes(c, estimator, frame, lookups).name, np.float32)
    absent = c.g.op("Equal", codes, np.float32(_MISSING))
    return Block(c.g.op("Where", absent, np.float32(np.nan), codes), "float", len(lookups))


def _whole(c: Carrier, x: str, model: Model) -> str:
    """Codes as XGBoost takes them: cut off behind the point, and below 0 none at all (-1, which no split lists)."""
    whole = c.g.op("Where", c.g.op("Less", x, np.float32(0)), np.float32(-1), c.g.op("Floor", x))
    if len(model.categorical) == model.features:
        return whole
    chosen = np.array([[i in model.categorical for i in range(model.features)]])
    return c.g.op("Where", chosen, whole, x, seed="codes")
