"""Bytecode that is valid wherever the folder lands.

Unchecked-hash files (PEP 552) never look at the source's date. Lambda's zips are dated 1980, so ordinary bytecode
would be compiled again at every cold start: 0.4 s for FastAPI's stack.
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import tempfile
from pathlib import Path

from isoship.bundle import compile_modules
from isoship.bundle.interpreters import find_interpreter
from isoship.bundle.wheels.left_out import types_of
from isoship.errors import BundleError

#: Where Lambda unpacks a function: the path that tracebacks show, instead of this machine's.
TASK_ROOT = "/var/task"


def compile_bytecode(folder: Path, python: str, cache: Path | None = None) -> str:
    """Writes `__pycache__` files for every module below `folder`; "3.13" (what was written) or "none".

    cache, Raises: as `compiled_modules`.
    """
    modules = compiled_modules(folder, python, cache)
    for source, data in (modules or {}).items():
        compiled = compiled_path(source, python)
        compiled.parent.mkdir(exist_ok=True)
        compiled.write_bytes(data)
    return "none" if modules is None else python


def compiled_modules(folder: Path, python: str, cache: Path | None = None) -> dict[Path, bytes] | None:
    """The contents of a `.pyc` file for every module below `folder`, by source; None without the interpreter.

    They are made only by an interpreter of that very minor version: another one's would never be read.
    cache: a folder that keeps them by source, path and interpreter, so that the second export compiles only what
    changed.

    Raises:
        BundleError: a module does not compile.
    """
    interpreter = find_interpreter(python)
    if interpreter is None:
        return None
    found: dict[Path, bytes | None] = dict.fromkeys(sorted(folder.rglob("*.py")))
    kept: dict[Path, Path] = {}
    if cache is not None:
        identity = _run([interpreter, "-I", "-S", "-c", "import sys; print(sys.version)"])
        compiler = Path(compile_modules.__file__).read_bytes()
        kept = {source: cache / _key(compiler, identity, source, folder) for source in found}
        found = {source: _kept(path) for source, path in kept.items()}
    missing = [source for source, data in found.items() if data is None]
    if missing:
        with tempfile.TemporaryDirectory(prefix="isoship-bytecode-") as aside:
            made = {source: Path(aside) / str(i) for i, source in enumerate(missing)}
            jobs = [_job(source, source.relative_to(folder).as_posix(), made[source]) for source in missing]
            _run([interpreter, "-I", "-S", *compile_modules.OPTIONS, compile_modules.__file__], "\n".join(jobs))
            found |= {source: path.read_bytes() for source, path in made.items()}
    modules = {source: data for source, data in found.items() if data is not None}
    for source in missing:
        if source in kept:
            _keep(modules[source], kept[source])
    return modules


def bytecode_of(folder: Path) -> str:
    """The minor versions whose bytecode lies below `folder`: "3.13", "3.12, 3.13", or "none"."""
    tags = {path.name.split(".")[-2] for path in folder.rglob("*.pyc")}
    return ", ".join(sorted(f"3.{tag.removeprefix('cpython-3')}" for tag in tags)) or "none"


def compiled_path(source: Path, python: str) -> Path:
    """Where Python looks for a module's bytecode."""
    return source.parent / "__pycache__" / f"{source.stem}.cpython-{python.replace('.', '')}.pyc"


def _job(source: Path, path: str, target: Path) -> str:
    return json.dumps([str(source), f"{TASK_ROOT}/{path}", str(target), types_of(path)])


def _key(compiler: bytes, identity: str, source: Path, folder: Path) -> str:
    path = source.relative_to(folder).as_posix()
    parts = (compiler, types_of(path).encode(), identity.encode(), path.encode(), source.read_bytes())
    return hashlib.sha256(b"\0".join(parts)).hexdigest()


def _kept(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None


def _keep(data: bytes, kept: Path) -> None:
    kept.parent.mkdir(parents=True, exist_ok=True)
    aside = kept.with_name(f"{kept.name}.{os.getpid()}")
    aside.write_bytes(data)
    aside.replace(kept)


def _run(command: list[str | Path], text: str = "") -> str:
    ran = subprocess.run(command, input=text, capture_output=True, text=True, check=False)
    if ran.returncode != 0:
        said = (ran.stdout + ran.stderr).strip()[-600:]
        raise BundleError(f"{command[0]} could not compile the folder's modules: {said}")
    return ran.stdout
