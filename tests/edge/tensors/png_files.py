"""A PNG encoder for tests: every colour type, bit depth, filter and interlacing, and damage on request.

Samples are written as they are given, so what a decoder must find is known without another decoder.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

Samples = np.ndarray[Any, Any]

CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
PASSES = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))


def chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def png(
    samples: Samples,
    kind: int,
    depth: int = 8,
    *,
    filters: Sequence[int] = (0,),
    interlaced: bool = False,
    palette: bytes = b"",
    transparent: bytes | None = None,
    before: bytes = b"",
    after: bytes = b"",
    pieces: int = 1,
    raw: Callable[[bytes], bytes] = bytes,
) -> bytes:
    """samples: [H, W, channels] of integers of `depth` bits. filters: taken in turn, row by row. before, after: chunks
    around the pixels. raw: what becomes of the filtered bytes before they are packed."""
    height, width, _ = samples.shape
    passes = [(0, 0, 1, 1)] if not interlaced else PASSES
    rows = b"".join(_filtered(samples[y::dy, x::dx], kind, depth, filters) for x, y, dx, dy in passes)
    packed = zlib.compress(raw(rows))
    size = -(-len(packed) // pieces)
    made = [b"\x89PNG\r\n\x1a\n", chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, kind, 0, 0, interlaced))]
    made += [chunk(b"PLTE", palette)] if palette else []
    made += [chunk(b"tRNS", transparent)] if transparent is not None else []
    made += [before, *(chunk(b"IDAT", packed[i : i + size]) for i in range(0, len(packed), size)), after]
    return b"".join([*made, chunk(b"IEND", b"")])


def _filtered(samples: Samples, kind: int, depth: int, filters: Sequence[int]) -> bytes:
    height, width, _ = samples.shape
    if height == 0 or width == 0:
        return b""
    step = max(1, CHANNELS[kind] * depth // 8)
    above = np.zeros((width * CHANNELS[kind] * depth + 7) // 8, dtype=int)
    made = []
    for y in range(height):
        row = _packed(samples[y].reshape(-1), depth)
        which = filters[y % len(filters)]
        made.append(bytes([which]) + bytes(int(v) & 255 for v in row - _predicted(which, row, above, step)))
        above = row
    return b"".join(made)


def _packed(flat: Samples, depth: int) -> Samples:
    if depth == 16:
        return np.frombuffer(flat.astype(">u2").tobytes(), "uint8").astype(int)
    bits = (flat[:, None] >> np.arange(depth - 1, -1, -1)) & 1
    return np.packbits(bits.reshape(-1).astype("uint8")).astype(int)


def _predicted(which: int, row: Samples, above: Samples, step: int) -> Samples:
    left = np.concatenate([np.zeros(step, int), row[:-step]]) if len(row) > step else np.zeros(len(row), int)
    corner = np.concatenate([np.zeros(step, int), above[:-step]]) if len(row) > step else np.zeros(len(row), int)
    if which == 1:
        return left
    if which == 2:
        return above
    if which == 3:
        return (left + above) // 2
    if which == 4:
        guess = left + above - corner
        far = [abs(guess - left), abs(guess - above), abs(guess - corner)]
        return np.where((far[0] <= far[1]) & (far[0] <= far[2]), left, np.where(far[1] <= far[2], above, corner))
    return np.zeros(len(row), int)
