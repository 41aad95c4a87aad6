"""Where ONNX Runtime's C library lies, found by its file: nothing is imported to find it, `pathlib` neither."""
# ruff: noqa: PTH113, PTH118, PTH120, PTH208

from __future__ import annotations

import os
import sys

from isoship_edge.errors import RuntimeMissing

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pathlib import Path


def find_library(model_folder: str | Path) -> str | None:
    """The C library: ISOSHIP_ORT_LIBRARY, the bundle's, one beside this package, or the installed wheel's.

    Raises:
        RuntimeMissing: ISOSHIP_ORT_LIBRARY names no file.
    """
    named = os.environ.get("ISOSHIP_ORT_LIBRARY")
    if named:
        if not os.path.isfile(named):
            raise RuntimeMissing(f"ISOSHIP_ORT_LIBRARY is {named}, and there is no such file")
        return named
    if os.name != "posix":
        return None
    arch = {"arm64": "aarch64", "amd64": "x86_64"}.get(os.uname().machine, os.uname().machine)
    beside = os.path.dirname(os.path.dirname(os.path.realpath(__file__)))
    bases = (os.fspath(model_folder), beside)
    places = [os.path.join(base, "lib", arch) for base in bases] + [os.path.join(base, "lib") for base in bases]
    places = [p for place in places for p in (place, os.path.join(place, "onnxruntime", "capi"))]
    # A wheel on sys.path is found by its folder: importing the package would cost 100 ms and need numpy.
    places += [os.path.join(entry, "onnxruntime", "capi") for entry in (beside, *sys.path)]
    for place in places:
        found = _libraries(place)
        if found:
            return found[0]
    return None


def _libraries(place: str) -> list[str]:
    try:
        names = os.listdir(place)
    except OSError:
        return []
    wanted = [
        name for name in names if name.startswith("libonnxruntime" if sys.platform == "darwin" else "libonnxruntime.so")
    ]
    if sys.platform == "darwin":
        wanted = [name for name in wanted if name.endswith(".dylib")]
    paths = [os.path.join(place, name) for name in sorted(wanted)]
    return [path for path in paths if os.path.isfile(path)]
