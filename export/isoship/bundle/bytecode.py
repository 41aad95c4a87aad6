"""Bytecode that is valid wherever the folder lands.

Unchecked-hash files (PEP 552) never look at the source's date. Lambda's zips are dated 1980, so ordinary bytecode
would be compiled again at every cold start: 0.4 s for FastAPI's stack.
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
from pathlib import Path

from isoship.bundle import compile_modules
from isoship.bundle.interpreters import find_interpreter
from isoship.bundle.wheels.left_out import types_of
from isoship.errors import BundleError

#: Where Lambda unpacks a function: the path that tracebacks show, instead of this machine's.
TASK_ROOT = "/var/task"


def compile_bytecode(folder: Path, python: str, cache: Path | None = None) -> str:
    """Writes `__pycache__` files for every module below `folder`; "3.13" (what was written) or "none".

    They are written only by an interpreter of that very minor version: another one's would never be read.
    cache: a folder that keeps them by source, path and interpreter, so that the second export compiles only what
    changed.

    Raises:
        BundleError: a module does not compile.
    """
    interpreter = find_interpreter(python)
    if interpreter is None:
        return "none"
    sources = sorted(folder.rglob("*.py"))
    kept: dict[Path, Path] = {}
    if cache is not None:
        identity = _run([interpreter, "-I", "-S", "-c", "import sys; print(sys.version)"])
        kept = {source: cache / _key(identity, source, folder) for source in sources}
    missing = [s for s in sources if s not in kept or not _take(kept[s], _compiled(s, python))]
    jobs = [_job(source, source.relative_to(folder).as_posix(), python) for source in missing]
    if jobs:
        _run([interpreter, "-I", "-S", compile_modules.__file__], "\n".join(jobs))
    for source in missing:
        if source in kept:
            _keep(_compiled(source, python), kept[source])
    return python


def bytecode_of(folder: Path) -> str:
    """The minor versions whose bytecode lies below `folder`: "3.13", "3.12, 3.13", or "none"."""
    tags = {path.name.split(".")[-2] for path in folder.rglob("*.pyc")}
    return ", ".join(sorted(f"3.{tag.removeprefix('cpython-3')}" for tag in tags)) or "none"


def _compiled(source: Path, python: str) -> Path:
    return source.parent / "__pycache__" / f"{source.stem}.cpython-{python.replace('.', '')}.pyc"


def _job(source: Path, path: str, python: str) -> str:
    return json.dumps([str(source), f"{TASK_ROOT}/{path}", str(_compiled(source, python)), types_of(path)])


def _key(identity: str, source: Path, folder: Path) -> str:
    path = source.relative_to(folder).as_posix()
    compiler = Path(compile_modules.__file__).read_bytes()
    parts = (compiler, types_of(path).encode(), identity.encode(), path.encode(), source.read_bytes())
    return hashlib.sha256(b"\0".join(parts)).hexdigest()


def _take(kept: Path, compiled: Path) -> bool:
    try:
        data = kept.read_bytes()
    except FileNotFoundError:
        return False
    compiled.parent.mkdir(exist_ok=True)
    compiled.write_bytes(data)
    return True


def _keep(compiled: Path, kept: Path) -> None:
    kept.parent.mkdir(parents=True, exist_ok=True)
    aside = kept.with_name(f"{kept.name}.{os.getpid()}")
    aside.write_bytes(compiled.read_bytes())
    aside.replace(kept)


def _run(command: list[str | Path], text: str = "") -> str:
    ran = subprocess.run(command, input=text, capture_output=True, text=True, check=False)
    if ran.returncode != 0:
        said = (ran.stdout + ran.stderr).strip()[-600:]
        raise BundleError(f"{command[0]} could not compile the folder's modules: {said}")
    return ran.stdout
