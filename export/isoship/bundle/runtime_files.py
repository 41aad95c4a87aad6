"""What every Python target carries of isoship itself: the travelling packages, the model, the manifest, golden rows."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from pathlib import Path

from isoship.bundle.bundle import package_folder

MODEL_FILES = ("manifest.json", "model.onnx", "golden.json")
_UNUSED = shutil.ignore_patterns("__pycache__", "*.pyc", "*.pyi", "py.typed", "manifest.schema.json")


def copy_packages(folder: Path, packages: Iterable[str]) -> None:
    """Copies installed packages (sources and data, no bytecode) into `folder`.

    Raises:
        BundleError: one is not installed.
    """
    for package in packages:
        shutil.copytree(package_folder(package), folder / package, ignore=_UNUSED, copy_function=_copy)


def copy_model(folder: Path, bundle_root: Path) -> None:
    """Copies the model, its manifest and its golden rows, and what lies beside them."""
    beside = [path.name for pattern in ("model.onnx.*", "golden.bin", "rows.*") for path in bundle_root.glob(pattern)]
    for name in (*MODEL_FILES, *sorted(beside)):
        _copy(bundle_root / name, folder / name)


def folder_bytes(folder: Path) -> int:
    """The sum of all files' sizes."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def _copy(source: str | Path, target: str | Path) -> None:
    """One mode for all: what a checkout's umask was must not show in a bundle."""
    shutil.copyfile(source, target)
    Path(target).chmod(0o644)
