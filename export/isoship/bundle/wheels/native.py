"""ONNX Runtime's C library, taken out of its wheel: 29 MB instead of 93 with the Python binding and numpy."""

from __future__ import annotations

import re
from pathlib import Path

from isoship.bundle.target import check_architecture
from isoship.bundle.wheels.contents import wheel_members
from isoship.bundle.wheels.fetch import Pin, Progress, fetch_library_wheel, read_pins
from isoship.errors import BundleError

_LIBRARY = re.compile(r"onnxruntime/capi/(libonnxruntime\.so[.0-9]*)")
_NOTICES = re.compile(r"onnxruntime/(LICENSE|ThirdPartyNotices\.txt)")


def onnxruntime_pin() -> Pin:
    return next(pin for pin in read_pins() if pin.name == "onnxruntime")


def write_library(
    folder: Path, arch: str, *, python: str = "3.13", offline: bool = False, progress: Progress | None = None
) -> Path:
    """Writes `lib/<arch>/libonnxruntime.so.*` and its licence below `folder`; returns the library's path.

    Raises:
        WheelsUnavailable: the wheel is not there and cannot be fetched.
        BundleError: it holds no C library, or one of another architecture.
    """
    wheel = fetch_library_wheel(onnxruntime_pin(), arch, python=python, offline=offline, progress=progress)
    library: Path | None = None
    target = folder / "lib" / arch
    target.mkdir(parents=True)
    notices = folder / "licenses" / "onnxruntime"
    notices.mkdir(parents=True, exist_ok=True)
    for name, data in wheel_members(wheel, lambda n: bool(_LIBRARY.fullmatch(n) or _NOTICES.fullmatch(n))):
        if match := _LIBRARY.fullmatch(name):
            library = target / match[1]
            library.write_bytes(data)
            library.chmod(0o755)
        else:
            (notices / Path(name).name).write_bytes(data)
    if library is None:
        raise BundleError(
            f"{wheel.name} holds no libonnxruntime.so, which every onnxruntime wheel from 1.17 to 1.31 did:"
            " pin another version in isoship/bundle/pins.txt, and report it"
        )
    check_architecture(target, arch)
    return library
