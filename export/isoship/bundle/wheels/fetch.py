"""Wheels for another platform, fetched once by pip and kept in the user's cache."""

from __future__ import annotations

import importlib.resources
import importlib.util
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from packaging.tags import Tag
from packaging.utils import InvalidWheelFilename, canonicalize_name, parse_wheel_filename
from packaging.version import Version

from isoship.bundle.target import Target
from isoship.errors import BundleError

Progress = Callable[[str], None]


class WheelsUnavailable(BundleError):
    """Wheels are not in the cache and could not, or may not, be fetched."""


@dataclass(frozen=True)
class Pin:
    """One exact requirement."""

    name: str
    version: str

    def __str__(self) -> str:
        return f"{self.name}=={self.version}"


def read_pins(file: str = "pins.txt") -> tuple[Pin, ...]:
    """The requirements of `pins.txt` (what travels) or `pins_runtime_client.txt` (what Lambda brings)."""
    text = importlib.resources.files("isoship.bundle.wheels").joinpath(file).read_text(encoding="utf-8")
    lines = (line.split("#")[0].strip() for line in text.splitlines())
    return tuple(Pin(*line.split("==")) for line in lines if line)


def cache_folder() -> Path:
    """ISOSHIP_CACHE, else XDG_CACHE_HOME/isoship, else ~/.cache/isoship."""
    if chosen := os.environ.get("ISOSHIP_CACHE"):
        return Path(chosen).absolute()
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "isoship"


def wheel_cache() -> Path:
    """Where wheels are kept, a folder a target."""
    return cache_folder() / "wheels"


def fetch_wheels(
    pins: Iterable[Pin], target: Target, *, offline: bool = False, progress: Progress | None = None
) -> dict[str, Path]:
    """Wheel files by requirement name, fetching those that the cache lacks. With all of them there, nothing is run.

    pip does the fetching with the user's own configuration. Each wheel is moved into the cache by one rename, so
    exports at the same time share it, and an interrupted one leaves no part of a file behind.

    Raises:
        WheelsUnavailable: missing and `offline`, or pip is missing or failed; the message says which and why.
    """
    say = progress or (lambda _message: None)
    pins = tuple(pins)
    folder = wheel_cache() / f"{target.tag}-{target.arch}"
    tags = target.tags()
    found = {pin: cached_wheel(pin, folder, tags) for pin in pins}
    missing = [pin for pin, path in found.items() if path is None]
    if missing:
        if offline:
            raise WheelsUnavailable(
                f"--offline, and the cache {folder} lacks {', '.join(map(str, missing))}."
                f" Export once without --offline, or fetch them there with: {_command_line(missing, target, folder)}"
            )
        say(f"fetching {len(missing)} wheels for {target} (once; kept in {folder})")
        _download(missing, target, folder, say)
        found = {pin: cached_wheel(pin, folder, tags) for pin in pins}
    wheels = {pin.name: path for pin, path in found.items() if path is not None}
    if lost := [str(pin) for pin in pins if pin.name not in wheels]:
        raise WheelsUnavailable(f"pip reported success but brought no wheel of {', '.join(lost)}")
    return wheels


def fetch_library_wheel(
    pin: Pin, arch: str, *, python: str = "3.13", offline: bool = False, progress: Progress | None = None
) -> Path:
    """The wheel of `pin` for an architecture, of whichever Python is cached: for files that no Python version changes.

    onnxruntime's C library is byte for byte the same in every CPython's wheel (tests/bundle/test_wheels.py).

    Raises:
        WheelsUnavailable: as `fetch_wheels`.
    """
    preferred = wheel_cache() / f"{Target(python, arch).tag}-{arch}"
    for folder in (preferred, *sorted(wheel_cache().glob(f"cp3*-{arch}"))):
        if cached := cached_wheel(pin, folder):
            return cached
    return fetch_wheels((pin,), Target(python, arch), offline=offline, progress=progress)[pin.name]


def cached_wheel(pin: Pin, folder: Path, tags: frozenset[Tag] | None = None) -> Path | None:
    """The file of `pin` in a cache folder: its name (PyPA, binary distribution format) is all the index there is.

    tags: those that the machine it lands on takes; None where any will do. A name that is no wheel's is passed over.
    """
    wanted = (canonicalize_name(pin.name), Version(pin.version))
    for path in sorted(folder.glob("*.whl")):
        try:
            name, version, _, theirs = parse_wheel_filename(path.name)
        except InvalidWheelFilename:
            continue
        if (name, version) == wanted and (tags is None or not theirs.isdisjoint(tags)):
            return path
    return None


def _download(pins: list[Pin], target: Target, folder: Path, say: Progress) -> None:
    if importlib.util.find_spec("pip") is None:
        raise WheelsUnavailable(
            f"fetching wheels needs pip, and {sys.executable} has none: {sys.executable} -m ensurepip"
        )
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".fetch-", dir=folder) as aside:
        process = subprocess.Popen(
            _command(pins, target, Path(aside)), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            stdin=subprocess.DEVNULL, errors="replace",
        )  # fmt: skip
        try:
            output = []
            for line in process.stdout or ():
                output.append(line.strip())
                if fetched := re.search(r"(?:Downloading|Processing) (?:\S*/)?(\S+\.whl)( \(.*?\))?", line):
                    say(f"  {fetched[1]}{fetched[2] or ''}")
            if process.wait() != 0:
                raise WheelsUnavailable(_why(output, pins, target))
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()
        for wheel in sorted(Path(aside).glob("*.whl")):
            wheel.replace(folder / wheel.name)


def _command(pins: list[Pin], target: Target, folder: Path) -> list[str]:
    """-P: a pip.py in the caller's folder is not pip."""
    platforms = [word for platform in target.platforms for word in ("--platform", platform)]
    return [
        sys.executable, "-P", "-m", "pip", "download",
        "--disable-pip-version-check", "--no-input", "--progress-bar", "off", "--no-deps", "--only-binary=:all:",
        *platforms, "--implementation", "cp", "--python-version", target.python, "--dest", str(folder), *map(str, pins),
    ]  # fmt: skip


def _command_line(pins: list[Pin], target: Target, folder: Path) -> str:
    return " ".join(["python", *_command(pins, target, folder)[2:]])


def _why(output: list[str], pins: list[Pin], target: Target) -> str:
    """pip's own reason, with the way out in front."""
    errors = [line for line in output if line.startswith("ERROR:")]
    text = "\n".join(output)
    if re.search(r"NewConnectionError|NameResolutionError|ConnectTimeout|Read timed out|ProxyError|SSLError", text):
        way = "pip could not reach its package index: check the network, or pip's index and proxy (`pip config list`)"
    elif "No matching distribution" in text:
        way = f"pip found no wheel for {target}: its index (`pip config list`) has none, or cannot be reached"
    elif "No space left" in text:
        way = f"the disk is full: make room, or set ISOSHIP_CACHE to another place than {cache_folder()}"
    else:
        way = "pip failed"
    return f"{way}. Wanted: {', '.join(map(str, pins))}. pip said: {' '.join(errors or output[-3:])}"
