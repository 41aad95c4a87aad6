"""Faults in what carries and runs a bundle: stale copies, archives, and the Python that decodes and answers."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np

from benchmarks.mutants.sealing import put, replaced
from benchmarks.mutants.tree_faults import Plant

Rng = np.random.Generator


def python(file: str, old: str, new: str, text: str) -> Plant:
    """A passage of a module that ships, replaced; its bytecode, which is never checked against it, goes."""

    def plant(folder: Path, _rng: Rng) -> str:
        path = folder / file
        replaced(path, old, new)
        for compiled in (
            *path.parent.glob(f"__pycache__/{path.stem}.*.pyc"),
            *folder.glob("lambda/*/modules.cpython-*"),
        ):
            compiled.unlink()
        return text

    return plant


def stale(*files: str, newer: Callable[[], Path]) -> Plant:
    """Files of another training of the same model, in place of the bundle's own. newer: the bundle that they are of."""

    def plant(folder: Path, _rng: Rng) -> str:
        for name in files:
            put(folder / name, (newer() / Path(name).relative_to(Path(name).parts[0])).read_bytes())
        return ", ".join(files)

    return plant


def stale_web(newer: Callable[[], Path]) -> Plant:
    """The model's files in web/ are of another training."""

    def plant(folder: Path, _rng: Rng) -> str:
        for name in ("model.json", "group1-shard1of1.bin", "program.json", "program.bin"):
            put(folder / "web" / name, (newer() / "web" / name).read_bytes())
        return "model.json, its shard, program.json, program.bin"

    return plant


def other_zip(folder: Path, _rng: Rng) -> str:
    """lambda.zip was packed before the last change to lambda/: one module in it is another."""
    from isoship.bundle.deterministic_zip import write_zip
    from isoship.bundle.wheels.fetch import cache_folder

    aside = folder / "lambda-before"
    shutil.copytree(folder / "lambda", aside)
    module = aside / "isoship_edge" / "encoding" / "encode.py"
    module.write_bytes(module.read_bytes() + b"\n# before the last change\n")
    (folder / "lambda.zip").unlink()
    write_zip(aside, folder / "lambda.zip", cache_folder() / "deflated")
    shutil.rmtree(aside)
    return "isoship_edge/encoding/encode.py inside lambda.zip"
