"""FunctionTransformer: the identity, one of numpy's element-wise functions, or Python code that is traced."""

from __future__ import annotations

from typing import Any

import numpy as np

from isoship.sources.sklearn.converters.arithmetic.one_number import EXACT, FUNCTIONS, JUMPING
from isoship.sources.sklearn.tracing import traced
from isoship.sources.sklearn.tracing.steps import jumps, same_bits
from isoship.sources.sklearn.walk.carrier import Carrier, Parts
from isoship.sources.sklearn.walk.frame import Block, Frame
from isoship.sources.sklearn.walk.raw_columns import Places, columnwise
from isoship.sources.sklearn.walk.registry import Record, carries


def _same_bits(step: Any) -> bool:
    if step.func is None:
        return True
    return step.func.__name__ in EXACT if _plain(step) else same_bits(step)


def _jumps(step: Any) -> bool:
    if step.func is None:
        return False
    return step.func.__name__ in JUMPING if _plain(step) else jumps(step)


def _plain(step: Any) -> bool:
    """Whether its function is one that is written as it is."""
    return isinstance(step.func, np.ufunc) and step.func.__name__ in FUNCTIONS and not step.kw_args


def _output_places(step: Any, places: Places) -> Places | None:
    if step.func is None:
        return places
    return columnwise(step, places) if isinstance(step.func, np.ufunc) else None


@carries(
    "FunctionTransformer",
    record=Record(same_bits=_same_bits, jumps=_jumps, output_places=_output_places, enlarges=True),
)
def function_transformer(c: Carrier, transformer: Any, frame: Frame) -> Parts:
    """func applied to every number; None is the identity, and Python code is traced."""
    func = transformer.func
    if func is None:
        return {"transform": frame}
    if not _plain(transformer):
        parts = traced(c, transformer, frame)
        if parts is None:
            raise c.unsupported(transformer, "it was given nothing to trace", "Export it inside the model that uses it")
        return parts
    booleans = [block.dtype == "bool" for block in frame]
    alone = all(booleans) or not transformer.validate  # a validated table of several types is one of doubles
    if any(booleans) and alone and not _same_on_booleans(func):
        raise c.unsupported(
            transformer,
            f"numpy computes {func.__name__} of booleans in 16-bit floats",
            "Make the column a number before training (astype(float)), or leave it out of this step",
        )
    x = c.doubles(frame, transformer)
    return {"transform": (Block(FUNCTIONS[func.__name__](c.g, x.name), "double", x.width),)}


def _same_on_booleans(func: Any) -> bool:
    """Whether numpy's answers on False and True are those on 0.0 and 1.0; also where it gives none."""
    try:
        return bool((func(np.array([False, True])) == func(np.array([0.0, 1.0]))).all())
    except TypeError:
        return True
