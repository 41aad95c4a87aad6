"""Bundles around the built runtime, for backends to be tried on."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import onnx
import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tensors"))

from strokes import PICTURE, network
from web_bundles import digits_bundle

import isoship


@pytest.fixture(scope="session")
def digits(runtime: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Pictures of 8 x 8 grays through a convolution; tests that change it make a copy."""
    return digits_bundle(tmp_path_factory.mktemp("digits") / "bundle", runtime)


@pytest.fixture(scope="session")
def strokes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The bundle of a small network with a rectifier."""
    folder = tmp_path_factory.mktemp("strokes")
    onnx.save(network(), folder / "strokes.onnx")
    return isoship.export(str(folder / "strokes.onnx"), out=folder / "bundle", targets="web").path


@pytest.fixture(scope="session")
def web(strokes: Path) -> Path:
    return strokes / "web"


@pytest.fixture(scope="session")
def logits(strokes: Path) -> Any:
    """What the model answers for the picture."""
    return isoship.load(strokes).predict({"picture": PICTURE})["logits"].ravel()
