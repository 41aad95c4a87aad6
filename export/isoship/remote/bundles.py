"""Bundles behind URLs: fetched to be asked, and published so that half of one is never taken for a bundle."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import Any

from isoship.errors import BundleError, OutputFolderError
from isoship.remote.staging import fetch, send
from isoship.remote.urls import RemoteError, filesystem, is_url, local, persistently, shown, told
from isoship_edge.encoding.documents import parsed

_MANIFEST = "manifest.json"
#: There from before the first file of a publication to behind the last.
_UNDER_WAY = ".isoship/under-way.json"
#: What answers rows.
ANSWERS = ("manifest.json", "model.onnx", "model.onnx.data", "rows.json", "rows.bin", "golden.json", "golden.bin")


@contextmanager
def bundle_folder(place: str | Path, files: tuple[str, ...] | None = None) -> Iterator[Path]:
    """The folder of a bundle: a path as it is, a URL fetched into a temporary one. files: these alone.

    Raises:
        BundleError: there is no bundle, or one with names that lead elsewhere. RemoteError: it cannot be read.
    """
    if not is_url(place):
        yield Path(place)
        return
    url = str(place)
    own = local(url)
    if own is not None:
        yield own
        return
    fs, root = filesystem(url)
    with tempfile.TemporaryDirectory(prefix="isoship-bundle-") as folder, told(url, "read"):
        for relative, path in _listed(fs, root, url):
            if files is None or relative in files:
                target = Path(folder, relative)
                target.parent.mkdir(parents=True, exist_ok=True)
                fetch(fs, path, target)
        yield Path(folder)


def refuse_unless_ours(url: str, name: str, *, force: bool) -> None:
    """Lets an empty place pass, and one with a bundle of this name.

    Raises:
        OutputFolderError: something else is there, or (without force) another model's bundle. RemoteError.
    """
    fs, root = filesystem(url, to_write=True)
    with told(url, "read"):
        there = persistently(lambda: fs.find(root))
        if not there:
            return
        manifest = f"{root.rstrip('/')}/{_MANIFEST}"
        if not persistently(lambda: fs.exists(manifest)):
            if persistently(lambda: fs.exists(f"{root.rstrip('/')}/{_UNDER_WAY}")):
                return  # what a publication that failed has left
            raise OutputFolderError(f"{shown(url)} is not empty and holds no bundle, so it is left alone: give another")
        held = parsed(persistently(lambda: fs.cat_file(manifest))).get("name")
    if held != name and not force:
        raise OutputFolderError(
            f"{shown(url)} holds the bundle {held!r}, not {name!r}."
            " Name another place with -o, or replace it with --force"
        )


def publish(folder: Path, url: str, say: Callable[[str], None]) -> None:
    """Sends a bundle, its manifest last; one that was there loses its manifest first, and at last what else it had.

    What can be read as a bundle is always a whole one. Where it fails, what was sent is taken away again.

    Raises:
        RemoteError: it could not be written.
    """
    fs, root = filesystem(url, to_write=True)
    root = root.rstrip("/")
    files = sorted(p for p in folder.rglob("*") if p.is_file() and p.relative_to(folder).parts[0] != ".isoship")
    names = [path.relative_to(folder).as_posix() for path in files]
    sent: list[str] = []
    with told(url, "written"):
        before = persistently(lambda: fs.find(root))
        say(f"sending {len(files)} files to {shown(url)}")
        persistently(lambda: fs.pipe_file(f"{root}/{_UNDER_WAY}", b"{}"))
        if f"{root}/{_MANIFEST}" in before:
            persistently(lambda: fs.rm_file(f"{root}/{_MANIFEST}"))
        try:
            for path, name in sorted(zip(files, names, strict=True), key=lambda each: each[1] == _MANIFEST):
                sent.append(f"{root}/{name}")
                send(fs, path, f"{root}/{name}")
        except BaseException:
            _taken_away(fs, sent)
            raise
        kept = {f"{root}/{name}" for name in names}
        for path in before:
            if path not in kept and path not in (f"{root}/{_MANIFEST}", f"{root}/{_UNDER_WAY}"):
                persistently(lambda path=path: fs.rm_file(path))  # type: ignore[misc]
        persistently(lambda: fs.rm_file(f"{root}/{_UNDER_WAY}"))


def _listed(fs: Any, root: str, url: str) -> list[tuple[str, str]]:
    """Each file below a bundle's root: its path there, and in the file system."""
    found = persistently(lambda: fs.find(root))
    start = root.rstrip("/") + "/"
    listed = []
    for path in found:
        relative = path.removeprefix(start)
        parts = PurePosixPath(relative).parts
        if relative == path or not parts or ".." in parts or relative.startswith("/") or "\\" in relative:
            raise BundleError(f"{shown(url)} holds the name {relative!r}, which no bundle has")
        listed.append((relative, path))
    if not any(relative == _MANIFEST for relative, _ in listed):
        raise BundleError(
            f"no bundle at {shown(url)}: it holds no {_MANIFEST}. Give what `isoship export -o` was given"
        )
    return listed


def _taken_away(fs: Any, paths: list[str]) -> None:
    for path in reversed(paths):
        with contextlib.suppress(Exception):  # it was not there yet, or the store is gone
            fs.rm_file(path)


__all__ = ["ANSWERS", "RemoteError", "bundle_folder", "publish", "refuse_unless_ours"]
