"""Calls that show what exporters change: zeros of both signs, tiny and large numbers, ties, other sizes.

They are made for the comparison of a fresh export with its source and kept nowhere.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from isoship.tensors.contract import Arrays, Ask
from isoship.tensors.graph import NUMPY
from isoship_edge.tensors.signature import FLOATS, Input

Array = np.ndarray[Any, Any]
#: Where formulas of stable functions overflow, lose a sign or lose all digits.
_SPECIAL = (
    0.0, -0.0, 1.0, -1.0, 0.5, -0.5, 0.999999, 2.0, -2.0, 1e-4, -1e-4, 1e-8, -1e-8, 1e-30, -1e-30, 10.0, -10.0, 30.0,
    -30.0, 100.0, -100.0, 1000.0, -1000.0,
)  # fmt: skip
#: A number that each float of a call is times, by the kind of the call.
_SCALES = {"normal": 1.0, "large": 1e2, "larger": 1e4, "small": 1e-3, "tiny": 1e-30}
_CONSTANTS = {"zeros": 0.0, "negative zeros": -0.0, "ones": 1.0, "minus ones": -1.0}


def asks_of(
    inputs: Sequence[Input], sample: Arrays, sizes: Sequence[Mapping[str, int]], *, seed: int = 0
) -> Iterator[Ask]:
    """sample: one call that the source answers; integers are drawn from its range where the contract names none.

    sizes: of the dynamic dimensions; all kinds are asked in the first, the others are asked once.
    """
    draw = np.random.default_rng(seed)
    yield Ask("sample", sample)
    for kind in (*_SCALES, *_CONSTANTS, "special", "special again", "lowest", "highest"):
        yield Ask(kind, {one.name: _array(one, kind, sizes[0], sample[one.name], draw) for one in inputs})
    for others in sizes[1:]:
        kind = ", ".join(f"{name} {size}" for name, size in others.items())
        yield Ask(kind, {one.name: _array(one, "normal", others, sample[one.name], draw) for one in inputs})


def _array(one: Input, kind: str, sizes: Mapping[str, int], like: Array, draw: np.random.Generator) -> Array:
    shape = tuple(sizes[size] if isinstance(size, str) else size for size in one.shape)
    dtype = np.dtype(NUMPY[one.dtype])
    if one.dtype == "bool":
        return draw.random(shape) < {"zeros": 0.0, "ones": 1.0}.get(kind, 0.5)
    if one.dtype not in FLOATS:
        return _integers(one, kind, shape, like, draw).astype(dtype)
    if kind in _CONSTANTS:
        return np.full(shape, _CONSTANTS[kind], dtype)
    if kind.startswith("special"):
        return draw.choice(np.asarray(_SPECIAL), shape).astype(dtype)
    return np.asarray(draw.standard_normal(shape) * _SCALES.get(kind, 1.0)).astype(dtype)


def _integers(one: Input, kind: str, shape: tuple[int, ...], like: Array, draw: np.random.Generator) -> Array:
    low = int(one.minimum if one.minimum is not None else like.min(initial=0))
    high = int(one.maximum if one.maximum is not None else like.max(initial=1))
    if kind in ("lowest", "highest"):
        return np.full(shape, low if kind == "lowest" else high)
    return draw.integers(low, max(low, high), shape, endpoint=True)
