"""Lowerings of networks' operators, one family a file. Each registers itself with `registry`."""

from __future__ import annotations

import importlib
import pkgutil


def load() -> None:
    """Imports every family, which registers its lowerings."""
    for family in pkgutil.iter_modules(__path__):
        importlib.import_module(f"{__name__}.{family.name}")
