"""Whether an estimator is given a sparse matrix, and what it does otherwise there than on an array."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np

from isoship.sources.sklearn.walk.carrier import Carrier
from isoship.sources.sklearn.walk.inside import is_pipeline, is_table, is_union
from isoship.sources.sklearn.walk.registry import fact, record_of

#: What stands for a 0 that a sparse matrix stores: 0 to trees, and not absent.
_STORED_ZERO = np.float64(5e-324)


def sees_sparse(c: Carrier) -> bool:
    """Whether the estimator that is being carried may be given a sparse matrix: an earlier step may make one."""
    for parent, child in reversed(list(pairwise(c.walk))):
        if is_pipeline(parent):
            steps = [step for _, step in parent.steps]
            place = next(i for i, step in enumerate(steps) if step is child)
            told = _of_steps(steps[:place])
            if told is not None:
                return told
    return False


def still_stored(c: Carrier, before: str, after: str) -> str:
    """`after`, with what became 0 only now as the smallest double, where what is absent is missing to the next step.

    A sparse matrix goes on storing it, and what is stored is a number to that step.
    """
    if len(c.walk) < 2 or not hasattr(c.walk[-2], "steps"):
        return after
    steps = [step for _, step in c.walk[-2].steps]
    following = steps[next(i for i, step in enumerate(steps) if step is c.walk[-1]) + 1 :]
    if not following or not record_of(following[0]).absent_is_missing:
        return after
    gone = c.g.op("And", c.g.op("Equal", after, np.float64(0)), c.g.op("Not", c.g.op("Equal", before, np.float64(0))))
    return c.g.op("Where", gone, _STORED_ZERO, after, seed="stored")


def _of_steps(steps: list[Any]) -> bool | None:
    for step in reversed(steps):
        told = _gives(step)
        if told is not None:
            return told
    return None


def _gives(step: Any) -> bool | None:
    """Whether a transformer's output is sparse; None where it is what its input is, as far as is known."""
    if is_table(step):
        return bool(step.sparse_output_)
    if is_union(step):
        told = [_gives(part) for _, part in step.transformer_list if part != "drop"]
        return True if True in told else None if None in told else False
    if hasattr(step, "steps"):
        return _of_steps([each for _, each in step.steps])
    if hasattr(step, "sparse_output"):
        return bool(step.sparse_output)
    dense = record_of(step).dense
    return None if dense is None else not fact(dense, step)
