"""ONNX operators in TF.js, one family a file. Each registers itself with `isoship.tfjs.lowering`."""

from __future__ import annotations

import importlib

FAMILIES = (
    "arithmetic",
    "activations",
    "casting",
    "comparison",
    "layout",
    "products",
    "reduction",
    "selection",
    "trees",
)


def load() -> None:
    """Imports every family, which registers its lowerings."""
    for family in FAMILIES:
        importlib.import_module(f"isoship.tfjs.lowerings.{family}")
