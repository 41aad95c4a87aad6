"""Some of the packages installed here, alone in a folder: what a host brings beside the Lambda directory."""

from __future__ import annotations

import shutil
from importlib.metadata import files
from pathlib import Path


def copy_installed(names: tuple[str, ...], folder: Path) -> Path:
    """The Python modules of these distributions, as site-packages would hold them."""
    for name in names:
        for file in files(name) or ():
            if file.suffix == ".py" and ".." not in file.parts:
                (folder / file).parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(str(file.locate()), folder / file)
    return folder
