"""Where ONNX Runtime's C library lies, found by its file: nothing is imported to find it."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from isoship_edge.errors import RuntimeMissing


def find_library(model_folder: Path) -> Path | None:
    """The C library: ISOSHIP_ORT_LIBRARY, the bundle's, one beside this package, or the installed wheel's.

    Raises:
        RuntimeMissing: ISOSHIP_ORT_LIBRARY names no file.
    """
    named = os.environ.get("ISOSHIP_ORT_LIBRARY")
    if named:
        if not Path(named).is_file():
            raise RuntimeMissing(f"ISOSHIP_ORT_LIBRARY is {named}, and there is no such file")
        return Path(named)
    if os.name != "posix":
        return None
    suffix = "*.dylib" if sys.platform == "darwin" else ".so*"
    arch = {"arm64": "aarch64", "amd64": "x86_64"}.get(os.uname().machine, os.uname().machine)
    beside = Path(__file__).resolve().parent.parent
    places = [base / "lib" / arch for base in (model_folder, beside)] + [model_folder / "lib", beside / "lib"]
    places = [p for place in places for p in (place, place / "onnxruntime" / "capi")]
    # A wheel on sys.path is found by its folder: importing the package would cost 100 ms and need numpy.
    places += [Path(entry or ".") / "onnxruntime" / "capi" for entry in (str(beside), *sys.path)]
    for place in places:
        found = sorted(p for p in place.glob(f"libonnxruntime{suffix}") if p.is_file())
        if found:
            return found[0]
    return None
