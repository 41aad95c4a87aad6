"""Which release of scikit-learn wrote a pickle or a .skops file: read from its own text, before any of it is run.

`BaseEstimator.__getstate__` ends the state of every estimator with the pair `_sklearn_version`, "1.6.1". Pickles of
another release fail while they are loaded, with a name that says nothing of releases ("No module named '_loss'"), or
load and answer otherwise.
"""

from __future__ import annotations

import re
import zipfile
from pathlib import Path

from isoship.errors import ModelFileError

#: The key, its memo, a new frame at most, and the value: a string of protocol 0, or one with its length in front.
_SAVED_BY = re.compile(
    rb"_sklearn_version'?(?:\n?p\d+\n|q.|r.{4}|\x94)?(?:\x95.{8})?"
    rb"(?:(?:S'|V)([^'\n]+)|(?:[\x8cU](.)|X(.{4}))(\d[\x20-\x7e]*))",
    re.DOTALL,
)


def release_in(pickled: bytes) -> str | None:
    """The release that wrote the first estimator of a pickle; None without one."""
    found = _SAVED_BY.search(pickled)
    if found is None:
        return None
    line, short, long, text = found.groups()
    value = line if line is not None else text[: int.from_bytes(short or long, "little")]
    return str(value.decode("ascii", "replace"))


#: The same pair in the document of a .skops file, where a string is JSON inside JSON.
_IN_SKOPS = re.compile(rb'"_sklearn_version":\s*\{[^{}]*"content":\s*"\\"(\d[\d.a-z]*)\\""')


def release_in_skops(path: Path) -> str | None:
    """The release that wrote the first estimator of a .skops file; None without one."""
    try:
        with zipfile.ZipFile(path) as archive:
            found = _IN_SKOPS.search(archive.read("schema.json"))
    except (OSError, KeyError, zipfile.BadZipFile):
        return None
    return found[1].decode() if found else None


def refuse_other_release(path: Path, saved: str | None) -> None:
    """saved: the release that wrote the file, where it says so.

    Raises:
        ModelFileError: it is another minor release of scikit-learn than the one that is here.
    """
    import sklearn

    if saved is not None and _minor(saved) != _minor(sklearn.__version__):
        raise ModelFileError(other_release(path, saved, sklearn.__version__))


def other_release(path: Path, saved: str, here: str) -> str:
    """What is wrong with a file of another release, and a way out that can be gone."""
    lowest = _lowest()
    if lowest and _minor(saved) < _minor(lowest):
        way = (
            f"isoship works with scikit-learn {lowest} and newer, which do not read it safely: train the model again"
            " with one of those (model.get_params() tells its settings where it was saved)"
        )
    else:
        way = f"Install the release that trained it (pip install 'scikit-learn=={saved}') or train again"
    return f"{path} was saved by scikit-learn {saved} and this is {here}: its answers could differ here. {way}"


def _minor(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", version)[:2])


def _lowest() -> str | None:
    """The lowest scikit-learn that isoship declares."""
    from importlib import metadata

    try:
        declared = metadata.requires("isoship") or []
    except metadata.PackageNotFoundError:
        return None
    found = (re.match(r"scikit-learn\s*>=\s*([\d.]+)", each) for each in declared)
    return next((match[1] for match in found if match), None)
