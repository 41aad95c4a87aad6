"""Files of rows behind a URL: one, a folder, or a glob."""

from __future__ import annotations

from isoship.data.files import FORMATS
from isoship.errors import SampleError
from isoship.remote.urls import filesystem, joined, persistently, shown, told

_HIDDEN = ("_", ".")


def rows_urls(url: str) -> list[tuple[str, str]]:
    """The files of rows, by name, each with its path below what was given.

    Raises:
        SampleError: there is none. RemoteError: the place cannot be read.
    """
    fs, path = filesystem(url)
    path = path.rstrip("/")
    with told(url, "read"):
        if any(mark in path for mark in "*?["):
            found = sorted(persistently(lambda: fs.glob(path)))
            found = [each for each in found if not each.rpartition("/")[2].startswith(_HIDDEN)]
            fixed = path[: min(path.find(mark) for mark in "*?[" if mark in path)].rpartition("/")[0]
            base = url[: min(url.find(mark) for mark in "*?[" if mark in url)].rpartition("/")[0]
        elif persistently(lambda: fs.isfile(path)):
            return [(url, path.rpartition("/")[2])]
        else:
            found = sorted(persistently(lambda: fs.find(path)))
            fixed, base = path, url
    relative = [each.removeprefix(fixed + "/") for each in found]
    rows = [name for name in relative if name.lower().endswith(FORMATS) and _visible(name)]
    for name in rows:
        if "" in name.split("/") or "\\" in name:  # a key may hold what leads out of a folder
            raise SampleError(
                f"{shown(url)} holds the name {name!r}, which is no path below it: give its files by name"
            )
    if not rows:
        raise SampleError(f"{shown(url)} holds no file of rows ({', '.join(FORMATS)})")
    return [(joined(base, name), name) for name in rows]


def _visible(name: str) -> bool:
    return not any(part.startswith(_HIDDEN) for part in name.split("/"))
