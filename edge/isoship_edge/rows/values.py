"""Values of the row program while it is loaded: a dtype, a shape known for one row, and a place among flat lists.

| dtype | flat data |
|---|---|
| double | floats |
| float | floats, each of them a float32: rounded after every step |
| int64, int32 | ints inside the type: what leaves it wraps, as in ONNX Runtime |
| bool | True and False, or 1 and 0 |
| string | str; `MISSING_STRING` stands for missing |

Data is never written to again once it is made, so values may share it.
"""

from __future__ import annotations

from isoship_edge.errors import BundleError

TYPE_CHECKING = False  # `typing` is not imported on the way to a first answer (named.py)
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import Any

    Shape = tuple[int, ...]
    #: Reads and writes the flat data of all values, by place.
    Run = Callable[[list[Any]], None]
    #: Board, inputs, attributes, number of outputs -> the outputs. Adds what computes them to the board.
    Prepare = Callable[["Board", list[Any], Mapping[str, Any], int], list["Value"]]


#: All that one row computes: elements, and products that matrices add. Either takes half a second or more.
MOST_ELEMENTS, MOST_PRODUCTS = 2**22, 2**24
_LARGEST, _MOST_AXES = 2**26, 32


#: Asks after which tables of rows.bin become Python's objects: one element there takes twice as long, and making them
#: milliseconds.
WARM = 4


class Value:
    """size: its elements. data: where it is known when the program is loaded, else None."""

    __slots__ = ("data", "dtype", "place", "shape", "size")

    def __init__(self, place: int, dtype: str, shape: Shape, data: Any = None) -> None:
        """Raises: BundleError, where no value has such a shape."""
        self.place, self.dtype, self.shape, self.data, self.size = place, dtype, shape, data, size_of(shape)

    def as_shape(self, shape: Sequence[int]) -> Value:
        """The same data, looked at in another shape."""
        return Value(self.place, self.dtype, tuple(shape), self.data)


class Board:
    """What a program is made ready on. held: the data of each place, None where a row brings it. runs: in order.

    spare: of the slots of trees and elements of tables, how many may become Python's objects once the program is warm
    (15 MB); none where not `linked`.
    """

    def __init__(self, linked: bool = True) -> None:
        self.spare = 2**17 if linked else 0
        self._elements, self._products = MOST_ELEMENTS, MOST_PRODUCTS
        self.held: list[Any] = []
        self.runs: list[Run] = []

    def value(self, dtype: str, shape: Sequence[int], data: Any = None) -> Value:
        """A new place.

        Raises:
            BundleError: no value has such a shape, or a row would compute too much.
        """
        self.fits(shape)
        made = self.constant(dtype, shape, data)
        self._elements -= made.size
        return made

    def fits(self, shape: Sequence[int]) -> None:
        """Raises: BundleError, where with such a value a row would compute too much."""
        if size_of(shape) > self._elements:
            raise BundleError(f"with it a row computes more than {MOST_ELEMENTS} elements")

    def constant(self, dtype: str, shape: Sequence[int], data: Any) -> Value:
        """A new place, for what lies in the files."""
        self.held.append(data)
        return Value(len(self.held) - 1, dtype, tuple(shape), data)

    def multiplied(self, count: int) -> None:
        """Raises: BundleError, where so many products more are too many for one row."""
        self._products -= count
        if self._products < 0:
            raise BundleError(f"with it a row adds more than {MOST_PRODUCTS} products")

    def picked(self, x: Value, shape: Sequence[int], places: Sequence[int]) -> Value:
        """Elements of x by their places in its flat data. Where these are all of them in order, nothing is to be done.

        Raises:
            BundleError: another number of places than the shape holds, or places that x has not.
        """
        count = len(places)
        if size_of(shape) != count or (count and not 0 <= min(places) <= max(places) < x.size):
            raise BundleError(f"{count} elements of {list(x.shape)} do not fill the shape {list(shape)}")
        first = places[0] if count else 0
        if places == list(range(first, first + count)):
            if count == x.size:
                return x.as_shape(shape)
            return self._sliced(x, shape, first, first + count)
        out = self.value(x.dtype, shape)
        p, o = x.place, out.place

        def pick(v: list[Any]) -> None:
            data = v[p]
            v[o] = [data[i] for i in places]

        self.runs.append(pick)
        return out

    def _sliced(self, x: Value, shape: Sequence[int], start: int, stop: int) -> Value:
        out = self.value(x.dtype, shape)
        p, o = x.place, out.place

        def cut(v: list[Any]) -> None:
            v[o] = v[p][start:stop]

        self.runs.append(cut)
        return out


def size_of(shape: Sequence[int]) -> int:
    """How many elements a shape holds.

    Raises:
        BundleError: it is none, or holds more than any value may.
    """
    size, longest = 1, 0
    for length in shape:
        if type(length) is not int or length < 0:
            raise BundleError(f"there is no shape {list(shape)}")
        size *= length
        longest = max(longest, length)
    if size > _LARGEST or longest > _LARGEST or len(shape) > _MOST_AXES:
        raise BundleError("a value is larger than any may be")
    return size


def axis_of(axis: int, rank: int) -> int:
    """An axis counted from the front.

    Raises:
        BundleError: there is no such axis.
    """
    front = axis + rank if axis < 0 else axis
    if not 0 <= front < max(rank, 1):
        raise BundleError(f"axis {axis} of a value of rank {rank}")
    return front


def around(shape: Sequence[int], axis: int) -> tuple[int, int, int]:
    """A shape seen as [before, length, after] around one axis."""
    return size_of(shape[:axis]), shape[axis] if shape else 1, size_of(shape[axis + 1 :])


def strides_of(shape: Sequence[int]) -> list[int]:
    """How far apart neighbours along each axis lie in flat data."""
    strides, stride = [0] * len(shape), 1
    for axis in range(len(shape) - 1, -1, -1):
        strides[axis] = stride
        stride *= shape[axis]
    return strides


def walked(shape: Sequence[int], strides: Sequence[int]) -> list[int]:
    """The flat place of each element of `shape`, row by row, where neighbours lie `strides` apart.

    Raises:
        BundleError: it is larger than any value may be.
    """
    size_of(shape)
    places = [0]
    for length, stride in zip(shape, strides, strict=True):
        steps = [stride * i for i in range(length)]
        places = [place + step for place in places for step in steps]
    return places


def broadcast(*shapes: Sequence[int]) -> tuple[int, ...]:
    """The shape that all of these broadcast to.

    Raises:
        BundleError: they do not.
    """
    rank = max(map(len, shapes))
    made = [1] * rank
    for shape in shapes:
        for axis, length in enumerate(shape, rank - len(shape)):
            if length != 1 and made[axis] not in (1, length):
                raise BundleError(f"shapes {', '.join(str(list(s)) for s in shapes)} do not broadcast")
            made[axis] = length if made[axis] == 1 else made[axis]
    return tuple(made)


def spread(shape: Sequence[int], wider: Sequence[int]) -> list[int] | None:
    """For each element of `wider`, the flat place of the element of `shape` that it takes; None where they are one."""
    if size_of(shape) == size_of(wider):
        return None
    strides = [0 if length == 1 else stride for length, stride in zip(shape, strides_of(shape), strict=True)]
    return walked(wider, [0] * (len(wider) - len(shape)) + strides)


def known(value: Value | None, what: str) -> list[Any]:
    """The data of a value that has to be known when the program is loaded.

    Raises:
        BundleError: it is computed from the row.
    """
    if value is None or value.data is None:
        raise BundleError(f"its {what} is computed from the row")
    return list(value.data)
