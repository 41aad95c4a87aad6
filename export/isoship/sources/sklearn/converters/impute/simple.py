"""Missing values: SimpleImputer and MissingIndicator.

x [N, F] -> IsNaN (numbers) or Equal U+FDD0 (strings) -> Where (statistics [1, F], x)
            └ Gather (features with missing values in training) = indicator, bool
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from isoship.sources.sklearn.walk.carrier import Carrier, Parts
from isoship.sources.sklearn.walk.frame import NUMPY, Block, Frame, join, matrix, split, take
from isoship.sources.sklearn.walk.raw_columns import imputed
from isoship.sources.sklearn.walk.registry import Record, carries
from isoship_edge.manifest import MISSING_STRING


def _stands_for_missing(imputer: Any) -> bool:
    """A number that stands for a missing one is a threshold."""
    return isinstance(imputer.missing_values, (int, float)) and bool(np.isfinite(imputer.missing_values))


@carries(
    "SimpleImputer",
    record=Record(
        same_bits=True, jumps=_stands_for_missing, output_places=imputed, keeps_order=True, fills_missing=True
    ),
)
def simple_imputer(c: Carrier, imputer: Any, frame: Frame) -> Parts:
    """Missing values become statistics_; columns without one are dropped unless keep_empty_features."""
    if imputer.strategy in ("mean", "median"):
        frame = (c.doubles(frame, imputer),)
    statistics = np.asarray(imputer.statistics_, dtype=object)
    masks: list[Block] = []
    filled: list[Block] = []
    start = 0
    for block in _uniform(c, frame):
        values = statistics[start : start + (block.width or 0)]
        # a statistic of None is the most frequent value of a column in which NaN stands for missing
        kept = [i for i, v in enumerate(values) if imputer.keep_empty_features or v is None or not is_missing(v)]
        start += len(values)
        mask = _mask(c, imputer, block)
        masks.append(mask or _nowhere(c, block))
        if kept:
            filled.append(_filled(c, imputer, block, mask, values, kept))
    result: Frame = tuple(filled)
    if imputer.add_indicator:
        result += take(c.g, tuple(masks), imputer.indicator_.features_)
    return {"transform": result}


@carries("MissingIndicator", record=Record(same_bits=True, jumps=False))
def missing_indicator(c: Carrier, indicator: Any, frame: Frame) -> Parts:
    """True where a value is missing, for the columns in features_."""
    masks = tuple(_mask(c, indicator, block) or _nowhere(c, block) for block in _uniform(c, frame))
    return {"transform": take(c.g, masks, indicator.features_)}


def is_missing(value: Any) -> bool:
    """None, NaN or pandas.NA: the values that stand for a missing one."""
    return value is None or type(value).__name__ == "NAType" or (isinstance(value, float) and value != value)


def _uniform(c: Carrier, frame: Frame) -> Frame:
    """Numbers together in the type that numpy gives them; beside strings every column stays as it is (dtype object)."""
    kinds = {block.dtype for block in frame}
    if kinds == {"string"} and len({block.none for block in frame}) == 1:
        return (replace(join(c.g, list(frame)), none=frame[0].none),)
    return tuple(split(c.g, frame)) if "string" in kinds else (matrix(c.g, frame),)


def _mask(c: Carrier, estimator: Any, block: Block) -> Block | None:
    """Where a block holds the estimator's missing_values, bool [N, width]; None when its type has no such value."""
    marker = estimator.missing_values
    if block.dtype == "string":
        if not (is_missing(marker) or isinstance(marker, str)):
            return None
        if is_missing(marker) and (marker is None) != block.none:
            return None  # NaN stands for NaN alone, and None for None
        name = c.g.op("Equal", block.name, c.g.const([MISSING_STRING if is_missing(marker) else marker]))
    elif is_missing(marker):
        if block.dtype not in ("double", "float"):
            return None
        name = c.g.op("IsNaN", block.name)
    elif isinstance(marker, (int, float, np.integer, np.floating)):
        name = c.g.op("Equal", block.name, np.asarray(marker, NUMPY[block.dtype]))
    else:
        return None
    return Block(name, "bool", block.width)


def _nowhere(c: Carrier, block: Block) -> Block:
    """A mask that is false everywhere, as wide as the block."""
    return Block(c.g.op("Not", c.g.op("Equal", block.name, block.name)), "bool", block.width)


def _filled(c: Carrier, imputer: Any, block: Block, mask: Block | None, values: Any, kept: list[int]) -> Block:
    fill = [values[i] for i in kept]
    kept_block = take(c.g, (block,), kept)[0]
    if mask is None:
        return kept_block
    odd = [v for v in fill if not is_missing(v) and isinstance(v, str) != (block.dtype == "string")]
    if odd:
        raise c.unsupported(
            imputer,
            f"it puts {odd[0]!r} into a column of {'strings' if block.dtype == 'string' else 'numbers'}",
            "Give fill_value in the column's own type and train again",
        )
    if block.dtype == "string":
        constant = c.g.const([[MISSING_STRING if is_missing(v) else v for v in fill]])
    else:
        numbers = [float("nan") if is_missing(v) else v for v in fill]
        constant = c.g.const(np.array([numbers], dtype=NUMPY[block.dtype]))
    where = c.g.op("Where", take(c.g, (mask,), kept)[0].name, constant, kept_block.name)
    return Block(where, block.dtype, kept_block.width)
