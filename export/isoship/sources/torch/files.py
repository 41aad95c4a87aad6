"""`.pt2` files: exported programs, as `torch.export.save` writes them.

Loading one runs code from the file, as loading a pickle does: torch unpickles the example inputs (without its own list
of allowed classes, where that refuses them), weights of other layouts and constants, and evaluates the expressions of
sizes with sympy. `runs_code` is said before. What AOTInductor compiled is native code, and is not loaded.
"""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any

from isoship.errors import ModelFileError
from isoship.sources.torch.library import first_line, quiet, torch_for
from isoship.sources.torch.modules import SAVE


def runs_code(path: Path) -> str:
    """What is said before a file is loaded."""
    return f"{path.name} is read by torch's unpickler: loading it runs code from the file. Load files that you trust"


def read_file(path: Path) -> Any:
    """The exported program.

    Raises:
        ModelFileError: it is no such file, or torch does not read it. MissingExtraError: torch is not here.
    """
    torch = torch_for(f"reading {path.name}")
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
    except (OSError, zipfile.BadZipFile) as err:
        raise ModelFileError(f"{path} is no exported program: {first_line(err)}. Write it with {SAVE}") from err
    if any("/data/aotinductor/" in name for name in names):
        raise ModelFileError(
            f"{path} holds native code that AOTInductor compiled for one machine. Write it with {SAVE}"
        )
    if any(name.endswith("/constants.pkl") for name in names):
        raise ModelFileError(f"{path} is TorchScript or torch.package. Write it with {SAVE}")
    try:
        with quiet():
            return torch.export.load(path)
    except Exception as err:  # a file may fail in any part of torch
        raise ModelFileError(
            f"torch {torch.__version__} does not read {path}: {type(err).__name__}: {first_line(err)}. Export it again"
            f" with this release: {SAVE}"
        ) from err
