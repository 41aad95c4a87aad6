"""PNG: every pixel that was drawn, or a refusal that says why; no hostile file unpacks beyond its size."""

from __future__ import annotations

import io
import random
import struct
import tracemalloc
import zlib

import numpy as np
import pytest
from PIL import Image
from png_files import CHANNELS, Samples, chunk, png

from isoship_edge.tensors.png import PngError, header_of, pixels_of

#: Colour type -> bit depths that are taken.
DEPTHS = [(0, 1), (0, 2), (0, 4), (0, 8), (2, 8), (3, 1), (3, 2), (3, 4), (3, 8), (4, 8), (6, 8)]
SIZES = [(1, 1), (1, 9), (9, 1), (5, 7), (8, 8), (13, 17)]


def drawn(kind: int, depth: int, size: tuple[int, int] = (13, 17), seed: int = 0) -> Samples:
    return np.random.default_rng(seed).integers(0, 2**depth, (*size, CHANNELS[kind]))


def decoded(data: bytes, color: str = "rgba") -> Samples:
    header = header_of(data)
    flat = np.frombuffer(pixels_of(data, header, color), "uint8")
    return flat.reshape(header.height, header.width, -1)


def palette_of(depth: int) -> bytes:
    return np.random.default_rng(depth).integers(0, 256, 3 * 2**depth, dtype="uint8").tobytes()


def expected(samples: Samples, kind: int, depth: int, palette: bytes) -> Samples:
    """The samples in rgba."""
    if kind == 3:
        rgb = np.frombuffer(palette, "uint8").reshape(-1, 3)[samples[..., 0]]
        return np.concatenate([rgb, np.full((*samples.shape[:2], 1), 255, "uint8")], axis=-1)
    scaled = (samples * 255 // (2**depth - 1)).astype("uint8")
    color = scaled[..., :3] if kind in (2, 6) else np.repeat(scaled[..., :1], 3, axis=-1)
    alpha = scaled[..., -1:] if kind in (4, 6) else np.full((*samples.shape[:2], 1), 255, "uint8")
    return np.concatenate([color, alpha], axis=-1)


@pytest.mark.parametrize("interlaced", [False, True], ids=["rows", "Adam7"])
@pytest.mark.parametrize(("kind", "depth"), DEPTHS)
def test_every_form_filter_and_size(kind: int, depth: int, interlaced: bool) -> None:
    palette = palette_of(depth) if kind == 3 else b""
    for seed, size in enumerate(SIZES):
        for filters in ((0,), (1,), (2,), (3,), (4,), (4, 3, 2, 1, 0)):
            samples = drawn(kind, depth, size, seed)
            data = png(samples, kind, depth, filters=filters, interlaced=interlaced, palette=palette)
            np.testing.assert_array_equal(decoded(data), expected(samples, kind, depth, palette))


@pytest.mark.parametrize("mode", ["L", "RGB", "RGBA", "LA", "P", "1"])
def test_pillow_writes_and_reads_the_same(mode: str) -> None:
    rgba = Image.fromarray(np.random.default_rng(3).integers(0, 256, (40, 33, 4), dtype="uint8"))
    picture = rgba.convert("RGB").convert(mode) if mode in ("P", "1") else rgba.convert(mode)
    file = io.BytesIO()
    picture.save(file, "PNG", optimize=True)
    with Image.open(io.BytesIO(file.getvalue())) as seen:
        np.testing.assert_array_equal(decoded(file.getvalue()), np.asarray(seen.convert("RGBA")))


@pytest.mark.parametrize(("kind", "depth", "key"), [(0, 8, [3]), (0, 2, [2]), (2, 8, [1, 0, 1]), (0, 8, [300])])
def test_one_colour_may_be_transparent(kind: int, depth: int, key: list[int]) -> None:
    samples = drawn(kind, depth) % 4 if kind == 0 else drawn(kind, depth) % 2
    data = png(samples, kind, depth, transparent=struct.pack(f">{len(key)}H", *key))
    want = expected(samples, kind, depth, b"")
    want[..., 3] = np.where((samples == key).all(axis=-1), 0, 255)
    np.testing.assert_array_equal(decoded(data), want)
    if key == [300]:  # no sample of eight bits is that
        np.testing.assert_array_equal(decoded(data, "gray"), want[..., :1])
        return
    assert 0 in want[..., 3]
    with pytest.raises(PngError, match="got one with transparent pixels"):
        decoded(data, "rgb")


def test_colours_of_a_palette_may_be_transparent() -> None:
    data = png(drawn(3, 2), 3, 2, palette=palette_of(2), transparent=bytes([0, 128]))
    with Image.open(io.BytesIO(data)) as seen:
        np.testing.assert_array_equal(decoded(data), np.asarray(seen.convert("RGBA")))


def test_colours_change_where_nothing_is_lost() -> None:
    gray = drawn(0, 8)
    assert decoded(png(gray, 0), "gray").shape == (13, 17, 1)
    np.testing.assert_array_equal(decoded(png(gray, 0), "rgb"), np.repeat(gray, 3, axis=-1))
    np.testing.assert_array_equal(decoded(png(np.repeat(gray, 3, axis=-1), 2), "gray"), gray)
    opaque = np.concatenate([drawn(2, 8), np.full((13, 17, 1), 255)], axis=-1)
    np.testing.assert_array_equal(decoded(png(opaque, 6), "rgb"), opaque[..., :3])
    with pytest.raises(PngError, match="a PNG in gray, got one with colours"):
        decoded(png(drawn(2, 8), 2), "gray")
    opaque[3, 4, 3] = 254
    with pytest.raises(PngError, match="a PNG in rgb, got one with transparent pixels"):
        decoded(png(opaque, 6), "rgb")


def test_what_says_nothing_of_pixels_is_passed_over() -> None:
    samples = drawn(2, 8)
    text = chunk(b"gAMA", struct.pack(">I", 45455)) + chunk(b"tEXt", b"Title\0x") + chunk(b"zzZz", b"1234")
    data = png(samples, 2, before=text, after=chunk(b"tIME", bytes(7)), pieces=5)
    np.testing.assert_array_equal(decoded(data, "rgb"), samples)
    np.testing.assert_array_equal(decoded(data + b"behind its end", "rgb"), samples)


GOOD = png(drawn(2, 8), 2, filters=(1,))


def replaced(data: bytes, place: int, byte: int) -> bytes:
    return data[:place] + bytes([byte]) + data[place + 1 :]


DAMAGED = {
    "nothing": (b"", "another beginning"),
    "a JPEG": (b"\xff\xd8\xff\xe0" + bytes(40), "another beginning"),
    "the first half": (GOOD[: len(GOOD) // 2], "ends too early"),
    "no end": (GOOD[:-12], "ends too early"),
    "another byte of pixels": (replaced(GOOD, 60, GOOD[60] ^ 1), "checksum of b'IDAT'"),
    "another byte of the header": (replaced(GOOD, 19, 9), "checksum of b'IHDR'"),
    "no header": (GOOD[:8] + chunk(b"IEND", b""), "without its header"),
    "16 bits": (png(drawn(2, 8) * 257, 2, 16), "one of 16, which 8 would round"),
    "an unknown filter": (png(drawn(2, 8), 2, filters=(5,)), "filter 5"),
    "too few rows": (png(drawn(2, 8), 2, raw=lambda rows: rows[:-1]), "holds less than the pixels"),
    "too many rows": (png(drawn(2, 8), 2, raw=lambda rows: rows + b"\0"), "holds more than the pixels"),
    "no palette": (png(drawn(3, 8), 3), "without its palette"),
    "a pixel beyond the palette": (png(drawn(3, 8), 3, palette=bytes(9)), "beyond its palette"),
    "half a palette": (png(drawn(3, 8), 3, palette=bytes(10)), "damaged palette"),
    "a palette of more than its bits": (png(drawn(3, 1), 3, 1, palette=bytes(9)), "damaged palette"),
    "half a transparency": (png(drawn(2, 8), 2, transparent=b"\0\1"), "damaged transparency"),
    "an unknown critical chunk": (png(drawn(2, 8), 2, before=chunk(b"ZZZZ", b"")), "b'ZZZZ'"),
    "pixels in two places": (
        png(drawn(2, 8), 2, after=chunk(b"tEXt", b"") + chunk(b"IDAT", b"")), "pixels are in two places"
    ),
    "no pixels": (GOOD[:33] + chunk(b"IEND", b""), "holds less"),
    "no zlib": (GOOD[:33] + chunk(b"IDAT", b"\0\1\2\3") + chunk(b"IEND", b""), "do not unpack"),
    **{
        f"a header {name}": (GOOD[:8] + chunk(b"IHDR", struct.pack(">IIBBBBB", *parts)), said)
        for name, parts, said in (
            ("of no width", (0, 1, 8, 2, 0, 0, 0), "0 x 1"), ("of no height", (1, 0, 8, 2, 0, 0, 0), "1 x 0"),
            ("of 2^31 columns", (2**31, 1, 8, 2, 0, 0, 0), "x 1"),
            ("of 3 bits", (1, 1, 3, 0, 0, 0, 0), "does not have"),
            ("of colour type 1", (1, 1, 8, 1, 0, 0, 0), "does not have"),
            ("of 4 bits of colour", (1, 1, 4, 2, 0, 0, 0), "does not have"),
            ("of another packing", (1, 1, 8, 2, 1, 0, 0), "does not have"),
            ("of another interlacing", (1, 1, 8, 2, 0, 0, 2), "does not have"),
        )
    },
}  # fmt: skip


@pytest.mark.parametrize("name", DAMAGED)
def test_a_damaged_file_is_refused_with_a_reason(name: str) -> None:
    data, said = DAMAGED[name]
    with pytest.raises(PngError, match=said) as refused:
        decoded(data)
    assert ", got " in str(refused.value)


def test_any_change_of_a_byte_is_noticed_or_changes_nothing() -> None:
    chance, good = random.Random(5), decoded(GOOD)
    for _ in range(3000):
        data = replaced(GOOD, chance.randrange(len(GOOD)), chance.randrange(256))
        data = data[: chance.randrange(len(data))] if chance.random() < 0.2 else data
        try:
            made = decoded(data)
        except PngError:
            continue
        np.testing.assert_array_equal(made, good)


def test_a_bomb_is_not_unpacked() -> None:
    """A megabyte of packed zeros is a gigabyte; the header says 8 x 8."""
    packer = zlib.compressobj(9)
    packed = b"".join([*(packer.compress(bytes(2**20)) for _ in range(256)), packer.flush()])
    data = GOOD[:8] + chunk(b"IHDR", struct.pack(">IIBBBBB", 8, 8, 8, 2, 0, 0, 0)) + chunk(b"IDAT", packed)
    data += chunk(b"IEND", b"")
    tracemalloc.start()
    with pytest.raises(PngError, match="holds more than the pixels"):
        decoded(data)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 5 * len(data) + 2**20
