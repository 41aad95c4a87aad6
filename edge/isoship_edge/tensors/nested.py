"""Nested lists of JSON to tensors by the signature, and tensors to nested lists.

Integers take integral numbers of their range; float32 and float16 a double rounded to nearest, and none that would be
infinite; null is NaN where the input accepts that; booleans are true and false and never numbers. On the way out NaN
and infinities are null.
"""

from __future__ import annotations

import math
from array import array

from isoship_edge.encoding.encode import plain_values
from isoship_edge.encoding.words import got
from isoship_edge.inference.tensor import TYPECODES, Tensor
from isoship_edge.tensors.contract import index_of, refusal, shown
from isoship_edge.tensors.float16 import bits_of
from isoship_edge.tensors.signature import FLOATS, Input

TYPE_CHECKING = False  # `typing` is not imported on the way to a first answer (named.py)
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

_SCALARS = {"bool": "true or false", "string": "a string"}


def tensor_from_nested(spec: Input, value: Any) -> Tensor:
    """A tensor of the input's dtype and rank; sizes and ranges are `contract`'s to check.

    Raises:
        InputError: the lists are no such tensor; the first place that is wrong.
    """
    flat: list[Any] = [value]
    shape: list[int] = []
    for _ in spec.shape:
        flat, size = _opened(spec, flat, shape)
        shape.append(size)
    return Tensor(spec.dtype, tuple(shape), elements(spec, flat, tuple(shape)))


def _opened(spec: Input, level: list[Any], shape: list[int]) -> tuple[list[Any], int]:
    """The elements of one level of lists, and how many each list has."""
    size = len(level[0]) if level and type(level[0]) is list else 0
    inner: list[Any] = []
    for place, held in enumerate(level):
        if type(held) is not list:
            raise refusal(spec.name, _array(spec, shape), got(held), index_of(place, shape))
        if len(held) != size:
            raise refusal(
                spec.name,
                f"an array of {size}, as its first neighbour is",
                f"one of {len(held)}",
                index_of(place, shape),
            )
        inner += held
    return inner, size


def _array(spec: Input, shape: list[int]) -> str:
    return f"an array (shape {shown(spec.shape)})" if len(shape) < len(spec.shape) else _scalar(spec)


def elements(spec: Input, flat: list[Any], shape: tuple[int, ...]) -> Any:
    """Flat JSON values as the data of a tensor.

    Raises:
        InputError: the first value that the dtype does not hold.
    """
    kinds = set(map(type, flat))
    if spec.dtype == "string":
        if kinds <= {str}:
            return flat
    elif spec.dtype == "bool":
        if kinds <= {bool}:
            return bytearray(flat)
    elif spec.dtype in FLOATS:
        if kinds <= {float, int}:
            made = _floats(spec.dtype, flat)
            if made is not None:
                return made
        return _floats(spec.dtype, [_float(spec, value, i, shape) for i, value in enumerate(flat)])
    elif kinds <= {int}:
        try:
            return array(TYPECODES[spec.dtype], flat)
        except OverflowError:
            pass  # found by name below
    if spec.dtype in TYPECODES:
        return array(TYPECODES[spec.dtype], [_integer(spec, value, i, shape) for i, value in enumerate(flat)])
    wanted = str if spec.dtype == "string" else bool
    place = next(i for i, value in enumerate(flat) if type(value) is not wanted)
    raise refusal(spec.name, _scalar(spec), got(flat[place]), index_of(place, shape))


def _floats(dtype: str, flat: Sequence[float]) -> array[Any] | None:
    """None where a finite number becomes an infinite one."""
    try:
        if dtype == "float16":
            return bits_of(flat)
        made = array(TYPECODES[dtype], flat)
    except OverflowError:
        return None
    if dtype == "float" and not math.isfinite(sum(made)) and any(map(_overflows, made, flat)):
        return None
    return made


def _overflows(rounded: float, value: float) -> bool:
    return math.isinf(rounded) and not math.isinf(value)


def _float(spec: Input, value: Any, place: int, shape: tuple[int, ...]) -> float:
    if value is None and spec.nan:
        return math.nan
    if type(value) is int:
        try:
            value = float(value)
        except OverflowError:
            raise refusal(spec.name, _scalar(spec), got(value), index_of(place, shape)) from None
    if type(value) is not float or _floats(spec.dtype, [value]) is None:
        raise refusal(spec.name, _scalar(spec), got(value), index_of(place, shape))
    return value


def _integer(spec: Input, value: Any, place: int, shape: tuple[int, ...]) -> int:
    whole = int(value) if type(value) is float and value.is_integer() else value
    low, high = span(spec.dtype)
    if type(whole) is not int or not low <= whole <= high:
        raise refusal(spec.name, _scalar(spec), got(value), index_of(place, shape))
    return whole


def span(dtype: str) -> tuple[int, int]:
    """The least and the greatest value of an integer dtype."""
    bits = 8 * array(TYPECODES[dtype]).itemsize
    return (0, 2**bits - 1) if dtype[0] == "u" else (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1)


def _scalar(spec: Input) -> str:
    if spec.dtype in _SCALARS:
        return _SCALARS[spec.dtype]
    if spec.dtype in FLOATS:
        return f"a number that {spec.dtype} holds" + (" or null" if spec.nan else "")
    low, high = span(spec.dtype)
    return f"an integer from {low} to {high}"


def nested(tensor: Tensor) -> Any:
    """The tensor as lists in lists, a scalar where its rank is 0."""
    flat = plain_values(tensor)
    if not tensor.shape:
        return flat[0]
    return _grouped(flat, tensor.shape)


def _grouped(flat: list[Any], shape: tuple[int, ...]) -> list[Any]:
    if math.prod(shape) == 0:
        return [_grouped([], shape[1:]) for _ in range(shape[0])] if len(shape) > 1 else []
    for size in reversed(shape[1:]):
        flat = [flat[i : i + size] for i in range(0, len(flat), size)]
    return flat
