"""Half precision as Python has it: nowhere but in `struct`. A tensor holds the bits of each value, an integer of 16."""

from __future__ import annotations

from array import array
from struct import error, pack, unpack

TYPE_CHECKING = False  # `typing` is not imported on the way to a first answer (named.py)
if TYPE_CHECKING:
    from collections.abc import Sequence


def floats_of(bits: array[int]) -> tuple[float, ...]:
    """The values, exactly."""
    return unpack(f"={len(bits)}e", bits)


def bits_of(values: Sequence[float]) -> array[int]:
    """The bits of each value rounded to nearest, ties to even.

    Raises:
        OverflowError: a finite value beyond 65504.
    """
    try:
        return array("H", pack(f"={len(values)}e", *values))
    except error as err:  # an integer's form of the same
        raise OverflowError(str(err)) from err
