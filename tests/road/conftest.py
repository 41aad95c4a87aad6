"""The whole road, walked once: the demo trains, exports and checks; the tests here look at what it left.

`isoship demo` itself is run, as a user would; everything it needs is in the wheel cache that `make setup` filled.
"""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

ISOSHIP = str(Path(sys.executable).with_name("isoship"))


@dataclass(frozen=True)
class Road:
    """What `isoship demo` printed and left behind."""

    folder: Path
    stdout: str
    stderr: str
    code: int

    @property
    def bundle(self) -> Path:
        return self.folder / "bundle"


@pytest.fixture(scope="session")
def road(tmp_path_factory: pytest.TempPathFactory) -> Road:
    folder = tmp_path_factory.mktemp("road")
    ran = subprocess.run([ISOSHIP, "demo", "-o", str(folder)], capture_output=True, text=True, timeout=400, check=False)
    return Road(folder, ran.stdout, ran.stderr, ran.returncode)
