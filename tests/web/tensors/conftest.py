"""Bundles of tensors around the built runtime."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from web_bundles import digits_bundle, numbers_bundle


@pytest.fixture(scope="session")
def digits(runtime: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Pictures of 8 x 8 grays through a convolution; tests that change it make a copy."""
    return digits_bundle(tmp_path_factory.mktemp("digits") / "bundle", runtime)


@pytest.fixture(scope="session")
def numbers(runtime: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Every dtype, given back as it came."""
    return numbers_bundle(tmp_path_factory.mktemp("numbers") / "bundle", runtime)
