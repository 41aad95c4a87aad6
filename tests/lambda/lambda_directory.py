"""A Lambda directory under test, and how this machine runs it."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from isoship.bundle.aws_lambda.directory import LambdaBuild


class Built(NamedTuple):
    """said: the lines of progress that the export printed."""

    root: Path
    build: LambdaBuild
    said: list[str]


class Here(NamedTuple):
    """How this machine runs the directory: as built where its Python is here, else rebuilt (make doctor says which)."""

    interpreter: Path
    folder: Path
    client: Path
