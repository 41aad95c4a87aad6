"""What a pickle tells before it is loaded: its unpacked bytes, and which XGBoost wrote the models inside."""

from __future__ import annotations

import bz2
import gzip
import importlib.util
import lzma
import zlib
from collections.abc import Callable
from pathlib import Path

#: The first bytes of the forms in which joblib compresses -> how they are read.
_COMPRESSED: tuple[tuple[bytes, Callable[[bytes], bytes]], ...] = (
    (b"\x1f\x8b", gzip.decompress),
    (b"BZ", bz2.decompress),
    (b"\xfd7zXZ", lzma.decompress),
    (b"]\x00", lzma.decompress),
    (b"x", zlib.decompress),
)
LZ4 = b"\x04\x22\x4d\x18"


def contents(path: Path) -> bytes:
    """The pickle's own bytes, uncompressed; empty where they cannot be had (no lz4, a damaged file)."""
    try:
        data = path.read_bytes()
        if data.startswith(LZ4):
            return _from_lz4(data)
        for first, plain in _COMPRESSED:
            if data.startswith(first):
                return plain(data)
    except (OSError, EOFError, ValueError, RuntimeError, zlib.error, lzma.LZMAError):
        return b""
    return data


def _from_lz4(data: bytes) -> bytes:
    try:
        import lz4.frame  # type: ignore[import-not-found,unused-ignore]
    except ImportError:
        return b""
    return bytes(lz4.frame.decompress(data))


def refuse_other_boosters(path: Path, pickled: bytes) -> None:
    """Before the pickle is loaded: afterwards a booster says that the library which is here wrote it.

    Raises:
        ModelFileError: a newer XGBoost wrote a Booster in it, or one so old that it is not read.
    """
    if importlib.util.find_spec("xgboost") is None:
        return  # loading says that it is missing
    from isoship.sources.xgboost.versions import newest_in, refuse_newer, refuse_old_pickle

    refuse_old_pickle(str(path), pickled)
    wrote = newest_in(pickled)
    if wrote is not None:
        refuse_newer(str(path), wrote)
