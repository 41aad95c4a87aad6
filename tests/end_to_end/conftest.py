"""The whole road, walked once: the demo trains, exports and checks; the tests here look at what it left.

`isoship demo` itself is run, as a user would; everything it needs is in the wheel cache that `make setup` filled.
"""

from __future__ import annotations

import subprocess

import pytest
from visiting import ISOSHIP, Road


@pytest.fixture(scope="session")
def road(tmp_path_factory: pytest.TempPathFactory) -> Road:
    folder = tmp_path_factory.mktemp("road")
    ran = subprocess.run([ISOSHIP, "demo", "-o", str(folder)], capture_output=True, text=True, timeout=400, check=False)
    return Road(folder, ran.stdout, ran.stderr, ran.returncode)
