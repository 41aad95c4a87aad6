"""The numbers that a column can hold, in order: every double, or every integer that a double holds, has a place.

Neighbouring numbers have neighbouring places, so that a search over places ends at the exact number.
"""

from __future__ import annotations

import struct
from typing import NamedTuple

#: The largest double that does not become infinite as a float32, which scikit-learn's trees refuse.
FLOAT32 = 3.4028235677973362e38
LARGEST = 1.7976931348623157e308
_LARGEST_INTEGER = 2**53
_MAGNITUDES = (1e-300, 1e-100, 1e-30, 1e-9, 1e-3, 1.0, 1e3, 1e6, 1e9, 1e18, 1e30, FLOAT32, 1e100, 1e200, LARGEST)
_WHOLE = (1, 10, 1_000, 1_000_000, 2**31, 2**40, _LARGEST_INTEGER)


class Line(NamedTuple):
    """whole: the integers of an int64 column up to 2**53, which are their own places."""

    whole: bool = False

    def place(self, number: float) -> int:
        """Both zeros have place 0."""
        if self.whole:
            return int(number)
        bits: int = struct.unpack("<q", struct.pack("<d", number))[0]
        return bits if bits >= 0 else -(bits & 0x7FFF_FFFF_FFFF_FFFF)

    def at(self, place: int) -> float:
        """The number of a place: a float, or an int on the whole line."""
        if self.whole:
            return place
        magnitude: float = struct.unpack("<d", struct.pack("<q", abs(place)))[0]
        return magnitude if place >= 0 else -magnitude

    def outward(self, start: int, sign: int) -> list[int]:
        """Places at which to look first, from `start` (left out) to the last number in the direction of `sign`."""
        known = [self.place(m) for m in (_WHOLE if self.whole else _MAGNITUDES)]
        places = sorted((*(-place for place in known), 0, *known), reverse=sign < 0)
        return [place for place in places if (place - start) * sign > 0]
