"""Where rows come from and predictions go to: files, folders and globs."""

from __future__ import annotations

import glob
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from isoship.data.files import FORMATS
from isoship.errors import IsoshipError, SampleError
from isoship.remote.urls import is_url, joined, shown

#: A path, or a URL as it was given.
Place = str | Path

#: Files of a folder that begin so hold no rows (_SUCCESS, .part).
_HIDDEN = ("_", ".")


def rows_files(place: Place) -> list[tuple[Place, Path]]:
    """The files of rows, by name, each with its path below the folder that was given (of one file, its name).

    Raises:
        SampleError: there is none.
    """
    if is_url(place):
        from isoship.remote.rows import rows_urls

        return [(url, Path(relative)) for url, relative in rows_urls(str(place))]
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


def targets(place: Place, files: list[tuple[Place, Path]], out: Place) -> list[tuple[Place, Place]]:
    """Each of `rows_files` of a place, and the file in the folder `out` that its answers go to.

    Raises:
        SampleError: `out` is no name for a folder of answers, or lies where the rows are.
    """
    if is_url(place) or is_url(out):
        if is_url(place) and is_url(out) and f"{out}/".startswith(f"{str(place).rstrip('/')}/"):
            where = shown(str(out))
            raise SampleError(f"{where} lies where the rows are: another time its answers would be taken for rows")
        names = [(each, _answers_name(relative).as_posix()) for each, relative in files]
        return [(each, joined(str(out), name) if is_url(out) else Path(out, name)) for each, name in names]
    out = Path(out)
    if [Path(place)] == [path for path, _ in files] and not out.is_dir():
        raise SampleError(f"{out}: predictions are written as .csv, .jsonl or .parquet, or into a folder that is there")
    if Path(place).is_dir() and out.resolve().is_relative_to(Path(place).resolve()):
        raise SampleError(f"{out} lies in the folder of the rows: another time its answers would be taken for rows")
    made = [(Path(path), out / _answers_name(relative)) for path, relative in files]
    same = next((path for path, each in made if each.resolve() == path.resolve()), None)
    if same is not None:
        raise SampleError(f"{same} would be written over by its answers: give another folder")
    return list(made)


def _answers_name(relative: Path) -> Path:
    return relative.with_suffix(".jsonl") if relative.suffix.lower() == ".json" else relative


@contextmanager
def readable(place: Place) -> Iterator[Path]:
    """A file of rows as a path: what a URL names is fetched. Errors inside name the place that was given.

    Raises:
        RemoteError: it cannot be fetched.
    """
    if not is_url(place):
        yield Path(place)
        return
    from isoship.remote.staging import staged

    with staged(str(place)) as path:
        try:
            yield path
        except IsoshipError as err:
            err.args = (str(err).replace(str(path), shown(str(place))), *err.args[1:])
            raise


@contextmanager
def writing(place: Place) -> Iterator[IO[bytes]]:
    """A file that is there when the block has ended well, and otherwise is as it was."""
    if is_url(place):
        from isoship.remote.staging import delivered

        with delivered(str(place)) as path, path.open("wb") as file:
            yield file
        return
    path = Path(place)
    aside = path.with_name(f".{path.name}.part")
    try:
        with aside.open("wb") as file:
            yield file
        aside.replace(path)
    finally:
        aside.unlink(missing_ok=True)


def _shown(path: Path) -> bool:
    return not any(part.startswith(_HIDDEN) for part in path.parts)
