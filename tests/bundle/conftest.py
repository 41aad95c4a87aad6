"""What this room's tests share: a small bundle written by hand, and the wheel cache that `make setup` filled."""

from __future__ import annotations

import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from bundles import make_bundle


@pytest.fixture
def bundle_root(tmp_path: Path) -> Path:
    return make_bundle(tmp_path / "bundle", "visits")


@pytest.fixture
def make_wheel(tmp_path: Path) -> Callable[..., Path]:
    """Writes a wheel with these members: make_wheel("tiny-1.0-py3-none-any.whl", {"tiny.py": b"x = 1"})."""

    def write(name: str, members: dict[str, bytes], folder: Path = tmp_path / "index") -> Path:
        folder.mkdir(parents=True, exist_ok=True)
        distribution, version = name.split("-")[:2]
        info = f"{distribution}-{version}.dist-info"
        metadata = f"Metadata-Version: 2.1\nName: {distribution}\nVersion: {version}\n"
        with zipfile.ZipFile(folder / name, "w") as archive:
            for member, data in members.items():
                archive.writestr(member, data)
            archive.writestr(f"{info}/METADATA", metadata)
            archive.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
            archive.writestr(f"{info}/RECORD", "")
        return folder / name

    return write
