"""Composition: Pipeline, ColumnTransformer, FeatureUnion, and wrappers that only pass on.

Nothing here adds a node but `Gather` where columns of one block are picked and `Mul` for transformer_weights.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from isoship.sources.sklearn.converters.arithmetic.one_number import FUNCTIONS
from isoship.sources.sklearn.walk.carrier import Carrier, Parts
from isoship.sources.sklearn.walk.frame import Block, Frame, row, take
from isoship.sources.sklearn.walk.inside import Member, the_one_in
from isoship.sources.sklearn.walk.members import answer, column
from isoship.sources.sklearn.walk.registry import Record, carries


def _table(table: Any) -> Iterator[Member]:
    places = getattr(table, "_transformer_to_input_indices", {})
    for i, (key, transformer, _) in enumerate(getattr(table, "transformers_", ())):
        if not (isinstance(transformer, str) and transformer == "drop"):
            yield Member(f"transformers[{i}]", transformer, [int(place) for place in places.get(key, ())])


def _union(union: Any) -> Iterator[Member]:
    for i, (_, transformer) in enumerate(union.transformer_list):
        if transformer is not None and not (isinstance(transformer, str) and transformer == "drop"):
            yield Member(f"transformer_list[{i}]", transformer)


@carries("Pipeline", record=Record(same_bits=False, jumps=False))
def pipeline(c: Carrier, estimator: Any, frame: Frame) -> Parts:
    """Every step's transform feeds the next; the last one answers."""
    for i, (_, step) in enumerate(estimator.steps[:-1]):
        if not _passes(step):
            with c.at(f"steps[{i}]"):
                frame = _transformed(c, step, frame)
    last = estimator.steps[-1][1]
    if _passes(last):
        return {"transform": frame}
    with c.at(f"steps[{len(estimator.steps) - 1}]"):
        return c.carry(last, frame)


@carries("ColumnTransformer", record=Record(same_bits=False, jumps=False, members=_table, passes_columns=True))
def column_transformer(c: Carrier, estimator: Any, frame: Frame) -> Parts:
    """Each transformer's columns side by side, in the order of transformers_."""
    result: Frame = ()
    for i, (name, transformer, _) in enumerate(estimator.transformers_):
        indices = list(estimator._transformer_to_input_indices.get(name, ()))
        if (isinstance(transformer, str) and transformer == "drop") or not indices:
            continue
        chosen = take(c.g, frame, indices)
        if not _passes(transformer):
            with c.at(f"transformers[{i}]"):
                chosen = _transformed(c, transformer, chosen)
        result += _weighted(c, chosen, (estimator.transformer_weights or {}).get(name), estimator)
    return {"transform": result}


@carries("FeatureUnion", record=Record(same_bits=False, jumps=False, members=_union, passes_columns=True))
def feature_union(c: Carrier, estimator: Any, frame: Frame) -> Parts:
    """Every transformer sees all columns; their results side by side."""
    result: Frame = ()
    for i, (name, transformer) in enumerate(estimator.transformer_list):
        if isinstance(transformer, str) and transformer == "drop":
            continue
        seen = frame
        if not _passes(transformer):
            with c.at(f"transformer_list[{i}]"):
                seen = _transformed(c, transformer, frame)
        result += _weighted(c, seen, (estimator.transformer_weights or {}).get(name), estimator)
    return {"transform": result}


@carries(
    "FrozenEstimator",
    record=Record(
        same_bits=lambda frozen: hasattr(frozen, "get_support"),
        jumps=False,
        members=the_one_in("estimator"),
        passes_columns=True,
    ),
)
def frozen(c: Carrier, estimator: Any, frame: Frame) -> Parts:
    """What it holds, unchanged."""
    with c.at("estimator"):
        return c.carry(estimator.estimator, frame)


@carries(
    "GridSearchCV",
    "RandomizedSearchCV",
    "HalvingGridSearchCV",
    "HalvingRandomSearchCV",
    record=Record(same_bits=False, jumps=False, members=the_one_in("best_estimator_"), passes_columns=True),
)
def search(c: Carrier, estimator: Any, frame: Frame) -> Parts:
    """The refitted best estimator."""
    with c.at("best_estimator_"):
        return c.carry(estimator.best_estimator_, frame)


def _passes(step: Any) -> bool:
    return step is None or (isinstance(step, str) and step == "passthrough")


def _transformed(c: Carrier, step: Any, frame: Frame) -> Frame:
    parts = c.carry(step, frame)
    if "transform" not in parts:
        raise c.absent(step, "transform", "Replace the step, or ask for it with an issue")
    return parts["transform"]


def _weighted(c: Carrier, frame: Frame, weight: float | None, estimator: Any) -> Frame:
    if weight is None:
        return frame
    block = c.doubles(frame, estimator)
    # a vector, not a scalar: onnxruntime fuses a scalar after a matrix product in float32
    factors = np.full((1, block.width or 0), float(weight))
    return (Block(c.g.op("Mul", block.name, factors), "double", block.width),)


@carries("TransformedTargetRegressor", record=Record(same_bits=False, jumps=False, members=the_one_in("regressor_")))
def transformed_target(c: Carrier, model: Any, frame: Frame) -> Parts:
    """The regressor's answer through the inverse of the target's transformer."""
    with c.at("regressor_"):
        found = column(c, answer(c, model.regressor_, frame, "predict"))
    target = model.transformer_
    name = type(target).__name__
    if name == "FunctionTransformer":
        inverse = target.inverse_func
        write = FUNCTIONS.get(getattr(inverse, "__name__", "")) if isinstance(inverse, np.ufunc) else None
        if inverse is not None and write is None:
            raise c.unsupported(
                model, "inverse_func is Python code, which no graph can hold", f"Use one of {', '.join(FUNCTIONS)}"
            )
        result = write(c.g, found.name) if write else found.name
    elif name == "StandardScaler":
        result = found.name
        if target.with_std:
            result = c.g.op("Mul", result, row(target.scale_))
        if target.with_mean:
            result = c.g.op("Add", result, row(target.mean_))
    elif name == "MinMaxScaler":
        result = c.g.op("Div", c.g.op("Sub", found.name, row(target.min_)), row(target.scale_))
    else:
        raise c.unsupported(
            model, f"isoship has no inverse of {name}", "Use a StandardScaler, a MinMaxScaler or numpy's functions"
        )
    return {"predict": (Block(result, "double", found.width),)}
