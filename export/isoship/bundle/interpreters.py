"""Where CPython of a given minor version is on this machine."""

from __future__ import annotations

import functools
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

# A pyenv shim exists for versions that are not active, and a free-threaded build writes other bytecode: ask each.
# A shim's own path works in the shell that it was made for alone, so each says where it really is.
_PROBE = "import sys; print(sys.implementation.name, *sys.version_info[:2], 't' in sys.abiflags); print(sys.executable)"


@functools.cache
def find_interpreter(version: str) -> Path | None:
    """A CPython `version` ("3.13") that starts: the running one, on PATH, from pyenv or from uv; None without one."""
    for candidate in _candidates(version):
        if candidate.is_file() and os.access(candidate, os.X_OK) and (found := _itself(candidate, version)):
            return found
    return None


def _candidates(version: str) -> Iterator[Path]:
    name = f"python{version}"
    if version == f"{sys.version_info.major}.{sys.version_info.minor}" and sys.executable:
        yield Path(sys.executable)
    home = Path.home()
    pyenv = Path(os.environ.get("PYENV_ROOT") or home / ".pyenv")
    for folder in os.environ.get("PATH", "").split(os.pathsep):
        if folder and Path(folder) != pyenv / "shims":
            yield Path(folder) / name
    data = Path(os.environ.get("XDG_DATA_HOME") or home / ".local" / "share")
    uv = Path(os.environ.get("UV_PYTHON_INSTALL_DIR") or data / "uv" / "python")
    for root, pattern in ((pyenv / "versions", f"{version}.*"), (uv, f"cpython-{version}.*")):
        for install in sorted(root.glob(pattern), reverse=True):
            yield install / "bin" / name
    # last: a shim takes 0.2 s to find an install, which is one of those above but for a name of the user's own
    yield pyenv / "shims" / name


def _itself(candidate: Path, version: str) -> Path | None:
    """The path that an interpreter of this version reports of itself; None for anything else."""
    try:
        ran = subprocess.run(
            [candidate, "-I", "-S", "-c", _PROBE],
            capture_output=True, text=True, timeout=20, check=False, stdin=subprocess.DEVNULL,
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired):
        return None
    kind, _, place = ran.stdout.partition("\n")
    if kind.split() != ["cpython", *version.split("."), "False"]:
        return None
    reported = Path(place.strip())
    return reported if place.strip() and reported.is_file() else candidate
