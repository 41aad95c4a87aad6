"""PNG pictures as the bytes that were drawn: every pixel exactly, or a refusal that says why.

8 bits a channel come out. Fewer are scaled as the format says (1 bit: 0 and 255); 16 are refused, because bringing
them to 8 would round. Colours change where nothing is lost: gray becomes red = green = blue, and back where all three
are equal; alpha goes where every pixel is opaque. Ancillary chunks (gamma, colour profiles, text) change nothing.

Unpacking is bounded by the size that the header declares, which the caller sees first. Pixels move a row at a time by
what C does in Python (`accumulate`, `translate`, integers of a row's length); two of the five filters take a loop.

Source: Portable Network Graphics (PNG) Specification (Third Edition), W3C.
"""

from __future__ import annotations

import zlib
from array import array
from itertools import accumulate
from struct import unpack_from

from isoship_edge.lean_namedtuple import NamedTuple

TYPE_CHECKING = False  # `typing` is not imported on the way to a first answer (named.py)
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_GRAY, _RGB, _PALETTE, _GRAY_ALPHA, _RGB_ALPHA = 0, 2, 3, 4, 6
#: Colour type -> its samples a pixel, and the bit depths that the format allows.
_TYPES = {
    _GRAY: (1, (1, 2, 4, 8, 16)), _RGB: (3, (8, 16)), _PALETTE: (1, (1, 2, 4, 8)), _GRAY_ALPHA: (2, (8, 16)),
    _RGB_ALPHA: (4, (8, 16)),
}  # fmt: skip
#: Adam7: the first column and row of each pass, and the steps.
_PASSES = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))


class PngError(ValueError):
    """A picture that is refused: `what was expected, got what was seen`."""


class Header(NamedTuple):
    """IHDR."""

    width: int
    height: int
    depth: int
    kind: int
    interlaced: bool


def header_of(data: bytes) -> Header:
    """What a PNG says of itself at its start.

    Raises:
        PngError: it is none, or of 16 bits a channel.
    """
    if data[:8] != _SIGNATURE:
        raise PngError("a PNG, got bytes with another beginning")
    kind, content, _ = _chunk(data, 8)
    if kind != b"IHDR" or len(content) != 13:
        raise PngError("a PNG, got one without its header")
    width, height, depth, color, packing, filtering, interlace = unpack_from(">IIBBBBB", content)
    if not (0 < width < 2**31 and 0 < height < 2**31):
        raise PngError(f"a PNG with pixels, got one of {width} x {height}")
    if color not in _TYPES or depth not in _TYPES[color][1] or packing or filtering or interlace > 1:
        raise PngError("a PNG, got one of a form that the format does not have")
    if depth == 16:
        raise PngError("a PNG of 8 bits a channel, got one of 16, which 8 would round")
    return Header(width, height, depth, color, interlace == 1)


def pixels_of(data: bytes, header: Header, color: str) -> bytes:
    """The pixels as [height, width, channels] of bytes. color: gray, rgb or rgba.

    Raises:
        PngError: the file is damaged, or holds colours that are not `color`'s.
    """
    packed, palette, transparent = _chunks(data, header)
    planes = _planes(_samples(packed, header), header, palette, transparent)
    planes = _in_color(planes, color)
    if len(planes) == 1:
        return planes[0]
    made = bytearray(len(planes) * len(planes[0]))
    for channel, plane in enumerate(planes):
        made[channel :: len(planes)] = plane
    return bytes(made)


def _chunk(data: bytes, start: int) -> tuple[bytes, bytes, int]:
    """A chunk's type and content, and where the next one starts."""
    if start + 12 > len(data):
        raise PngError("a whole PNG, got one that ends too early")
    (length,) = unpack_from(">I", data, start)
    end = start + 8 + length
    if end + 4 > len(data):
        raise PngError("a whole PNG, got one that ends too early")
    kind, content = data[start + 4 : start + 8], data[start + 8 : end]
    if zlib.crc32(data[start + 4 : end]) != unpack_from(">I", data, end)[0]:
        raise PngError(f"a PNG, got one that is damaged: the checksum of {kind!r} is another")
    return kind, content, end + 4


def _chunks(data: bytes, header: Header) -> tuple[bytes, bytes, bytes | None]:
    """The packed rows, the palette and what is transparent."""
    parts: list[bytes] = []
    palette, transparent, last = b"", None, b""
    _, _, start = _chunk(data, 8)
    while True:
        kind, content, start = _chunk(data, start)
        if kind == b"IEND":
            break
        if kind == b"IDAT":
            if parts and last != b"IDAT":
                raise PngError("a PNG, got one whose pixels are in two places")
            parts.append(content)
        elif kind == b"PLTE":
            palette = content
            if parts or len(content) % 3 or not 0 < len(content) <= 3 * 2**header.depth:
                raise PngError("a PNG, got one with a damaged palette")
        elif kind == b"tRNS":
            transparent = content
        elif not kind[0] & 32:
            raise PngError(f"a PNG, got one with a chunk {kind!r} that nothing here can read")
        last = kind
    if header.kind == _PALETTE and not palette:
        raise PngError("a PNG, got one without its palette")
    return b"".join(parts), palette, transparent


def _samples(packed: bytes, header: Header) -> bytes:
    """Every sample of every pixel as a byte, in order."""
    count, bits = _TYPES[header.kind][0], _TYPES[header.kind][0] * header.depth
    sizes = [(header.width, header.height)]
    if header.interlaced:
        sizes = [(-(-(header.width - x) // dx), -(-(header.height - y) // dy)) for x, y, dx, dy in _PASSES]
    strides = [(width * bits + 7) // 8 for width, _ in sizes]
    length = sum((stride + 1) * height for stride, (width, height) in zip(strides, sizes, strict=True) if width > 0)
    raw, start = _unpacked(packed, length), 0
    if not header.interlaced:
        return b"".join(_rows(raw, 0, strides[0], header, header.width, header.height))
    made, line = bytearray(header.width * header.height * count), header.width * count
    for (x, y, dx, dy), (width, height), stride in zip(_PASSES, sizes, strides, strict=True):
        if width <= 0 or height <= 0:
            continue
        for place, row in enumerate(_rows(raw, start, stride, header, width, height)):
            first = (y + place * dy) * line
            for channel in range(count):
                made[first + x * count + channel : first + line : dx * count] = row[channel::count]
        start += (stride + 1) * height
    return bytes(made)


def _unpacked(packed: bytes, length: int) -> bytes:
    stream = zlib.decompressobj()
    try:
        raw = stream.decompress(packed, length + 1)
    except zlib.error as err:
        raise PngError(f"a PNG, got one whose pixels do not unpack ({err})") from err
    if len(raw) != length or not stream.eof:
        more = "more" if len(raw) > length or stream.unconsumed_tail else "less"
        raise PngError(f"a PNG, got one that holds {more} than the pixels of its size")
    return raw


def _rows(raw: bytes, start: int, stride: int, header: Header, width: int, height: int) -> Iterator[bytes]:
    """Rows of one picture or pass, unfiltered, a byte a sample."""
    step = max(1, _TYPES[header.kind][0] * header.depth // 8)
    spread = _SPREAD.get(header.depth)
    if spread is None and header.depth < 8:
        spread = _SPREAD[header.depth] = [
            bytes(byte >> shift & 2**header.depth - 1 for shift in range(8 - header.depth, -1, -header.depth))
            for byte in range(256)
        ]
    above = bytes(stride)
    for _ in range(height):
        row = _unfiltered(raw[start], raw[start + 1 : start + 1 + stride], above, step)
        start += stride + 1
        above = row
        yield row if spread is None else b"".join([spread[byte] for byte in row])[:width]


#: Bit depth -> each byte's samples.
_SPREAD: dict[int, list[bytes]] = {}


def _unfiltered(kind: int, row: bytes, above: bytes, step: int) -> bytes:
    if kind == 0:
        return row
    if kind == 2:
        return _added(row, above)
    if kind not in _FILTERS:
        raise PngError(f"a PNG, got one with a filter {kind} that the format does not have")
    made = bytearray(len(row))
    for channel in range(step):
        made[channel::step] = _FILTERS[kind](row[channel::step], above[channel::step])
    return bytes(made)


def _added(row: bytes, above: bytes) -> bytes:
    """Byte by byte without carry: the low seven bits add inside their byte, and the eighth is a sum of three."""
    length = len(row)
    low = int.from_bytes(b"\x7f" * length, "little")
    a, b = int.from_bytes(row, "little"), int.from_bytes(above, "little")
    return (((a & low) + (b & low)) ^ ((a ^ b) & ~low & (1 << 8 * length) - 1)).to_bytes(length, "little")


def _sub(row: bytes, above: bytes) -> bytes:
    sums = array("Q", accumulate(row))
    low = 0 if _LITTLE else 7
    return sums.tobytes()[low::8]


def _average(row: bytes, above: bytes) -> bytes:
    made, left = bytearray(), 0
    for value, up in zip(row, above, strict=True):
        left = value + (left + up >> 1) & 255
        made.append(left)
    return bytes(made)


def _paeth(row: bytes, above: bytes) -> bytes:
    """The neighbour nearest to left + up - corner. Where the corner is no number between the two, that is the lower or
    the higher of them; else the corner, where neither is at most half as far from it as the other."""
    made, left, corner = bytearray(), 0, 0
    for value, up in zip(row, above, strict=True):
        if left < up:
            low, high = left, up
        else:
            low, high = up, left
        if corner >= high:
            near = low
        elif corner <= low:
            near = high
        else:
            to_left, to_up = up - corner, left - corner
            if left < up:
                to_up = -to_up
            else:
                to_left = -to_left
            near = left if 2 * to_left <= to_up else up if 2 * to_up <= to_left else corner
        left = value + near & 255
        corner = up
        made.append(left)
    return bytes(made)


_LITTLE = array("H", [1]).tobytes()[0] == 1
_FILTERS = {1: _sub, 3: _average, 4: _paeth}


def _planes(samples: bytes, header: Header, palette: bytes, transparent: bytes | None) -> list[bytes]:
    """Each channel of 8 bits: gray, red green and blue, and alpha behind them where there is one."""
    if header.kind == _PALETTE:
        if max(samples) >= len(palette) // 3:
            raise PngError("a PNG, got one with a pixel beyond its palette")
        planes = [samples.translate(_table(palette[channel::3])) for channel in range(3)]
        if transparent:
            planes.append(samples.translate(_table(transparent, 255)))
        return planes
    count = _TYPES[header.kind][0]
    planes = [samples[channel::count] for channel in range(count)]
    if transparent is not None and header.kind in (_GRAY, _RGB):
        if len(transparent) != 2 * count:
            raise PngError("a PNG, got one with a damaged transparency")
        key = unpack_from(f">{count}H", transparent)
        planes.append(_alpha(planes, key))
    if header.depth < 8:
        scale = 255 // (2**header.depth - 1)
        planes[0] = planes[0].translate(bytes(value * scale & 255 for value in range(256)))
    return planes


def _table(values: bytes, rest: int = 0) -> bytes:
    return (values + bytes([rest]) * 256)[:256]


def _alpha(planes: Sequence[bytes], key: Sequence[int]) -> bytes:
    """255, and 0 where all channels are the key's."""
    hits = [
        plane.translate(bytes(value == wanted for value in range(256)))
        for plane, wanted in zip(planes, key, strict=True)
    ]
    both = int.from_bytes(hits[0], "little")
    for hit in hits[1:]:
        both &= int.from_bytes(hit, "little")
    return both.to_bytes(len(hits[0]), "little").translate(b"\xff" + bytes(255))


def _in_color(planes: list[bytes], color: str) -> list[bytes]:
    alpha = planes.pop() if len(planes) in (2, 4) else None
    if color == "rgba":
        return [*(planes if len(planes) == 3 else planes * 3), alpha or b"\xff" * len(planes[0])]
    if alpha is not None and alpha.count(255) != len(alpha):
        raise PngError(f"a PNG in {color}, got one with transparent pixels")
    if color == "rgb":
        return planes if len(planes) == 3 else planes * 3
    if len(planes) == 3 and not planes[0] == planes[1] == planes[2]:
        raise PngError("a PNG in gray, got one with colours")
    return planes[:1]
