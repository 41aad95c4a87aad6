"""sha256 of files, compared before their first use: a damaged file is an error that names it, and never an answer.

Two ways to the same digest. CPython's own `_sha2` is there at once and takes 6 ms a megabyte; OpenSSL's takes 0.7, and
3 ms of a cold start before the first byte (`import hashlib`). Files below half a megabyte go the first way.
"""
# ruff: noqa: PTH123

from __future__ import annotations

import os

from isoship_edge.errors import DamagedFile

TYPE_CHECKING = False  # `typing` is not imported on the way to a first answer (named.py)
if TYPE_CHECKING:
    from pathlib import Path
    from typing import Any

_SMALL = 2**19
_BLOCK = 2**20
WAY_OUT = "Copy the bundle again, or export it again"


def sha256_of(data: bytes) -> str:
    """The digest in hexadecimal."""
    made: str = _hash(len(data))(data).hexdigest()
    return made


def sha256_of_file(path: str | Path) -> str:
    """The digest of a file's content, read in pieces.

    Raises:
        OSError: it cannot be read.
    """
    with open(path, "rb", buffering=0) as file:
        made = _hash(os.fstat(file.fileno()).st_size)()
        while block := file.read(_BLOCK):
            made.update(block)
    digest: str = made.hexdigest()
    return digest


def check_file(path: str | Path, listed: str, *, by: str = "manifest.json") -> None:
    """by: what lists the digest.

    Raises:
        DamagedFile: the file is not the one that is listed, or is not there.
    """
    try:
        found = sha256_of_file(path)
    except OSError as err:
        raise DamagedFile(f"{path} is listed in {by} and cannot be read: {err.strerror}. {WAY_OUT}") from err
    if found != listed:
        raise DamagedFile(f"{path} is damaged: its sha256 is {found}, and {by} says {listed}. {WAY_OUT}")


def _hash(size: int) -> Any:
    """What makes a sha256 of so many bytes soonest."""
    if size < _SMALL:
        for name in ("_sha2", "_sha256"):  # since Python 3.12, and before
            try:
                return __import__(name).sha256
            except ImportError:
                continue
    import hashlib

    return hashlib.sha256
