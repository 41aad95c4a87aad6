"""Reading a wheel as what it is: a zip from somewhere else, hostile until checked."""

from __future__ import annotations

import contextlib
import os
import stat
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path, PurePosixPath

from isoship.bundle.wheels.fetch import cache_folder
from isoship.errors import BundleError

MAX_MEMBERS = 20_000
MAX_MEMBER_BYTES = 256 * 2**20
MAX_TOTAL_BYTES = 2**30
#: Members of so many bytes are kept unpacked in the user's cache: the libraries, nine tenths of what inflating takes.
_LARGE = 2**20


def wheel_members(wheel: Path, wanted: Callable[[str], bool]) -> Iterator[tuple[str, bytes]]:
    """(path, bytes) of each wanted file of a wheel. Every member is checked before the first one is given.

    Raises:
        BundleError: no zip, damaged, or a member that leaves the folder, is a link, comes twice or is too large.
    """
    try:
        with zipfile.ZipFile(wheel) as archive:
            for member in _checked(archive.infolist(), wheel.name):
                if not member.is_dir() and wanted(member.filename):
                    yield member.filename, _content(archive, member, wheel.name)
    except (zipfile.BadZipFile, EOFError, NotImplementedError, RuntimeError) as err:
        raise BundleError(f"the wheel {wheel} is damaged ({err}): delete it and export again") from err


def _content(archive: zipfile.ZipFile, member: zipfile.ZipInfo, wheel: str) -> bytes:
    """From the wheel, or from the cache where that holds it: zipfile compares this size and this checksum, too."""
    if member.file_size < _LARGE:
        return archive.read(member)
    kept = cache_folder() / "unpacked" / f"{wheel}-{member.CRC:08x}-{PurePosixPath(member.filename).name}"
    try:
        data = kept.read_bytes() if kept.stat().st_size == member.file_size else b""
    except OSError:
        data = b""
    if len(data) == member.file_size and zlib.crc32(data) == member.CRC:
        return data
    data = archive.read(member)
    with contextlib.suppress(OSError):  # wheels may lie in a cache that is only read
        kept.parent.mkdir(parents=True, exist_ok=True)
        aside = kept.with_name(f"{kept.name}.{os.getpid()}")
        aside.write_bytes(data)
        aside.replace(kept)
    return data


def _checked(members: list[zipfile.ZipInfo], wheel: str) -> list[zipfile.ZipInfo]:
    if len(members) > MAX_MEMBERS:
        raise BundleError(f"{wheel} has {len(members)} members; at most {MAX_MEMBERS} are read")
    total = 0
    seen: set[str] = set()
    for member in members:
        name = member.filename
        parts = name.removesuffix("/").split("/")
        # A NUL has already cut `filename`; the name as stored shows it.
        odd = "\\" in name or "\0" in member.orig_filename or ":" in parts[0]
        if odd or PurePosixPath(name).is_absolute() or any(part in ("", ".", "..") for part in parts):
            raise BundleError(f"{wheel} has a member named {member.orig_filename!r}, which leaves its folder")
        kind = stat.S_IFMT(member.external_attr >> 16)
        if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
            raise BundleError(f"{wheel}: {name} is a link or a device; only files and folders are read")
        if name.lower() in seen:
            raise BundleError(f"{wheel} has two members named {name!r}")
        seen.add(name.lower())
        total += member.file_size
        if member.file_size > MAX_MEMBER_BYTES or total > MAX_TOTAL_BYTES:
            raise BundleError(f"{wheel}: {name} makes it larger than {MAX_TOTAL_BYTES >> 20} MB unpacked")
    return members
