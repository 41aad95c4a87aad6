"""Files behind URLs by way of a temporary file: read when it is here whole, visible there when it was written whole.

A connection that drops costs another attempt, and neither half of a file is ever answered nor left.
"""

from __future__ import annotations

import contextlib
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from isoship.remote.urls import RemoteError, filesystem, local, persistently, shown, told

#: Bytes that are sent at a time; a larger file goes in parts of this size.
_PART = 2**24


@contextmanager
def staged(url: str) -> Iterator[Path]:
    """The file behind a URL as a local one, of the same name, until the block ends.

    Raises:
        RemoteError: there is none, or it could not be read whole.
    """
    own = local(url)
    if own is not None:
        yield own
        return
    fs, path = filesystem(url)
    with tempfile.TemporaryDirectory(prefix="isoship-remote-") as place:
        target = Path(place) / (path.rstrip("/").rpartition("/")[2] or "rows")
        with told(url, "read"):
            fetch(fs, path, target)
        yield target


@contextmanager
def delivered(url: str) -> Iterator[Path]:
    """A local file to write, which goes to the URL when the block has ended well, whole or not at all.

    Raises:
        RemoteError: it could not be written.
    """
    own = local(url)
    if own is not None:
        yield own
        return
    fs, path = filesystem(url, to_write=True)
    with tempfile.TemporaryDirectory(prefix="isoship-remote-") as place:
        target = Path(place) / path.rstrip("/").rpartition("/")[2]
        yield target
        with told(url, "written"):
            send(fs, target, path)


def fetch(fs: Any, path: str, target: Path) -> None:
    """Copies a file here, trying again where a connection drops.

    Raises: what the file system raises; RemoteError: fewer bytes came than there are.
    """

    def once() -> None:
        size = fs.info(path).get("size")
        with fs.open(path, "rb", cache_type="none") as source, target.open("wb") as file:
            shutil.copyfileobj(source, file, _PART)
        if size is not None and target.stat().st_size != size:
            raise OSError(f"{target.stat().st_size} bytes came of {size}")

    persistently(once)


def send(fs: Any, source: Path, path: str) -> None:
    """Copies a file there, trying again where a connection drops; what was sent of it is thrown away.

    Raises: what the file system raises.
    """

    def once() -> None:
        target = fs.open(path, "wb", block_size=_PART)
        try:
            with source.open("rb") as file:
                shutil.copyfileobj(file, target, _PART)
            target.close()
        except BaseException:
            _thrown_away(target)
            raise
        if fs.info(path).get("size") not in (None, source.stat().st_size):
            raise RemoteError(f"{shown(path)} holds another number of bytes than were sent")

    persistently(once)


def _thrown_away(target: Any) -> None:
    """Ends a file that is written to without making it visible."""
    with contextlib.suppress(Exception):  # the connection may be gone; what is there ends at the store's own rule
        target.discard()
    target.closed = True  # or it would be sent when it is collected
