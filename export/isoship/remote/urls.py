"""What is a URL, the file system behind it, and its errors as one line."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from isoship.errors import IsoshipError, MissingExtraError, SampleError

Made = TypeVar("Made")

#: A scheme of two letters or more: C:\rows.csv is a path.
_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+://")
#: What fsspec needs for a scheme, where that is a package of its own.
_PACKAGES = {
    "s3": "s3fs", "s3a": "s3fs", "gs": "gcsfs", "gcs": "gcsfs", "abfs": "adlfs", "abfss": "adlfs", "az": "adlfs",
    "hf": "huggingface_hub", "http": "aiohttp", "https": "aiohttp",
}  # fmt: skip
_READ_ALONE = ("http", "https")
#: Seconds before each other attempt.
_PAUSES = (0.5, 1.0, 2.0)


class RemoteError(SampleError):
    """A place that a URL names cannot be read or written."""


def is_url(place: Any) -> bool:
    """Whether this is a URL and no path."""
    return isinstance(place, str) and _URL.match(place) is not None


def shown(url: str) -> str:
    """A URL without what it may hold of secrets: a user, a password, a signature."""
    return re.sub(r"[?#].*", "", re.sub(r"://[^/@]*@", "://", url))


def filesystem(url: str, *, to_write: bool = False) -> tuple[Any, str]:
    """The file system of a URL, and its path there.

    Raises:
        MissingExtraError: there is no fsspec. RemoteError: no such scheme, or one that is not written to.
    """
    scheme = url.partition("://")[0].lower()
    if to_write and scheme in _READ_ALONE:
        raise RemoteError(f"{shown(url)}: {scheme} is read and not written to")
    try:
        import fsspec
    except ImportError as err:
        raise MissingExtraError("fsspec", "remote", f"a {scheme}:// URL") from err
    try:
        fs, path = fsspec.core.url_to_fs(url)
    except ImportError as err:
        package = _PACKAGES.get(scheme, scheme)
        raise RemoteError(f"{shown(url)}: a {scheme}:// URL needs {package}: pip install {package}") from err
    except ValueError as err:
        raise RemoteError(f"{shown(url)}: {_first_line(err, url)}") from err
    fs.invalidate_cache()
    return fs, path


@contextmanager
def told(url: str, what: str) -> Iterator[None]:
    """A block whose errors become one line. what: is not done then, "read" or "written".

    Raises:
        RemoteError: anything went wrong but isoship's own errors.
    """
    try:
        yield
    except (IsoshipError, OSError) as err:
        if isinstance(err, IsoshipError):
            raise
        raise RemoteError(f"{shown(url)} is not {what}: {_first_line(err, url)}") from None
    except Exception as err:  # noqa: BLE001 - each file system has exceptions of its own
        raise RemoteError(f"{shown(url)} is not {what}: {_first_line(err, url)}") from None


def persistently(work: Callable[[], Made]) -> Made:
    """What `work` returns, tried again after a pause where it fails for another reason than that nothing is there."""
    for pause in _PAUSES:
        try:
            return work()
        except (FileNotFoundError, PermissionError, IsADirectoryError, NotADirectoryError, IsoshipError):
            raise
        except Exception:  # noqa: BLE001 - each file system has exceptions of its own
            time.sleep(pause)
    return work()


def joined(url: str, relative: str) -> str:
    """A URL below another."""
    head, mark, query = url.partition("?")
    return f"{head.rstrip('/')}/{relative}{mark}{query}"


def local(url: str) -> Path | None:
    """The path of a file:// URL."""
    return Path(url.removeprefix("file://")) if url.startswith("file://") else None


def _first_line(err: BaseException, url: str) -> str:
    said = (str(err).strip().splitlines() or [""])[0].rstrip(".") or type(err).__name__
    if isinstance(err, FileNotFoundError):
        said = "there is nothing"
    said = said.replace(url, shown(url))
    return re.sub(r"([?&][\w.-]+=)[^\s&'\"]+", r"\1...", re.sub(r"://[^/@\s]*@", "://", said))
