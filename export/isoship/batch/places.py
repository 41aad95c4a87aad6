"""Where rows come from and predictions go to: files, folders and globs."""

from __future__ import annotations

import glob
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from isoship.data.files import FORMATS
from isoship.errors import SampleError

#: Files of a folder that begin so hold no rows (_SUCCESS, .part).
_HIDDEN = ("_", ".")


def rows_files(place: str | Path) -> list[tuple[Path, Path]]:
    """The files of rows, by name, each with its path below the folder that was given (of one file, its name).

    Raises:
        SampleError: there is none.
    """
    path = Path(place)
    if path.is_dir():
        found = sorted(p for p in path.rglob("*") if p.suffix.lower() in FORMATS and _shown(p.relative_to(path)))
        if not found:
            raise SampleError(f"{path} holds no file of rows ({', '.join(FORMATS)})")
        return [(each, each.relative_to(path)) for each in found]
    if not path.exists() and glob.has_magic(str(place)):
        found = sorted(Path(name) for name in glob.glob(str(place), recursive=True))  # noqa: PTH207 - of any root
        found = [each for each in found if each.is_file() and not each.name.startswith(_HIDDEN)]
        if not found:
            raise SampleError(f"no file matches {place}")
        names = [each.name for each in found]
        if len(set(names)) < len(names):
            twice = next(name for name in names if names.count(name) > 1)
            raise SampleError(f"{place} matches two files of the name {twice}: give the folder that they are in")
        return [(each, Path(each.name)) for each in found]
    return [(path, Path(path.name))]


def targets(place: str | Path, files: list[tuple[Path, Path]], out: Path) -> list[tuple[Path, Path]]:
    """Each of `rows_files` of a place, and the file in the folder `out` that its answers go to.

    Raises:
        SampleError: `out` is no name for a folder of answers, or lies where the rows are.
    """
    if [Path(place)] == [path for path, _ in files] and not out.is_dir():
        raise SampleError(f"{out}: predictions are written as .csv, .jsonl or .parquet, or into a folder that is there")
    if Path(place).is_dir() and out.resolve().is_relative_to(Path(place).resolve()):
        raise SampleError(f"{out} lies in the folder of the rows: another time its answers would be taken for rows")
    made = [(path, out / relative) for path, relative in files]
    made = [(path, each.with_suffix(".jsonl") if each.suffix.lower() == ".json" else each) for path, each in made]
    same = next((path for path, each in made if each.resolve() == path.resolve()), None)
    if same is not None:
        raise SampleError(f"{same} would be written over by its answers: give another folder")
    return made


@contextmanager
def writing(path: Path) -> Iterator[IO[bytes]]:
    """A file that is there when the block has ended well, and otherwise is as it was."""
    aside = path.with_name(f".{path.name}.part")
    try:
        with aside.open("wb") as file:
            yield file
        aside.replace(path)
    finally:
        aside.unlink(missing_ok=True)


def _shown(path: Path) -> bool:
    return not any(part.startswith(_HIDDEN) for part in path.parts)
