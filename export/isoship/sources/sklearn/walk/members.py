"""What an estimator made of others asks its members: one method's answer, one column of it, one binary score."""

from __future__ import annotations

from typing import Any

import numpy as np

from isoship.sources.sklearn.walk.carrier import Carrier
from isoship.sources.sklearn.walk.frame import Block, Frame, take


def answer(c: Carrier, member: Any, frame: Frame, *methods: str) -> Frame:
    """What the first of these methods that the member has answers.

    Raises:
        UnsupportedModelError: isoship does not carry it.
    """
    method = next((each for each in methods if hasattr(member, each)), methods[-1])
    parts = c.carry(member, frame)
    if method not in parts:
        raise c.absent(member, method, "Use another estimator here")
    return parts[method]


def column(c: Carrier, frame: Frame) -> Block:
    """An answer of one column as [N, 1], also where it is [N]."""
    block = frame[0]
    if block.width is not None:
        return block
    return Block(c.g.op("Unsqueeze", block.name, np.array([1])), block.dtype, 1)


def binary_score(c: Carrier, member: Any, frame: Frame) -> Block:
    """decision_function, else the probability of the second class; predict of a regressor: double [N, 1]."""
    from sklearn.base import is_regressor

    if is_regressor(member):
        found = answer(c, member, frame, "predict")
    elif hasattr(member, "decision_function"):
        found = answer(c, member, frame, "decision_function")
    else:
        found = take(c.g, answer(c, member, frame, "predict_proba"), [1])
    return c.doubles((column(c, found),), member)


def constant(c: Carrier, estimator: Any, frame: Frame, values: Any) -> str:
    """The same row of values for every row of the frame, [N, K] in the values' own type.

    Raises:
        UnsupportedModelError: the frame has no column to count rows by.
    """
    wide = np.asarray(values).reshape(1, -1)
    counted = next((block for block in frame if block.name and block.width), None)
    if counted is None:
        raise c.unsupported(estimator, "it is given no columns", "Train it on at least one column")
    first = take(c.g, (counted,), [0])[0].name
    itself = c.g.op("Equal", first, first)
    if wide.dtype != np.bool_:
        return c.g.op("Where", itself, wide, wide)
    numbers = wide.astype(np.int64)  # onnxruntime has no Where for booleans
    return c.g.cast(c.g.op("Where", itself, numbers, numbers), np.bool_)
