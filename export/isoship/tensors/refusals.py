"""Calls that the contract refuses, made from one that it takes: what travels as `refused` in golden.json."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from isoship.tensors.contract import Arrays
from isoship.tensors.graph import NUMPY
from isoship.tensors.run import Array
from isoship_edge.manifest import Signature
from isoship_edge.tensors.signature import FLOATS, Input


@dataclass(frozen=True, eq=False)
class Refused:
    """why: nan, infinity, minimum, maximum or shape. input: the one that is at fault."""

    why: str
    input: str
    inputs: Arrays


def refused_calls(signature: Signature, call: Arrays) -> list[Refused]:
    """One for each thing that an input refuses."""
    return [
        Refused(why, one.name, {**call, one.name: array})
        for one in signature.inputs
        for why, array in _faults(one, call[one.name])
    ]


def _faults(one: Input, array: Array) -> list[tuple[str, Array]]:
    faults: list[tuple[str, Array]] = []
    if array.size and one.dtype in FLOATS:
        faults += [("nan", _with_last(array, np.nan))] if not one.nan else []
        faults += [("infinity", _with_last(array, np.inf))] if not one.infinity else []
    elif array.size and one.dtype not in ("bool", "string"):
        info = np.iinfo(NUMPY[one.dtype])
        if one.minimum is not None and one.minimum - 1 >= info.min:
            faults.append(("minimum", _with_last(array, int(one.minimum) - 1)))
        if one.maximum is not None and one.maximum + 1 <= info.max:
            faults.append(("maximum", _with_last(array, int(one.maximum) + 1)))
    axis = next((i for i, size in enumerate(one.shape) if isinstance(size, int) and size > 0), None)
    if axis is not None:
        faults.append(("shape", np.repeat(array, 2, axis=axis)))
    return faults


def _with_last(array: Array, value: float) -> Array:
    made = array.copy()
    made.flat[-1] = value
    return made
