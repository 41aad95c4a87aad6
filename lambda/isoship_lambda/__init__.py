"""The Lambda package: FastAPI and Mangum over isoship_edge.

On Lambda the bytecode of the folder's modules lies in one file beside this one (`modules.cpython-313`), from which they
are imported: where each has a file of its own, finding, opening and checking it takes longer than running it. Without
that file, or under another Python, imports are as everywhere.

The file: the magic number of `.pyc` files, the index's size, the index (name -> offset, size, whether it is a package;
by `marshal`), the code.
"""

from __future__ import annotations

import marshal
import os
import sys
from _frozen_importlib_external import MAGIC_NUMBER

TYPE_CHECKING = False  # `typing` is not imported on the way to a first answer (isoship_edge/lean_namedtuple.py)
if TYPE_CHECKING:
    from importlib.machinery import ModuleSpec, SourceFileLoader
    from typing import Any
else:
    ModuleSpec, SourceFileLoader = type(__spec__), type(__spec__.loader)  # `importlib.machinery` is a module more

_HEAD = 8


class _Loader(SourceFileLoader):
    """Of a source file whose code lies in the one file."""

    def __init__(self, name: str, path: str, file: int, offset: int, size: int) -> None:
        super().__init__(name, path)
        self._place = file, size, offset

    def get_code(self, fullname: str) -> Any:
        return marshal.loads(os.pread(*self._place))  # noqa: S302 - as trustworthy as a `.pyc` file in its place


class _Finder:
    """Finds what is in the one file; says nothing of all else."""

    def __init__(self, folder: str, path: str, file: int, index: dict[str, tuple[int, int, bool]]) -> None:
        self._folder, self._path, self._file, self._index = folder, path, file, index

    def find_spec(self, name: str, path: object = None, target: object = None) -> ModuleSpec | None:
        entry = self._index.get(name)
        if entry is None:
            return None
        offset, size, package = entry
        place = f"{self._folder}/{name.replace('.', '/')}"
        source = f"{place}/__init__.py" if package else f"{place}.py"
        spec = ModuleSpec(name, _Loader(name, source, self._file, offset, size), origin=source, is_package=package)
        spec.has_location = True
        spec.cached = self._path
        if package:
            spec.submodule_search_locations = [place]
        return spec


def _install(own: str) -> None:
    path = f"{own}/modules.{sys.implementation.cache_tag}"
    try:
        file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return
    head = os.pread(file, _HEAD, 0)
    if head[:4] != MAGIC_NUMBER:
        os.close(file)
        return
    index = marshal.loads(os.pread(file, int.from_bytes(head[4:], "little"), _HEAD))  # noqa: S302 - likewise
    sys.meta_path.insert(0, _Finder(os.path.dirname(own), path, file, index))  # noqa: PTH120


_install(os.path.dirname(os.path.realpath(__file__)))  # noqa: PTH120
