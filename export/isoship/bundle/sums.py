"""SHA256SUMS: every file of the targets, in the form that `sha256sum -c SHA256SUMS` reads."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath

from isoship.errors import BundleError
from isoship_edge.sums import NAME

_FOLDERS = ("edge", "lambda", "web")
_FILES = ("golden.bin", "golden.json", "lambda.zip", "manifest.json", "model.onnx", "rows.bin", "rows.json")
_LINE = re.compile(r"([0-9a-f]{64})  (.+)")
_NAMED = 5


def write_sums(folder: Path) -> None:
    """Digests of all that ships; what a user may edit (template.yaml, samconfig.toml) and verdicts stand outside."""
    lines = [f"{sha256(folder / name)}  {name}\n" for name in sorted(_shipped(folder))]
    (folder / NAME).write_text("".join(lines), encoding="utf-8", newline="\n")


def write_folder_sums(folder: Path) -> None:
    """The list of one target's folder, which travels with it."""
    names = sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file())
    lines = [f"{sha256(folder / name)}  {name}\n" for name in names if name != NAME]
    (folder / NAME).write_text("".join(lines), encoding="utf-8", newline="\n")


def read_sums(folder: Path) -> dict[str, str]:
    """The digests by name.

    Raises:
        BundleError: the file is missing or damaged.
    """
    path = folder / NAME
    if not path.is_file():
        raise BundleError(f"{NAME} is missing: export again")
    try:
        lines = path.read_text(encoding="utf-8").removesuffix("\n").split("\n")
    except (OSError, UnicodeDecodeError) as err:
        raise BundleError(f"{NAME} cannot be read: {err}") from err
    found = {m.group(2): m.group(1) for m in map(_LINE.fullmatch, lines) if m}
    outside = [name for name in found if PurePosixPath(name).is_absolute() or ".." in PurePosixPath(name).parts]
    if len(found) != len(lines) or outside:
        raise BundleError(f"{NAME} is damaged")
    return found


def differences(folder: Path, known: set[str]) -> list[str]:
    """A line for each way in which the files are not those that were written. known: names already spoken of."""
    try:
        sums = read_sums(folder)
    except BundleError as err:
        return [str(err)]
    there = set(_shipped(folder))
    digests = {name: _digest(folder / name) for name in sums.keys() & there}
    more = [name for name in there - sums.keys() if not _left_behind(folder, name, sums)]
    ways = {
        "changed after the export": [n for n, d in digests.items() if d not in (None, sums[n])],
        "cannot be read": [n for n, d in digests.items() if d is None],
        "missing": sums.keys() - there,
        "not written by the export": more,
    }
    return [f"{what}: {_listed(set(names) - known)}" for what, names in ways.items() if set(names) - known]


def sha256(path: Path) -> str:
    """By OpenSSL at any size: here nothing waits for its first import (`isoship_edge.digests`)."""
    with path.open("rb", buffering=0) as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _digest(path: Path) -> str | None:
    try:
        return sha256(path) if path.is_file() else None
    except OSError:
        return None


def _shipped(folder: Path) -> Iterator[str]:
    """Names of files; also of links to folders, which are not entered, and of pipes and their like."""
    yield from (name for name in _FILES if (folder / name).is_file())
    for target in _FOLDERS:
        found = (p for p in (folder / target).rglob("*") if p.is_symlink() or not p.is_dir())
        yield from (p.relative_to(folder).as_posix() for p in found)


def _left_behind(folder: Path, name: str, sums: Mapping[str, str]) -> bool:
    """What looking at a bundle leaves behind, or running it: bytecode that Python renews when its source is another."""
    path = PurePosixPath(name)
    if path.name == ".DS_Store":
        return True
    source = path.parent.parent / f"{path.name.partition('.')[0]}.py"
    if path.parent.name != "__pycache__" or path.suffix != ".pyc" or str(source) not in sums:
        return False
    try:
        with (folder / name).open("rb") as file:
            return file.read(8)[4:] == bytes(4)
    except OSError:
        return False


def _listed(names: set[str]) -> str:
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return ", ".join(sorted(names)[:_NAMED]) + more
