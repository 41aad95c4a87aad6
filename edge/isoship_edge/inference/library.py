"""Where ONNX Runtime's C library lies, found by its file: nothing is imported to find it, `pathlib` neither."""
# ruff: noqa: PTH113, PTH118, PTH120, PTH208

from __future__ import annotations

import os
import sys

from isoship_edge.errors import RuntimeMissing


def machine() -> str:
    """This machine's architecture, as the folders under lib/ are called."""
    name = os.uname().machine if os.name == "posix" else ""
    return {"arm64": "aarch64", "amd64": "x86_64"}.get(name, name)


def find_library() -> str | None:
    """The C library: ISOSHIP_ORT_LIBRARY, the one beside this package, or the installed wheel's.

    The one in a bundle is taken where the bundle runs by itself, and this package lies in it. Whoever reads somebody's
    bundle loads no native code out of it.

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
    beside = os.path.dirname(os.path.dirname(os.path.dirname(os.path.realpath(__file__))))
    places = [os.path.join(beside, "lib", machine()), os.path.join(beside, "lib")]
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
