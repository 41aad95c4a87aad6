"""A piece of rows, asked of one model: what it answers, and which rows it refuses for what."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from isoship.diffing.pieces import ByColumn
from isoship.errors import InputError
from isoship.parity.runners.arrays import array_from_tensor
from isoship_edge.encoding.decode import decode_columns
from isoship_edge.inference.model import Model
from isoship_edge.inference.tensor import Tensor
from isoship_edge.manifest import MISSING_STRING, Signature

Array = np.ndarray[Any, Any]

#: A batch with one refused row is refused whole; in parts of so many rows they are looked for one after another.
_PART = 64


@dataclass(frozen=True, eq=False)
class Asked:
    """kept: places of the piece that are answered, ascending. outputs: their answers, by output. refused: the others,
    each with the first reason."""

    kept: list[int]
    outputs: dict[str, Array]
    refused: dict[int, InputError]


def ask(model: Model, held: ByColumn, count: int) -> Asked:
    """The answers of one model to a piece of `count` rows.

    Raises:
        InferenceError: ONNX Runtime fails on rows that the contract accepts.
    """
    signature = model.manifest.signature
    refused = dict(held.faults)
    places = [i for i in range(count) if i not in refused]
    try:
        inputs = decode_columns(_at(held.columns, places, count), signature, len(places))
    except InputError:
        places = _accepted(held.columns, places, signature, refused)
        inputs = decode_columns(_at(held.columns, places, count), signature, len(places))
    if not places:
        return Asked([], {}, refused)
    made = model.infer(inputs, len(places))
    return Asked(places, {name: _array(tensor) for name, tensor in made.items()}, refused)


def _accepted(
    columns: Mapping[str, Sequence[Any]], places: list[int], signature: Signature, refused: dict[int, InputError]
) -> list[int]:
    """Of these places those that the contract accepts; the others go into `refused`."""
    kept: list[int] = []
    for start in range(0, len(places), _PART):
        part = places[start : start + _PART]
        while part:
            try:
                decode_columns({n: [v[i] for i in part] for n, v in columns.items()}, signature, len(part))
            except InputError as err:
                bad = err.row or 0  # the first row at fault: those before it are accepted
                kept += part[:bad]
                refused[part[bad]] = err
                part = part[bad + 1 :]
            else:
                kept += part
                part = []
    return kept


def _at(columns: Mapping[str, Sequence[Any]], places: Sequence[int], count: int) -> Mapping[str, Sequence[Any]]:
    return columns if len(places) == count else {n: [v[i] for i in places] for n, v in columns.items()}


def _array(tensor: Tensor) -> Array:
    """Missing strings are None."""
    array = array_from_tensor(tensor)
    if tensor.dtype == "string":
        array[array == MISSING_STRING] = None
    return array
