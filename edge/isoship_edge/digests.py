"""sha256 of files, compared before their first use: a damaged file is an error that names it, and never an answer.

Two ways to the same digest, which differ by import and by megabyte (CPU, Python 3.10 to 3.13, x86):

|                                | import | 0.3 MB | 0.7 MB |  1 MB |  5 MB |
|--------------------------------|-------:|-------:|-------:|------:|------:|
| `_sha2`, CPython's own         | 0.4 ms |    1.6 |    3.1 |   4.3 |    20 |
| `hashlib`, which loads OpenSSL | 2.9 ms |    3.1 |    3.3 |   3.6 |   6.3 |

Smaller files than 0.75 MB go the first way, where nobody has loaded OpenSSL.
"""
# ruff: noqa: PTH123

from __future__ import annotations

import os
import sys

from isoship_edge.errors import DamagedFile

TYPE_CHECKING = False  # `typing` is not imported on the way to a first answer (named.py)
if TYPE_CHECKING:
    from pathlib import Path
    from typing import Any

_SMALL = 3 * 2**18
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
    if size < _SMALL and "_hashlib" not in sys.modules:
        for name in ("_sha2", "_sha256"):  # since Python 3.12, and before
            try:
                return __import__(name).sha256
            except ImportError:
                continue
    import hashlib

    return hashlib.sha256
