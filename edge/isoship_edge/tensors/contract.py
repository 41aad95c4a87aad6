"""The input contract of a call: names, dtypes, shapes and values, before ONNX Runtime sees any of it.

A named dimension has one size in all inputs of a call, and holds something: an empty one is refused, because operators
answer empty tensors each in their own way, and some fail on them.
"""

from __future__ import annotations

import math
from sys import byteorder

from isoship_edge.encoding.text import fault
from isoship_edge.encoding.words import got, listed, number, quoted
from isoship_edge.errors import InputError
from isoship_edge.inference.tensor import Tensor
from isoship_edge.tensors.float16 import floats_of
from isoship_edge.tensors.signature import FLOATS, Input

TYPE_CHECKING = False  # `typing` is not imported on the way to a first answer (named.py)
if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from typing import Any

#: dtype -> bytes of a value, and what its byte of sign and exponent may be where the value is not finite.
_LAST_BYTES = {
    "double": (8, (0x7F, 0xFF)),
    "float": (4, (0x7F, 0xFF)),
    "float16": (2, (0x7C, 0x7D, 0x7E, 0x7F, 0xFC, 0xFD, 0xFE, 0xFF)),
}


def check(inputs: Mapping[str, Tensor], expected: Sequence[Input]) -> None:
    """Raises: InputError, naming the input, where in it, what was seen and what was expected."""
    check_names(inputs, expected)
    for spec in expected:
        if inputs[spec.name].dtype != spec.dtype:
            raise refusal(spec.name, f"dtype {spec.dtype}", f"dtype {inputs[spec.name].dtype}")
    check_shapes([inputs[spec.name].shape for spec in expected], expected)
    for spec in expected:
        check_values(spec, inputs[spec.name])


def check_names(names: Collection[str], expected: Sequence[Input]) -> None:
    """Raises: InputError, for an unknown name before an absent one."""
    known = [spec.name for spec in expected]
    for name in names:
        if name not in known:
            raise refusal(name, f"one of the inputs {listed(known)}", "an unknown input")
    for name in known:
        if name not in names:
            raise refusal(name, "a tensor", "nothing (the input is absent)")


def check_shapes(shapes: Sequence[tuple[int, ...]], expected: Sequence[Input]) -> None:
    """shapes: one for each input, in the signature's order. Raises: InputError."""
    sizes: dict[str, tuple[int, str]] = {}
    for spec, shape in zip(expected, shapes, strict=True):
        if len(shape) != len(spec.shape):
            raise refusal(spec.name, f"shape {shown(spec.shape)}", f"shape {shown(shape)}")
        for dim, size in zip(spec.shape, shape, strict=True):
            if isinstance(dim, int):
                if size != dim:
                    raise refusal(spec.name, f"shape {shown(spec.shape)}", f"shape {shown(shape)}")
            elif size == 0:
                raise refusal(spec.name, f"shape {shown(spec.shape)} with {dim} at least 1", f"shape {shown(shape)}")
            elif spec.largest is not None and size > spec.largest.get(dim, size):
                most = f"{dim} at most {spec.largest[dim]}"
                raise refusal(spec.name, f"shape {shown(spec.shape)} with {most}", f"shape {shown(shape)}")
            else:
                first, where = sizes.setdefault(dim, (size, spec.name))
                if first != size:
                    alike = f"{dim} = {first} as in {quoted(where)}" if where != spec.name else f"one size of {dim}"
                    raise refusal(spec.name, f"shape {shown(spec.shape)} with {alike}", f"shape {shown(shape)}")


def check_values(spec: Input, tensor: Tensor) -> None:
    """Raises: InputError, for the first value that the model does not accept."""
    if spec.dtype == "string":
        _check_texts(spec, tensor)
        return
    bounded = spec.minimum is not None or spec.maximum is not None
    if spec.dtype not in FLOATS and not bounded:
        return
    finite = spec.dtype not in FLOATS or surely_finite(spec.dtype, tensor.data.tobytes())
    if finite and not bounded:
        return
    flat: Any = floats_of(tensor.data) if spec.dtype == "float16" else tensor.data
    if finite:
        low, high = _ends(spec)
        if not len(flat) or (low <= min(flat) and max(flat) <= high):
            return
    for place, value in enumerate(flat):
        expected = _expected(spec, value)
        if expected is not None:
            raise refusal(spec.name, expected, got(value), index_of(place, tensor.shape))


def finite_alone(spec: Input) -> bool:
    """Whether the input's values have to be finite, and nothing else is asked of them."""
    bounded = spec.minimum is not None or spec.maximum is not None
    return spec.dtype in FLOATS and not (bounded or spec.nan or spec.infinity)


def surely_finite(dtype: str, raw: bytes | bytearray) -> bool:
    """Whether all values of a float dtype are finite, by one byte of each: the one that ends an exponent of ones. Where
    it is False, each has to be looked at."""
    size, last = _LAST_BYTES[dtype]
    tops = raw[size - 1 :: size] if byteorder == "little" else raw[::size]
    # A byte is found at the speed of memory; values would become Python's floats one by one.
    for byte in last:  # noqa: SIM110 - all() makes a generator, which takes as long as the rest
        if byte in tops:
            return False
    return True


def _expected(spec: Input, value: float) -> str | None:
    """What was expected in place of a value; None where it is accepted."""
    if value != value:
        return None if spec.nan else _words(spec)
    low, high = _ends(spec)
    if spec.dtype in FLOATS and math.isinf(value):
        return None if spec.infinity else _words(spec)
    return None if low <= value <= high else _words(spec)


def _ends(spec: Input) -> tuple[float, float]:
    return (
        -math.inf if spec.minimum is None else spec.minimum,
        math.inf if spec.maximum is None else spec.maximum,
    )


def _words(spec: Input) -> str:
    what = "an integer"
    if spec.dtype in FLOATS:
        what = "a number" if spec.infinity else "a finite number"
    if spec.minimum is not None and spec.maximum is not None:
        return f"{what} from {number(spec.minimum)} to {number(spec.maximum)}"
    if spec.minimum is not None:
        return f"{what} of at least {number(spec.minimum)}"
    return what if spec.maximum is None else f"{what} of at most {number(spec.maximum)}"


def _check_texts(spec: Input, tensor: Tensor) -> None:
    if fault("".join(tensor.data)) is None:
        return
    for place, text in enumerate(tensor.data):
        why = fault(text)
        if why is not None:
            raise refusal(spec.name, why[1], why[0], index_of(place, tensor.shape))


def refusal(name: str, expected: str, seen: str, index: list[int] | None = None) -> InputError:
    """What an input is refused for. index: where in it."""
    place = f"input {quoted(name)}" + (f" at {index}" if index else "")
    return InputError(
        f"{place}: expected {expected}, got {seen}", input=name, index=index, seen=seen, expected=expected
    )


def index_of(place: int, shape: Sequence[int]) -> list[int]:
    """The index of an element by its place in row-major order."""
    index: list[int] = []
    for size in reversed(shape):
        place, at = divmod(place, size)
        index.insert(0, at)
    return index


def shown(shape: Sequence[str | int]) -> str:
    """A shape as messages write it: [N, 3]."""
    return "[" + ", ".join(map(str, shape)) + "]"
