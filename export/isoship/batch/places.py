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
